"""Rows at which nothing but the usual happens: a loop for most rows of most runs. Kernels.

On one venue with one quote a side, orders that arrive at once and formulas of columns and
inventory alone, nearly every row finds our orders as they were wanted: each rests with
its size left whole, or has filled and waits for the next evaluation. The market moves,
the orders with it; now and then one fills. Such rows pass here, in a loop that keeps what
it changes in local variables (a record's fields are stored and read again at each step)
and avoids branches that cannot be foretold.

Every other row is `kernel.advance`'s. The loop ends before a row whose book is empty,
crossed or of unknown size, which fills an order in part, or before which anything but
the equity grid is due; and where an evaluation asks for more than orders of the same
size elsewhere, that is left too. What it gives is what the steps of `mmrun.engine.run`
give, to the bit.
"""

from __future__ import annotations

import math

import numpy as np

from mmrun.engine.accounts import fill, records_left, write_order
from mmrun.engine.fills import lower_ahead
from mmrun.engine.guards import due_beside_grid
from mmrun.engine.jit import apart, call_residual, inlined, kernel, spliced
from mmrun.engine.observe import SAME, STILL
from mmrun.engine.orders import write_decision
from mmrun.engine.prices import price_of, surely_between
from mmrun.engine.quoting import (
    BID_PRICE,
    BID_SIZE,
    headroom,
    in_collar,
    read_columns,
    target_price,
)
from mmrun.engine.records import Adjustment, OrderEvent, Rule
from mmrun.engine.state import (
    ASK,
    BID,
    HFTBACKTEST,
    INWARD,
    NO_ASK,
    NO_BID,
    NO_REQUEST,
    QUEUE,
    ROW_ROOM,
    TRUE,
    Machine,
)
from mmrun.engine.timing import emit_grid, grid_has_room
from mmrun.market.tape import Kind


_QUOTE, _TRADE = int(Kind.QUOTE), int(Kind.TRADE)
_SLID = int(Adjustment.POST_ONLY)
_QUOTED, _FILLED = int(Rule.QUOTED), int(Rule.FILLED)
_NEW, _REPLACE = int(OrderEvent.NEW), int(OrderEvent.REPLACE)
#: What no row's bits under `STILL` are.
_UNSTEADY = -1
#: What the log says of a side that has filled, in place of its adjustment.
_OUT = -1
#: The most records of one kind that a row makes here.
_RECORDS = 3


@inlined
def is_plain(m: Machine, v: Machine, ts: int) -> bool:
    """Whether both sides are as wanted and as logged, beside a whole book."""
    state = m.state
    if m.config.plain_rows == 0 or state.changed + state.guarded != 0:
        return False
    if not (_as_wanted(v.slots[BID]) and _as_wanted(v.slots[ASK])):
        return False
    book = v.book
    whole = book.count[BID] == 1 and book.count[ASK] == 1
    known = book.shown[BID, 0] > 0.0 and book.shown[ASK, 0] > 0.0
    free = book.taken[BID] + book.taken[ASK] == 0 and ts != v.clear_ts
    here = state.in_session == 1 and v.stale == 0
    return whole and known and free and here and v.best_bid <= v.best_ask


@inlined
def _as_wanted(slot: Machine) -> bool:
    """Whether a side rests with the size given whole, or has filled, and the log says so."""
    given = slot.given > 0.0 and slot.given_rule + slot.given_adjustment == 0
    settled = slot.request == NO_REQUEST and slot.adjustment == slot.status_adjustment
    if slot.live == 0:
        out = slot.reason == _FILLED and slot.status == _FILLED
        return given and settled and out and slot.known_live == 0
    left = slot.total == slot.filled + slot.given and slot.filled == slot.known_filled
    rests = slot.status == _QUOTED and slot.adjustment | _SLID == _SLID
    return given and settled and rests and left


@spliced
def run_plain(m, v, rows, row, columns, fresh, formula):  # type: ignore[no-untyped-def]
    """Run rows from `row`, whose columns are at `fresh`, while they are plain.

    Returns the first row that is left to `advance`, where its columns are, and whether
    the evaluation of the row before it is left too.
    """
    config, state, registers = m.config, m.state, m.registers
    bid_slot, ask_slot = v.slots[BID], v.slots[ASK]
    # What stays as it is.
    count, first = len(rows.ts), row
    due, stale_after = due_beside_grid(m), config.stale_after_ns
    multiplier, requote_bits = config.multiplier, config.requote_bits
    hft = config.fill_model == HFTBACKTEST
    queued = hft or config.fill_model == QUEUE
    behind = 0.0 if hft or v.book.depth > 1 else math.nan
    prices, sizes = v.outputs + BID_PRICE, v.outputs + BID_SIZE
    bid_asked, ask_asked = bid_slot.asked, ask_slot.asked
    by_value, collar = config.max_position_value < math.inf, config.price_collar
    per_tick = v.per_tick if config.rounding <= INWARD else 0.0
    bid_up = 1 if config.rounding == INWARD else 0
    # What rows change.
    room = (records_left(m) - ROW_ROOM) // _RECORDS
    bid, ask, mid = v.best_bid, v.best_ask, state.mid
    bid_size, ask_size = v.book.shown[BID, 0], v.book.shown[ASK, 0]
    our_bid = bid_slot.price if bid_slot.live == 1 else NO_BID
    our_ask = ask_slot.price if ask_slot.live == 1 else NO_ASK
    bid_ahead, ask_ahead = bid_slot.ahead, ask_slot.ahead
    bid_left = bid_slot.total - bid_slot.filled
    ask_left = ask_slot.total - ask_slot.filled
    bid_said = bid_slot.adjustment if bid_slot.live == 1 else _OUT
    ask_said = ask_slot.adjustment if ask_slot.live == 1 else _OUT
    heard, trades, sent, handed = v.heard_ts, 0, 0, False
    still = STILL if state.steady == 1 else _UNSTEADY
    clock, bid_touch_ns, ask_touch_ns = state.clock_ts, 0, 0
    inventory_pnl, peak = state.inventory_pnl, state.peak
    max_drawdown, known_peak = state.max_drawdown, state.known_peak
    used, began, settled, said = state.orders_used, clock, clock, clock
    position, cash, fees, rebates = position_of(m)
    fits = both_fit(m, v)
    write_inventory(m, position)
    grid = state.next_grid
    while row < count and room > 0:
        i = np.uint64(row)  # an index that cannot be negative needs no check
        ts, bits = rows.ts[i], rows.bits[i]
        if ts >= min(grid, due) or ts - heard >= stale_after:
            if ts >= due or ts - heard >= stale_after:
                break
            state.mid, state.inventory_pnl = mid, inventory_pnl
            set_price(bid_slot, our_bid)
            set_price(ask_slot, our_ask)
            grid = emit_grids(m, ts)
            if grid < ts:
                break
        if bits & STILL == still:  # sizes alone move
            bid_size, ask_size = rows.bid_size[i], rows.ask_size[i]
            if our_bid == bid:
                bid_ahead = lower_ahead(bid_ahead, bid_size)
            if our_ask == ask:
                ask_ahead = lower_ahead(ask_ahead, ask_size)
            heard = ts
            row += 1
            continue
        passed = ts - clock
        clock = ts
        bid_touch_ns += passed if our_bid >= bid else 0
        ask_touch_ns += passed if our_ask <= ask else 0
        kind = rows.kind[i]
        hit = 0  # the aggressor's sign where an order fills
        if kind == _QUOTE:
            to_bid, to_ask, to_mid = rows.first[i], rows.second[i], rows.mid[i]
            to_bid_size, to_ask_size = rows.bid_size[i], rows.ask_size[i]
            whole = (to_bid_size > 0.0) & (to_ask_size > 0.0) & (to_mid == to_mid)
            hit = (1 if our_ask <= to_bid else 0) - (1 if our_bid >= to_ask else 0)
            if not (whole & (to_bid <= to_ask) & (hft | (hit == 0))):
                break
            inventory_pnl += position * (to_mid - mid) * multiplier
            moved = (to_bid != bid) | (to_ask != ask) | (to_mid != mid)
            still = _UNSTEADY if moved else still
            bid, ask, mid = to_bid, to_ask, to_mid
            bid_size, ask_size = to_bid_size, to_ask_size
            shown = shown_beside(our_bid - bid, bid_size, behind)
            bid_ahead = lower_ahead(bid_ahead, shown)
            shown = shown_beside(ask - our_ask, ask_size, behind)
            ask_ahead = lower_ahead(ask_ahead, shown)
        elif kind == _TRADE:
            sign = rows.side[i]
            ours = our_bid if sign < 0 else our_ask
            beyond = sign * (rows.first[i] - 2 * ours)  # half ticks, through us
            if sign != 0 and beyond >= 0:
                size = rows.size[i]
                ahead = bid_ahead if sign < 0 else ask_ahead
                over = size if beyond > 0 else size - ahead  # what is left for us
                left = bid_left if sign < 0 else ask_left
                hit = sign if beyond > 0 or over > 0.0 else 0
                part = hit != 0 and not hft and over < left
                if part or not queued:
                    break
                if over <= 0.0 and beyond == 0:
                    bid_ahead = ahead - size if sign < 0 else bid_ahead
                    ask_ahead = ask_ahead if sign < 0 else ahead - size
            trades += 1
        else:
            break
        if hit != 0:
            state.mid, state.inventory_pnl = mid, inventory_pnl
            state.held_ns += clock - settled
            state.clock_ts = settled = clock
            state.orders_used = used
            if hit < 0:
                fill(m, v, BID, our_bid, bid_left, 0, ts)
                our_bid = NO_BID
            else:
                fill(m, v, ASK, our_ask, ask_left, 0, ts)
                our_ask = NO_ASK
            state.changed = 0
            used = state.orders_used
            position, cash, fees, rebates = position_of(m)
            fits = both_fit(m, v)
            write_inventory(m, position)
            still = _UNSTEADY
        net = cash + position * mid * multiplier - fees + rebates
        peak = max(peak, net)
        fallen = peak - net
        max_drawdown = max(max_drawdown, fallen)
        known_peak = max(known_peak, net)
        heard = ts
        row += 1
        room -= 1
        if bits & SAME == 0:
            fresh += 1
            still = _UNSTEADY
        bid_says = bid_said if our_bid != NO_BID else _OUT
        ask_says = ask_said if our_ask != NO_ASK else _OUT
        if bits & requote_bits != 0 and still != STILL:
            read_columns(m, columns, fresh)
            call_residual(formula, registers)
            still = STILL
            state.mid = mid  # which limits by value, and the collar, look at
            if by_value:
                fits = both_fit(m, v)
            want_bid = wanted(m, v, BID, registers[prices], per_tick, bid_up)
            want_ask = wanted(m, v, ASK, registers[prices + 1], per_tick, 1 - bid_up)
            to_bid, to_ask = min(want_bid, ask - 1), max(want_ask, bid + 1)
            known = registers[sizes] == bid_asked
            known &= registers[sizes + 1] == ask_asked
            free = (want_bid < our_ask) & (want_bid < want_ask) & (to_bid < to_ask)
            if collar < math.inf:
                free &= in_collar(m, v, want_bid) & in_collar(m, v, want_ask)
            if not (known & free & fits & (want_bid > 0)):
                handed = True
                break
            bid_says = _SLID if to_bid != want_bid else 0
            ask_says = _SLID if to_ask != want_ask else 0
            if to_bid != our_bid:
                new = our_bid == NO_BID
                our_bid = to_bid
                bid_ahead = shown_beside(our_bid - bid, bid_size, behind)
                bid_left = send(m, v, BID, new, our_bid, bid_left, bid_ahead, used, ts)
                used += 1
                sent += 1
            if to_ask != our_ask:
                new = our_ask == NO_ASK
                our_ask = to_ask
                ask_ahead = shown_beside(ask - our_ask, ask_size, behind)
                ask_left = send(m, v, ASK, new, our_ask, ask_left, ask_ahead, used, ts)
                used += 1
                sent += 1
        if (bid_says != bid_said) | (ask_says != ask_said):
            set_price(bid_slot, our_bid)
            set_price(ask_slot, our_ask)
            state.clock_ts = ts  # counted here
            count_said(m, v, clock - said)
            said = clock
            if bid_says != bid_said:
                say(m, v, BID, bid_says, ts)
            if ask_says != ask_said:
                say(m, v, ASK, ask_says, ts)
            bid_said, ask_said = bid_says, ask_says
    # Back into the records.
    quotes = row - first - trades
    state.events += row - first
    state.trades += trades
    state.quotes += quotes
    v.heard_ts = heard
    v.best_bid, v.best_ask, state.mid = bid, ask, mid
    if quotes > 0:  # what depth rows left free is a sum, and not quite what they show
        v.book.price[BID, 0], v.book.price[ASK, 0] = bid, ask
        v.book.shown[BID, 0] = v.book.free[BID, 0] = bid_size
        v.book.shown[ASK, 0] = v.book.free[ASK, 0] = ask_size
    set_price(bid_slot, our_bid)
    set_price(ask_slot, our_ask)
    bid_slot.ahead, ask_slot.ahead = bid_ahead, ask_ahead
    bid_slot.adjustment = max(bid_said, 0)
    ask_slot.adjustment = max(ask_said, 0)
    both = our_bid != NO_BID and our_ask != NO_ASK
    state.sized_inventory = position if both else math.nan
    state.held_ns += clock - settled
    state.session_ns += clock - began
    state.clock_ts = clock
    count_said(m, v, clock - said)
    m.touch_ns[BID] += bid_touch_ns
    m.touch_ns[ASK] += ask_touch_ns
    state.inventory_pnl, state.peak = inventory_pnl, peak
    state.max_drawdown, state.known_peak = max_drawdown, known_peak
    state.orders_used = used
    state.orders += sent
    state.next_due = min(grid, due)
    state.steady = 1 if still == STILL else 0
    return row, fresh, handed


@inlined
def position_of(m: Machine) -> tuple[float, float, float, float]:
    """What net P&L is made of, beside the mid."""
    account = m.accounts[TRUE]
    return account.position, account.cash, account.fees, account.rebates


@inlined
def count_said(m: Machine, v: Machine, passed: int) -> None:
    """Count time to what the log says of the sides."""
    bid, ask = v.slots[BID].status, v.slots[ASK].status
    m.rule_ns[BID, bid] += passed
    m.rule_ns[ASK, ask] += passed
    if bid == _QUOTED and ask == _QUOTED:
        m.state.both_ns += passed


@inlined
def both_fit(m: Machine, v: Machine) -> bool:
    """Whether the limits leave room for the sizes of both sides."""
    bid_room, _ = headroom(m, v, BID)
    ask_room, _ = headroom(m, v, ASK)
    return v.slots[BID].given <= bid_room and v.slots[ASK].given <= ask_room


@inlined
def write_inventory(m: Machine, position: float) -> None:
    """Own state is the inventory here, wherever formulas read any."""
    for k in range(m.config.states):
        m.registers[m.state_registers[k]] = position


@inlined
def set_price(slot: Machine, price: int) -> None:
    """Keep an order's price, where one rests."""
    if slot.live == 1:
        slot.price = slot.known_price = price


@kernel
def emit_grids(m: Machine, ts: int) -> int:
    """Record equity at grid times before `ts`, while there is room; the next of them."""
    apart()
    state = m.state
    while state.next_grid < ts and grid_has_room(m):
        emit_grid(m, state.next_grid)
    return state.next_grid


@inlined
def shown_beside(away: int, size: float, behind: float) -> float:
    """The size displayed at a price that is better than the touch by `away` ticks."""
    other = 0.0 if away > 0 else behind
    return size if away == 0 else other


@inlined
def wanted(m, v, side, price, per_tick, up):  # type: ignore[no-untyped-def]
    """A formula's price in ticks, what `quoting.ticks_quoted` gives for one rounding."""
    ticks = price * per_tick
    below = np.floor(ticks)
    if surely_between(ticks, below):
        return int(below) + up
    return ticks_wanted(m, v, side, price)


@kernel
def ticks_wanted(m: Machine, v: Machine, side: int, price: float) -> int:
    """A formula's price in ticks; where a rule forbids it, such as nothing can take."""
    apart()
    ticks, rule = target_price(m, v, side, price, 1.0)
    if rule != 0:
        return NO_ASK if side == BID else NO_BID
    return ticks


@kernel
def enter(m: Machine, v: Machine, k: int) -> None:
    """A new order of the size given, at the venue and as we know it."""
    apart()
    state, slot = m.state, v.slots[k]
    slot.order_id = slot.known_id = state.next_order_id
    state.next_order_id += 1
    slot.filled = slot.known_filled = 0.0
    slot.total = slot.known_total = slot.given
    slot.live = slot.known_live = 1


@inlined
def send(m, v, k, new, price, left, ahead, used, ts):  # type: ignore[no-untyped-def]
    """An order that is new, or at another price, joins the queue; its size.

    It is the order log's record number `used`.
    """
    slot = v.slots[k]
    event = _REPLACE
    if new:
        event = _NEW
        enter(m, v, k)
        left = slot.given
    slot.joined_ts = slot.known_since = ts
    shown = price_of(price, v.tick, v.ticks_per_unit)
    write_order(m, v, used, slot.order_id, ts, ts, k, event, shown, left, ahead, 0)
    return left


@inlined
def say(m: Machine, v: Machine, k: int, says: int, ts: int) -> None:
    """Log what has become of a side."""
    status = _FILLED if says == _OUT else _QUOTED
    write_decision(m, v, k, status, max(says, 0), ts)
