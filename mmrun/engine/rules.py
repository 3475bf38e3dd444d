"""The strategy's own rules: `toxicity`, and limits of `risk` that say `then`. Kernels.

A rule is *met* while its condition holds, and *in force* from then until the condition
has cleared and its hold has passed; a stop is in force until the next day of trading. A
condition without a value is not met, and that time is counted. What the rules in force
come to is worked out venue by venue (`weigh`), strongest first, whenever one of them or
our inventory changes; of equally strong rules the first of the file is the one named.
"""

from __future__ import annotations

import numpy as np

from mmrun.engine.accounts import (
    CODES_A_VENUE,
    FIRST_OF_VENUE,
    FIRST_WATCH,
    STATE_NAMES,
    VENUE_STATE_NAMES,
    net_of,
    own_state,
)
from mmrun.engine.clock import advance_clock
from mmrun.engine.jit import apart, call_residual, inlined, kernel
from mmrun.engine.records import FIRST_OWN, OWN_BITS
from mmrun.engine.state import (
    ADDING_SIDE,
    ASK,
    BID,
    BOTH_SIDES,
    KNOWN,
    MET,
    NEVER,
    PULL,
    REDUCE,
    RESIZE,
    STOP,
    TAKE,
    UNKNOWN,
    UNMET,
    WATCH_DAY,
    WIDEN,
    Machine,
)


_DAY_NS = 86_400 * 10**9


def _restless(names: tuple[str, ...]) -> tuple[int, ...]:
    """Codes of own state that time alone changes, or what we send."""
    return tuple(
        code
        for code, name in enumerate(names)
        if name.startswith(("working", "queue"))
        or name in {"inventory_age", "time_since_fill"}
    )


_RESTLESS, _RESTLESS_AT = _restless(STATE_NAMES), _restless(VENUE_STATE_NAMES)


@kernel
def is_restless(code: int) -> bool:
    """Whether own state of that code changes with time alone, or with what we send."""
    if code >= FIRST_OF_VENUE:
        return (code - FIRST_OF_VENUE) % CODES_A_VENUE in _RESTLESS_AT
    return code in _RESTLESS


@kernel
def restless(m: Machine) -> bool:
    """Whether conditions may change while no market column and no fill does.

    A day's P&L is not among what makes them: its day begins when something is due.
    """
    if m.guards.previous > 0:
        return True
    for k in range(m.guards.states):
        code = m.guards.state_codes[k]
        if is_restless(code):
            return True
        if FIRST_WATCH <= code < FIRST_OF_VENUE:
            if m.watches[code - FIRST_WATCH].kind != WATCH_DAY:
                return True
    return False


@kernel
def watch_rules(m, formula, ts):  # type: ignore[no-untyped-def]
    """Look at the conditions and the target at a row whose columns are read already."""
    apart()
    g = m.guards
    for k in range(g.states):
        g.registers[g.state_registers[k]] = own_state(m, g.state_codes[k], ts)
    for k in range(g.previous):
        g.registers[g.previous_registers[k]] = m.previous[g.previous_places[k]]
    call_residual(formula, g.registers)
    if m.config.guards > m.config.rules:
        _set_target(m, g.registers[g.inputs + m.config.rules], ts)
    for k in range(m.config.rules):
        value = g.registers[g.inputs + k]
        met = MET if value != 0.0 else UNMET
        if np.isnan(value):
            met = UNKNOWN
        if met != m.rules[k].met:
            turn(m, k, met, ts)


@kernel
def turn(m: Machine, k: int, met: int, ts: int) -> None:
    """A rule's condition is met, no longer met, or without a value from here on."""
    apart()
    rule = m.rules[k]
    if met == UNKNOWN or rule.met == UNKNOWN:
        advance_clock(m, ts)
    rule.met = met
    if met == MET:
        rule.until = NEVER
        if rule.on == 0:
            rule.on = m.state.changed = 1
            rule.events += 1
    elif rule.on == 1 and rule.act != STOP and rule.until == NEVER:
        if rule.hold_ns == 0:
            rule.on = 0
            m.state.changed = 1
        else:
            rule.until = ts + rule.hold_ns
            m.state.next_due = min(m.state.next_due, rule.until)


@kernel
def hold_due(m: Machine) -> int:
    """When a rule's hold next ends."""
    due = NEVER
    for k in range(m.config.rules):
        due = min(due, m.rules[k].until)
    return due


@kernel
def end_holds(m: Machine, ts: int) -> None:
    """Rules whose hold has passed are no longer in force."""
    for k in range(m.config.rules):
        if m.rules[k].until <= ts:
            m.rules[k].until = NEVER
            m.rules[k].on = 0


@kernel
def start_day(m: Machine) -> None:
    """A session opens, or without sessions a day of UTC begins: stops are over."""
    apart()
    m.state.known_peak = net_of(m, KNOWN)
    for k in range(m.config.rules):
        if m.rules[k].act == STOP:
            m.rules[k].on = 0
            m.rules[k].met = UNMET


@kernel
def set_next_day(m: Machine, ts: int) -> None:
    """When the next day of UTC begins, where something starts over then."""
    if m.config.daily == 1 and m.config.day_by_session == 0:
        m.state.next_day = (ts // _DAY_NS + 1) * _DAY_NS


@kernel
def _set_target(m: Machine, target: float, ts: int) -> None:
    state = m.state
    before = state.target
    if target == before or (np.isnan(target) and np.isnan(before)):
        return
    position = m.accounts[KNOWN].position
    away = position - before
    if away == 0.0 or np.isnan(away) or away * (position - target) < 0.0:
        state.position_since = ts
    state.target = target
    state.changed = 1


@kernel
def weigh(m: Machine, v: Machine) -> None:
    """What the rules in force come to at a venue."""
    apart()
    v.own_guard = v.own_act = v.reduced_by = v.sized_by = v.changed_by = 0
    v.out[BID] = v.out[ASK] = 0
    v.widen = v.shrink = 1.0
    widened_by = 0
    away = m.accounts[KNOWN].position - m.state.target
    for k in range(m.config.rules):
        rule = m.rules[k]
        code = rule.code
        if rule.on == 0 or (rule.venue >= 0 and rule.venue != v.index):
            continue
        if rule.act >= TAKE:
            if rule.act > v.own_act:
                v.own_guard, v.own_act = code, rule.act
        elif rule.act == PULL:
            _pull_side(v, code, rule.side, away)
        elif rule.act == REDUCE:
            v.reduced_by = code if v.reduced_by == 0 else v.reduced_by
        elif rule.act == WIDEN and rule.factor > v.widen:
            v.widen, widened_by = rule.factor, code
        elif rule.act == RESIZE and rule.factor < v.shrink:
            v.shrink, v.sized_by = rule.factor, code
    if v.reduced_by != 0:
        v.widen = v.shrink = 1.0
        widened_by = v.sized_by = 0
        _pull_side(v, v.reduced_by, ADDING_SIDE, away)
    if v.own_guard == 0 and v.out[BID] == v.out[ASK] and v.out[BID] != 0:
        v.own_guard, v.own_act = v.out[BID], PULL
    v.changed_by = own_bit(widened_by) | own_bit(v.sized_by)
    v.altered = 0
    if v.changed_by + v.reduced_by + v.out[BID] + v.out[ASK] != 0:
        v.altered = 1
        m.state.sized_inventory = np.nan


@kernel
def _pull_side(v: Machine, code: int, side: int, away: float) -> None:
    """Take a side, both, or the one that leads away from the target.

    At the target both do, and where it is missing neither is known not to.
    """
    for each in range(2):
        leads_away = not (away < 0.0 if each == BID else away > 0.0)
        if side == BOTH_SIDES or side == each or (side == ADDING_SIDE and leads_away):
            if v.out[each] == 0:
                v.out[each] = code


@inlined
def own_bit(code: int) -> int:
    """The bit of an adjustment that stands for one of the strategy's rules; 0 of 0."""
    if code == 0:
        return 0
    return 1 << (OWN_BITS + code - FIRST_OWN)
