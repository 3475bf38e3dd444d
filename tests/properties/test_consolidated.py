"""The consolidated touch, held to a plain loop over the venues' last words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, strategies as st

from mmrun.engine.bind import per_tick, ticks_per_unit
from mmrun.engine.consolidate import observe_venues
from mmrun.engine.jit import uncompiled
from mmrun.engine.observe import OBSERVER, Observed, TapeRows
from mmrun.engine.state import new_records
from mmrun.market.tape import Kind, Status


STALE_AFTER = 10
VENUES, DEEP = 3, 2  #: the last venue sends levels, the others quotes

prices = st.sampled_from([9.98, 9.99, 10.0, 10.01, 10.02])
amounts = st.sampled_from([1.0, 2.0, 3.0])
lost = st.just(math.nan)
statuses = st.sampled_from(
    [Status.HALT, Status.AUCTION, Status.STALE, Status.RESUME, Status.CONNECTED]
)


def rows(kind: Kind, venues: list[int], **fields: Any) -> Any:
    return st.fixed_dictionaries(
        {
            "gap": st.sampled_from([0, 1, 1, 4, 12]),
            "kind": st.just(kind),
            "venue": st.sampled_from(venues),
            **fields,
        }
    )


quotes = rows(
    Kind.QUOTE,
    [0, 1],
    bid=prices | prices | lost,
    bid_size=amounts,
    ask=prices | prices | lost,
    ask_size=amounts,
)
levels = rows(
    Kind.DEPTH,
    [DEEP],
    side=st.sampled_from([1, -1]),
    price=prices,
    size=st.just(0.0) | amounts,
)
others = st.one_of(
    rows(Kind.STATUS, [0, 1, DEEP], status=statuses),
    rows(Kind.TRADE, [0, 1, DEEP], price=prices, size=amounts, side=st.just(1)),
    rows(Kind.CLEAR, [DEEP]),
    rows(Kind.CLOCK, [0]),
)
tapes = st.lists(st.one_of(quotes, quotes, quotes, levels, levels, others), max_size=40)


@given(tapes)
def test_the_touch_of_all_is_the_best_of_those_that_have_a_part(
    tape: list[dict[str, Any]],
) -> None:
    """Silence, halts, ties at a price, lost sides and crossed books; sizes are summed."""
    found = observed(tape)

    assert [[str(x) for x in row] for row in found] == [
        [str(x) for x in row] for row in plain(tape)
    ]


def observed(tape: list[dict[str, Any]]) -> list[tuple[float, ...]]:
    """Bid, its size, ask, its size and mid after each row, by the engine."""
    observers = new_records(OBSERVER, VENUES)
    for seen in (observer.seen for observer in observers):
        seen.tick, seen.ticks_per_unit = 0.01, ticks_per_unit(0.01)
        seen.per_tick = per_tick(0.01)
        seen.bid = seen.bid_size = seen.ask = seen.ask_size = np.nan
        seen.last_trade = np.nan
    count = len(tape)
    codes = {"kind", "side", "status", "venue"}
    columns = {
        name: np.array([row.get(name, 0 if name in codes else np.nan) for row in tape])
        for name in TapeRows._fields
        if name != "ts"
    }
    ts = np.cumsum([row["gap"] for row in tape], dtype=np.int64)
    whole = {"bits", "side"}
    ticks = {"first", "second"}
    out = Observed(
        *(
            np.zeros(count, "i1" if name in whole else "i8" if name in ticks else "f8")
            for name in Observed._fields
        )
    )
    batch = TapeRows(ts=ts, **columns)

    done = uncompiled(observe_venues)(observers, 0, batch, out, STALE_AFTER)

    assert done == count
    touch = (out.bid, out.bid_size, out.ask, out.ask_size, out.mid)
    return list(zip(*(column.tolist() for column in touch), strict=True))


def plain(tape: list[dict[str, Any]]) -> list[tuple[float, ...]]:
    """The same, row by row with dictionaries."""
    venues: list[dict[str, Any]] = [
        {"heard": None, "halted": False, "lost": False, 1: {}, -1: {}}
        for _ in range(VENUES)
    ]
    found, now = [], 0
    for row in tape:
        now += row["gap"]
        venue, kind = venues[row["venue"]], row["kind"]
        if kind != Kind.CLOCK:
            venue["heard"], venue["lost"] = now, False
        if kind == Kind.QUOTE:
            for side, name in ((1, "bid"), (-1, "ask")):
                price = row[name]
                shown = {} if math.isnan(price) else {price: row[f"{name}_size"]}
                venue[side] = shown
        elif kind == Kind.DEPTH:
            venue[row["side"]].pop(row["price"], None)
            if row["size"]:
                venue[row["side"]][row["price"]] = row["size"]
        elif kind == Kind.CLEAR:
            venue[1], venue[-1] = {}, {}
        elif kind == Kind.STATUS:
            venue["halted"] |= row["status"] in {Status.HALT, Status.AUCTION}
            venue["lost"] = row["status"] == Status.STALE
            if row["status"] in {Status.RESUME, Status.CONNECTED}:
                venue["halted"] = False
        part = [
            v
            for v in venues
            if v["heard"] is not None
            and now - v["heard"] < STALE_AFTER
            and not v["halted"]
            and not v["lost"]
        ]
        bid, ask = (best(part, side) for side in (1, -1))
        found.append((*bid, *ask, (bid[0] + ask[0]) / 2))
    return found


def best(venues: list[dict[str, Any]], side: int) -> tuple[float, float]:
    """The highest bid or lowest ask, and all that is shown there."""
    tops = [max(v[side], key=lambda p: side * p) for v in venues if v[side]]
    if not tops:
        return math.nan, math.nan
    price = max(tops, key=lambda p: side * p)
    return price, sum(v[side].get(price, 0.0) for v in venues)
