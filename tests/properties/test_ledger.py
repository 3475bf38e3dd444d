"""Laws of the account, for any fills on any path of mids."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mmrun.engine.records import FILL
from mmrun.ledger.accounting import positions, statement
from mmrun.ledger.entries import Entries, entries


prices = st.integers(9_000, 11_000).map(lambda ticks: ticks / 100)
steps = st.tuples(
    prices,  # the mid the step moves to
    st.sampled_from((1, -1)),
    st.integers(0, 500),  # size; 0 is a step without a fill
    st.integers(-30, 30).map(lambda ticks: ticks / 100),  # mid - price
    st.floats(-1.0, 1.0, allow_subnormal=False),  # fee
)
paths = st.tuples(prices, st.lists(steps, max_size=40), st.sampled_from((1.0, 0.1, 50)))


def replay(path: tuple[float, list[tuple], float]) -> tuple[Entries, float, float]:
    """The fills of a path, its last mid, and inventory P&L booked before each fill."""
    mid, moves, multiplier = path
    fills, held, inventory_pnl = [], 0.0, 0.0
    for to, side, size, edge, fee in moves:
        inventory_pnl += held * (to - mid) * multiplier
        mid = to
        if size:
            held += side * size
            fills.append((0, 0, mid - edge, size, mid, fee, held, 0, 0, side, 0, 0))
    book = entries(np.array(fills, FILL), multiplier=multiplier)
    return book, mid, inventory_pnl


@settings(deadline=None)
@given(paths)
def test_attribution_holds(path: tuple[float, list[tuple], float]) -> None:
    """Spread, inventory, fees and rebates add up to net on any path."""
    book, mid, inventory_pnl = replay(path)

    account = statement(book, final_mid=mid, inventory_pnl=inventory_pnl)

    assert account.attribution.holds


@settings(deadline=None)
@given(paths)
def test_net_is_cash_and_marked_position(
    path: tuple[float, list[tuple], float],
) -> None:
    """Cash + position·mid - fees is net, and position is the sum of fills."""
    book, mid, inventory_pnl = replay(path)

    account = statement(book, final_mid=mid, inventory_pnl=inventory_pnl)

    gross = account.cash + account.position * mid * book.multiplier
    assert account.attribution.net == pytest.approx(gross - sum(book.fee), abs=1e-6)
    assert account.position == sum(book.signed_size)


@settings(deadline=None)
@given(paths)
def test_statement_agrees_with_walking_every_fill(
    path: tuple[float, list[tuple], float],
) -> None:
    """Cost and realised P&L are those of booking the fills one after another."""
    book, mid, _ = replay(path)

    account = statement(book, final_mid=mid)

    last = list(positions(book))[-1]
    assert account.cost == pytest.approx(last.cost, abs=1e-9)
    assert account.realized == pytest.approx(last.realized * book.multiplier, abs=1e-6)
    assert account.unrealized == pytest.approx(
        last.unrealized(mid) * book.multiplier, abs=1e-6
    )


@settings(deadline=None)
@given(paths)
def test_cost_lies_within_what_was_paid(
    path: tuple[float, list[tuple], float],
) -> None:
    """An open position's cost lies between the lowest and highest fill price."""
    book, _, _ = replay(path)

    found = [p for p in positions(book) if p.size]

    low, high = min(book.price, default=0), max(book.price, default=0)
    assert all(low - 1e-9 <= p.cost <= high + 1e-9 for p in found)
    assert all(math.isfinite(p.realized) for p in found)
