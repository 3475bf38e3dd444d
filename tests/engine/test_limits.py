"""Limits of `risk` that say `then`, and the inventory that all is measured from."""

from __future__ import annotations

import pytest

from mmrun.engine.jit import compiled


BOOK = "0 quote 99.99x30 100.01x30\n"
#: Long ten at 10 ms, for a resting bid of 99.99.
BOUGHT = BOOK + "10 trade sell 99.99x40\n"
#: Buys once, and then nowhere near.
QUOTE = {"bid": "99.99 if inventory == 0 else 90", "ask": 100.50, "size": 10}
HOURS = [(0, 100), (105, 1000)]


def risk(**limits):
    return {"max_inventory": 1000} | limits


# ---- daily loss


def test_a_day_s_loss_stops_until_the_next_session(run):
    """Ten bought at 99.99, the mid at 99.89: a loss of a dollar since the open."""
    text = "20 quote 99.88x30 99.92x30\n30 quote 99.88x30 99.90x30\n40 quote 99.99x30 100.01x30\n110 quote 99.99x30 100.01x30"

    ran = run(
        BOUGHT + text,
        QUOTE,
        sessions=HOURS,
        risk=risk(max_daily_loss={"limit": 1, "then": "stop"}),
    )

    assert ran.ask_rules[1:] == [
        (0, "QUOTED"),
        (30, "MAX_DAILY_LOSS"),
        (100, "SESSION"),
        (110, "QUOTED"),
    ]


def test_a_day_s_loss_is_counted_from_the_open(run):
    """Ninety cents lost on one day and ninety on the next are not a dollar of a day."""
    text = "20 quote 99.89x30 99.91x30\n110 quote 99.80x30 99.82x30\n120 quote 99.79x30 99.80x30"

    ran = run(
        BOUGHT + text,
        QUOTE,
        sessions=HOURS,
        risk=risk(max_daily_loss={"limit": 1, "then": "pull"}),
    )

    assert [rule for _, rule in ran.ask_rules[1:]] == [
        "QUOTED",
        "SESSION",
        "QUOTED",
        "MAX_DAILY_LOSS",
    ]


def test_a_limit_that_pulls_lets_go_when_the_loss_is_made_good(run):
    """Pulled at a dollar, back under it."""
    text = "20 quote 99.88x30 99.90x30\n30 quote 99.98x30 100.00x30"

    ran = run(
        BOUGHT + text,
        QUOTE,
        risk=risk(max_daily_loss={"limit": 1, "then": {"pull": "ask"}}),
    )

    assert ran.ask_rules[1:] == [
        (0, "QUOTED"),
        (20, "MAX_DAILY_LOSS"),
        (30, "QUOTED"),
    ]


# ---- drawdown


def test_a_drawdown_is_from_the_day_s_highest(run):
    """A dollar up and down again; the same fall on the next day begins there."""
    text = """
        20 quote 100.09x30 100.11x30
        30 quote 100.00x30 100.02x30
        40 quote 99.99x30 100.01x30
        110 quote 99.94x30 99.96x30
        120 quote 99.89x30 99.91x30
    """

    ran = run(
        BOUGHT + text,
        QUOTE,
        sessions=HOURS,
        risk=risk(max_drawdown={"limit": 1, "then": "reduce_only"}),
    )

    assert ran.bid_rules[1:] == [
        (0, "QUOTED"),
        (40, "MAX_DRAWDOWN"),
        (100, "SESSION"),
        (105, "MAX_DRAWDOWN"),  # no row has told yet that it is over
        (110, "QUOTED"),
        (120, "MAX_DRAWDOWN"),
    ]
    assert ran.ask_rules[-1][1] == "QUOTED"


def test_without_sessions_a_drawdown_starts_over_at_midnight_utc(run):
    """Fifty cents lost before; after it fifty and then a dollar, of the day's own."""
    to_midnight = 6_400_000
    text = f"""
        20 quote 99.94x30 99.96x30
        {to_midnight + 1} quote 99.89x30 99.91x30
        {to_midnight + 2} quote 99.83x30 99.85x30
    """

    ran = run(
        BOUGHT + text,
        QUOTE,
        risk=risk(stale_after="off", max_drawdown={"limit": 1, "then": "pull"}),
        mode=compiled,  # 6,400 times of the equity grid
    )

    assert ran.ask_rules[1:] == [(0, "QUOTED"), (to_midnight + 2, "MAX_DRAWDOWN")]


# ---- age and target


def test_an_old_inventory_may_only_be_reduced(run):
    """At 30 ms of age at the latest row; the ask clips to what is held."""
    text = "39 clock\n40 clock\n50 trade buy 100.60x90\n60 clock"

    ran = run(
        BOUGHT + text,
        {"bid": QUOTE["bid"], "ask": 100.50, "bid_size": 10, "ask_size": 25},
        fills="touch",
        risk=risk(max_inventory_age={"limit": "30ms", "then": "reduce_only"}),
    )

    assert ran.bid_rules[1:] == [
        (0, "QUOTED"),
        (40, "MAX_INVENTORY_AGE"),
        (50, "QUOTED"),
    ]
    assert ran.fills[-1] == (50, -1, 100.50, 10)


@pytest.mark.parametrize(("target", "old"), [(10, False), (4, True), (0, True)])
def test_an_inventory_at_its_target_does_not_age(run, target, old):
    """Ten long, wanted or not."""
    ran = run(
        BOUGHT + "60 clock",
        QUOTE,
        risk=risk(
            target_inventory=target,
            max_inventory_age={"limit": "30ms", "then": "pull"},
        ),
    )

    assert (ran.bid_rules[-1][1] == "MAX_INVENTORY_AGE") == old


def test_a_target_may_be_a_formula(run):
    """Four lots while the book leans: what reduces then is six of ten."""
    text = "20 quote 99.99x30 100.01x30\n30 quote 99.99x30 100.01x90"

    ran = run(
        BOUGHT + text,
        {"bid": 99.99, "ask": 100.50, "bid_size": 10, "ask_size": 25},
        risk=risk(target_inventory="4lot if queue_imbalance < 0 else 0"),
        toxicity={"long": {"when": "inventory > 5", "then": "reduce_only"}},
    )

    asks = [(at, size) for at, _, side, _, size in ran.orders if side < 0]
    assert asks == [(0, 25), (10, 10), (30, 6)]


def test_age_counts_from_where_a_target_moved_away(run):
    """At target until 30 ms, then off it: 20 ms old at 50."""
    ran = run(
        BOUGHT + "30 quote 99.99x30 100.01x90\n49 clock\n50 clock",
        QUOTE,
        risk=risk(
            target_inventory="0lot if queue_imbalance < 0 else 10",
            max_inventory_age={"limit": "20ms", "then": "pull"},
        ),
    )

    assert ran.bid_rules[-1] == (50, "MAX_INVENTORY_AGE")


def test_formulas_read_the_target(run):
    """The lean is against what is off the target."""
    quote = {
        "half_spread": "1tick",
        "reservation": "mid - 0.1tick * (inventory - target_inventory) / 1lot",
        "size": 10,
    }

    ran = run(BOOK, quote, risk=risk(target_inventory=10))

    assert ran.bids == [(0, "NEW", 100.00, 10)]


def test_without_a_value_of_the_target_neither_side_is_known_to_reduce(run):
    """Both are dropped while there has been no trade."""
    ran = run(
        BOOK + "10 clock",
        QUOTE,
        risk=risk(target_inventory="5lot if last_price > 0 else 0"),
        toxicity={"calm": {"when": "1 == 1", "then": {"pull": "adding"}}},
    )

    assert ran.bid_rules[-1] == ran.ask_rules[-1] == (0, "CALM")


def test_before_the_close_what_is_off_the_target_is_taken(run):
    """Six of ten."""
    ran = run(
        BOUGHT + "85 quote 99.98x30 100.02x30\n90 clock",
        QUOTE,
        sessions=[(0, 100)],
        session={
            "timezone": "UTC",
            "open": "00:00:00",
            "close": "23:59:59",
            "flatten_before_close": "20ms",
        },
        risk=risk(target_inventory=4),
    )

    assert ran.fills[-1] == (85, -1, 99.98, 6)
