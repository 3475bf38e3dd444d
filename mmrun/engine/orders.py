"""The life of an order, one a venue, side and level: requests, arrival, answers. Kernels.

Orders are named by their slot `k` (`engine.slots`). One request an order is under way at
a time; what quotes want meanwhile is looked at again at the first evaluation after the
answer. A replace names the order's total size with what has filled as far as we know, so
that fills on their way never make it too large (FIX OrderQty). An answer is not used
before its request's own time on the tape.
"""

from __future__ import annotations

import math

import numpy as np

from mmrun.engine.accounts import fill, log_order
from mmrun.engine.book import any_free, reaches
from mmrun.engine.clock import advance_clock
from mmrun.engine.fills import shown_at
from mmrun.engine.jit import apart, inlined, kernel
from mmrun.engine.prices import price_of
from mmrun.engine.records import Adjustment, OrderEvent, Rule
from mmrun.engine.slots import clear_of_own
from mmrun.engine.state import (
    BID,
    CANCEL,
    NEVER,
    NO_ASK,
    NO_BID,
    NO_REQUEST,
    OFF,
    PLACE,
    SLIDE,
    Machine,
)


_NEW, _REPLACE = int(OrderEvent.NEW), int(OrderEvent.REPLACE)
_CANCELLED, _REJECTED = int(OrderEvent.CANCEL), int(OrderEvent.REJECT)
_REDUCED = int(OrderEvent.REDUCE)
_QUOTED, _IN_FLIGHT = int(Rule.QUOTED), int(Rule.IN_FLIGHT)
_MISSING = int(Rule.MISSING)
_FILLED, _POST_ONLY = int(Rule.FILLED), int(Rule.POST_ONLY)
_OWN_CROSSED = int(Rule.OWN_CROSSED)
_SLID = int(Adjustment.POST_ONLY)


@kernel
def place(m, v, k, price, size, fresh, ts):  # type: ignore[no-untyped-def]
    """Send a new order, or a replacement of the one we know of."""
    apart()
    slot = v.slots[k]
    new = 1 - slot.known_live
    total = size if new == 1 else slot.known_filled + size
    if m.config.instant == 1 and not stopped(v, k & 1, price):
        advance_clock(m, ts)
        rest(m, v, k, price, total, new, fresh, ts, ts)
        learn(v, k, fresh, ts)
        return
    slot.request = PLACE
    slot.request_price = price
    slot.request_fresh = fresh
    slot.request_new = new
    slot.request_total = total
    _send(m, v, k, m.config.order_ns, ts)


@inlined
def stopped(v: Machine, side: int, price: int) -> bool:
    """Whether an order at that price meets others, or ours, and may not just rest."""
    return reaches(v, side, price) or crosses_own(v, side, price)


@kernel
def pull(m: Machine, v: Machine, k: int, rule: int, ts: int) -> None:
    """Say why a slot is not quoted, and cancel what rests unless that is under way."""
    apart()
    slot = v.slots[k]
    slot.reason = rule
    if slot.request != NO_REQUEST or slot.known_live == 0:
        return
    slot.request = CANCEL
    slot.request_rule = rule
    _send(m, v, k, m.config.cancel_ns, ts)


@inlined
def _send(m: Machine, v: Machine, k: int, travel_ns: int, ts: int) -> None:
    advance_clock(m, ts)
    config = m.config
    slot = v.slots[k]
    slot.request_sent_ts = ts
    slot.request_answer_ts = NEVER
    if config.instant:
        slot.request_effect_ts = NEVER
        arrive(m, v, k, ts)
        hear_answer(v, k)
        return
    slot.request_effect_ts = ts + config.feed_ns + travel_ns
    state = m.state
    state.next_due = min(state.next_due, slot.request_effect_ts)


@kernel
def take_all(m: Machine, v: Machine, side: int, size: float, ts: int) -> None:
    """Send an order that takes what is displayed at any price, in whole lots."""
    whole = np.floor(size / v.lot + 1e-9) * v.lot
    if whole <= 0.0 or not any_free(v.book, 1 - side):
        return
    slot = v.slots[side]
    slot.request = PLACE
    slot.request_take = slot.request_new = 1
    slot.request_fresh = 0
    slot.request_price = NO_ASK if side == BID else NO_BID
    slot.request_total = whole
    slot.request_rule = slot.reason
    _send(m, v, side, m.config.order_ns, ts)


@kernel
def arrive(m: Machine, v: Machine, k: int, ts: int) -> None:
    """A request takes effect at the venue."""
    apart()
    config = m.config
    slot = v.slots[k]
    slot.request_effect_ts = NEVER
    if slot.request == CANCEL:
        _cancel(m, v, k, ts)
    elif slot.request_take == 1:
        _take_and_go(m, v, k, ts)
    elif slot.request_new == 1 or slot.live == 1:
        _enter(m, v, k, ts)
    else:
        _reject(m, v, k, _FILLED, ts)
    slot.answer_live = slot.live
    if config.instant == 0:
        slot.request_answer_ts = ts + max(0, config.response_ns - config.feed_ns)
        state = m.state
        state.next_due = min(state.next_due, slot.request_answer_ts)


@kernel
def _cancel(m: Machine, v: Machine, k: int, ts: int) -> None:
    slot = v.slots[k]
    if slot.live == 0:
        return
    slot.live = 0
    slot.reason = slot.request_rule
    slot.adjustment = 0
    left = slot.total - slot.filled
    price = _price(v, slot.price)
    sent, rule = slot.request_sent_ts, slot.request_rule
    log_order(m, v, ts, sent, k, _CANCELLED, price, left, np.nan, rule)
    m.state.cancels += 1


@kernel
def _reject(m: Machine, v: Machine, k: int, rule: int, ts: int) -> None:
    slot = v.slots[k]
    if slot.live == 0:
        slot.reason = rule
    size = slot.request_total
    price = _price(v, slot.request_price)
    sent = slot.request_sent_ts
    log_order(m, v, ts, sent, k, _REJECTED, price, size, np.nan, rule)
    m.state.rejects += 1


@inlined
def _price(v: Machine, ticks: int) -> float:
    """The price of ticks; NaN of an order at any price."""
    if ticks == NO_BID or ticks == NO_ASK:
        return math.nan
    return price_of(ticks, v.tick, v.ticks_per_unit)


@inlined
def beside_touch(v: Machine, side: int) -> int:
    """The price one tick short of the best opposite one."""
    if side == BID:
        return v.best_ask - 1
    return v.best_bid + 1


@inlined
def crosses_own(v: Machine, side: int, price: int) -> bool:
    """Whether an order at that price would meet our own of the other side."""
    for k in range(1 - side, 2 * v.levels, 2):
        other = v.slots[k]
        if other.live == 1:
            if price >= other.price if side == BID else price <= other.price:
                return True
    return False


@inlined
def _enter(m: Machine, v: Machine, k: int, ts: int) -> None:
    """A new order or a replacement; post-only and own orders are looked at now."""
    config = m.config
    side = k & 1
    slot = v.slots[k]
    price = slot.request_price
    crossing = reaches(v, side, price)
    if crossing and config.post_only == SLIDE:
        price = clear_of_own(v, k, beside_touch(v, side))
        slot.adjustment = slot.adjustment | _SLID
    elif crossing and config.post_only != OFF:
        _reject(m, v, k, _POST_ONLY, ts)
        return
    if config.allow_crossed == 0 and crosses_own(v, side, price):
        _reject(m, v, k, _OWN_CROSSED, ts)
        return
    total, new, fresh = slot.request_total, slot.request_new, slot.request_fresh
    rest(m, v, k, price, total, new, fresh, slot.request_sent_ts, ts)
    if crossing and config.post_only == OFF:
        _take(m, v, k, ts)


@inlined
def rest(m, v, k, price, total, new, fresh, sent, ts):  # type: ignore[no-untyped-def]
    """Put the order in the book: in place when only its size shrinks."""
    state = m.state
    slot = v.slots[k]
    event = _REPLACE
    if new == 1:
        event = _NEW
        slot.order_id = state.next_order_id
        state.next_order_id += 1
        slot.filled = 0.0
    elif total - slot.filled <= 1e-9 * v.lot:
        # It filled up to its new total while the request travelled: the rest goes.
        slot.request_rule = _FILLED
        _cancel(m, v, k, ts)
        return
    elif price == slot.price and total <= slot.total and fresh == 0:
        event = _REDUCED
    slot.total = total
    slot.live = 1
    if event != _REDUCED:
        slot.price = price
        slot.joined_ts = ts
        slot.ahead = shown_at(m, v, k & 1, price, ts)
    left = total - slot.filled
    log_order(m, v, ts, sent, k, event, _price(v, price), left, slot.ahead, 0)
    state.orders += 1


@kernel
def _take_and_go(m: Machine, v: Machine, k: int, ts: int) -> None:
    """An order at any price takes what is displayed; what is left is cancelled."""
    slot = v.slots[k]
    slot.request_take = 0
    total, sent = slot.request_total, slot.request_sent_ts
    rest(m, v, k, slot.request_price, total, 1, 0, sent, ts)
    _take(m, v, k, ts)
    if slot.live == 1:
        _cancel(m, v, k, ts)
    slot.reason = slot.request_rule


@kernel
def _take(m: Machine, v: Machine, k: int, ts: int) -> None:
    """A marketable order walks the displayed book and pays the taker fee."""
    slot = v.slots[k]
    while slot.live == 1:
        level, part = _next_free(v, k, slot.total - slot.filled)
        if part <= 0.0:
            return
        fill(m, v, k, level, part, 1, ts)


@kernel
def _next_free(v, k, left):  # type: ignore[no-untyped-def]
    """The best opposite level within our price that still has size we did not take."""
    side = k & 1
    opposite = 1 - side
    limit = v.slots[k].price
    for index in range(v.book.count[opposite] - 1, -1, -1):
        price = v.book.price[opposite, index]
        within = price <= limit if side == BID else price >= limit
        if not within:
            break
        free = v.book.free[opposite, index]
        if free > 0.0:
            part = min(left, free)
            v.book.free[opposite, index] -= part
            v.book.taken[opposite] = 1
            return price, part
    return 0, 0.0


@inlined
def hear_answer(v: Machine, k: int) -> None:
    """Our side learns what became of a request."""
    slot = v.slots[k]
    slot.request_answer_ts = NEVER
    slot.request = NO_REQUEST
    if slot.answer_live == 0:
        slot.known_live = 0
        return
    learn(v, k, slot.request_fresh, slot.request_sent_ts)


@inlined
def learn(v: Machine, k: int, fresh: int, sent_ts: int) -> None:
    """Know the order as it stands at the venue."""
    slot = v.slots[k]
    if slot.known_id != slot.order_id:
        slot.known_filled = 0.0
        slot.known_id = slot.order_id
    if slot.known_price != slot.price or slot.known_live == 0 or fresh:
        slot.known_since = sent_ts
    slot.known_price = slot.price
    slot.known_total = slot.total
    left = slot.known_total - slot.known_filled
    slot.known_live = 1 if left > 1e-9 * v.lot else 0


@inlined
def status_of(v: Machine, k: int) -> int:
    """A slot's rule now: quoted while an order rests at the venue."""
    slot = v.slots[k]
    if slot.live == 1:
        return _QUOTED
    if slot.request == PLACE and slot.request_effect_ts != NEVER:
        return _IN_FLIGHT
    return slot.reason


@inlined
def log_decision(m: Machine, v: Machine, k: int, ts: int) -> None:
    """Record a slot's rule when it, or how the quote was adjusted, has changed."""
    slot = v.slots[k]
    status = status_of(v, k)
    adjustment = slot.adjustment if status == _QUOTED else 0
    if status != slot.status or adjustment != slot.status_adjustment:
        write_decision(m, v, k, status, adjustment, ts)


@kernel
def write_decision(
    m: Machine, v: Machine, k: int, status: int, adjustment: int, ts: int
) -> None:
    """Append to the decision log."""
    advance_clock(m, ts)
    slot = v.slots[k]
    slot.status = status
    slot.status_adjustment = adjustment
    state = m.state
    row = m.decisions[state.decisions_used]
    row.ts = ts
    row.price = _price(v, slot.price) if slot.live == 1 else np.nan
    row.size = slot.total - slot.filled if slot.live == 1 else 0.0
    row.venue = v.index
    row.side = 1 if k & 1 == BID else -1
    row.level = k >> 1
    row.rule = status
    row.adjustment = adjustment
    row.missing = slot.missing if status == _MISSING else -1
    state.decisions_used += 1
