"""Clock rows: when they come."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given, strategies as st

from mmrun.feeds.clock import Heartbeat, clock_rows, with_clock
from mmrun.market.packing import pack
from mmrun.market.tape import BATCH_COLUMNS, Batch, Kind


SECOND = 10**9
MINUTE = 60 * SECOND


def rows_at(times):
    """Rows at the given times, as trades without values."""
    batch = clock_rows(np.array(times, np.int64))
    return Batch(
        batch.ts,
        np.full(len(batch), Kind.TRADE, np.int8),
        *(getattr(batch, name) for name in list(BATCH_COLUMNS)[2:]),
    )


def clocks(times, **options):
    """Times of the clock rows a tape of rows at `times` gets."""
    batches = with_clock([rows_at(times)], Heartbeat(**options), 10**6)
    return [int(t) for b in batches for t in b.ts[b.kind == Kind.CLOCK]]


def expected(times, interval_ns, sessions):
    """The definition, row by row, in plain Python."""
    found = []
    for start, end in zip(times, [*times[1:], None], strict=True):
        due = start + interval_ns
        while (end is None or due < end) and due < start + MINUTE:
            if sessions is None or any(a <= due < b for a, b in sessions):
                found.append(due)
            due += interval_ns
    return found


def test_silence_gets_a_row_every_heartbeat():
    """Rows come at last + 1 s, + 2 s and so on, before the next row."""
    within = [t for t in clocks([0, 3 * SECOND + 1]) if t < 3 * SECOND + 1]

    assert within == [SECOND, 2 * SECOND, 3 * SECOND]


def test_a_row_exactly_at_the_heartbeat_is_no_silence():
    """Something came at last + heartbeat: no clock row of that time."""
    assert SECOND not in clocks([0, SECOND])


def test_a_minute_of_silence_ends_the_rows():
    """The last clock row is 59 s after the last row, also at the tape's end."""
    assert clocks([0]) == [n * SECOND for n in range(1, 60)]
    assert [t for t in clocks([0, 10 * MINUTE]) if t < 10 * MINUTE] == clocks([0])


def test_clock_rows_stay_inside_sessions():
    """From the open to before the close, in step with the last row."""
    sessions = ((2 * SECOND + 5, 4 * SECOND), (6 * SECOND, 7 * SECOND))

    assert clocks([0], sessions=sessions) == [3 * SECOND, 6 * SECOND]
    assert clocks([0], sessions=()) == []


def test_no_heartbeat_no_rows():
    """A heartbeat of 0 turns clock rows off; one over a minute never comes."""
    assert clocks([0, 5 * SECOND], interval_ns=0) == []
    assert clocks([0, 5 * MINUTE], interval_ns=2 * MINUTE) == []


@given(
    steps=st.lists(st.integers(0, 70), max_size=40),
    start=st.integers(0, 3),
    interval=st.integers(1, 70),
    bounds=st.none() | st.lists(st.integers(0, 300), max_size=6, unique=True),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    rows=st.integers(1, 50),
)
def test_clock_rows_are_the_definitions(steps, start, interval, bounds, cuts, rows):
    """In any split, rows are those of the plain definition and in time order."""
    times = [(start + s) * SECOND for s in np.cumsum([0, *steps]).tolist()]
    ordered = None if bounds is None else sorted(b * SECOND for b in bounds)
    pairs = (
        None
        if ordered is None
        else tuple(zip(ordered[::2], ordered[1::2], strict=False))
    )
    edges = [0, *sorted(min(c, len(times)) for c in cuts), len(times)]
    whole = rows_at(times)
    parts = [whole.rows(a, b) for a, b in itertools.pairwise(edges)]

    batches = list(with_clock(parts, Heartbeat(interval * SECOND, pairs), rows))

    ts = np.concatenate([b.ts for b in batches])
    kind = np.concatenate([b.kind for b in batches])
    assert ts[kind == Kind.CLOCK].tolist() == expected(times, interval * SECOND, pairs)
    assert ts[kind == Kind.TRADE].tolist() == times
    assert (np.diff(ts) >= 0).all()
    assert max(len(b) for b in batches) <= rows


@given(st.lists(st.sampled_from([0, 1, SECOND, 3 * SECOND]), min_size=1, max_size=20))
def test_what_is_packed_has_clock_rows_too(gaps):
    """As if it had been packed with them: a quote after a clock row is not calm."""
    times, count = np.cumsum(gaps), len(gaps)
    quotes = replace(
        rows_at(times),
        kind=np.full(count, Kind.QUOTE, np.int8),
        **dict.fromkeys(("bid", "bid_size", "ask", "ask_size"), np.ones(count)),
    )
    tape = replace(quotes, packed=pack(quotes, 0.5))

    (filled, *_) = with_clock([tape], Heartbeat(), 10**6)

    expected, quoted = pack(filled, 0.5), filled.kind == Kind.QUOTE
    assert filled.packed.calm.tolist() == expected.calm.tolist()
    for name in ("first", "second"):
        found = getattr(filled.packed, name)
        assert len(found) == len(filled)
        assert found[quoted].tolist() == getattr(expected, name)[quoted].tolist()
