"""What keeps us out of a venue at any row: session, halts, silence, our own rules. Kernels."""

from __future__ import annotations

from mmrun.engine.accounts import hear_first, records_left
from mmrun.engine.clock import advance_clock
from mmrun.engine.jit import apart, inlined, kernel
from mmrun.engine.orders import (
    arrive,
    crosses_own,
    hear_answer,
    log_decision,
    pull,
    take_all,
)
from mmrun.engine.prices import price_of
from mmrun.engine.records import Rule
from mmrun.engine.rules import end_holds, hold_due, set_next_day, start_day, weigh
from mmrun.engine.state import (
    ASK,
    BID,
    KNOWN,
    NEVER,
    NO_ASK,
    NO_BID,
    NO_REQUEST,
    ROW_ROOM,
    STOP,
    STOP_ALL,
    TAKE,
    Machine,
)
from mmrun.engine.timing import emit_grid, grid_has_room
from mmrun.market.tape import Status


_NO_DATA = int(Rule.NO_DATA)
_SESSION, _STALE = int(Rule.SESSION), int(Rule.STALE)
_CROSSED, _LIMIT = int(Rule.CROSSED_BOOK), int(Rule.MAX_INVENTORY)
_FLATTEN = int(Rule.FLATTEN)
_HALT_RULE, _AUCTION_RULE = int(Rule.HALT), int(Rule.AUCTION)
_HALT, _RESUME = int(Status.HALT), int(Status.RESUME)
_AUCTION, _STALE_ROW = int(Status.AUCTION), int(Status.STALE)
_CONNECTED = int(Status.CONNECTED)


@inlined
def guard_of(m: Machine, v: Machine) -> int:
    """The rule that keeps both sides out of a venue now, 0 for none."""
    config = m.config
    if m.state.in_session == 0:
        return _SESSION
    if v.halted != 0:
        return v.halted
    if v.stale != 0:
        return _STALE if v.stale == 1 else _NO_DATA
    if m.state.flattening == 1 and v.own_act != STOP:
        return _FLATTEN
    if v.own_act >= TAKE:
        return v.own_guard
    if config.pull_crossed == 1 and v.best_bid > v.best_ask:
        if v.best_ask != NO_ASK and v.best_bid != NO_BID:
            return _CROSSED
    if config.on_breach == STOP_ALL:
        if abs(m.accounts[KNOWN].position) >= config.max_inventory:
            return _LIMIT
    return v.own_guard


@inlined
def apply_guards(m: Machine, ts: int) -> None:
    """Pull sides where a guard holds; quotes come back at an evaluation."""
    m.state.guarded = 0
    if m.config.rules != 0:
        _weigh_all(m)
    if m.config.venues == 1:
        v = m.venues[0]
        _apply_guard(m, v, guard_of(m, v), ts)
    else:
        _apply_all(m, ts)


@kernel
def _weigh_all(m: Machine) -> None:
    """What the strategy's own rules come to, venue by venue."""
    apart()
    m.state.taking = 0
    for k in range(m.config.venues):
        weigh(m, m.venues[k])


@kernel
def _apply_all(m: Machine, ts: int) -> None:
    """Each venue by itself; where no book is shown there is no touch to stay clear of.

    Were all without one, the mid would be missing, and with it what quotes read.
    """
    apart()
    for k in range(m.config.venues):
        v = m.venues[k]
        guard = guard_of(m, v)
        if guard == 0 and v.best_bid == NO_BID and v.best_ask == NO_ASK:
            if known_elsewhere(m, v):
                guard = _NO_DATA
        _apply_guard(m, v, guard, ts)


@kernel
def known_elsewhere(m: Machine, v: Machine) -> bool:
    """Whether another venue shows a bid and an ask."""
    for k in range(m.config.venues):
        other = m.venues[k]
        if other.best_bid != NO_BID and other.best_ask != NO_ASK and k != v.index:
            return True
    return False


@inlined
def _apply_guard(m: Machine, v: Machine, guard: int, ts: int) -> None:
    v.guard = guard
    if guard + v.altered != 0:
        _pull_sides(m, v, ts)


@kernel
def _pull_sides(m: Machine, v: Machine, ts: int) -> None:
    apart()
    if v.guard != 0:
        m.state.guarded += 1
    if v.guard == v.own_guard and v.own_act == TAKE:
        m.state.taking = 1
    for k in range(2 * v.levels):
        rule = kept_out_by(v, k & 1)
        if rule != 0:
            pull(m, v, k, rule, ts)


@inlined
def kept_out_by(v: Machine, side: int) -> int:
    """The rule that keeps a side out of a venue at any row, 0 for none."""
    return v.guard if v.guard != 0 else v.out[side]


@inlined
def log_decisions(m: Machine, ts: int) -> None:
    """Record the rules that have changed, of every venue, side and level."""
    if m.config.single == 1:
        log_decision(m, m.venues[0], BID, ts)
        log_decision(m, m.venues[0], ASK, ts)
    else:
        _log_all(m, ts)


@kernel
def _log_all(m: Machine, ts: int) -> None:
    apart()
    for n in range(m.config.venues):
        v = m.venues[n]
        for k in range(2 * v.levels):
            log_decision(m, v, k, ts)


@kernel
def change_status(m: Machine, v: Machine, status: int) -> None:
    """A status row: halts and auctions hold until the venue resumes."""
    apart()
    m.state.changed = 1
    if status == _HALT:
        v.halted = _HALT_RULE
    elif status == _AUCTION:
        v.halted = _AUCTION_RULE
    elif status == _RESUME or status == _CONNECTED:
        v.halted = 0
        v.stale = 0
    elif status == _STALE_ROW:
        v.stale = 1


@kernel
def flatten(m: Machine, ts: int) -> None:
    """Send a taker order for what is off the target, to the venue of the best price.

    Not before every order is gone and every fill is known, or too much could be sent.
    """
    apart()
    away = m.accounts[KNOWN].position - m.state.target
    if not abs(away) > 0.0 or m.state.notice_count > 0:
        return
    side = ASK if away > 0.0 else BID
    best = -1
    for n in range(m.config.venues):
        v = m.venues[n]
        for k in range(2 * v.levels):
            slot = v.slots[k]
            if slot.request != NO_REQUEST or slot.live == 1 or slot.known_live == 1:
                return
        if takes(v) and (best < 0 or shows_better(v, m.venues[best], side)):
            best = n
    if best >= 0:
        take_all(m, m.venues[best], side, abs(away), ts)


@inlined
def takes(v: Machine) -> bool:
    """Whether what keeps both sides out of a venue takes us to the target there."""
    if v.own_act == TAKE and v.guard == v.own_guard:
        return True
    return bool(v.guard == _FLATTEN)


@kernel
def shows_better(v: Machine, other: Machine, side: int) -> bool:
    """Whether an order of a side is better taken to a venue than to another."""
    if side == BID:
        ask = price_of(v.best_ask, v.tick, v.ticks_per_unit)
        return ask < price_of(other.best_ask, other.tick, other.ticks_per_unit)
    bid = price_of(v.best_bid, v.tick, v.ticks_per_unit)
    return bid > price_of(other.best_bid, other.tick, other.ticks_per_unit)


@kernel
def session_due(m: Machine) -> int:
    """When the session next opens or closes."""
    state = m.state
    if state.session_index >= m.config.sessions:
        return NEVER
    return m.sessions[state.session_index, state.in_session]


@kernel
def _turn_session(m: Machine) -> None:
    state = m.state
    if state.in_session == 1:
        state.session_index += 1
    state.in_session = 1 - state.in_session
    state.flattening = 0
    if state.in_session == 1:
        start_day(m)


@kernel
def flatten_due(m: Machine) -> int:
    """When positions are next to be flattened before a close."""
    state = m.state
    if state.in_session == 0 or state.flattening == 1:
        return NEVER
    if m.config.flatten_ns >= NEVER or state.session_index >= m.config.sessions:
        return NEVER
    return m.sessions[state.session_index, 1] - m.config.flatten_ns


@kernel
def stale_due(m: Machine) -> int:
    """When a venue will first have been silent for too long."""
    due = NEVER
    if m.state.started == 0 or m.config.stale_after_ns >= NEVER:
        return due
    for k in range(m.config.venues):
        v = m.venues[k]
        if v.stale == 0:
            due = min(due, v.heard_ts + m.config.stale_after_ns)
    return due


@kernel
def first_due(m: Machine) -> int:
    """The earliest time at which something happens between rows."""
    return min(m.state.next_grid, due_beside_grid(m))


@kernel
def due_beside_grid(m: Machine) -> int:
    """`first_due` but for the equity grid."""
    state = m.state
    due = min(session_due(m), flatten_due(m), state.next_day, hold_due(m))
    for n in range(m.config.venues):
        v = m.venues[n]
        for k in range(2 * v.levels):
            slot = v.slots[k]
            due = min(due, slot.request_effect_ts, slot.request_answer_ts)
    if state.notice_count > 0:
        due = min(due, m.notices[state.notice_head].due)
    return due


@kernel
def run_due(m: Machine, ts: int) -> bool:
    """Run what is due before a row at `ts`, in time order; False when out of room.

    Requests and the equity grid of exactly `ts` wait for the rows of that time.
    """
    apart()
    state = m.state
    while True:
        if not grid_has_room(m) or records_left(m) < ROW_ROOM:
            return False
        due = min(first_due(m), stale_due(m))
        if due > ts or (due == ts and _only_waiting(m, ts)):
            state.next_due = first_due(m)
            return True
        advance_clock(m, due)
        state.changed = 1
        _run_one(m, due, ts)
        log_decisions(m, due)


@kernel
def run_waiting(m: Machine, ts: int) -> None:
    """After the last row, at `ts`: what waited for the rows of its time."""
    while first_due(m) <= ts:
        _run_one(m, first_due(m), ts + 1)
        log_decisions(m, ts)


@kernel
def _only_waiting(m: Machine, ts: int) -> bool:
    """Whether all that is due at `ts` waits for the rows of that time."""
    state = m.state
    if session_due(m) == ts or stale_due(m) == ts or flatten_due(m) <= ts:
        return False
    if state.next_day == ts or hold_due(m) == ts:
        return False
    if state.notice_count > 0 and m.notices[state.notice_head].due <= ts:
        return False
    for n in range(m.config.venues):
        v = m.venues[n]
        for k in range(2 * v.levels):
            if v.slots[k].request_answer_ts <= ts:
                return False
    return True


@kernel
def _run_one(m, due, ts):  # type: ignore[no-untyped-def]
    """Run one thing due at `due`: answers, then deadlines, then requests, then grid."""
    apart()
    state = m.state
    if state.notice_count > 0 and m.notices[state.notice_head].due <= due:
        hear_first(m)
        return
    for n in range(m.config.venues):
        v = m.venues[n]
        for k in range(2 * v.levels):
            if v.slots[k].request_answer_ts <= due:
                hear_answer(v, k)
                rule = kept_out_by(v, k & 1)
                if rule != 0:
                    pull(m, v, k, rule, due)
                return
    if session_due(m) <= due:
        _turn_session(m)
        apply_guards(m, due)
        return
    if state.next_day <= due:
        start_day(m)
        set_next_day(m, due)
        apply_guards(m, due)
        return
    if hold_due(m) <= due:
        end_holds(m, due)
        apply_guards(m, due)
        return
    if flatten_due(m) <= due:
        state.flattening = 1
        apply_guards(m, due)
        return
    if stale_due(m) <= due:
        _go_stale(m, due)
        return
    for n in range(m.config.venues):
        v = m.venues[n]
        first = _first_arrival(v, due) if due < ts else -1
        if first >= 0:
            arrive(m, v, first, due)
            return
    emit_grid(m, due)


@kernel
def _first_arrival(v: Machine, due: int) -> int:
    """Which request that is due takes effect first, -1 where none is."""
    bid = ask = -1
    passes = False
    for k in range(2 * v.levels - 1, -1, -1):
        slot = v.slots[k]
        if slot.request_effect_ts <= due:
            if k & 1 == BID:
                bid = k
                passes = passes or crosses_own(v, BID, slot.request_price)
            else:
                ask = k
    # Where our bid is to pass our own ask, the ask goes out of its way first.
    return ask if bid < 0 or (ask >= 0 and passes) else bid


@kernel
def _go_stale(m: Machine, ts: int) -> None:
    """Every venue that has been silent for too long is stale from here on."""
    for k in range(m.config.venues):
        v = m.venues[k]
        if v.stale == 0 and v.heard_ts + m.config.stale_after_ns <= ts:
            v.stale = 1
    apply_guards(m, ts)
