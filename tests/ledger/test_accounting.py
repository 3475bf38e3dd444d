"""The worked example of the accounting identity, to the digit, and its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmrun.engine.records import FILL
from mmrun.ledger.accounting import Position, positions, statement
from mmrun.ledger.entries import Entries, entries


#: Mids of t = 0..6, then (t, side, size, price, fee) of the five fills.
MIDS = (100, 100, 99.97, 99.97, 100.03, 100.02, 100.05)
FILLS = (
    (1, 1, 100, 99.98, -0.20),
    (2, 1, 100, 99.95, -0.20),
    (3, -1, 150, 99.99, -0.30),
    (4, -1, 150, 100.06, 0.45),
    (5, 1, 40, 100.00, -0.08),
)


def worked_example(multiplier: float = 1.0) -> Entries:
    fills = np.zeros(len(FILLS), FILL)
    for row, (step, side, size, price, fee) in zip(fills, FILLS, strict=True):
        row["ts"], row["side"], row["size"], row["price"] = step, side, size, price
        row["mid"], row["fee"] = MIDS[step], fee
    return entries(fills, multiplier=multiplier)


def inventory_by_step(book: Entries) -> list[float]:
    """Position before the step times the step of the mid, as in the worked table."""
    after = {step: q for (step, *_), q in zip(FILLS, book.position, strict=True)}
    held, parts = 0.0, []
    for step in range(1, len(MIDS)):
        parts.append(held * (MIDS[step] - MIDS[step - 1]))
        held = after.get(step, held)
    return parts


def test_spread_of_each_fill() -> None:
    """Each fill's edge is side·size·(mid - price)."""
    book = worked_example()

    edge = book.edge

    assert edge.tolist() == pytest.approx([2.0, 2.0, 3.0, 4.5, 0.8], abs=1e-11)


def test_position_after_each_fill() -> None:
    """The position is the running sum of signed sizes."""
    book = worked_example()

    position = book.position

    assert position.tolist() == [100, 200, 50, -100, -60]


def test_average_cost_realised_by_fill() -> None:
    """Average cost realises on closing fills only, and restarts through zero."""
    book = worked_example()

    realized = np.diff([p.realized for p in positions(book)])

    assert realized.tolist() == pytest.approx([0, 0, 3.75, 4.75, 2.4], abs=1e-10)


def test_statement_of_the_worked_example() -> None:
    """The five fills leave -60 at 100.06, net 11.83, as worked out by hand."""
    book = worked_example()
    inventory = inventory_by_step(book)

    account = statement(book, final_mid=MIDS[-1], inventory_pnl=sum(inventory))

    assert inventory == pytest.approx([0, -3, 0, 3, 1, -1.8], abs=1e-11)
    assert (account.position, account.cost) == (-60, 100.06)
    assert account.cash == pytest.approx(6014.5, abs=1e-9)
    assert account.realized == pytest.approx(10.9, abs=1e-9)
    assert account.unrealized == pytest.approx(0.6, abs=1e-9)
    parts = account.attribution
    assert parts.spread == pytest.approx(12.3, abs=1e-9)
    assert parts.inventory == pytest.approx(-0.8, abs=1e-9)
    assert (parts.fees, parts.rebates) == pytest.approx((0.45, 0.78))
    assert parts.net == pytest.approx(11.83, abs=1e-9)
    assert parts.holds


def test_multiplier_scales_money_not_sizes() -> None:
    """A contract worth 50 a point makes 50 times the money on the same sizes."""
    plain = statement(worked_example(), final_mid=MIDS[-1], inventory_pnl=-0.8)

    account = statement(worked_example(50.0), final_mid=MIDS[-1], inventory_pnl=-40.0)

    assert account.position == plain.position
    assert account.realized == pytest.approx(50 * plain.realized)
    assert account.attribution.spread == pytest.approx(50 * plain.attribution.spread)
    assert account.attribution.net == pytest.approx(50 * 11.5 + 0.33)
    assert account.attribution.holds


def test_wrong_inventory_is_found_out() -> None:
    """An inventory P&L that is off by a cent breaks the attribution visibly."""
    account = statement(worked_example(), final_mid=MIDS[-1], inventory_pnl=-0.79)

    assert not account.attribution.holds
    assert account.attribution.residual == pytest.approx(-0.01 / 12.3)


def test_no_fills_is_an_account_of_zeros() -> None:
    """Without fills everything is 0 and holds, even where there never was a mid."""
    book = entries(np.zeros(0, FILL))

    account = statement(book, final_mid=math.nan)

    assert (account.position, account.cash, account.attribution.net) == (0, 0, 0)
    assert account.attribution.residual == 0
    assert account.attribution.holds


def test_open_position_without_a_mid_does_not_hold() -> None:
    """An open position that no mid can mark has no net, and says so."""
    account = statement(worked_example(), final_mid=math.nan)

    assert math.isnan(account.attribution.net)
    assert not account.attribution.holds


def test_closing_exactly_leaves_no_cost() -> None:
    """A position closed to zero has no cost and nothing unrealised."""
    position = Position().after(3.0, 10.0).after(-3.0, 12.0)

    assert position == Position(0.0, 0.0, 6.0)
    assert position.unrealized(99.0) == 0.0
