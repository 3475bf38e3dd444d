"""Accounting for time: who was quoted, by which rule not, and for how long. Kernels.

Time is counted when something it is counted by is about to change, not at every row.
"""

from __future__ import annotations

from mmrun.engine.jit import kernel
from mmrun.engine.state import ASK, BID, TRUE, Machine


@kernel
def advance_clock(m: Machine, ts: int) -> None:
    """Count the time up to `ts` to the rules, positions and prices in force."""
    state = m.state
    passed = ts - state.clock_ts
    if passed <= 0:
        return
    state.clock_ts = ts
    if state.in_session == 0 or state.started == 0:
        return
    state.session_ns += passed
    state.abs_inventory_ns += abs(m.accounts[TRUE].position) * passed
    bid, ask = m.slots[BID], m.slots[ASK]
    m.rule_ns[BID, bid.status] += passed
    m.rule_ns[ASK, ask.status] += passed
    if bid.live == 1:
        if ask.live == 1:
            state.both_ns += passed
        if bid.price >= state.best_bid:
            m.touch_ns[BID] += passed
    if ask.live == 1 and ask.price <= state.best_ask:
        m.touch_ns[ASK] += passed
