"""A position that a run starts with, as it was left by the day before."""

from __future__ import annotations

from typing import Any

from mmrun.engine.state import KNOWN, TRUE


def open_with(machines: Any, position: float, cost: float, ts: int) -> None:
    """Give a machine that has read nothing a position, bought or sold at its cost.

    Nothing is realized yet: net P&L starts at what the position is worth above its cost,
    and its age counts from `ts`.

    Args:
        machines: MACHINE[1], before its first row.
        position: in size, negative when short.
        cost: average price, of contracts that are not inverse.
        ts: ns, when the run starts.
    """
    machine = machines[0]
    if position == 0.0:
        return
    for view in (TRUE, KNOWN):
        account = machine.accounts[view]
        account.position, account.cost = position, cost
        account.cash = -position * cost * machine.config.multiplier
    state = machine.state
    state.mid = cost  # the mark until a mid is known
    state.position_since = ts
    state.max_abs_inventory = abs(position)
