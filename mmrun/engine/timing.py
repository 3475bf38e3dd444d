"""The equity grid. Kernels."""

from __future__ import annotations

import numpy as np

from mmrun.engine.accounts import net_of
from mmrun.engine.jit import kernel
from mmrun.engine.prices import price_of
from mmrun.engine.state import ASK, BID, TRUE, Machine


@kernel
def best_resting(m: Machine, side: int) -> float:
    """The best price at which we rest on a side, NaN where we do not."""
    best = np.nan
    for k in range(m.config.venues):
        v = m.venues[k]
        slot = v.slots[side]
        if slot.live == 1:
            price = price_of(slot.price, v.tick, v.ticks_per_unit)
            if not (best >= price if side == BID else best <= price):
                best = price
    return best


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
    row.bid, row.ask = best_resting(m, BID), best_resting(m, ASK)
    state.equity_used += 1
    state.next_grid = ts + config.grid_ns
