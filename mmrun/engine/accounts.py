"""Positions, cash and marks, row by row (formulas: market_making.md §5). Kernels.

The ledger books the same fills again from the recording; the two must agree.
"""

from __future__ import annotations

import numpy as np

from mmrun.engine.clock import advance_clock
from mmrun.engine.jit import inlined, kernel
from mmrun.engine.prices import price_of
from mmrun.engine.records import OrderEvent, Rule
from mmrun.engine.state import (
    ASK,
    BID,
    KNOWN,
    NEVER,
    OF_VALUE,
    PER_UNIT,
    TRUE,
    Machine,
)


_FILL = int(OrderEvent.FILL)
_FILLED = int(OrderEvent.FILLED)
_RULE_FILLED = int(Rule.FILLED)


@kernel
def fee_of(m: Machine, taker: int, price: float, size: float) -> float:
    """The fee of a fill in quote currency: cost positive, rebate negative."""
    config = m.config
    rate = config.taker_rate if taker else config.maker_rate
    unit = config.taker_unit if taker else config.maker_unit
    if unit == OF_VALUE:
        return rate * price * size * config.multiplier
    if unit == PER_UNIT:
        return rate * size
    return rate


@kernel
def book(account, signed, price, fee, multiplier):  # type: ignore[no-untyped-def]
    """Book a fill of `signed` size (buys positive) into an account, average cost."""
    position = account.position
    account.cash -= signed * price * multiplier
    if fee >= 0.0:
        account.fees += fee
    else:
        account.rebates -= fee
    after = position + signed
    if position * signed >= 0.0:
        account.cost = (position * account.cost + signed * price) / after
    else:
        closed = min(abs(position), abs(signed))
        way = 1.0 if position > 0.0 else -1.0
        account.realized += way * closed * (price - account.cost) * multiplier
        if after == 0.0:
            account.cost = 0.0
        elif after * position < 0.0:
            account.cost = price
    account.position = after


@inlined
def net_of(m: Machine, view: int) -> float:
    """Net P&L of the TRUE or the KNOWN account at the mid in force."""
    account = m.accounts[view]
    value = 0.0
    if account.position != 0.0:
        value = account.position * m.state.mid * m.config.multiplier
    return account.cash + value - account.fees + account.rebates


@inlined
def mark(m: Machine, mid: float) -> None:
    """Book a change of the mid on the position held, before anything fills."""
    state = m.state
    position = m.accounts[TRUE].position
    if position != 0.0:
        change = mid - state.mid
        state.inventory_pnl += position * change * m.config.multiplier
    state.mid = mid


@inlined
def watch_equity(m: Machine) -> None:
    """Keep the peaks of net P&L and the deepest drawdown."""
    state = m.state
    net = net_of(m, TRUE)
    if net > state.peak:
        state.peak = net
    elif state.peak - net > state.max_drawdown:
        state.max_drawdown = state.peak - net
    if m.state.notice_count > 0:
        net = net_of(m, KNOWN)
    state.known_peak = max(state.known_peak, net)


@kernel
def hear(m, side, order_id, price, size, fee, ts):  # type: ignore[no-untyped-def]
    """Our side learns of a fill: known account, known order, ages."""
    state = m.state
    state.changed = 1
    slot = m.slots[side]
    known = m.accounts[KNOWN]
    before = known.position
    signed = size if side == BID else -size
    book(known, signed, price, fee, m.config.multiplier)
    if before == 0.0 or before * known.position < 0.0:
        state.position_since = ts
    state.fill_count += 1
    state.last_fill_ts = ts
    slot.last_fill_ts = ts
    if slot.known_id != order_id:  # it took on arrival, before its answer
        slot.known_id = order_id
        slot.known_filled = 0.0
        slot.known_total = np.inf
    slot.known_filled += size
    if slot.known_filled >= slot.known_total - 1e-9 * m.config.lot:
        slot.known_live = 0


@inlined
def log_order(m, ts, sent_ts, side, event, price, size, ahead, rule):  # type: ignore[no-untyped-def]
    """Append to the order log."""
    state = m.state
    row = m.orders[state.orders_used]
    row.ts = ts
    row.sent_ts = sent_ts
    row.order_id = m.slots[side].order_id
    row.price = price
    row.size = size
    row.queue_ahead = ahead
    row.side = 1 if side == BID else -1
    row.event = event
    row.rule = rule
    state.orders_used += 1


@kernel
def fill(m, side, ticks, size, taker, ts):  # type: ignore[no-untyped-def]
    """Book a fill of our order on `side`: P&L against the mid in force, fee, logs."""
    advance_clock(m, ts)
    config = m.config
    state = m.state
    state.changed = 1
    slot = m.slots[side]
    price = price_of(ticks, config.tick, config.ticks_per_unit)
    sign = 1.0 if side == BID else -1.0
    fee = fee_of(m, taker, price, size)
    if np.isnan(state.mid):  # a fill before any two-sided book has no other mark
        state.mid = price
    state.spread_pnl += sign * size * (state.mid - price) * config.multiplier
    true = m.accounts[TRUE]
    book(true, sign * size, price, fee, config.multiplier)
    state.max_abs_inventory = max(state.max_abs_inventory, abs(true.position))
    slot.filled += size
    done = slot.filled >= slot.total - 1e-9 * config.lot
    event = _FILLED if done else _FILL
    log_order(m, ts, ts, side, event, price, size, np.nan, 0)
    if done:
        slot.live = 0
        slot.reason = _RULE_FILLED
        slot.adjustment = 0
    delay = max(0, config.response_ns - config.feed_ns)
    row = m.fills[state.fills_used]
    row.ts = ts
    row.order_id = slot.order_id
    row.price = price
    row.size = size
    row.mid = state.mid
    row.fee = fee
    row.inventory = true.position
    row.known_ts = ts + max(config.response_ns, config.feed_ns)
    row.side = 1 if side == BID else -1
    row.taker = taker
    state.fills_used += 1
    if delay == 0:
        hear(m, side, slot.order_id, price, size, fee, ts)
    else:
        _queue_notice(m, ts + delay, side, price, size, fee, ts)


@kernel
def _queue_notice(m, due, side, price, size, fee, ts):  # type: ignore[no-untyped-def]
    state = m.state
    index = (state.notice_head + state.notice_count) % len(m.notices)
    notice = m.notices[index]
    notice.due = due
    notice.side = side
    notice.order_id = m.slots[side].order_id
    notice.price = price
    notice.filled = size
    notice.fee = fee
    notice.ts = ts
    state.notice_count += 1
    state.next_due = min(state.next_due, due)


@kernel
def hear_first(m: Machine) -> None:
    """Take the oldest notice off the ring and hear it."""
    state = m.state
    notice = m.notices[state.notice_head]
    hear(
        m,
        notice.side,
        notice.order_id,
        notice.price,
        notice.filled,
        notice.fee,
        notice.ts,
    )
    state.notice_head = (state.notice_head + 1) % len(m.notices)
    state.notice_count -= 1


@kernel
def best_working(m: Machine, side: int) -> float:
    """The price of our known order on a side, NaN when there is none."""
    slot = m.slots[side]
    if slot.known_live == 0:
        return np.nan
    config = m.config
    return price_of(slot.known_price, config.tick, config.ticks_per_unit)


@kernel
def own_state(m: Machine, code: int, ts: int) -> float:
    """The own-state value with that index in `STATE_NAMES`."""
    state = m.state
    known = m.accounts[KNOWN]
    multiplier = m.config.multiplier
    if code == 0:
        return known.position
    if code == 1:
        return np.nan if known.position == 0.0 else known.cost
    if code == 2:
        return known.realized
    if code == 3:
        if known.position == 0.0:
            return 0.0
        return known.position * (state.mid - known.cost) * multiplier
    if code == 4:
        return net_of(m, KNOWN)
    if code == 5:
        return 0.0 if known.position == 0.0 else known.position * state.mid * multiplier
    if code == 6:
        return 0.0 if known.position == 0.0 else (ts - state.position_since) / 1e9
    if code == 7:
        return max(0.0, state.known_peak - net_of(m, KNOWN))
    if code == 8:
        return float(state.fill_count)
    if code == 9:
        if state.last_fill_ts == -NEVER:
            return np.nan
        return (ts - state.last_fill_ts) / 1e9
    if code == 10:
        return best_working(m, BID)
    if code == 11:
        return best_working(m, ASK)
    slot = m.slots[code - 12]
    if slot.known_live == 0:
        return 0.0
    return slot.known_total - slot.known_filled


#: Own-state names in the order of their codes.
STATE_NAMES = (
    "inventory",
    "average_cost",
    "realized_pnl",
    "unrealized_pnl",
    "net_pnl",
    "position_value",
    "inventory_age",
    "drawdown",
    "fill_count",
    "time_since_fill",
    "working_bid",
    "working_ask",
    "working_bid_size",
    "working_ask_size",
)
