"""Fill models: which market rows fill a resting order (design: engine.md). Kernels.

A trade can only fill the side its aggressor took: a seller our bids, a buyer our asks.
Of several orders a side the best comes first, and a trade's size is consumed once.
"""

from __future__ import annotations

import math

import numpy as np

from mmrun.engine.accounts import fill
from mmrun.engine.book import displayed, reaches, take
from mmrun.engine.jit import apart, inlined, kernel
from mmrun.engine.slots import next_order
from mmrun.engine.state import (
    ASK,
    BID,
    HFTBACKTEST,
    NO_ASK,
    NO_BID,
    THROUGH,
    TOUCH,
    Machine,
)


@inlined
def match_trade(m, v, half_ticks, size, aggressor, ts):  # type: ignore[no-untyped-def]
    """Match a trade against the side its aggressor took, in queue order."""
    side = BID if aggressor < 0 else ASK
    if aggressor == 0:
        return
    if v.levels == 1:
        _match_order(m, v, side, half_ticks, size, ts)
    else:
        _match_levels(m, v, side, half_ticks, size, ts)


@kernel
def _match_levels(m, v, side, half_ticks, size, ts):  # type: ignore[no-untyped-def]
    """Match a trade against each order of a side in turn; its size is consumed once.

    Orders at one price: what is ahead of the later one, ours apart, is ahead of it still.
    """
    apart()
    left = size
    k = next_order(v, side, -1)
    while k >= 0 and not left <= 0.0:
        before = v.slots[k].filled
        _match_order(m, v, k, half_ticks, left, ts)
        if m.config.fill_model != HFTBACKTEST:
            left -= v.slots[k].filled - before
        k = next_order(v, side, k)


@inlined
def _match_order(m, v, k, half_ticks, size, ts):  # type: ignore[no-untyped-def]
    """Match a trade of the other side's aggressor against one order."""
    slot = v.slots[k]
    if slot.live == 0:
        return
    config = m.config
    beyond = 2 * slot.price - half_ticks  # half ticks by which it traded through us
    if k & 1 == ASK:
        beyond = -beyond
    if beyond < 0:
        return
    left = slot.total - slot.filled
    part = left if np.isnan(size) else min(left, size)
    model = config.fill_model
    if model == THROUGH:
        if beyond >= 2 * config.through_ticks:
            fill(m, v, k, slot.price, part, 0, ts)
    elif model == TOUCH:
        fill(m, v, k, slot.price, part, 0, ts)
    elif beyond > 0:
        fill(m, v, k, slot.price, left if model == HFTBACKTEST else part, 0, ts)
    else:
        _advance_queue(m, v, k, size, ts)


@kernel
def _advance_queue(m, v, k, size, ts):  # type: ignore[no-untyped-def]
    """A trade at our price: first what is ahead of us, then ours."""
    slot = v.slots[k]
    beyond = size - slot.ahead  # NaN while what is ahead, or the size, is unknown
    if beyond > 0.0:
        left = slot.total - slot.filled
        slot.ahead = 0.0
        if m.config.fill_model != HFTBACKTEST:
            left = min(left, beyond)
        fill(m, v, k, slot.price, left, 0, ts)
    elif beyond <= 0.0:
        slot.ahead -= size


@inlined
def match_book(m: Machine, v: Machine, side: int, ts: int) -> None:
    """The opposite side came to our price or through it: we were there first."""
    slot = v.slots[side]
    if slot.live == 1 and reaches(v, side, slot.price):
        _fill_from_book(m, v, side, ts)


@kernel
def match_book_levels(m: Machine, v: Machine, side: int, ts: int) -> None:
    """`match_book` of several levels: the best order takes first of what is displayed."""
    apart()
    k = next_order(v, side, -1)
    while k >= 0 and reaches(v, side, v.slots[k].price):
        _fill_from_book(m, v, k, ts)
        k = next_order(v, side, k)


@kernel
def _fill_from_book(m: Machine, v: Machine, k: int, ts: int) -> None:
    apart()
    slot = v.slots[k]
    left = slot.total - slot.filled
    if m.config.fill_model != HFTBACKTEST:
        left = take(v.book, 1 - (k & 1), slot.price, left)
    if left > 0.0:
        fill(m, v, k, slot.price, left, 0, ts)


@inlined
def lower_ahead(ahead: float, size: float) -> float:
    """What is ahead falls to the size displayed; where it was unknown, it is all of it."""
    return size if size < ahead or np.isnan(ahead) else ahead


@inlined
def follow_queue(m: Machine, v: Machine, k: int, ts: int) -> None:
    """What is ahead of our order falls to the size displayed at its price."""
    slot = v.slots[k]
    if slot.live == 0:
        return
    slot.ahead = lower_ahead(slot.ahead, shown_at(m, v, k & 1, slot.price, ts))


@inlined
def follow_quote(m, v, k, touch, size, ts):  # type: ignore[no-untyped-def]
    """`follow_queue` after a quote row, whose one level is at hand."""
    slot = v.slots[k]
    if slot.live == 0:
        return
    shown = size
    if slot.price != touch:
        behind = slot.price < touch if k & 1 == BID else slot.price > touch
        if behind or touch == NO_BID or touch == NO_ASK or ts == v.clear_ts:
            follow_queue(m, v, k, ts)
            return
        shown = 0.0
    elif not shown > 0.0:
        follow_queue(m, v, k, ts)
        return
    if not slot.ahead <= shown:
        slot.ahead = shown


@kernel
def follow_deeper(m, v, bid, bid_size, ask, ask_size, ts):  # type: ignore[no-untyped-def]
    """`follow_quote` of the levels after the first."""
    apart()
    for k in range(2, 2 * v.levels, 2):
        follow_quote(m, v, k, bid, bid_size, ts)
        follow_quote(m, v, k + 1, ask, ask_size, ts)


@inlined
def shown_at(m: Machine, v: Machine, side: int, price: int, ts: int) -> float:
    """The size displayed at a price; NaN unknown, which hftbacktest takes for none."""
    shown = displayed(v.book, side, price)
    if shown == 0.0 and ts == v.clear_ts:
        shown = math.nan  # the rest of a snapshot may still show it
    if math.isnan(shown) and m.config.fill_model == HFTBACKTEST:
        return 0.0
    return shown
