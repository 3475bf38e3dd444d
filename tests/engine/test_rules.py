"""Rules of `toxicity`: when they come into force, what they do, when it is over."""

from __future__ import annotations

import pytest

from mmrun.engine.jit import compiled
from mmrun.engine.records import OWN_BITS, Adjustment


BOOK = "0 quote 99.99x30 100.01x30\n"
#: Long ten at 10 ms, for a resting bid of 99.99.
BOUGHT = BOOK + "10 trade sell 99.99x40\n"
LIMIT = {"max_inventory": 1000}
WIDE = {"half_spread": "2tick", "size": 10, "requote": {"keep_queue": False}}


def rules(**named):
    """A toxicity section; a rule is (when, then) or (when, then, hold)."""
    keys = ("when", "then", "hold")
    return {name: dict(zip(keys, rule, strict=False)) for name, rule in named.items()}


def unquoted(ran, side=0):
    """Milliseconds by rule, of those that took any."""
    names = ran.recording.rules
    return {
        names[code]: ns / 1e6 for code, ns in enumerate(ran.totals.rule_ns[side]) if ns
    }


# ---- when


def test_a_rule_pulls_at_the_row_that_meets_it(run):
    """Quotes are evaluated at book rows alone, rules at every row."""
    ran = run(
        BOOK + "10 trade buy 100.05x1\n20 clock\n30 quote 99.99x30 100.01x30",
        {"bid": 99.98, "ask": 100.02, "size": 10, "requote": {"on": "quote"}},
        toxicity=rules(busy=("trades(15ms) >= 1", "pull")),
    )

    assert ran.bids == [
        (0, "NEW", 99.98, 10),
        (10, "CANCEL", 99.98, 10),
        (30, "NEW", 99.98, 10),
    ]
    assert ran.bid_rules[1:] == [(0, "QUOTED"), (10, "BUSY"), (30, "QUOTED")]


def test_a_rule_is_seen_where_sizes_alone_move(run):
    """At the same prices: a displayed size under the threshold, for one row."""
    text = "10 quote 99.99x30 100.01x30\n20 quote 99.99x2 100.01x30\n30 quote 99.99x9 100.01x30"

    ran = run(BOOK + text, WIDE, toxicity=rules(thin=("bid_size < 3", {"pull": "bid"})))

    assert ran.bid_rules[1:] == [(0, "QUOTED"), (20, "THIN"), (30, "QUOTED")]
    assert ran.ask_rules[1:] == [(0, "QUOTED")]


def test_a_rule_that_looks_at_time_is_seen_at_rows_without_news(run):
    """The age of the position passes its limit while prices and sizes stand."""
    text = "".join(f"{at} quote 99.99x30 100.01x30\n" for at in range(20, 70, 10))

    ran = run(
        BOUGHT + text,
        toxicity=rules(old=("inventory_age > 45ms", {"pull": "bid"})),
    )

    assert ran.bid_rules[-1] == (60, "OLD")


def test_a_hold_goes_on_after_the_condition_has_cleared(run):
    """Met at 10, cleared at 26, in force to 46; quotes come back at the next row."""
    text = "10 trade buy 100.05x1\n26 clock\n40 clock\n50 clock\n60 clock"

    ran = run(
        BOOK + text, WIDE, toxicity=rules(busy=("trades(15ms) >= 1", "pull", "20ms"))
    )

    assert ran.bid_rules[1:] == [(0, "QUOTED"), (10, "BUSY"), (50, "QUOTED")]
    assert unquoted(ran) == {"quoted": 20, "busy": 40}


def test_a_hold_that_is_met_again_starts_over(run):
    """A second trade within the hold: cleared at 45, over at 65."""
    text = "10 trade buy 100.05x1\n26 clock\n30 trade buy 100.05x1\n45 clock\n64 clock\n65 clock"

    ran = run(
        BOOK + text, WIDE, toxicity=rules(busy=("trades(15ms) >= 1", "pull", "20ms"))
    )

    assert ran.bid_rules[1:] == [(0, "QUOTED"), (10, "BUSY"), (65, "QUOTED")]
    (busy,) = ran.totals.own_rules
    assert busy.events == 1


def test_a_condition_without_a_value_is_not_met_and_that_time_is_counted(run):
    """Before the first trade there is no last price; a hold goes on when it is lost."""
    text = "10 quote 99.99x30 -\n20 quote 99.97x30 100.03x30\n30 quote - 100.01x30\n45 clock"

    ran = run(
        BOOK + text,
        {"bid": 99.95, "ask": 100.05, "size": 10},
        toxicity=rules(wide=("spread > 4tick", "pull", "10ms")),
    )

    assert ran.bid_rules[1:] == [(0, "QUOTED"), (20, "WIDE"), (45, "QUOTED")]
    (wide,) = ran.totals.own_rules
    assert wide.unknown_ns == 25_000_000


def test_time_without_a_value_counts_in_the_session_alone(run):
    """Unknown from 0 to 60, of which 20 to 50 are open."""
    ran = run(
        BOOK + "20 clock\n60 clock",
        sessions=[(20, 50)],
        toxicity=rules(moved=("ret(mid) > 1bps", "pull")),
    )

    assert ran.totals.own_rules[0].unknown_ns == 30_000_000


# ---- own names


def test_own_fills_are_counted_at_every_row(run):
    """Two fills within 100 ms; the first leaves the window at a clock row."""
    text = """
        10 trade sell 99.98x10
        50 trade sell 99.98x10
        109 clock
        110 clock
    """

    ran = run(BOOK + text, toxicity=rules(hit=("fills(100ms) >= 2", {"pull": "bid"})))

    assert ran.bid_rules[-2:] == [(50, "HIT"), (110, "QUOTED")]


def test_a_markout_pulls_when_its_horizon_has_passed(run):
    """Bought at 99.99, the mid is 99.95 when the fill is 20 ms old."""
    text = "10 trade sell 99.98x10\n20 quote 99.94x30 99.96x30\n30 clock\n31 clock"

    ran = run(
        BOOK + text,
        toxicity=rules(
            picked_off=("own_markout(20ms, over=1s, min_fills=1) < -1bps", "pull")
        ),
    )

    assert ran.ask_rules[-1] == (31, "PICKED_OFF")
    assert ran.totals.own_rules[0].unknown_ns == 31_000_000


def test_a_rule_reads_quote_fields_and_their_last_values(run):
    """Pulled while the half spread has grown since quotes were last evaluated."""
    ran = run(
        BOOK + "10 quote 99.98x30 100.02x30\n20 quote 99.98x30 100.02x30\n",
        {"half_spread": "spread", "size": 10},
        toxicity=rules(wider=("half_spread > prev(half_spread)", "pull")),
    )

    assert ran.bid_rules[1:] == [(0, "QUOTED"), (10, "WIDER")]


# ---- what


@pytest.mark.parametrize(
    ("then", "bid", "ask"),
    [
        ("pull", "CALM", "CALM"),
        ({"pull": "bid"}, "CALM", "QUOTED"),
        ({"pull": "ask"}, "QUOTED", "CALM"),
        ({"pull": "adding"}, "CALM", "CALM"),
        ("reduce_only", "CALM", "CALM"),
        ("flatten", "CALM", "CALM"),
        ("stop", "CALM", "CALM"),
    ],
)
def test_what_is_pulled_of_a_flat_book(run, then, bid, ask):
    """At the target both sides lead away from it."""
    ran = run(BOOK + "10 clock", toxicity=rules(calm=("1 == 1", then)))

    assert ran.bid_rules[-1] == (0, bid)
    assert ran.ask_rules[-1] == (0, ask)


@pytest.mark.parametrize("then", [{"pull": "adding"}, "reduce_only"])
def test_of_a_long_book_the_bid_adds(run, then):
    """Ten long: the bid goes, the ask stays at what is left of its size."""
    quote = {"bid": 99.99, "ask": 100.01, "bid_size": 10, "ask_size": 25}

    ran = run(BOUGHT, quote, toxicity=rules(long=("inventory > 5", then)))

    assert ran.bid_rules[-1] == (10, "LONG")
    reduced = then == "reduce_only"
    assert ran.orders[-1][1:] == (
        ("REDUCE", -1, 100.01, 10) if reduced else ("NEW", -1, 100.01, 25)
    )


def test_what_reduces_is_named_where_it_clips(run):
    """The ask's size is not its formula's, by the rule."""
    quote = {"bid": 99.99, "ask": 100.01, "bid_size": 10, "ask_size": 25}

    ran = run(BOUGHT, quote, toxicity=rules(long=("inventory > 5", "reduce_only")))

    assert ran.adjustments[-1] == (10, -1, Adjustment(1 << OWN_BITS))


def test_reduce_only_leaves_less_than_a_lot_alone(run):
    """Seven long in lots of ten: neither side is quoted."""
    ran = run(
        BOOK + "10 trade sell 99.99x37\n20 quote 99.99x30 100.01x30",
        {"bid": 99.99, "ask": 100.01, "size": 10},
        instrument={"lot": 10.0},
        toxicity=rules(long=("inventory > 5", "reduce_only")),
    )

    assert ran.totals.final_inventory == 7
    assert ran.bid_rules[-1][1] == ran.ask_rules[-1][1] == "LONG"


def test_widen_multiplies_the_distance_from_the_reservation_price(run):
    """Two ticks around 99.995 become five: 99.945 and 100.045, rounded outward."""
    quote = {"half_spread": "2tick", "reservation": "mid - 0.5tick", "size": 10}

    ran = run(BOOK, quote, toxicity=rules(calm=("1 == 1", {"widen": 2.5})))

    assert ran.orders == [(0, "NEW", 1, 99.94, 10), (0, "NEW", -1, 100.05, 10)]
    assert ran.adjustments[0] == (0, 1, Adjustment(1 << OWN_BITS))


def test_of_several_the_largest_widens_and_the_smallest_sizes(run):
    """Both combine; what has no part in it is not named."""
    toxicity = rules(
        half=("1 == 1", {"size": 0.5}),
        two=("1 == 1", {"widen": 2}),
        third=("1 == 1", {"size": 0.3}),
        three=("1 == 1", {"widen": 3}),
    )

    ran = run(BOOK, WIDE, toxicity=toxicity)

    assert ran.orders == [(0, "NEW", 1, 99.94, 3), (0, "NEW", -1, 100.06, 3)]
    assert ran.adjustments[0] == (0, 1, Adjustment((4 | 8) << OWN_BITS))


def test_a_size_of_nothing_is_not_quoted_by_the_rule(run):
    """A tenth of ten in lots of two; what was too small before stays min_size."""
    quote = {"bid": 99.99, "ask": 100.01, "bid_size": 10, "ask_size": 1}

    ran = run(
        BOOK,
        quote,
        instrument={"lot": 2.0},
        toxicity=rules(calm=("1 == 1", {"size": 0.1})),
    )

    assert ran.bid_rules[1:] == [(0, "CALM")]
    assert ran.ask_rules[1:] == [(0, "MIN_SIZE")]


def test_on_a_side_the_strongest_holds(run):
    """A pulled bid; the ask that reduces is neither widened nor sized."""
    toxicity = rules(
        wider=("1 == 1", {"widen": 2}),
        smaller=("1 == 1", {"size": 0.5}),
        reduce=("inventory > 5", "reduce_only"),
        pulled=("inventory > 5", {"pull": "bid"}),
    )
    quote = {"half_spread": "1tick", "size": 20}

    ran = run(BOOK + "10 trade sell 99.97x40\n", quote, toxicity=toxicity)

    assert ran.fills == [(10, 1, 99.98, 10)]
    assert ran.bid_rules[-1] == (10, "PULLED")
    assert ran.orders[-1] == (10, "REPLACE", -1, 100.01, 10)


def test_quotes_are_the_formulas_again_when_a_rule_is_over(run):
    """Widened while the book is thin; then sizes and prices are as before."""
    text = "10 quote 99.99x2 100.01x30\n20 quote 99.99x30 100.01x30\n30 quote 100.0x30 100.02x30"
    toxicity = rules(thin=("bid_size < 3", {"widen": 2}))

    ran = run(BOOK + text, WIDE, toxicity=toxicity)

    assert [p for _, _, p, _ in ran.bids] == [99.98, 99.96, 99.98, 99.99]


def test_of_equal_rules_the_first_is_named(run):
    """Then, when its condition clears first, the other."""
    toxicity = rules(
        first=("trades(15ms) >= 1", "pull"), second=("trades(25ms) >= 1", "pull")
    )

    ran = run(
        BOOK + "10 trade buy 100.05x1\n26 clock\n40 clock", WIDE, toxicity=toxicity
    )

    assert ran.bid_rules[1:] == [
        (0, "QUOTED"),
        (10, "FIRST"),
        (26, "SECOND"),
        (40, "QUOTED"),
    ]
    assert ran.recording.orders["rule"].max() == ran.recording.rules.index("first")


def test_an_order_under_way_is_called_back(run):
    """Sent at 0, pulled at 1 before its answer: cancelled once it is known."""
    ran = run(
        BOOK + "1 trade buy 100.05x1\n40 clock",
        latency=(0, 5, 5, 0),
        toxicity=rules(busy=("trades(1s) >= 1", "pull")),
    )

    assert ran.bids == [(5, "NEW", 99.99, 10), (10, "CANCEL", 99.99, 10)]
    assert ran.bid_rules[-1] == (10, "BUSY")


# ---- flatten and stop


def test_flatten_takes_what_is_held_and_stays_away_until_it_is_over(run):
    """Ten long for 20 ms: sold at the bid; back when clear and held."""
    text = (
        "30 quote 99.98x30 100.02x30\n40 clock\n50 quote 99.98x30 100.02x30\n61 clock"
    )

    ran = run(
        BOUGHT + text, toxicity=rules(old=("inventory_age >= 20ms", "flatten", "20ms"))
    )

    assert ran.fills == [(10, 1, 99.99, 10), (30, -1, 99.98, 10)]
    assert ran.recording.fills["taker"].tolist() == [0, 1]
    assert ran.bid_rules[-2:] == [(30, "OLD"), (61, "QUOTED")]


def test_flatten_goes_to_the_target(run):
    """Ten long with a target of four: six are sold."""
    ran = run(
        BOUGHT + "30 quote 99.98x30 100.02x30\n40 clock",
        risk=LIMIT | {"target_inventory": 4},
        toxicity=rules(old=("inventory_age >= 20ms", "flatten")),
    )

    assert ran.fills[-1] == (30, -1, 99.98, 6)
    assert ran.totals.final_inventory == 4


def test_nothing_is_taken_at_a_venue_that_is_halted(run):
    """The halt is what keeps us out, and it trades nothing."""
    text = "20 status halt\n30 trade sell 99.98x5\n35 quote 99.98x30 100.02x30"

    ran = run(BOUGHT + text, toxicity=rules(old=("inventory_age >= 20ms", "flatten")))

    assert ran.totals.final_inventory == 10
    assert ran.bid_rules[-1] == (20, "HALT")


def test_a_stop_lasts_until_the_next_session(run):
    """The condition clears at once; inventory is kept; at the open it is over."""
    text = "20 clock\n80 clock\n110 quote 99.99x30 100.01x30"

    ran = run(
        BOUGHT + text,
        sessions=[(0, 100), (105, 200)],
        toxicity=rules(hit=("fills(5ms) >= 1", "stop", "1s")),
    )

    assert ran.bid_rules[1:] == [
        (0, "QUOTED"),
        (10, "HIT"),
        (100, "SESSION"),
        (110, "QUOTED"),
    ]
    assert ran.totals.final_inventory == 10
    requests = [o[1] for o in ran.orders if 10 <= o[0] < 105]
    assert set(requests) == {"CANCEL"}


def test_a_stop_is_stronger_than_flatten(run):
    """Nothing is taken."""
    toxicity = rules(
        old=("inventory_age >= 20ms", "flatten"), hit=("fills(1s) >= 1", "stop")
    )

    ran = run(BOUGHT + "40 quote 99.98x30 100.02x30", toxicity=toxicity)

    assert ran.totals.final_inventory == 10
    assert ran.ask_rules[-1] == (10, "HIT")


def test_a_stop_that_is_met_at_the_open_stops_again(run):
    """And counts as another time."""
    ran = run(
        BOOK + "50 clock\n110 clock\n120 clock",
        sessions=[(0, 100), (105, 200)],
        toxicity=rules(calm=("1 == 1", "stop")),
    )

    assert ran.bid_rules[-1] == (110, "CALM")
    assert ran.totals.own_rules[0].events == 2


def test_without_sessions_a_stop_ends_at_midnight_utc(run):
    """The tape begins at 22:13:20: 6,400 s before the day ends."""
    to_midnight = 6_400_000
    text = f"{to_midnight - 1} clock\n{to_midnight + 1} clock"

    ran = run(  # compiled: 6,400 times of the equity grid
        BOUGHT + text,
        toxicity=rules(hit=("fills(5ms) >= 1", "stop")),
        mode=compiled,
    )

    assert ran.bid_rules[-2:] == [(10, "HIT"), (to_midnight + 1, "QUOTED")]


# ---- several venues


def test_a_rule_acts_on_all_venues(run):
    """Both are pulled by a condition of the consolidated book."""
    text = "0 quote 99.99x30 100.01x30\n0 quote 99.98x30 100.02x30 @1\n10 trade buy 100.05x1 @1"

    ran = run(
        text,
        beside=[{"venue": "IEX"}],
        venues={"NASDAQ": {}, "IEX": {}},
        toxicity=rules(busy=("trades(1s) >= 1", "pull")),
    )

    assert ran.at(0).bid_rules[-1] == ran.at(1).bid_rules[-1] == (10, "BUSY")


def test_what_reduces_is_shared_by_venues(run):
    """Ten long: the asks of both venues together are for ten."""
    text = "0 quote 99.99x30 100.01x30\n0 quote 99.98x30 100.01x30 @1\n10 trade sell 99.98x40"

    ran = run(
        text,
        {"bid": 99.99, "ask": 100.01, "bid_size": 10, "ask_size": 7},
        beside=[{"venue": "IEX"}],
        venues={"NASDAQ": {}, "IEX": {}},
        toxicity=rules(long=("inventory >= 10", "reduce_only")),
    )

    asks = [[o for o in ran.at(venue).orders if o[2] < 0][-1] for venue in (0, 1)]
    assert [(at, event, size) for at, event, _, _, size in asks] == [
        (10, "REDUCE", 3),
        (0, "NEW", 7),
    ]
