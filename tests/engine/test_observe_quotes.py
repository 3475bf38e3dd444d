"""Rows without depth, looked at many at a time, show what they show one by one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mmrun.engine import observe_quotes as quotes
from mmrun.engine.jit import uncompiled
from mmrun.engine.observe import OBSERVER, Observed, TapeRows, observe
from mmrun.engine.observe_quotes import NOT_PACKED, NOT_QUOTES, observe_quotes
from mmrun.engine.state import new_records
from mmrun.market.packing import pack
from mmrun.market.tape import Batch, Kind


TICK = 0.01
#: On the grid, between ticks, at a tick's edge, far beyond a million ticks, not there.
TRADED = st.sampled_from([99.98, 99.99, 100.0, 100.005, 100.0000001, 2e5])
PRICES = st.one_of(TRADED, st.just(np.nan))
SIZES = st.sampled_from([0.0, 1.0, 2.0, np.nan])
KINDS = st.sampled_from([Kind.QUOTE, Kind.QUOTE, Kind.TRADE, Kind.CLOCK, Kind.STATUS])
ROW = st.tuples(
    KINDS, PRICES, SIZES, PRICES, SIZES, TRADED, st.sampled_from([-1, 0, 1])
)


@st.composite
def tapes(draw: st.DrawFn) -> tuple[list[Any], list[int]]:
    """Rows, some the same as the row before, and where batches end."""
    rows = draw(st.lists(ROW, min_size=1, max_size=20))
    repeats = [draw(st.integers(1, 3)) for _ in rows]
    rows = [row for row, times in zip(rows, repeats, strict=True) for _ in range(times)]
    cuts = draw(st.sets(st.integers(1, len(rows)), max_size=3))
    return rows, sorted({0, len(rows), *cuts})


def _observers() -> Any:
    observers = new_records(OBSERVER, 1)
    seen = observers[0].seen
    seen.tick, seen.ticks_per_unit, seen.per_tick = TICK, 100.0, 100.0
    seen.bid = seen.bid_size = seen.ask = seen.ask_size = seen.last_trade = np.nan
    return observers


def _tape(rows: list[Any]) -> TapeRows:
    kind, bid, bid_size, ask, ask_size, price, side = map(list, zip(*rows, strict=True))
    zeros = np.zeros(len(rows), np.int8)
    return TapeRows(
        ts=np.arange(len(rows)),
        kind=np.array(kind, np.int8),
        bid=np.array(bid),
        bid_size=np.array(bid_size),
        ask=np.array(ask),
        ask_size=np.array(ask_size),
        price=np.array(price),
        size=np.ones(len(rows)),
        side=np.array(side, np.int8),
        status=zeros,
        venue=zeros,
    )


def _room(count: int) -> Observed:
    codes = {"bits": np.int8, "first": np.int64, "second": np.int64, "side": np.int8}
    return Observed(
        *(np.zeros(count, codes.get(n, np.float64)) for n in Observed._fields)
    )


@given(tapes(), st.sampled_from([1, 2, 5, 8192]), st.booleans())
def test_rows_are_seen_as_one_by_one_however_they_are_cut(case, stretch, packed):
    """All columns where they mean something, the state after, the rows that are no quotes."""
    rows, cuts = case
    plain, fast = _observers(), _observers()
    whole = pack(Batch(**_tape(rows)._asdict()), TICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quotes, "_STRETCH", stretch)
        for start, stop in pairwise(cuts):
            tape = _tape(rows[start:stop])
            count = stop - start
            expected, seen = _room(count), _room(count)
            others = np.zeros(count, np.int64)
            calm = NOT_PACKED
            if packed:
                part = whole.rows(start, stop)
                seen = seen._replace(first=part.first, second=part.second)
                calm = part.calm

            uncompiled(observe)(plain, 0, tape, expected)
            found = uncompiled(observe_quotes)(fast, tape, calm, seen, others)

            quote, trade = tape.kind == Kind.QUOTE, tape.kind == Kind.TRADE
            assert others[:found].tolist() == np.flatnonzero(~quote).tolist()
            for name in ("bits", "mid", "bid", "ask", "bid_size", "ask_size"):
                np.testing.assert_array_equal(
                    getattr(seen, name), getattr(expected, name), name
                )
            for name, where in (
                ("first", quote | trade),
                ("second", quote),
                ("side", trade),
            ):
                np.testing.assert_array_equal(
                    getattr(seen, name)[where], getattr(expected, name)[where], name
                )
    for name in OBSERVER["seen"].names or ():
        np.testing.assert_equal(fast[0].seen[name], plain[0].seen[name], name)


@pytest.mark.parametrize("kind", [Kind.DEPTH, Kind.CLEAR])
def test_rows_of_depth_are_left_to_be_seen_one_by_one(kind):
    """Nothing is done: neither a column nor the state has changed."""
    tape = _tape([(Kind.QUOTE, 99.0, 1.0, 100.0, 1.0, np.nan, 0)] * 3)
    tape.kind[1] = kind
    observers, room = _observers(), _room(3)
    before = observers.tobytes()

    others = np.zeros(3, np.int64)
    found = uncompiled(observe_quotes)(observers, tape, NOT_PACKED, room, others)

    assert found == NOT_QUOTES
    assert observers.tobytes() == before
    assert not room.first.any()
