"""The equity grid. Kernels."""

from __future__ import annotations

import numpy as np

from mmrun.engine.accounts import net_of
from mmrun.engine.jit import kernel
from mmrun.engine.prices import price_of
from mmrun.engine.state import ASK, BID, TRUE, Machine


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
