"""The equity grid. Kernels."""

from __future__ import annotations

from mmrun.engine.accounts import best_own, net_of
from mmrun.engine.jit import apart, inlined, kernel
from mmrun.engine.state import ASK, BID, TRUE, Machine


@inlined
def grid_has_room(m: Machine) -> bool:
    """Whether another record of equity fits."""
    return bool(m.state.equity_used < len(m.equity) - 4)


@kernel
def emit_grid(m: Machine, ts: int) -> None:
    """Record equity at a grid time: the state after all rows up to it."""
    apart()
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
    row.bid, row.ask = best_own(m, BID, TRUE), best_own(m, ASK, TRUE)
    state.equity_used += 1
    state.next_grid = ts + config.grid_ns
