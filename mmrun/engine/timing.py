"""Accounting for time: who was quoted, by which rule not, and the equity grid. Kernels."""

from __future__ import annotations

import numpy as np

from mmrun.engine.accounts import net_of
from mmrun.engine.jit import kernel
from mmrun.engine.prices import price_of
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


@kernel
def emit_grid(m: Machine, ts: int) -> None:
    """Record equity at a grid time: the state after all rows up to it."""
    config = m.config
    state = m.state
    account = m.accounts[TRUE]
    row = m.equity[state.equity_used]
    row.ts = ts
    row.mid = state.mid
    row.inventory = account.position
    row.net_pnl = net_of(m, TRUE)
    row.spread_pnl = state.spread_pnl
    row.inventory_pnl = state.inventory_pnl
    row.fees = account.fees
    row.rebates = account.rebates
    bid, ask = m.slots[BID], m.slots[ASK]
    tick, per_unit = config.tick, config.ticks_per_unit
    row.bid = price_of(bid.price, tick, per_unit) if bid.live == 1 else np.nan
    row.ask = price_of(ask.price, tick, per_unit) if ask.live == 1 else np.nan
    state.equity_used += 1
    state.next_grid = ts + config.grid_ns
