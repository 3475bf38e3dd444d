"""Streams of several venues as one, held to Python's own sort."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mmrun.feeds.merge import beside, merged
from mmrun.market.tape import BATCH_COLUMNS, EMPTY, Batch


def rows_of(times: list[int], first: int) -> Batch:
    """Rows of those times; `size` counts them on, so that each is told from others."""
    columns = {
        name: np.zeros(len(times), getattr(EMPTY, name).dtype) for name in BATCH_COLUMNS
    }
    columns["ts"] = np.array(times, np.int64)
    columns["size"] = np.arange(first, first + len(times), dtype=np.float64)
    return Batch(**columns)


def told(batches: Iterator[Batch] | list[Batch]) -> list[tuple[int, int, float]]:
    """(ts, venue, size) of every row."""
    return [
        row
        for batch in batches
        for row in zip(
            batch.ts.tolist(), batch.venue.tolist(), batch.size.tolist(), strict=True
        )
    ]


#: Few times, so that ties are the rule, in pieces that may be empty.
pieces = st.lists(st.lists(st.integers(0, 6), max_size=4), max_size=6)


@given(st.lists(pieces, min_size=2, max_size=4))
def test_rows_are_sorted_by_time_then_venue(streams: list[list[list[int]]]) -> None:
    """However each stream is cut, ties over the cuts included, no row lost or doubled."""
    expected, cut = [], []
    for nth, stream in enumerate(streams):
        times = sorted(ts for piece in stream for ts in piece)
        whole = rows_of(times, first=0)
        expected += [(ts, nth, float(k)) for k, ts in enumerate(times)]
        ends = np.cumsum([0, *map(len, stream)]).tolist()
        cut.append([whole.rows(start, end) for start, end in pairwise(ends)])

    found = told(merged([iter(batches) for batches in cut]))

    assert found == sorted(expected, key=lambda row: row[:2])


def test_one_stream_is_given_on_as_it_is() -> None:
    """Nothing is copied where there is nothing to merge."""
    batch = rows_of([1, 2], first=0)

    (found,) = merged([iter([batch])])

    assert found is batch


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_no_more_is_held_than_waits(step: int) -> None:
    """A batch of each stream, and a row of the time that is waited for."""
    size, held, most = 10, 0, 0

    def stream(step: int, count: int) -> Iterator[Batch]:
        nonlocal held, most
        for start in range(0, count, size):
            held += size
            most = max(most, held)
            yield rows_of([step * (start + k) for k in range(size)], first=start)

    for batch in merged([stream(1, 5000), stream(step, 50), stream(3, 1000)]):
        held -= len(batch)

    assert held == 0
    assert most <= 3 * (size + 1)


def test_a_long_tie_is_held_until_it_ends() -> None:
    """Rows of one time over many batches wait for the last of them, then go in order."""
    first = [rows_of([5] * 3, first=3 * k) for k in range(4)]
    second = [rows_of([4, 5, 6], first=0)]

    found = told(merged([iter(first), iter(second)]))

    assert found[0] == (4, 1, 0.0)
    assert found[1:13] == [(5, 0, float(k)) for k in range(12)]
    assert found[13:] == [(5, 1, 1.0), (6, 1, 2.0)]


@given(pieces, st.lists(pieces, min_size=1, max_size=2))
def test_beside_a_stream_others_end_with_it(
    stream: list[list[int]], others: list[list[list[int]]]
) -> None:
    """Own rows first at equal times, whatever the cuts; what is later is left out."""
    expected, cut = [], []
    last = max((ts for piece in stream for ts in piece), default=-1)
    for nth, each in enumerate([stream, *others]):
        times = sorted(ts for piece in each for ts in piece)
        whole = rows_of(times, first=0)
        whole.venue[:] = nth
        expected += [(ts, nth, float(k)) for k, ts in enumerate(times) if ts <= last]
        ends = np.cumsum([0, *map(len, each)]).tolist()
        cut.append([whole.rows(start, end) for start, end in pairwise(ends)])

    found = told(beside(iter(cut[0]), [iter(batches) for batches in cut[1:]]))

    assert found == sorted(expected, key=lambda row: row[:2])
