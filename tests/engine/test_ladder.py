"""Several quotes a side: where levels stand, what they may add, what fills first."""

from __future__ import annotations

import pytest

from mmrun.engine.records import Adjustment, Rule


BOOK = "0 quote 99.99x30 100.01x30\n"
WIDE = "0 quote 99.90x30 100.10x30\n"
#: Three bids from 99.98 down, three asks from 100.02 up, ten at each.
THREE = {"bid": 99.98, "ask": 100.02, "size": 10, "levels": {"count": 3}}


def bids(ran):
    """(level, price, size) of the bids placed first."""
    return [
        (s - 1, p, q) for _, event, s, p, q in ran.ladder if event == "NEW" and s > 0
    ]


def asks(ran):
    """(level, price, size) of the asks placed first."""
    return [
        (-1 - s, p, q) for _, event, s, p, q in ran.ladder if event == "NEW" and s < 0
    ]


# ---- where levels stand


def test_levels_stand_a_step_apart_from_level_0_outward(run):
    """Without a step, one tick."""
    ran = run(BOOK, THREE)

    assert bids(ran) == [(0, 99.98, 10), (1, 99.97, 10), (2, 99.96, 10)]
    assert asks(ran) == [(0, 100.02, 10), (1, 100.03, 10), (2, 100.04, 10)]


@pytest.mark.parametrize(
    ("step", "second"),
    [("2tick", 99.96), ("5bps", 99.93), ("width", 99.95), ("spread", 99.96)],
)
def test_a_step_is_a_price(run, step, second):
    """Ticks, bps of mid, a param in price, a formula of the market."""
    levels = {"count": 2, "step": step}
    params = {"width": {"value": 0.03, "unit": "price"}}

    ran = run(BOOK, {**THREE, "levels": levels}, params=params)

    assert bids(ran)[1] == (1, second, 10)


def test_sizes_follow_their_factor_down_to_a_lot(run):
    """Ten, then half, then half of that, in whole lots."""
    ran = run(BOOK, {**THREE, "levels": {"count": 3, "size_factor": 0.5}})

    assert [size for _, _, size in bids(ran)] == [10, 5, 2]


def test_a_price_that_reads_level_replaces_the_step(run):
    """By a let as well; each side by itself."""
    quote = {
        "bid": "99.98 - gap",
        "ask": 100.02,
        "size": 10,
        "levels": {"count": 3, "step": "10tick"},
    }

    ran = run(BOOK, quote, let={"gap": "level * level * 1tick"})

    assert [price for _, price, _ in bids(ran)] == [99.98, 99.97, 99.94]
    assert [price for _, price, _ in asks(ran)] == [100.02, 100.12, 100.22]


def test_a_size_that_reads_level_replaces_the_factor(run):
    """Ten, twenty, thirty lots."""
    levels = {"count": 3, "size_factor": 0.5}

    ran = run(BOOK, {**THREE, "size": "10lot * (1 + level)", "levels": levels})

    assert [size for _, _, size in bids(ran)] == [10, 20, 30]


def test_the_last_value_of_a_field_is_that_of_the_level(run):
    """`prev(half_spread)` widens each level from its own last value."""
    quote = {
        "half_spread": "coalesce(prev(half_spread) + 1tick * level, 2tick)",
        "size": 10,
        "levels": {"count": 2},
    }

    ran = run(BOOK + "1 trade sell 99.99x1\n2 trade sell 99.99x1", quote)

    assert [price for _, _, price, _ in ran.level(0).bids] == [99.98]
    prices = [price for _, _, price, _ in ran.level(1).bids]
    assert prices == [99.98, 99.97, 99.96]


def test_with_one_level_its_number_is_0(run):
    """Formulas may read `level` where there is no other."""
    ran = run(BOOK, {"bid": "99.98 - level * 1tick", "ask": 100.02, "size": 10})

    assert ran.bids == [(0, "NEW", 99.98, 10)]


# ---- post-only, own quotes


def test_a_ladder_that_slides_stays_a_ladder(run):
    """Targets of 100.03, 100.02 and 100.01 stand at the touch and a tick behind each."""
    quote = {"bid": 100.03, "ask": 100.20, "size": 10, "levels": {"count": 3}}

    ran = run(BOOK, quote)

    assert bids(ran) == [(0, 100.00, 10), (1, 99.99, 10), (2, 99.98, 10)]
    slid = [a for _, side, a in ran.adjustments if side > 0]
    assert slid == [Adjustment.POST_ONLY] * 3


def test_levels_out_of_the_way_of_a_slide_stay_where_they_are(run):
    """Of 100.02, 99.99 and 99.96 only the first slides."""
    quote = {"bid": 100.02, "ask": 100.20, "size": 10}
    quote["levels"] = {"count": 3, "step": "3tick"}

    ran = run(BOOK, quote)

    assert [price for _, price, _ in bids(ran)] == [100.00, 99.99, 99.96]


def test_levels_that_would_take_are_skipped_each_by_itself(run):
    """Post-only skip: two would take, the third rests."""
    quote = {"bid": 100.02, "ask": 100.20, "size": 10, "post_only": "skip"}

    ran = run(BOOK, {**quote, "levels": {"count": 3}})

    assert bids(ran) == [(2, 100.00, 10)]
    assert ran.level(1).bid_rules[-1] == (0, "POST_ONLY")


def test_levels_that_cross_own_quotes_are_not_quoted(run):
    """Bids of 100.01, 100.00, 99.99 and asks of 99.99 to 100.01: 99.98 and below rest."""
    quote = {"bid": 100.01, "ask": 99.99, "size": 10, "levels": {"count": 4}}

    ran = run(WIDE, quote)

    assert bids(ran) == [(3, 99.98, 10)]
    assert asks(ran) == [(3, 100.02, 10)]
    assert ran.level(0).bid_rules == [(0, "NO_DATA"), (0, "OWN_CROSSED")]


def test_a_ladder_that_climbs_past_its_own_asks_moves_them_first(run):
    """Ten ticks up at once: nothing is rejected, and the asks go before the bids."""
    quote = {"half_spread": "2tick", "size": 10, "levels": {"count": 2}}
    quote["fair"] = "100.00 if bid_size < 50 else 100.10"

    ran = run("0 quote 99.50x30 100.50x30\n1 quote 99.50x60 100.50x30", quote)

    moved = [(side, price) for at, _, side, price, _ in ran.ladder if at == 1]
    assert moved == [(-1, 100.12), (-2, 100.13), (1, 100.08), (2, 100.07)]
    assert ran.totals.rejects == 0


def test_levels_below_the_price_of_0_are_not_quoted(run):
    """Prices at or below zero, by their rule."""
    quote = {"bid": 0.02, "ask": 100.20, "size": 10, "levels": {"count": 3}}

    ran = run(BOOK, quote)

    assert [price for _, price, _ in bids(ran)] == [0.02, 0.01]
    assert ran.level(2).bid_rules[-1] == (0, "NOT_POSITIVE")


# ---- limits


def test_levels_take_headroom_from_0_outward(run):
    """Of 25 the third level has five, and says so."""
    ran = run(BOOK, THREE, risk={"max_inventory": 25})

    assert [size for _, _, size in bids(ran)] == [10, 10, 5]
    assert [a for _, side, a in ran.level(2).adjustments if side > 0] == [
        Adjustment.MAX_INVENTORY
    ]


def test_a_level_without_headroom_is_not_quoted(run):
    """Of 15 nothing is left for the third."""
    ran = run(BOOK, THREE, risk={"max_inventory": 15})

    assert [size for _, _, size in bids(ran)] == [10, 5]
    assert ran.level(2).bid_rules[-1] == (0, "MAX_INVENTORY")


def test_a_fill_moves_headroom_to_level_0(run):
    """Bought ten of 25: level 0 comes back with ten, the next has what is left."""
    ran = run(BOOK + "1 trade sell 99.97x10", THREE, risk={"max_inventory": 25})

    at_1 = [(side, event, size) for at, event, side, _, size in ran.ladder if at == 1]
    assert at_1 == [(3, "CANCEL", 5), (2, "REDUCE", 5), (1, "NEW", 10)]


def test_an_order_waits_for_the_headroom_that_others_still_hold(run):
    """With latency level 0 comes back once the cancel of level 2 is known.

    Bought ten at 5 ms: level 1 is made smaller and level 2 cancelled at 7, which is known
    with the row of 8; what that row sends is there at 10.
    """
    text = BOOK + "2 clock\n5 trade sell 99.97x10\n8 clock\n12 clock"

    ran = run(
        text,
        THREE,
        latency=(0, 2, 2, 0),
        risk={"max_inventory": 25},
    )

    late = [
        (at, event, side, size) for at, event, side, _, size in ran.ladder if at > 2
    ]
    assert late == [(7, "REDUCE", 2, 5), (7, "CANCEL", 3, 5), (10, "NEW", 1, 10)]


def test_sizes_under_the_smallest_are_not_quoted(run):
    """Ten, five and 2.5: below three lots is not quoted, by its rule."""
    levels = {"count": 3, "size_factor": 0.5}

    ran = run(BOOK, {**THREE, "levels": levels, "min_size": "3lot"})

    assert [size for _, _, size in bids(ran)] == [10, 5]
    assert ran.level(2).bid_rules[-1] == (0, "MIN_SIZE")


def test_after_a_fill_no_level_of_the_side_grows(run):
    """Level 0 filled: for five ms it stays away, and level 1 as it is."""
    quote = {**THREE, "requote": {"after_fill": "5ms"}}

    ran = run(BOOK + "1 trade sell 99.97x10\n3 clock\n6 clock", quote)

    later = [row for row in ran.ladder if row[0] > 0]
    assert later == [(6, "NEW", 1, 99.98, 10)]


def test_each_level_is_left_alone_within_the_tolerance(run):
    """A tick within a tolerance of one; level 1, of another step now, moves by three."""
    quote = {
        "bid": "99.98 if bid > 99.985 else 99.97",
        "ask": 100.50,
        "size": 10,
        "levels": {"count": 2, "step": "1tick if bid > 99.985 else 3tick"},
        "requote": {"tolerance": "1tick"},
    }

    ran = run(BOOK + "1 quote 99.98x30 100.01x30", quote)

    moved = [row for row in ran.ladder if row[0] == 1]
    assert moved == [(1, "REPLACE", 2, 99.94, 10), (1, "REPLACE", -2, 100.53, 10)]


# ---- fills


def test_a_trade_through_several_levels_fills_the_best_first(run):
    """Twelve sold down to 99.96: ten at level 0, two at level 1."""
    ran = run(WIDE + "1 trade sell 99.95x12", THREE, fills="queue")

    assert ran.fills == [(1, 1, 99.98, 10), (1, 1, 99.97, 2)]


def test_each_level_has_its_own_place_in_the_queue(run):
    """Thirty stand ahead at 99.98, and nothing at the prices below it."""
    text = "0 quote 99.98x30 100.10x30\n1 trade sell 99.98x31\n"

    ran = run(text, THREE, instrument={"depth": 10})

    assert ran.fills == [(1, 1, 99.98, 1)]
    assert ran.recording.orders["queue_ahead"][:3].tolist() == [30, 0, 0]


def test_two_levels_at_one_price_fill_one_after_the_other(run):
    """Both joined behind twenty: of 33 the first has ten and the second three."""
    quote = {**THREE, "levels": {"count": 2, "step": "0tick"}}

    ran = run(
        "0 quote 99.98x20 100.10x30\n1 trade sell 99.98x33",
        {**quote, "requote": {"on": "quote"}},
    )

    assert ran.fills == [(1, 1, 99.98, 10), (1, 1, 99.98, 3)]
    assert ran.recording.fills["level"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("model", "filled"),
    [
        ("queue", [10, 2]),
        ("through", [10, 2]),
        ("through:2", [10]),
        ("touch", [10, 2]),
        ("hftbacktest", [10, 10]),
    ],
)
def test_every_model_consumes_a_trade_once(run, model, filled):
    """Twelve at 99.96, a tick through level 1: hftbacktest alone fills whole orders."""
    quote = {**THREE, "levels": {"count": 2}, "requote": {"on": "quote"}}

    ran = run(WIDE + "1 trade sell 99.96x12", quote, fills=model)

    assert [size for *_, size in ran.fills] == filled


def test_what_the_book_shows_is_taken_once_over_all_levels(run):
    """The ask comes to 99.96 with 15: ten for level 0, five for level 1."""
    ran = run(WIDE + "1 quote 99.90x5 99.96x15", {**THREE, "requote": {"on": "trade"}})

    assert ran.fills == []

    ran = run(
        WIDE + "1 trade sell 99.99x1\n2 quote 99.90x5 99.96x15",
        {**THREE, "requote": {"on": "trade"}},
    )

    assert ran.fills == [(2, 1, 99.98, 10), (2, 1, 99.97, 5)]


def test_a_guard_pulls_every_level(run):
    """A halt cancels all six orders, each by its rule."""
    ran = run(BOOK + "1 status halt", THREE)

    cancels = [row for row in ran.ladder if row[1] == "CANCEL"]
    assert sorted(side for _, _, side, _, _ in cancels) == [-3, -2, -1, 1, 2, 3]
    for level in range(3):
        assert ran.level(level).ask_rules[-1] == (1, "HALT")


# ---- what formulas and totals say


def test_own_state_is_of_all_levels(run):
    """The best working bid, and the size of all of them."""
    quote = {
        "bid": "99.98 if missing(working_bid) else working_bid",
        "ask": 100.50,
        "size": "10lot if missing(working_bid) else working_bid_size",
        "levels": {"count": 2},
    }

    ran = run(BOOK + "1 trade buy 100.01x1", quote)

    moved = [row for row in ran.ladder if row[0] == 1]
    assert moved == []  # larger at an unchanged price keeps its queue

    ran = run(
        BOOK + "1 trade buy 100.01x1", {**quote, "requote": {"keep_queue": False}}
    )

    moved = [row for row in ran.ladder if row[0] == 1 and row[2] > 0]
    assert moved == [(1, "REPLACE", 1, 99.98, 20), (1, "REPLACE", 2, 99.97, 20)]


def test_a_side_is_quoted_while_one_of_its_levels_rests(run):
    """Level 0 is filled and stays away; level 1 is quoted the whole time."""
    quote = {**THREE, "levels": {"count": 2}, "requote": {"on": "quote"}}

    ran = run(BOOK + "4 trade sell 99.97x10\n10 clock", quote)

    totals = ran.totals
    assert totals.rule_ns[0, Rule.QUOTED] == 10_000_000
    assert totals.both_ns == 10_000_000
    assert totals.level_rule_ns[0, 0, Rule.QUOTED] == 4_000_000
    assert totals.level_rule_ns[0, 0, Rule.FILLED] == 6_000_000
    assert totals.level_rule_ns[1, 0, Rule.QUOTED] == 10_000_000


def test_time_of_each_level_sums_to_the_session(run):
    """Whatever its rules."""
    ran = run(
        BOOK + "3 trade sell 99.97x15\n7 status halt\n10 clock",
        THREE,
        risk={"max_inventory": 25},
    )

    sums = ran.totals.level_rule_ns.sum(axis=2)
    assert (sums == ran.totals.session_ns).all()


def test_several_venues_have_levels_each(run):
    """Two venues, two levels: eight orders."""
    text = "0 quote 99.99x30 100.01x30\n0 quote 99.99x30 100.01x30 @1"

    ran = run(text, {**THREE, "levels": {"count": 2}}, beside=[{"venue": "IEX"}])

    assert len([row for row in ran.ladder if row[1] == "NEW"]) == 8
    assert bids(ran.at(1)) == [(0, 99.98, 10), (1, 99.97, 10)]


def test_what_is_ours_at_a_venue_is_of_all_its_levels(run):
    """The best working bid there, and the size of both; the other venue's apart."""
    quote = {
        "bid": "99.98 if missing(venue.working_bid) else venue.working_bid - 1tick",
        "ask": 100.50,
        "size": "10lot if missing(venue.working_bid) else venue.working_bid_size",
        "levels": {"count": 2},
        "requote": {"keep_queue": False},
    }
    text = "0 quote 99.99x30 100.01x30\n0 quote 99.99x30 100.01x30 @1\n"

    ran = run(text + "1 trade buy 100.01x1", quote, beside=[{"venue": "IEX"}])

    moved = [row for row in ran.at(1).ladder if row[0] == 1 and row[2] > 0]
    assert moved == [(1, "REPLACE", 1, 99.97, 20), (1, "REPLACE", 2, 99.96, 20)]
