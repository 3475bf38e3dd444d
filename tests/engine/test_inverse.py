"""Inverse contracts: worth an amount of money, profits in coin at 1/price."""

from __future__ import annotations

import pytest

from mmrun.ledger.accounting import statement
from mmrun.ledger.entries import entries, worth


CONTRACT = {"tick": 0.1, "multiplier": 100.0, "inverse": True, "currency": "BTC"}
QUOTE = {"bid": 50000, "ask": 51000, "size": 10}
BOUGHT = "0 quote 50000x30 51000x30\n10 trade sell 50000x40\n"
SOLD = BOUGHT + "20 quote 50000x30 51000x30\n30 trade buy 51000x40\n"
FEES = {"NASDAQ": {"maker_fee": "2bps"}}


def test_a_round_trip_makes_the_difference_of_inverse_prices(run):
    """Ten contracts of 100 USD: 1000/50000 - 1000/51000 coins, whatever the mid did."""
    ran = run(SOLD, QUOTE, instrument=CONTRACT)

    assert ran.totals.realized_pnl == pytest.approx(1000 / 50000 - 1000 / 51000)
    assert ran.net == pytest.approx(ran.totals.realized_pnl)


def test_fees_are_of_the_value_in_coin(run):
    """Two basis points of 1000 USD at each price."""
    ran = run(SOLD, QUOTE, instrument=CONTRACT, venues=FEES)

    assert ran.totals.fees == pytest.approx(2e-4 * (1000 / 50000 + 1000 / 51000))


def test_the_split_of_net_holds_in_coin(run):
    """A position left open is marked at the mid, and the parts add up."""
    text = BOUGHT + "20 quote 50400x30 50600x30\n40 quote 50800x30 50900x30"
    ran = run(text, QUOTE, instrument=CONTRACT, venues=FEES)
    t = ran.totals
    book = entries(ran.recording.fills, multiplier=100.0, inverse=True)

    account = statement(
        book,
        final_mid=worth(t.final_mid, inverse=True),
        inventory_pnl=t.inventory_pnl,
    )

    assert account.attribution.holds
    assert account.attribution.net == pytest.approx(
        1000 / 50000 - 1000 / 50850 - 2e-4 * 1000 / 50000
    )
    assert account.unrealized == pytest.approx(t.unrealized_pnl)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("average_cost / 1tick", 50_000 / 0.1),
        ("position_value / (1lot * 1tick) * 1e7", 1000 / 50_500 / 0.1 * 1e7),
        (
            "unrealized_pnl / (1lot * 1tick) * 1e7",
            (1000 / 50_000 - 1000 / 50_500) / 0.1 * 1e7,
        ),
    ],
)
def test_formulas_read_prices_as_prices_and_money_as_coin(run, formula, value):
    """The cost is a price again; value and profit are coins."""
    ask = f"51000 + 1tick * round({formula})"
    text = BOUGHT + "20 quote 50499.9x30 50500.1x30"

    ran = run(text, QUOTE | {"ask": ask}, instrument=CONTRACT)

    price = [p for _, _, side, p, _ in ran.orders if side < 0][-1]
    assert round((price - 51_000) / 0.1) == round(value)


def test_a_value_limit_is_in_coin(run):
    """Half a thousandth of a coin is 25 USD at 50,000: no contract of 100 USD fits."""
    risk = {"max_inventory": 1000, "max_position_value": 0.0005}
    ran = run("0 quote 50000x30 51000x30", QUOTE, instrument=CONTRACT, risk=risk)

    assert ran.orders == []
    assert ran.bid_rules[-1][1] == "MAX_POSITION_VALUE"
