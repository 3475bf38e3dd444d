"""What is packed of a tape, against the engine's own rounding, price by price."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mmrun.engine.bind import per_tick
from mmrun.engine.jit import uncompiled
from mmrun.engine.observe import ask_ticks, bid_ticks, trade_ticks
from mmrun.market import packing
from mmrun.market.packing import pack
from mmrun.market.tape import Batch, Kind


TICKS = st.sampled_from([0.01, 0.0001, 0.05, 0.25, 1.0, 5.0, 0.03, 1e-8])
#: Near a tick, at the tolerance's edges, anywhere, none.
NEAR = st.sampled_from(
    [0.0, 0.0, 0.0, 1e-12, -1e-12, 9e-10, 1.1e-9, -1.1e-9, 1e-6, 0.3]
)
COUNTS = st.sampled_from([0, 1, 10_000, 10_001, 999_999, 1_000_001, 3 * 10**9])
STEPS = st.one_of(
    st.builds(lambda count, near: count + near, COUNTS, NEAR),
    st.floats(-1e9, 1e9),
    st.just(np.nan),
)
SIZES = st.sampled_from([0.0, 1.0, 2.0, np.nan])
KINDS = st.sampled_from([Kind.QUOTE, Kind.QUOTE, Kind.TRADE, Kind.CLOCK, Kind.STATUS])
ROW = st.tuples(KINDS, STEPS, SIZES, STEPS, SIZES)


def tape(rows: list[Any], tick: float) -> Batch:
    """The rows as a batch: steps are a quote's bid and ask, or a trade's price."""
    kind, bid, bid_size, ask, ask_size = map(np.array, zip(*rows, strict=True))
    zeros = np.zeros(len(rows), np.int8)
    return Batch(
        ts=np.arange(len(rows)),
        kind=kind.astype(np.int8),
        bid=bid * tick,
        bid_size=bid_size,
        ask=ask * tick,
        ask_size=ask_size,
        price=np.where(np.isnan(ask), 1.0, ask) * tick,
        size=np.ones(len(rows)),
        side=zeros,
        status=zeros,
        venue=zeros,
    )


def is_calm(batch: Batch, first: list[int], second: list[int], i: int) -> bool:
    """The definition: a quote after a quote, at its prices, neither size unknown anew."""
    if i == 0 or batch.kind[i] != Kind.QUOTE or batch.kind[i - 1] != Kind.QUOTE:
        return False
    mids = (batch.bid + batch.ask) / 2.0
    same = first[i] == first[i - 1] and second[i] == second[i - 1]
    return bool(same and mids[i] == mids[i - 1]) and all(
        size[i] > 0 or (np.isnan(size[i]) and np.isnan(size[i - 1]))
        for size in (batch.bid_size, batch.ask_size)
    )


@given(TICKS, st.lists(ROW, min_size=1, max_size=12), st.data())
def test_prices_are_packed_as_the_engine_would_place_them(tick, rows, data):
    """On the grid, beside it and between; quotes that are not there; calm rows."""
    repeats = [data.draw(st.integers(1, 3)) for _ in rows]
    rows = [row for row, times in zip(rows, repeats, strict=True) for _ in range(times)]
    batch, whole = tape(rows, tick), per_tick(tick)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "_STRETCH", data.draw(st.sampled_from([1, 2, 5, 8192])))
        packed = pack(batch, tick)

    first, second = packed.first.tolist(), packed.second.tolist()
    for i, kind in enumerate(batch.kind):
        if kind == Kind.QUOTE:
            bid, ask = batch.bid[i], batch.ask[i]
            assert first[i] == uncompiled(bid_ticks)(bid, tick, whole)
            assert second[i] == uncompiled(ask_ticks)(ask, tick, whole)
        elif kind == Kind.TRADE:
            price = batch.price[i]
            assert first[i] == uncompiled(trade_ticks)(price, tick, whole)
        assert packed.calm[i] == is_calm(batch, first, second, i)


@pytest.mark.parametrize(
    ("before", "row", "calm"),
    [
        ((Kind.QUOTE, 9.0, 1.0, 11.0, 1.0), (Kind.QUOTE, 9.0, 5.0, 11.0, 2.0), 1),
        ((Kind.QUOTE, 9.0, 1.0, 11.0, 1.0), (Kind.QUOTE, 9.0, 0.0, 11.0, 2.0), 0),
        ((Kind.QUOTE, 9.0, np.nan, 11.0, 1.0), (Kind.QUOTE, 9.0, np.nan, 11.0, 2.0), 1),
        ((Kind.QUOTE, 9.0, 1.0, 11.0, 1.0), (Kind.QUOTE, 9.0, np.nan, 11.0, 2.0), 0),
        ((Kind.QUOTE, 9.0, 1.0, 11.0, 1.0), (Kind.QUOTE, 9.0, 1.0, 12.0, 2.0), 0),
        ((Kind.QUOTE, 9.3, 1.0, 11.0, 1.0), (Kind.QUOTE, 9.4, 1.0, 11.0, 2.0), 0),
        ((Kind.CLOCK, 9.0, 1.0, 11.0, 1.0), (Kind.QUOTE, 9.0, 1.0, 11.0, 2.0), 0),
        ((Kind.QUOTE, 9.0, 1.0, 11.0, 1.0), (Kind.CLOCK, 9.0, 1.0, 11.0, 2.0), 0),
    ],
    ids=[
        *("sizes alone", "nothing left", "never known", "no longer known"),
        *("another ask", "another mid, same ticks", "after no quote", "no quote"),
    ],
)
def test_a_row_is_calm_where_only_sizes_move(before, row, calm):
    """Both are quotes of the same ticks and mid; a size is shown, or as unknown as before."""
    packed = pack(tape([before, row], 1.0), 1.0)

    assert packed.calm.tolist() == [0, calm]


def test_no_rows_are_packed_too():
    """An empty tape has empty columns."""
    empty = tape([(Kind.QUOTE, 1.0, 1.0, 2.0, 1.0)], 0.01).rows(0, 0)

    packed = pack(empty, 0.01)

    assert len(packed.first) == len(packed.second) == len(packed.calm) == 0


def test_packed_rows_are_cut_with_the_rows():
    """A part of a batch has the part of what is packed, as views."""
    batch = tape([(Kind.QUOTE, n, 1.0, n + 1, 1.0) for n in (1.0, 1.0, 3.0)], 0.01)
    whole = replace(batch, packed=pack(batch, 0.01))

    part = whole.rows(1, 3).packed

    assert part is not None
    assert part.tick == 0.01
    assert (part.first.tolist(), part.second.tolist()) == ([1, 3], [2, 4])
    assert part.calm.tolist() == [1, 0]
    assert np.shares_memory(part.first, whole.packed.first)
