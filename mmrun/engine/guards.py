"""What pulls both sides at any row: session, halts, silence, a crossed book. Kernels."""

from __future__ import annotations

from mmrun.engine.accounts import hear_first
from mmrun.engine.clock import advance_clock
from mmrun.engine.jit import inlined, kernel
from mmrun.engine.orders import (
    arrive,
    crosses_own,
    hear_answer,
    log_decision,
    pull,
)
from mmrun.engine.records import Rule
from mmrun.engine.state import (
    ASK,
    BID,
    KNOWN,
    NEVER,
    NO_ASK,
    NO_BID,
    STOP_ALL,
    Machine,
)
from mmrun.engine.timing import emit_grid
from mmrun.market.tape import Status


_SESSION, _STALE = int(Rule.SESSION), int(Rule.STALE)
_CROSSED, _LIMIT = int(Rule.CROSSED_BOOK), int(Rule.MAX_INVENTORY)
_HALT_RULE, _AUCTION_RULE = int(Rule.HALT), int(Rule.AUCTION)
_HALT, _RESUME = int(Status.HALT), int(Status.RESUME)
_AUCTION, _STALE_ROW = int(Status.AUCTION), int(Status.STALE)
_CONNECTED = int(Status.CONNECTED)


@inlined
def guard_of(m: Machine) -> int:
    """The rule that keeps both sides out of the market now, 0 for none."""
    config = m.config
    state = m.state
    if state.in_session == 0:
        return _SESSION
    if state.halted != 0:
        return state.halted
    if state.stale == 1:
        return _STALE
    if config.pull_crossed == 1 and state.best_bid > state.best_ask:
        if state.best_ask != NO_ASK and state.best_bid != NO_BID:
            return _CROSSED
    if config.on_breach == STOP_ALL:
        if abs(m.accounts[KNOWN].position) >= config.max_inventory:
            return _LIMIT
    return 0


@inlined
def apply_guard(m: Machine, ts: int) -> None:
    """Pull both sides while a guard holds; quotes come back at an evaluation."""
    state = m.state
    state.guard = guard_of(m)
    if state.guard != 0:
        _pull_both(m, ts)


@kernel
def _pull_both(m: Machine, ts: int) -> None:
    for side in range(2):
        pull(m, side, m.state.guard, ts)


@kernel
def change_status(m: Machine, status: int) -> None:
    """A status row: halts and auctions hold until the venue resumes."""
    state = m.state
    state.changed = 1
    if status == _HALT:
        state.halted = _HALT_RULE
    elif status == _AUCTION:
        state.halted = _AUCTION_RULE
    elif status == _RESUME or status == _CONNECTED:
        state.halted = 0
        state.stale = 0
    elif status == _STALE_ROW:
        state.stale = 1


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


@kernel
def stale_due(m: Machine) -> int:
    """When the venue will have been silent for too long."""
    state = m.state
    if state.stale == 1 or state.started == 0:
        return NEVER
    return state.venue_ts + m.config.stale_after_ns


@kernel
def first_due(m: Machine) -> int:
    """The earliest time at which something happens between rows."""
    state = m.state
    due = min(session_due(m), state.next_grid)
    for side in range(2):
        slot = m.slots[side]
        due = min(due, slot.request_effect_ts, slot.request_answer_ts)
    if state.notice_count > 0:
        due = min(due, m.notices[state.notice_head].due)
    return due


@kernel
def run_due(m: Machine, ts: int) -> bool:
    """Run what is due before a row at `ts`, in time order; False when out of room.

    Requests and the equity grid of exactly `ts` wait for the rows of that time.
    """
    state = m.state
    while True:
        if state.equity_used >= len(m.equity) - 4:
            return False
        if state.orders_used >= len(m.orders) - 32:
            return False
        if state.decisions_used >= len(m.decisions) - 8:
            return False
        due = min(first_due(m), stale_due(m))
        if due > ts or (due == ts and _only_waiting(m, ts)):
            state.next_due = first_due(m)
            return True
        advance_clock(m, due)
        state.changed = 1
        _run_one(m, due, ts)
        log_decision(m, BID, due)
        log_decision(m, ASK, due)


@kernel
def run_waiting(m: Machine, ts: int) -> None:
    """After the last row, at `ts`: what waited for the rows of its time."""
    while first_due(m) <= ts:
        _run_one(m, first_due(m), ts + 1)
        log_decision(m, BID, ts)
        log_decision(m, ASK, ts)


@kernel
def _only_waiting(m: Machine, ts: int) -> bool:
    """Whether all that is due at `ts` waits for the rows of that time."""
    state = m.state
    if session_due(m) == ts or stale_due(m) == ts:
        return False
    if state.notice_count > 0 and m.notices[state.notice_head].due <= ts:
        return False
    return m.slots[0].request_answer_ts > ts and m.slots[1].request_answer_ts > ts


@kernel
def _run_one(m, due, ts):  # type: ignore[no-untyped-def]
    """Run one thing due at `due`: answers, then deadlines, then requests, then grid."""
    state = m.state
    if state.notice_count > 0 and m.notices[state.notice_head].due <= due:
        hear_first(m)
        return
    for side in range(2):
        if m.slots[side].request_answer_ts <= due:
            hear_answer(m, side)
            if state.guard != 0:
                pull(m, side, state.guard, due)
            return
    if session_due(m) <= due:
        _turn_session(m)
        apply_guard(m, due)
        return
    if stale_due(m) <= due:
        state.stale = 1
        apply_guard(m, due)
        return
    bid, ask = m.slots[BID], m.slots[ASK]
    if due < ts and min(bid.request_effect_ts, ask.request_effect_ts) <= due:
        first = BID if bid.request_effect_ts <= due else ASK
        # Where our bid is to pass our own ask, the ask goes out of its way first.
        if ask.request_effect_ts <= due and crosses_own(m, BID, bid.request_price):
            first = ASK
        arrive(m, first, due)
        return
    emit_grid(m, due)
