"""One evaluation: formulas to prices and sizes, limits, requests. Kernels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmrun.engine.accounts import log_order, own_state, worth
from mmrun.engine.book import reaches
from mmrun.engine.clock import advance_clock
from mmrun.engine.fills import shown_at
from mmrun.engine.jit import apart, call_residual, inlined, kernel, spliced
from mmrun.engine.orders import beside_touch, crosses_own, place, pull
from mmrun.engine.prices import price_of, ticks_quoted
from mmrun.engine.records import FIRST_OWN, Adjustment, OrderEvent, Rule
from mmrun.engine.rules import own_bit
from mmrun.engine.slots import may_add
from mmrun.engine.state import (
    ASK,
    BID,
    KNOWN,
    NEVER,
    NO_ASK,
    NO_BID,
    NO_REQUEST,
    REDUCE_ONLY,
    SKIP,
    Machine,
)


_MISSING, _NOT_FINITE = int(Rule.MISSING), int(Rule.NOT_FINITE)
_NOT_POSITIVE, _OWN_CROSSED = int(Rule.NOT_POSITIVE), int(Rule.OWN_CROSSED)
_POST_ONLY, _COLLAR = int(Rule.POST_ONLY), int(Rule.PRICE_COLLAR)
_MAX_INVENTORY, _MAX_VALUE = int(Rule.MAX_INVENTORY), int(Rule.MAX_POSITION_VALUE)
_NO_SHORT, _MIN_SIZE = int(Rule.NO_SHORT), int(Rule.MIN_SIZE)
_AFTER_FILL = int(Rule.AFTER_FILL)
_SLID, _HELD = int(Adjustment.POST_ONLY), int(Adjustment.TOLERANCE)
_PLACED = int(Adjustment.PLACE)
_REPLACE = int(OrderEvent.REPLACE)
#: How many plan.OUTPUTS a level has, and the positions of three of them.
FIELDS, RESERVATION, BID_PRICE, BID_SIZE = 7, 2, 3, 5


@inlined
def own_value(m: Machine, code: int, ts: int) -> float:
    """Own state by its code; nearly every formula reads the first, the inventory."""
    if code == 0:
        return m.accounts[KNOWN].position
    return own_state(m, code, ts)


@spliced
def read_columns(m, columns, fresh):  # type: ignore[no-untyped-def]
    """The columns of a fresh row into the registers of the quotes' formulas."""
    for k in range(m.config.columns):
        m.registers[m.column_registers[k]] = columns[k, np.uint64(fresh)]


@inlined
def evaluate_formulas(m, formula, ts):  # type: ignore[no-untyped-def]
    """Run the residual on the row's columns and own state; keep what `prev` reads."""
    registers = m.registers
    for k in range(m.config.states):
        registers[m.state_registers[k]] = own_value(m, m.state_codes[k], ts)
    for k in range(m.config.previous):
        registers[m.previous_registers[k]] = m.previous[k]
    call_residual(formula, registers)
    kept = m.config.kept
    for k in range(m.config.previous):
        m.previous[k] = registers[kept + k]


@inlined
def quote_venue(m, v, ts):  # type: ignore[no-untyped-def]
    """Bring a venue's two orders, of one level, in line with what the formulas gave."""
    if v.altered != 0:
        _quote_under_rules(m, v, ts)
        return
    outputs = v.outputs
    bid_price = m.registers[outputs + BID_PRICE]
    ask_price = m.registers[outputs + BID_PRICE + 1]
    bid_size = m.registers[outputs + BID_SIZE]
    ask_size = m.registers[outputs + BID_SIZE + 1]
    bid, bid_rule = target_price(m, v, BID, bid_price, bid_size)
    ask, ask_rule = target_price(m, v, ASK, ask_price, ask_size)
    both = bid_rule == 0 and ask_rule == 0
    if both and bid >= ask and m.config.allow_crossed == 0:
        bid_rule = ask_rule = _OWN_CROSSED
    if bid_rule + ask_rule == 0 and plain(m, v, bid_size, ask_size):
        bid_at, ask_at = beside_touch(v, BID), beside_touch(v, ASK)
        bid_slid, ask_slid = bid > bid_at, ask < ask_at
        to_bid = bid_at if bid_slid else bid
        to_ask = ask_at if ask_slid else ask
        if bid < v.slots[ASK].price and to_bid < to_ask:
            move(m, v, BID, to_bid, bid_slid, ts)
            move(m, v, ASK, to_ask, ask_slid, ts)
            return
    _work_sides(m, v, bid, bid_size, bid_rule, ask, ask_size, ask_rule, ts)


@inlined
def plain(m: Machine, v: Machine, bid_size: float, ask_size: float) -> bool:
    """Whether both sides rest whole, at the sizes wanted, and may move at once."""
    bid, ask = v.slots[BID], v.slots[ASK]
    if m.config.plain == 0 or m.accounts[KNOWN].position != m.state.sized_inventory:
        return False
    return (
        bid.live + ask.live == 2
        and bid.asked == bid_size
        and ask.asked == ask_size
        and bid.total == bid.given
        and ask.total == ask.given
        and bid.filled + ask.filled == 0.0
        and bid.request + ask.request == NO_REQUEST
    )


@inlined
def move(m, v, side, price, slid, ts):  # type: ignore[no-untyped-def]
    """Replace an order by one of the same size at a price where it may rest."""
    slot = v.slots[side]
    slot.adjustment = slot.given_adjustment | (_SLID if slid else 0)
    if price == slot.price:
        return
    advance_clock(m, ts)
    slot.price = slot.known_price = price
    slot.joined_ts = slot.known_since = ts
    ahead = shown_at(m, v, side, price, ts)
    slot.ahead = ahead
    shown_price = price_of(price, v.tick, v.ticks_per_unit)
    log_order(m, v, ts, ts, side, _REPLACE, shown_price, slot.total, ahead, 0)
    m.state.orders += 1


@kernel
def _work_sides(m, v, bid, bid_size, bid_rule, ask, ask_size, ask_rule, ts):  # type: ignore[no-untyped-def]
    """Bring the sides in line one after the other, whatever state they are in."""
    apart()
    # Where our bid is to pass our own ask, the ask goes out of its way first.
    first = ASK if crosses_own(v, BID, bid) else BID
    steady = True
    for side in (first, 1 - first):
        target, size, rule = bid, bid_size, bid_rule
        if side == ASK:
            target, size, rule = ask, ask_size, ask_rule
        steady = work_side(m, v, side, target, size, rule, ts) and steady
    state = m.state
    if not steady:
        state.steady = 0
    state.sized_inventory = np.nan
    given_rules = v.slots[BID].given_rule + v.slots[ASK].given_rule
    if bid_rule + ask_rule + given_rules == 0 and v.altered == 0:
        state.sized_inventory = m.accounts[KNOWN].position


@kernel
def _quote_under_rules(m, v, ts):  # type: ignore[no-untyped-def]
    """As `quote_venue`, with what the strategy's own rules make of prices and sizes."""
    apart()
    bid, bid_size, bid_rule = under_rules(m, v, BID)
    ask, ask_size, ask_rule = under_rules(m, v, ASK)
    both = bid_rule == 0 and ask_rule == 0
    if both and bid >= ask and m.config.allow_crossed == 0:
        bid_rule = ask_rule = _OWN_CROSSED
    _work_sides(m, v, bid, bid_size, bid_rule, ask, ask_size, ask_rule, ts)


@kernel
def under_rules(m, v, k):  # type: ignore[no-untyped-def]
    """A slot's ticks and size under the rules, and the rule that forbids them (0 none)."""
    apart()
    side = k & 1
    outputs = v.outputs + FIELDS * (k >> 1)
    price, size = (
        m.registers[outputs + BID_PRICE + side],
        m.registers[outputs + BID_SIZE + side],
    )
    if v.widen > 1.0:
        reservation = m.registers[outputs + RESERVATION]
        price = reservation + (price - reservation) * v.widen
    smaller = size * v.shrink
    ticks, rule = target_price(m, v, k, price, smaller)
    if v.out[side] != 0:
        rule = v.out[side]
    elif rule == 0 and v.sized_by != 0 and whole_lots(v, smaller) == 0.0:
        if whole_lots(v, size) > 0.0:
            rule = v.sized_by
    return ticks, smaller, rule


@inlined
def target_price(m, v, k, price, size):  # type: ignore[no-untyped-def]
    """A formula's price in ticks, and the rule that forbids it (0 none)."""
    config = m.config
    side = k & 1
    # Beyond 2**53 ticks neighbouring floats are more than a tick apart.
    bound = 9007199254740992.0 * v.tick
    if not (abs(price) < bound and abs(size) < np.inf):
        missing = math.isnan(price) or math.isnan(size)
        return 0, _MISSING if missing else _NOT_FINITE
    ticks = ticks_quoted(config, v, side, price)
    if v.inside_ticks < NEVER:
        ticks = _placed(v, k, ticks)
    if ticks <= 0 and config.allow_crossed == 0:
        return ticks, _NOT_POSITIVE
    if config.price_collar < np.inf and not in_collar(m, v, ticks):
        return ticks, _COLLAR
    return ticks, 0


@inlined
def in_collar(m: Machine, v: Machine, ticks: int) -> bool:
    """Whether a price is no further from the mid than `risk.price_collar` says."""
    mid = m.state.mid
    away = abs(price_of(ticks, v.tick, v.ticks_per_unit) - mid)
    return not away > m.config.price_collar * mid  # so it is while the mid is missing


@kernel
def _placed(v: Machine, k: int, ticks: int) -> int:
    """A target, or where it is better what `quote.place` allows from the venue's touch."""
    apart()
    touch = v.best_bid if k & 1 == BID else v.best_ask
    best = ticks
    if touch != NO_BID and touch != NO_ASK:
        if k & 1 == BID:
            best = min(ticks, touch + v.inside_ticks)
        else:
            best = max(ticks, touch - v.inside_ticks)
    v.slots[k].want_adjustment = 0 if best == ticks else _PLACED
    return best


@inlined
def limited_size(v, k, size, room, limit):  # type: ignore[no-untyped-def]
    """A formula's size in whole lots within headroom: size, adjustment, rule.

    Neither changes often, so what became of the last is remembered.
    """
    slot = v.slots[k]
    if size != slot.asked or room != slot.asked_room or limit != slot.asked_limit:
        _limit_size(v, k, size, room, limit)
    return slot.given, slot.given_adjustment, slot.given_rule


@kernel
def _limit_size(v, k, size, room, limit):  # type: ignore[no-untyped-def]
    apart()
    slot = v.slots[k]
    slot.asked, slot.asked_room, slot.asked_limit = size, room, limit
    slot.given_adjustment = slot.given_rule = 0
    slot.given = whole_lots(v, size)
    if slot.given == 0.0:
        slot.given_rule = _MIN_SIZE
    elif slot.given > room:
        slot.given = whole_lots(v, room)
        if slot.given == 0.0:
            slot.given_rule = limit
        elif limit >= FIRST_OWN:
            slot.given_adjustment = own_bit(limit)
        else:  # adjustment bits follow the order of the three rules
            slot.given_adjustment = 2 << (limit - _MAX_INVENTORY)


@inlined
def whole_lots(v: Any, size: float) -> float:
    """A size rounded down to lots, 0 where it is below the smallest."""
    lot = v.lot
    whole = np.floor(size / lot + 1e-9) * lot
    if whole < v.min_size - 1e-9 * lot or whole <= 0.0:
        return 0.0
    return float(whole)


@inlined
def headroom(m, v, side):  # type: ignore[no-untyped-def]
    """What the limits leave to one side, and the rule that leaves the least."""
    config = m.config
    if config.on_breach != REDUCE_ONLY:
        return np.inf, 0
    inventory = m.accounts[KNOWN].position
    limit = config.max_inventory
    rule = _MAX_INVENTORY
    mid = m.state.mid
    if config.max_position_value < np.inf and mid > 0.0:
        unit_value = abs(worth(m, mid)) * config.multiplier
        by_value = config.max_position_value / unit_value
        if by_value < limit:
            limit = by_value
            rule = _MAX_VALUE
    room = limit - inventory if side == BID else limit + inventory
    if side == ASK and config.allow_short == 0 and inventory < room:
        room = inventory
        rule = _NO_SHORT
    if config.venues > 1:
        room -= _worked_elsewhere(m, v, side)
    return max(0.0, room), rule


@inlined
def room_left(m, v, side):  # type: ignore[no-untyped-def]
    """`headroom`, or what a rule leaves that lets us only reduce, and which of them."""
    room, limit = headroom(m, v, side)
    if v.reduced_by != 0:
        room, limit = _room_to_target(m, v, side, room, limit)
    return room, limit


@kernel
def _room_to_target(m, v, side, room, limit):  # type: ignore[no-untyped-def]
    """What the limits, and a rule that lets us only reduce, leave to one side."""
    apart()
    away = abs(m.accounts[KNOWN].position - m.state.target)
    if m.config.venues > 1:
        away -= _worked_elsewhere(m, v, side)
    if away < room:
        return max(0.0, away), v.reduced_by
    return room, limit


@kernel
def _worked_elsewhere(m: Machine, v: Machine, side: int) -> float:
    """What our orders at other venues may still add on a side."""
    apart()
    size = 0.0
    for n in range(m.config.venues):
        if n != v.index:
            for k in range(side, 2 * v.levels, 2):
                size += may_add(m.venues[n].slots[k])
    return size


@inlined
def work_side(m, v, side, price, size, rule, ts):  # type: ignore[no-untyped-def]
    """Compare one side's target with its working order and send what differs.

    True when the same target would now send nothing, at any later time either.
    """
    config = m.config
    adjustment = v.slots[side].want_adjustment | v.changed_by
    if rule == 0 and config.post_only <= SKIP and reaches(v, side, price):
        if config.post_only == SKIP:
            rule = _POST_ONLY
        else:
            price = beside_touch(v, side)
            adjustment |= _SLID
    if rule == 0:
        room, limit = room_left(m, v, side)
        size, clip, rule = limited_size(v, side, size, room, limit)
        adjustment |= clip
    return settle(m, v, side, price, size, rule, adjustment, ts)


@inlined
def settle(m, v, k, price, size, rule, adjustment, ts):  # type: ignore[no-untyped-def]
    """Pull a slot's order by a rule, or send what it lacks of a price and a size.

    True when the same would now send nothing, at any later time either.
    """
    slot = v.slots[k]
    if rule == 0 and ts - v.slots[k & 1].last_fill_ts < m.config.after_fill_ns:
        left = slot.known_total - slot.known_filled
        if slot.known_live == 0:
            rule = _AFTER_FILL
        elif size > left:
            size = left
    if rule != 0:
        slot.missing = missing_input(m, v) if rule == _MISSING else -1
        pull(m, v, k, rule, ts)
        return slot.known_live == 0 and slot.request == NO_REQUEST
    if slot.request == NO_REQUEST:
        _requote(m, v, k, price, size, adjustment, ts)
    if slot.request != NO_REQUEST or slot.known_live == 0 or slot.known_price != price:
        return False
    left = slot.known_total - slot.known_filled
    small = 1e-9 * v.lot
    return not (size < left - small or size > left + small)


@inlined
def _requote(m, v, k, price, size, adjustment, ts):  # type: ignore[no-untyped-def]
    """Leave the order, shrink it in place, or replace it (strategy-format: requote)."""
    config = m.config
    slot = v.slots[k]
    fresh = 0
    if slot.known_live == 1:
        age = ts - slot.known_since
        away = abs(slot.known_price - price)
        ripe = age >= config.min_life_ns
        if away == 0 or away <= v.tolerance_ticks or not ripe:
            adjustment = adjustment | _HELD if away != 0 else adjustment
            slot.adjustment = adjustment
            left = slot.known_total - slot.known_filled
            small = 1e-9 * v.lot
            if size < left - small:
                price = slot.known_price
            elif age >= config.max_age_ns and ripe:
                fresh = 1
            elif size > left + small and config.keep_queue == 0 and ripe:
                price = slot.known_price
            else:
                return
    slot.adjustment = adjustment
    place(m, v, k, price, size, fresh, ts)


@kernel
def missing_input(m: Machine, v: Machine) -> int:
    """The first input of a venue's quotes that is missing, -1 when none is (0/0 within)."""
    apart()
    for k in range(m.config.inputs):
        needed = m.config.apart == 0 or m.needs[v.index, k] == 1
        if needed and np.isnan(m.registers[k]):
            return k
    return -1
