"""An input at a row is what a slow loop over all its values says it is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from hypothesis import example, given, settings, strategies as st
from hypothesis.strategies import DrawFn

from mmrun.engine.asof import AsOf
from mmrun.lang.place import TextPlace
from mmrun.market.inputs import InputRows
from mmrun.strategy.spec import Input


#: A value's time, when it was known, and itself.
Value = tuple[int, int, float]

OLD_NS = 5


class Column:
    """Values in pieces cut at the given places."""

    def __init__(self, values: list[Value], cuts: list[int]) -> None:
        self._values, self._cuts = values, cuts

    def pieces(self) -> Iterator[InputRows]:
        for start, stop in _parts(len(self._values), self._cuts):
            ts, known, value = zip(*self._values[start:stop], strict=True)
            yield InputRows(np.array(ts), np.array(known), np.array(value))


def _parts(length: int, cuts: list[int]) -> list[tuple[int, int]]:
    edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
    return list(itertools.pairwise(edges))


@st.composite
def columns(draw: DrawFn) -> list[Value]:
    """Values in rising times, some known later than their time."""
    times = sorted(draw(st.lists(st.integers(0, 40), max_size=25)))
    delays = st.sampled_from([0, 0, 0, 1, 3, 12])
    return [(ts, ts + draw(delays), float(i)) for i, ts in enumerate(times)]


def by_loop(
    values: list[Value], rows: list[int], old_ns: int | None, default: float
) -> tuple[list[float], list[bool]]:
    """Value and whether it is new, row by row, looking at all values each time."""
    found, new, before = [], [], None
    for row in rows:
        known = [i for i, (_, at, _) in enumerate(values) if at <= row]
        latest = known[-1] if known else None
        fresh = latest is not None and (
            old_ns is None or row - values[latest][1] < old_ns
        )
        found.append(values[latest][2] if fresh and latest is not None else default)
        new.append(fresh and latest != before)
        before = latest
    return found, new


@given(
    values=columns(),
    rows=st.lists(st.integers(-2, 60), min_size=1, max_size=25).map(sorted),
    cuts=st.lists(st.integers(1, 25), max_size=4),
    batches=st.lists(st.integers(1, 25), max_size=4),
    old_ns=st.sampled_from([None, OLD_NS]),
    default=st.sampled_from([None, 7.5]),
)
@example([(0, 9, 0.0), (1, 1, 1.0)], [2, 9], [1], [1], None, None)
@example([(0, 0, 0.0)], [0, OLD_NS - 1, OLD_NS], [], [], OLD_NS, None)
@example([(0, 0, 0.0)], [OLD_NS], [], [], OLD_NS, 7.5)
@example([(3, 3, 0.0), (3, 3, 1.0)], [3], [1], [], None, None)
@settings(deadline=None)
def test_the_join_is_that_of_a_slow_loop(
    values: list[Value],
    rows: list[int],
    cuts: list[int],
    batches: list[int],
    old_ns: int | None,
    default: float | None,
) -> None:
    """However rows and values are cut: seen from when it is known, until it is stale."""
    given = Input(
        name="alpha", stale_after_ns=old_ns, default=default, place=TextPlace("")
    )
    join = AsOf(given, Column(values, cuts))
    missing = math.nan if default is None else default
    expected, new = by_loop(values, rows, old_ns, missing)

    joined = [
        join.join(np.array(rows[start:stop]))
        for start, stop in _parts(len(rows), batches)
    ]

    found = np.concatenate([one.value for one in joined])
    np.testing.assert_array_equal(found, expected)
    assert np.concatenate([one.ticks for one in joined]).tolist() == new
