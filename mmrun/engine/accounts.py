"""Positions, cash and marks, row by row (formulas: market_making.md §5). Kernels.

The ledger books the same fills again from the recording; the two must agree.
"""

from __future__ import annotations

import numpy as np

from mmrun.engine.clock import advance_clock, settle_held
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
from mmrun.engine.watches import ahead_of, before_change, watch_fill, watch_value


_FILL = int(OrderEvent.FILL)
_FILLED = int(OrderEvent.FILLED)
_RULE_FILLED = int(Rule.FILLED)
FIRST_WATCH = 16  #: the code of the first of `Machine.watches`; names stand before
#: The code of the first name of the first venue, and how many a venue has at most.
FIRST_OF_VENUE, CODES_A_VENUE = 1024, 16


@inlined
def worth(m: Machine, price: float) -> float:
    """What a unit is worth at a price: of an inverse contract -1/price, in coin.

    Buying at p and selling at q then makes 1/p - 1/q, and all sums hold as they are.
    """
    if m.config.inverse == 1:
        return -1.0 / price
    return price


@kernel
def fee_of(m: Machine, v: Machine, taker: int, price: float, size: float) -> float:
    """The fee of a fill in quote currency: cost positive, rebate negative."""
    rate = v.taker_rate if taker else v.maker_rate
    unit = v.taker_unit if taker else v.maker_unit
    if unit == OF_VALUE:
        return rate * abs(worth(m, price)) * size * m.config.multiplier
    if unit == PER_UNIT:
        return rate * size
    return rate


@kernel
def book(account, signed, price, fee, multiplier):  # type: ignore[no-untyped-def]
    """Book a fill of `signed` size (buys positive) into an account, average cost.

    `price` is what `worth` makes of the fill's price, and so is the account's cost.
    """
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
        value = account.position * worth(m, m.state.mid) * m.config.multiplier
    return account.cash + value - account.fees + account.rebates


@inlined
def mark(m: Machine, mid: float) -> None:
    """Book a change of the mid on the position held, before anything fills."""
    state = m.state
    position = m.accounts[TRUE].position
    if position != 0.0:
        change = worth(m, mid) - worth(m, state.mid)
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
def hear(m, v, k, order_id, price, size, fee, ts):  # type: ignore[no-untyped-def]
    """Our side learns of a fill: known account, known order, ages."""
    state = m.state
    state.changed = 1
    if m.config.watches != 0:
        late = max(0, m.config.response_ns - m.config.feed_ns)
        before_change(m, ts + late, net_of(m, KNOWN))
    side = k & 1
    slot = v.slots[k]
    known = m.accounts[KNOWN]
    before = known.position - state.target
    signed = size if side == BID else -size
    book(known, signed, worth(m, price), fee, m.config.multiplier)
    v.position += signed
    v.fill_count += 1
    if before == 0.0 or before * (known.position - state.target) < 0.0:
        state.position_since = ts
    state.fill_count += 1
    state.last_fill_ts = ts
    v.slots[side].last_fill_ts = ts
    if slot.known_id != order_id:  # it took on arrival, before its answer
        slot.known_id = order_id
        slot.known_filled = 0.0
        slot.known_total = np.inf
    slot.known_filled += size
    if slot.known_filled >= slot.known_total - 1e-9 * v.lot:
        slot.known_live = 0


@inlined
def records_left(m: Machine) -> int:
    """How many fills, order events and decisions still fit: of the kind of which fewest."""
    state = m.state
    orders = len(m.orders) - state.orders_used
    fills = len(m.fills) - state.fills_used
    return min(orders, fills, len(m.decisions) - state.decisions_used)


@inlined
def log_order(m, v, ts, sent_ts, k, event, price, size, ahead, rule):  # type: ignore[no-untyped-def]
    """Append to the order log."""
    state = m.state
    order_id, used = v.slots[k].order_id, state.orders_used
    write_order(m, v, used, order_id, ts, sent_ts, k, event, price, size, ahead, rule)
    state.orders_used += 1


@inlined
def write_order(m, v, at, order_id, ts, sent_ts, k, event, price, size, ahead, rule):  # type: ignore[no-untyped-def]
    """Write the order log's record number `at`."""
    row = m.orders[at]
    row.ts = ts
    row.sent_ts = sent_ts
    row.order_id = order_id
    row.price = price
    row.size = size
    row.queue_ahead = ahead
    row.venue = v.index
    row.side = 1 + (k >> 1) if k & 1 == BID else -1 - (k >> 1)
    row.event = event
    row.rule = rule


@kernel
def fill(m, v, k, ticks, size, taker, ts):  # type: ignore[no-untyped-def]
    """Book a fill of our order in slot `k`: P&L against the mid in force, fee, logs."""
    advance_clock(m, ts)
    config = m.config
    state = m.state
    state.changed = 1
    side = k & 1
    slot = v.slots[k]
    price = price_of(ticks, v.tick, v.ticks_per_unit)
    sign = 1.0 if side == BID else -1.0
    fee = fee_of(m, v, taker, price, size)
    if np.isnan(state.mid):  # a fill before any two-sided book has no other mark
        state.mid = price
    paid = worth(m, price)
    edge = worth(m, state.mid) - paid
    state.spread_pnl += sign * size * edge * config.multiplier
    settle_held(m)
    true = m.accounts[TRUE]
    book(true, sign * size, paid, fee, config.multiplier)
    state.max_abs_inventory = max(state.max_abs_inventory, abs(true.position))
    if config.watches != 0:
        watch_fill(m, v, side, price, size, ts)
    slot.filled += size
    done = slot.filled >= slot.total - 1e-9 * v.lot
    event = _FILLED if done else _FILL
    log_order(m, v, ts, ts, k, event, price, size, np.nan, 0)
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
    row.venue = v.index
    row.side = 1 if side == BID else -1
    row.taker = taker
    row.level = k >> 1
    state.fills_used += 1
    if delay == 0:
        hear(m, v, k, slot.order_id, price, size, fee, ts)
    else:
        _queue_notice(m, v, ts + delay, k, price, size, fee, ts)


@kernel
def _queue_notice(m, v, due, k, price, size, fee, ts):  # type: ignore[no-untyped-def]
    state = m.state
    index = (state.notice_head + state.notice_count) % len(m.notices)
    notice = m.notices[index]
    notice.due = due
    notice.venue = v.index
    notice.slot = k
    notice.order_id = v.slots[k].order_id
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
        m.venues[notice.venue],
        notice.slot,
        notice.order_id,
        notice.price,
        notice.filled,
        notice.fee,
        notice.ts,
    )
    state.notice_head = (state.notice_head + 1) % len(m.notices)
    state.notice_count -= 1


@kernel
def best_own(m: Machine, side: int, view: int) -> float:
    """The best price of our orders on a side, TRUE or as KNOWN; NaN when none is."""
    best = np.nan
    for n in range(m.config.venues):
        price = best_at(m.venues[n], side, view)
        if not np.isnan(price):
            if not (best >= price if side == BID else best <= price):
                best = price
    return best


@kernel
def best_at(v: Machine, side: int, view: int) -> float:
    """`best_own` of one venue, over its levels."""
    best = np.nan
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        live, ticks = slot.live, slot.price
        if view == KNOWN:
            live, ticks = slot.known_live, slot.known_price
        if live == 1:
            price = price_of(ticks, v.tick, v.ticks_per_unit)
            if not (best >= price if side == BID else best <= price):
                best = price
    return best


@kernel
def working_size(m: Machine, side: int) -> float:
    """What our known orders on a side still want, over all venues."""
    size = 0.0
    for n in range(m.config.venues):
        size += working_at(m.venues[n], side)
    return size


@kernel
def working_at(v: Machine, side: int) -> float:
    """`working_size` of one venue, over its levels."""
    size = 0.0
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        if slot.known_live == 1:
            size += slot.known_total - slot.known_filled
    return size


@kernel
def own_state(m: Machine, code: int, ts: int) -> float:
    """The own-state value with that index in `STATE_NAMES`."""
    state = m.state
    known = m.accounts[KNOWN]
    multiplier = m.config.multiplier
    if code == 0:
        return known.position
    if code == 1:
        if known.position == 0.0:
            return np.nan
        return -1.0 / known.cost if m.config.inverse == 1 else known.cost
    if code == 2:
        return known.realized
    if code == 3:
        if known.position == 0.0:
            return 0.0
        return known.position * (worth(m, state.mid) - known.cost) * multiplier
    if code == 4:
        return net_of(m, KNOWN)
    if code == 5:
        if known.position == 0.0:
            return 0.0
        return known.position * abs(worth(m, state.mid)) * multiplier
    if code == 6:
        away = known.position - state.target
        if np.isnan(away):
            return np.nan
        return 0.0 if away == 0.0 else (ts - state.position_since) / 1e9
    if code == 7:
        return max(0.0, state.known_peak - net_of(m, KNOWN))
    if code == 8:
        return float(state.fill_count)
    if code == 9:
        if state.last_fill_ts == -NEVER:
            return np.nan
        return (ts - state.last_fill_ts) / 1e9
    if code == 10:
        return best_own(m, BID, KNOWN)
    if code == 11:
        return best_own(m, ASK, KNOWN)
    if code < 14:
        return working_size(m, code - 12)
    if code < FIRST_WATCH:
        return ahead_of(m, code - 14, -1)
    if code >= FIRST_OF_VENUE:
        of_venue = code - FIRST_OF_VENUE
        v = m.venues[of_venue // CODES_A_VENUE]
        return venue_state(m, v, of_venue % CODES_A_VENUE, ts)
    return watch_value(m, m.watches[code - FIRST_WATCH], ts, net_of(m, KNOWN))


@kernel
def venue_state(m: Machine, v: Machine, code: int, ts: int) -> float:
    """The own-state value of one venue with that index in `VENUE_STATE_NAMES`."""
    if code == 0:
        return v.position
    if code < 3:
        return unit_cost(m, v, code - 1)
    if code == 3:
        return float(v.fill_count)
    if code == 4:
        last = max(v.slots[BID].last_fill_ts, v.slots[ASK].last_fill_ts)
        return np.nan if last == -NEVER else (ts - last) / 1e9
    side = (code - 5) % 2
    if code < 7:
        return best_at(v, side, KNOWN)
    if code < 9:
        return working_at(v, side)
    return ahead_of(m, side, v.index)


@kernel
def unit_cost(m: Machine, v: Machine, taker: int) -> float:
    """A venue's fee as a price at the mid: what it moves a fill's price by, as it were."""
    rate = v.taker_rate if taker else v.maker_rate
    unit = v.taker_unit if taker else v.maker_unit
    if unit == OF_VALUE:
        return rate * m.state.mid
    if m.config.inverse == 1:  # so much coin is worth the more, the dearer it is
        return rate * m.state.mid * m.state.mid / m.config.multiplier
    return rate / m.config.multiplier


#: What there is of our trading at all venues together, and at each.
_TRADING = (
    "fill_count",
    "time_since_fill",
    "working_bid",
    "working_ask",
    "working_bid_size",
    "working_ask_size",
    "queue_ahead_bid",
    "queue_ahead_ask",
)
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
    *_TRADING,
)
#: Own-state names of one venue in the order of their codes.
VENUE_STATE_NAMES = ("inventory", "maker_cost", "taker_cost", *_TRADING)
