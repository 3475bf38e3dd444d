"""Accounting for time: who was quoted, by which rule not, and for how long. Kernels.

Time is counted when something it is counted by is about to change, not at every row.
"""

from __future__ import annotations

from mmrun.engine.jit import apart, inlined, kernel
from mmrun.engine.records import Rule
from mmrun.engine.slots import rests
from mmrun.engine.state import ASK, BID, TRUE, UNKNOWN, Machine
from mmrun.engine.watches import watch_quoting


_QUOTED, _NO_DATA = int(Rule.QUOTED), int(Rule.NO_DATA)


@inlined
def advance_clock(m: Machine, ts: int) -> None:
    """Count the time up to `ts` to the rules, positions and prices in force."""
    if ts > m.state.clock_ts:
        _count(m, ts)


@inlined
def settle_held(m: Machine) -> None:
    """Count the inventory held since it last changed: before it changes, at the end."""
    state = m.state
    state.abs_inventory_ns += abs(m.accounts[TRUE].position) * state.held_ns
    state.held_ns = 0


@inlined
def _count(m: Machine, ts: int) -> None:
    state = m.state
    passed = ts - state.clock_ts
    state.clock_ts = ts
    if state.in_session == 0 or state.started == 0:
        return
    state.session_ns += passed
    state.held_ns += passed
    if m.config.watches != 0:
        watch_quoting(m, ts - passed, ts)
    if m.config.rules != 0:
        _count_unknown(m, passed)
    if m.config.single == 1:
        _count_one(m, passed)
    else:
        _count_all(m, passed)
        if m.config.levels > 1:
            _count_levels(m, passed)


@kernel
def _count_unknown(m: Machine, passed: int) -> None:
    """Time in which conditions of the strategy's rules had no value."""
    apart()
    for k in range(m.config.rules):
        if m.rules[k].met == UNKNOWN:
            m.rules[k].unknown_ns += passed


@inlined
def _count_one(m: Machine, passed: int) -> None:
    """Time of a run on one venue with one quote a side."""
    state, v = m.state, m.venues[0]
    bid, ask = v.slots[BID], v.slots[ASK]
    m.rule_ns[BID, bid.status] += passed
    m.rule_ns[ASK, ask.status] += passed
    if bid.live == 1:
        if ask.live == 1:
            state.both_ns += passed
        if bid.price >= v.best_bid:
            m.touch_ns[BID] += passed
    if ask.live == 1 and ask.price <= v.best_ask:
        m.touch_ns[ASK] += passed


@kernel
def _count_all(m: Machine, passed: int) -> None:
    """Time of a run on several venues, or with several quotes a side.

    A side is quoted where it rests at one of the venues, at any level. Else the rule of
    level 0 at the first that has shown a book is what keeps it out; at the touch it is
    where it stands at the best price of the venue it rests at.
    """
    apart()
    quoted = 0
    for n in range(m.config.venues):
        v = m.venues[n]
        if rests(v, BID) and rests(v, ASK):
            v.both_ns += passed
    for side in range(2):
        live = touch = 0
        rule = _NO_DATA
        for n in range(m.config.venues):
            v = m.venues[n]
            status = _status(v, side)
            v.rule_ns[side, status] += passed
            if rule == _NO_DATA:
                rule = status
            best = v.best_bid if side == BID else v.best_ask
            for k in range(side, 2 * v.levels, 2):
                slot = v.slots[k]
                if slot.live == 1:
                    live = 1
                    away = best - slot.price if side == BID else slot.price - best
                    touch |= 1 if away <= 0 else 0
        m.rule_ns[side, _QUOTED if live == 1 else rule] += passed
        m.touch_ns[side] += passed * touch
        quoted += live
    if quoted == 2:
        m.state.both_ns += passed


@inlined
def _status(v: Machine, side: int) -> int:
    """What the log says of a side at a venue: quoted at any level, else level 0's rule."""
    for k in range(side, 2 * v.levels, 2):
        if v.slots[k].status == _QUOTED:
            return _QUOTED
    return v.slots[side].status


@kernel
def _count_levels(m: Machine, passed: int) -> None:
    """Time of each level: as of a side, but of that level alone."""
    apart()
    for k in range(2 * m.config.levels):
        live = 0
        rule = _NO_DATA
        for n in range(m.config.venues):
            slot = m.venues[n].slots[k]
            live |= slot.live
            if rule == _NO_DATA:
                rule = slot.status
        m.level_ns[k >> 1, k & 1, _QUOTED if live == 1 else rule] += passed
