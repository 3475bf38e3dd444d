"""One evaluation: prices and sizes, what forbids them, and when an order is left alone."""

from __future__ import annotations

import pytest

from mmrun.engine.records import Adjustment, Rule


BOOK = "0 quote 99.99x30 100.01x30\n"
#: A bid that follows the market's, and an ask far away.
JOIN = {"bid": "bid", "ask": 100.50, "size": 10}


# ---- prices


@pytest.mark.parametrize(
    ("rounding", "bid", "ask"),
    [
        ("outward", 99.92, 100.08),
        ("inward", 99.93, 100.07),
        ("nearest", 99.92, 100.08),
        ({"mode": "nearest_even", "decimals": 2}, 99.92, 100.08),
        ({"mode": "nearest_even", "decimals": 1}, 99.9, 100.1),
    ],
)
def test_rounding_of_quotes(run, rounding, bid, ask):
    """75 mils around 100.00: outward, inward, nearest with halves outward, to even."""
    quote = {"half_spread": "width", "size": 10, "rounding": rounding}
    params = {"width": {"value": 0.075, "unit": "price"}}

    ran = run(BOOK, quote, params=params)

    assert [price for _, _, _, price, _ in ran.orders] == [bid, ask]


def test_the_articles_quotes_round_to_even_on_the_binary_value(run):
    """149.925 and 150.075 become 149.93 and 150.07, as Python's round makes them."""
    quote = {
        "bid": "mid - mid * (5/10000)",
        "ask": "mid + mid * (5/10000)",
        "size": 10,
        "rounding": {"mode": "nearest_even", "decimals": 2},
        "allow_crossed": True,
        "post_only": "off",
    }

    ran = run("0 quote 149.99x30 150.01x30", quote)

    assert [price for _, _, _, price, _ in ran.orders] == [149.93, 150.07]


def test_a_missing_price_is_not_quoted_and_named(run):
    """No trade yet, so no last price: only that side is off, and the input is named."""
    quote = {"bid": "last_price - 1tick", "ask": 100.50, "size": 10}

    ran = run(BOOK, quote)

    assert ran.bid_rules[-1] == (0, "MISSING")
    assert ran.ask_rules[-1] == (0, "QUOTED")
    found = ran.recording.decisions[ran.recording.decisions["rule"] == Rule.MISSING]
    assert [ran.recording.missing_names[i] for i in found["missing"]] == [
        "last_price - 1tick"
    ]


def test_a_missing_size_is_not_quoted(run):
    """Sizes are formulas too."""
    quote = {"bid": 99.99, "ask": 100.50, "bid_size": "last_size", "ask_size": 10}

    ran = run(BOOK, quote)

    assert ran.bid_rules[-1] == (0, "MISSING")


def test_a_price_that_becomes_missing_pulls_the_order(run):
    """The market's bid goes, and with it the quote that follows it."""
    ran = run(BOOK + "10 quote - 100.01x30", JOIN)

    assert ran.bids == [(0, "NEW", 99.99, 10), (10, "CANCEL", 99.99, 10)]
    assert ran.recording.orders["rule"][-1] == Rule.MISSING


def test_an_infinite_price_is_not_quoted(run):
    """Divided by the zero fills so far, on both sides."""
    ran = run(BOOK, {"half_spread": "mid / fill_count", "size": 10})

    assert ran.bid_rules[-1] == ran.ask_rules[-1] == (0, "NOT_FINITE")


def test_an_infinite_size_is_not_quoted(run):
    """A size without end is no size."""
    quote = {
        "bid": 99.99,
        "ask": 100.50,
        "bid_size": "10lot / fill_count",
        "ask_size": 1,
    }

    ran = run(BOOK, quote)

    assert ran.bid_rules[-1] == (0, "NOT_FINITE")


def test_a_price_of_zero_or_less_is_not_quoted(run):
    """Two hundred below a hundred."""
    ran = run(BOOK, {"bid": "mid - 200", "ask": 100.50, "size": 10})

    assert ran.bid_rules[-1] == (0, "NOT_POSITIVE")
    assert ran.ask_rules[-1] == (0, "QUOTED")


def test_allow_crossed_quotes_prices_below_zero(run):
    """As the article's class does."""
    quote = {"bid": "mid - 200", "ask": 100.50, "size": 10, "allow_crossed": True}

    ran = run(BOOK, quote)

    assert ran.bids == [(0, "NEW", -100.00, 10)]


@pytest.mark.parametrize(("bid", "rule"), [(95.00, "QUOTED"), (94.99, "PRICE_COLLAR")])
def test_the_collar_holds_quotes_near_the_mid(run, bid, rule):
    """Five per cent below a mid of 100.00 is quoted, a tick more is not."""
    risk = {"max_inventory": 1000, "price_collar": "5pct"}

    ran = run(BOOK, {"bid": bid, "ask": 100.50, "size": 10}, risk=risk)

    assert ran.bid_rules[-1] == (0, rule)


# ---- sizes and limits


def test_sizes_round_down_to_a_lot(run):
    """Seventeen in lots of five are fifteen."""
    quote = {"bid": 99.99, "ask": 100.50, "size": 17}

    ran = run(BOOK, quote, instrument={"lot": 5.0})

    assert ran.bids == [(0, "NEW", 99.99, 15)]


@pytest.mark.parametrize(("size", "rule"), [(4, "MIN_SIZE"), (5, "QUOTED")])
def test_less_than_the_minimum_is_not_quoted(run, size, rule):
    """`min_size: 5`."""
    quote = {"bid": 99.99, "ask": 100.50, "size": size, "min_size": 5}

    ran = run(BOOK, quote)

    assert ran.bid_rules[-1] == (0, rule)


@pytest.mark.parametrize("size", [0, -3, 0.5])
def test_less_than_a_lot_is_not_quoted(run, size):
    """By the rule min_size, which is a lot unless said."""
    quote = {"bid": 99.99, "ask": 100.50, "bid_size": f"{size} * 1lot", "ask_size": 10}

    ran = run(BOOK, quote)

    assert ran.bid_rules[-1] == (0, "MIN_SIZE")


#: Ten bought through the bid, and a row at which quotes are looked at again.
BOUGHT = BOOK + "10 trade sell 99.98x10\n"


def test_headroom_clips_the_side_that_adds(run):
    """Long ten of fifteen: five more to buy."""
    ran = run(BOUGHT, risk={"max_inventory": 15})

    assert ran.bids[-1] == (10, "NEW", 99.99, 5)
    assert (10, 1, Adjustment.MAX_INVENTORY) in ran.adjustments


def test_the_other_side_may_sell_inventory_and_limit(run):
    """Long ten of fifteen with 40 wanted: 25 to sell."""
    quote = {"bid": 99.99, "ask": 100.50, "bid_size": 10, "ask_size": 40}
    keys = {"risk": {"max_inventory": 15}}

    ran = run(BOUGHT, {**quote, "requote": {"keep_queue": False}}, **keys)

    assert ran.orders[-1] == (10, "REPLACE", -1, 100.50, 25)


def test_at_the_limit_the_side_that_adds_is_dropped(run):
    """Long ten of ten: no bid, by the rule max_inventory; the ask stays."""
    ran = run(BOUGHT, risk={"max_inventory": 10})

    assert ran.bid_rules[-1] == (10, "MAX_INVENTORY")
    assert ran.ask_rules[-1] == (0, "QUOTED")


def test_a_minimum_never_overrides_a_limit(run):
    """Five of headroom and a minimum of eight: nothing, by the limit's rule."""
    quote = {"bid": 99.99, "ask": 100.50, "size": 10, "min_size": 8}

    ran = run(BOUGHT, quote, risk={"max_inventory": 15})

    assert ran.bid_rules[-1] == (10, "MAX_INVENTORY")


def test_the_position_value_limits_at_the_mid(run):
    """A thousand dollars at a mid of 100.00 are ten shares, of twenty wanted."""
    quote = {"bid": 99.99, "ask": 100.50, "size": 20}
    risk = {"max_inventory": 1000, "max_position_value": 1000}

    ran = run(BOOK, quote, risk=risk)

    assert ran.bids == [(0, "NEW", 99.99, 10)]
    assert (0, 1, Adjustment.MAX_POSITION_VALUE) in ran.adjustments


def test_the_position_value_counts_the_multiplier(run):
    """At ten dollars a point the same thousand is one contract."""
    quote = {"bid": 99.99, "ask": 100.50, "size": 20}
    risk = {"max_inventory": 1000, "max_position_value": 1000}

    ran = run(BOOK, quote, risk=risk, instrument={"multiplier": 10.0})

    assert ran.bids == [(0, "NEW", 99.99, 1)]


def test_at_the_position_value_the_side_that_adds_is_dropped(run):
    """By a rule of its own."""
    risk = {"max_inventory": 1000, "max_position_value": 1000}

    ran = run(BOUGHT, risk=risk)

    assert ran.bid_rules[-1] == (10, "MAX_POSITION_VALUE")


def test_without_short_selling_only_what_is_held_is_offered(run):
    """Flat: no ask, by the rule no_short; long ten: ten, of twenty wanted."""
    quote = {"bid": 99.99, "ask": 100.50, "bid_size": 10, "ask_size": 20}
    risk = {"max_inventory": 1000, "allow_short": False}

    ran = run(BOUGHT, quote, risk=risk)

    assert ran.ask_rules == [(0, "NO_DATA"), (0, "NO_SHORT"), (10, "QUOTED")]
    assert (10, "NEW", -1, 100.50, 10) in ran.orders
    assert (10, -1, Adjustment.NO_SHORT) in ran.adjustments


def test_breach_none_clips_nothing(run):
    """`max_inventory` is only a name."""
    ran = run(BOUGHT, risk={"max_inventory": 10, "on_breach": "none"})

    assert ran.bids[-1] == (10, "NEW", 99.99, 10)


def test_breach_stop_all_does_not_clip(run):
    """Ten more are sent though five are left."""
    ran = run(BOUGHT, risk={"max_inventory": 15, "on_breach": "stop_all"})

    assert ran.bids[-1] == (10, "NEW", 99.99, 10)


# ---- requote


def test_within_the_tolerance_an_order_stays(run):
    """Two ticks of tolerance: it stays at two, and moves at three."""
    quote = JOIN | {"requote": {"tolerance": "2tick"}}
    text = """
        10 quote 99.97x30 100.01x30
        20 quote 99.96x30 100.01x30
    """

    ran = run(BOOK + text, quote)

    assert ran.bids == [(0, "NEW", 99.99, 10), (20, "REPLACE", 99.96, 10)]
    assert (10, 1, Adjustment.TOLERANCE) in ran.adjustments


@pytest.mark.parametrize(
    ("at", "moved"), [(49, []), (50, [(50, "REPLACE", 99.98, 10)])]
)
def test_an_order_is_not_replaced_before_its_minimum_life(run, at, moved):
    """Fifty milliseconds old it may go, a millisecond earlier not."""
    quote = JOIN | {"requote": {"min_life": "50ms"}}

    ran = run(BOOK + f"{at} quote 99.98x30 100.01x30", quote)

    assert ran.bids[1:] == moved


def test_a_guard_cancels_within_the_minimum_life(run):
    """Risk and guards do not wait."""
    quote = JOIN | {"requote": {"min_life": "50ms"}}

    ran = run(BOOK + "10 status halt", quote)

    assert ran.bids[1:] == [(10, "CANCEL", 99.99, 10)]


def test_an_old_order_is_replaced_though_nothing_changed(run):
    """After `max_age` it goes to the back of the queue, and its age starts anew."""
    quote = JOIN | {"requote": {"max_age": "50ms"}}
    text = """
        49 quote 99.99x31 100.01x30
        50 quote 99.99x32 100.01x30
        99 quote 99.99x33 100.01x30
        100 quote 99.99x34 100.01x30
    """

    ran = run(BOOK + text, quote)

    replaced = [(50, "REPLACE", 99.99, 10), (100, "REPLACE", 99.99, 10)]
    assert ran.bids[1:] == replaced
    bids = ran.recording.orders[ran.recording.orders["side"] > 0]
    assert bids["queue_ahead"].tolist() == [30, 32, 34]


def test_without_a_maximum_age_an_order_stays(run):
    """`max_age: off` is the default."""
    ran = run(BOOK + "3600000 quote 99.99x31 100.01x30", JOIN)

    assert ran.bids == [(0, "NEW", 99.99, 10)]


def test_after_a_fill_a_side_waits(run):
    """No new order for fifty milliseconds after the fill, by the rule after_fill."""
    quote = JOIN | {"requote": {"after_fill": "50ms"}}
    text = """
        59 quote 99.99x31 100.01x30
        60 quote 99.99x32 100.01x30
    """

    ran = run(BOUGHT + text, quote)

    assert ran.bids[1:] == [(60, "NEW", 99.99, 10)]
    assert (10, "AFTER_FILL") in ran.bid_rules


def test_after_a_fill_the_other_side_does_not_wait(run):
    """A bid's fill holds no ask back."""
    quote = {"bid": 99.99, "ask": "ask", "size": 10, "requote": {"after_fill": "50ms"}}

    ran = run(BOUGHT + "20 quote 99.90x30 100.02x30", quote)

    assert ran.orders[-1] == (20, "REPLACE", -1, 100.02, 10)


def test_after_a_partial_fill_an_order_does_not_grow(run):
    """Four of ten filled: a move within the wait takes six along, not ten."""
    quote = JOIN | {"requote": {"after_fill": "50ms"}}
    text = """
        10 trade sell 99.98x4
        20 quote 99.98x30 100.01x30
    """

    ran = run(BOOK + text, quote)

    assert ran.bids[-1] == (20, "REPLACE", 99.98, 6)


PARTLY = BOOK + "10 trade sell 99.98x4\n20 quote 99.99x25 100.01x30\n"


def test_keep_queue_leaves_a_partly_filled_order(run):
    """Six of ten are left and stay in their place."""
    ran = run(PARTLY, JOIN)

    assert ran.bids == [(0, "NEW", 99.99, 10)]


def test_without_keep_queue_it_grows_back_at_the_end_of_the_queue(run):
    """Any difference of size is sent; more size stands behind what is shown."""
    quote = JOIN | {"requote": {"keep_queue": False}}

    ran = run(PARTLY, quote)

    assert ran.bids[1:] == [(10, "REPLACE", 99.99, 10)]
    bids = ran.recording.orders[ran.recording.orders["side"] > 0]
    assert bids["queue_ahead"][-1] == 30


def test_keep_queue_reduces_a_larger_order_in_place(run):
    """Ten wanted, then five: reduced, not replaced."""
    quote = {"bid": 99.99, "ask": 100.50, "size": "10 if bid_size > 28 else 5"}

    ran = run(BOOK + "10 quote 99.99x25 100.01x30", quote)

    assert ran.bids[1:] == [(10, "REDUCE", 99.99, 5)]


@pytest.mark.parametrize(
    ("on", "evaluated"), [("any", [0, 10, 20, 30]), ("quote", [0, 20]), ("trade", [10])]
)
def test_quotes_are_evaluated_at_the_rows_named(run, on, evaluated):
    """Rows of four kinds, and a bid that is another tick lower at each."""
    quote = {
        "bid": "99.90 - 1tick if missing(working_bid) else working_bid - 1tick",
        "ask": 100.50,
        "size": 10,
        "requote": {"on": on},
    }
    text = """
        10 trade buy 100.01x1
        20 quote 99.99x31 100.01x30
        30 clock
    """

    ran = run(BOOK + text, quote)

    assert [at for at, *_ in ran.bids] == evaluated


def test_prev_is_the_value_of_the_last_evaluation(run):
    """Halfway from the last fair price to the mid; the trade between does not count."""
    quote = {
        "fair": "coalesce((prev(fair) + mid) / 2, mid)",
        "half_spread": "4tick",
        "size": 10,
        "requote": {"on": "quote"},
    }
    text = """
        0 quote 99.95x30 100.05x30
        10 trade buy 100.05x1
        20 quote 100.03x30 100.13x30
    """

    ran = run(text, quote)

    assert [price for *_, price, _ in ran.bids] == [99.96, 100.00]


def test_a_reservation_price_that_is_not_given_is_fair(run):
    """Price formulas may read it, wherever fair stands in the file."""
    quote = {"bid": "reservation - 1tick", "ask": "reservation + 2tick", "size": 1}

    ran = run(BOOK, quote | {"fair": "mid + 1tick"})

    assert [price for *_, price, _ in ran.orders] == [100.00, 100.03]
