"""Positions, cash, marks and fees (market_making.md §5, the worked example to the digit)."""

from __future__ import annotations

import pytest

from mmrun.ledger.accounting import statement
from mmrun.ledger.entries import entries


BOOK = "0 quote 99.99x30 100.01x30\n"

#: The worked example as a tape: book rows make the mids, and trades through our quotes,
#: which stand at the touch, the fills.
EXAMPLE = """
    0   quote 99.98x1 100.02x1
    10  trade sell 99.97x100      # B 100@99.98 at mid 100
    20  quote 99.95x1 99.99x1
    21  trade sell 99.94x100      # B 100@99.95 at mid 99.97
    30  trade buy 100.00x150      # S 150@99.99 at mid 99.97
    40  quote 100.00x1 100.06x1
    41  trade buy 100.07x150      # S 150@100.06 at mid 100.03
    50  quote 100.00x1 100.04x1
    51  trade sell 99.99x40       # B 40@100.00 at mid 100.02
    60  quote 100.00x1 100.10x1
"""
TOUCH = {"bid": "bid", "ask": "ask", "size": 150, "requote": {"on": "quote"}}


def test_the_worked_example_to_the_digit(run):
    """Spread 12.3, inventory -0.8, realised 10.9, cash 6014.5, short 60 at 100.06."""
    ran = run(EXAMPLE, TOUCH)

    t = ran.totals
    assert [(side, price, size) for _, side, price, size in ran.fills] == [
        (1, 99.98, 100),
        (1, 99.95, 100),
        (-1, 99.99, 150),
        (-1, 100.06, 150),
        (1, 100.00, 40),
    ]
    assert t.spread_pnl == pytest.approx(12.3, abs=1e-9)
    assert t.inventory_pnl == pytest.approx(-0.8, abs=1e-9)
    assert t.realized_pnl == pytest.approx(10.9, abs=1e-9)
    assert t.unrealized_pnl == pytest.approx(0.6, abs=1e-9)
    assert t.cash == pytest.approx(6014.5, abs=1e-9)
    assert t.final_inventory == -60
    assert t.final_mid == 100.05
    assert ran.net == pytest.approx(11.5, abs=1e-9)


def test_the_spread_of_each_fill_of_the_example(run):
    """2.0, 2.0, 3.0, 4.5 and 0.8 against the mids in force."""
    ran = run(EXAMPLE, TOUCH)

    fills = ran.recording.fills
    edge = fills["side"] * fills["size"] * (fills["mid"] - fills["price"])
    assert edge.tolist() == pytest.approx([2.0, 2.0, 3.0, 4.5, 0.8], abs=1e-9)


def test_the_ledger_books_the_same_account(run):
    """From the recorded fills it comes to the engine's numbers."""
    ran = run(EXAMPLE, TOUCH)

    t = ran.totals
    account = statement(
        entries(ran.recording.fills),
        final_mid=t.final_mid,
        inventory_pnl=t.inventory_pnl,
    )
    assert account.cash == pytest.approx(t.cash, abs=1e-9)
    assert account.realized == pytest.approx(t.realized_pnl, abs=1e-9)
    assert account.unrealized == pytest.approx(t.unrealized_pnl, abs=1e-9)
    assert account.attribution.holds


# ---- fees

#: Ten bought as a maker at 99.99.
FILLED = BOOK + "10 trade sell 99.98x10"


@pytest.mark.parametrize(
    ("fee", "paid", "got"),
    [
        ({"maker_fee": "1bps"}, 0.09999, 0),
        ({"maker_fee": "-1bps"}, 0, 0.09999),
        ({"maker_rebate": "0.0020/share"}, 0, 0.02),
        ({"maker_fee": "0.0030/share"}, 0.03, 0),
        ({"maker_fee": "0.85/contract"}, 8.5, 0),
        ({"taker_fee": "0.0030/share"}, 0, 0),
    ],
)
def test_maker_fees_and_rebates(run, fee, paid, got):
    """Of value, per share and per contract; costs and rebates are kept apart."""
    ran = run(FILLED, {**TOUCH, "size": 10}, venues={"NASDAQ": fee})

    assert ran.totals.fees == pytest.approx(paid, abs=1e-12)
    assert ran.totals.rebates == pytest.approx(got, abs=1e-12)


def test_a_fee_of_value_counts_the_multiplier(run):
    """One basis point of ten contracts at 99.99 and fifty dollars a point."""
    venues = {"NASDAQ": {"maker_fee": "1bps"}}

    ran = run(
        FILLED, {**TOUCH, "size": 10}, venues=venues, instrument={"multiplier": 50.0}
    )

    assert ran.totals.fees == pytest.approx(10 * 99.99 * 50 * 1e-4, rel=1e-12)


def test_money_counts_the_multiplier(run):
    """The worked example at ten dollars a point is ten times the money."""
    ran = run(EXAMPLE, TOUCH, instrument={"multiplier": 10.0})

    t = ran.totals
    money = (t.spread_pnl, t.inventory_pnl, t.realized_pnl, t.unrealized_pnl, t.cash)
    assert money == pytest.approx((123, -8, 109, 6, 60145), abs=1e-8)


# ---- the mid that marks


def test_a_trade_row_is_booked_against_the_mid_before_it(run):
    """The print comes before the book change it caused."""
    text = """
        10 trade sell 99.98x10
        10 quote 99.89x30 99.91x30
    """

    ran = run(BOOK + text, {**TOUCH, "size": 10})

    assert ran.recording.fills["mid"].tolist() == [100.0]
    assert ran.totals.inventory_pnl == pytest.approx(10 * (99.90 - 100.0), abs=1e-9)


def test_a_book_row_is_booked_against_its_own_mid(run):
    """The position held before is marked to the new mid, then the fill booked at it."""
    text = """
        1 trade sell 99.98x10
        10 quote 99.70x30 99.90x30
    """
    quote = {"bid": 99.99, "ask": 100.50, "size": 10, "requote": {"on": "trade"}}

    ran = run(BOOK + "0.5 trade buy 100.01x1\n" + text, quote)

    assert ran.recording.fills["mid"].tolist() == pytest.approx([100.0, 99.8])
    assert ran.totals.inventory_pnl == pytest.approx(10 * (99.8 - 100.0), abs=1e-9)


def test_a_book_without_a_side_keeps_the_mid(run):
    """With no bid there is no mid: the last one marks on."""
    ran = run(FILLED + "\n20 quote - 99.91x30", {**TOUCH, "size": 10})

    assert ran.totals.final_mid == 100.0
    assert ran.totals.inventory_pnl == 0.0


# ---- own state in formulas


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("inventory / 1lot", 10),
        ("average_cost / 1tick", 9999),
        ("fill_count", 1),
        ("time_since_fill / 1ms", 20),
        ("inventory_age / 1ms", 20),
        ("unrealized_pnl / (1lot * 1tick)", 1000),
        ("net_pnl / (1lot * 1tick)", 1000),
        ("realized_pnl / (1lot * 1tick)", 0),
        ("position_value / (1lot * 1tick)", 100_990),
        ("drawdown / (1lot * 1tick)", 0),
        ("working_bid_size / 1lot", 7),
    ],
)
def test_own_state_as_formulas_see_it(run, formula, value):
    """Ten bought at 99.99, twenty milliseconds later marked at 100.99."""
    sizes = {"bid_size": "10 if fill_count == 0 else 7", "ask_size": 10}
    quote = {"bid": 99.99, "ask": f"200 + 1tick * round({formula})"} | sizes
    text = "\n20 quote 100.98x30 101.00x30\n30 quote 100.98x30 101.00x31"

    ran = run(FILLED + text, quote)

    price = [p for _, _, side, p, _ in ran.orders if side < 0][-1]
    assert round((price - 200) * 100) == value


def test_drawdown_is_from_the_highest_net(run):
    """Up ten cents a share and down again by six: six cents on ten shares."""
    text = """
        20 quote 100.09x30 100.11x30
        30 quote 100.03x30 100.05x30
    """

    quote = {"bid": 99.99, "ask": 100.50, "size": 10}

    ran = run(FILLED + "\n" + text, quote, risk={"max_inventory": 10})

    assert ran.totals.max_drawdown == pytest.approx(0.6, abs=1e-9)


def test_the_age_of_a_position_restarts_when_it_turns(run):
    """Long, then short by one large sale: the short's age counts."""
    sizes = {"bid_size": 10, "ask_size": 30, "requote": {"on": "quote"}}
    quote = {"bid": "99 - 1tick * round(inventory_age / 1ms)", "ask": "ask"} | sizes
    text = """
        10 trade sell 98.00x10
        20 trade buy 100.02x30
        50 quote 99.98x30 100.02x30
    """

    ran = run(BOOK + text, quote)

    assert ran.totals.final_inventory == -20
    assert ran.bids[-1] == (50, "NEW", 98.70, 10)
