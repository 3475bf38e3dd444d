"""The life of an order: requests, when they take effect, what becomes of them."""

from __future__ import annotations

import pytest

from mmrun.engine.records import Adjustment, OrderEvent, Rule


BOOK = "0 quote 99.99x30 100.01x30\n"
#: A bid that follows the market's, and an ask far away.
JOIN = {"bid": "bid", "ask": 100.50, "size": 10}
#: A bid that is better than any ask of the tape, and an ask above it.
EAGER = {"bid": 100.10, "ask": 100.20, "size": 10}


# ---- no latency


def test_without_latency_a_request_takes_effect_right_after_its_row(run):
    """The order stands at the row's time, behind what the row shows."""
    ran = run(BOOK, JOIN)

    assert ran.bids == [(0, "NEW", 99.99, 10)]
    assert ran.recording.orders["queue_ahead"][0] == 30


def test_a_replacement_is_one_request(run):
    """The market's bid moves a tick: one replace, no cancel."""
    ran = run(BOOK + "10 quote 100.00x30 100.01x30", JOIN)

    assert ran.bids == [(0, "NEW", 99.99, 10), (10, "REPLACE", 100.00, 10)]


# ---- latency: feed 1, order 2, cancel 3, response 4 ms

DELAYED = (1, 2, 3, 4)


def test_an_order_takes_effect_after_feed_and_order(run):
    """Sent at the row of 0 ms, it stands at 3 ms."""
    ran = run(BOOK + "10 clock", JOIN, latency=DELAYED)

    assert ran.bids == [(3, "NEW", 99.99, 10)]


def test_a_cancel_takes_effect_after_feed_and_cancel(run):
    """The halt's row of 10 ms cancels at 14 ms."""
    ran = run(BOOK + "10 status halt\n20 clock", JOIN, latency=DELAYED)

    assert ran.bids == [(3, "NEW", 99.99, 10), (14, "CANCEL", 99.99, 10)]


@pytest.mark.parametrize(("at", "filled"), [(2, 0), (3, 0), (3.000001, 4)])
def test_rows_of_the_effects_own_time_come_first(run, at, filled):
    """A trade at 3 ms is before the order of 3 ms; a nanosecond later it is not."""
    ran = run(BOOK + f"{at} trade sell 99.90x4\n20 clock", JOIN, latency=DELAYED)

    assert sum(size for *_, size in ran.fills) == filled


def test_an_order_joins_the_queue_as_it_is_at_its_arrival(run):
    """Thirty were shown when it was sent, seventy stand there when it comes."""
    text = """
        2 quote 99.99x70 100.01x30
        10 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    assert ran.recording.orders["queue_ahead"][0] == 70


@pytest.mark.parametrize(
    ("latency", "known"), [((1, 2, 3, 4), 14), ((5, 0, 0, 1), 15), ((1, 0, 0, 1), 11)]
)
def test_a_fill_is_known_after_the_response_or_the_feed(run, latency, known):
    """At the later of fill + response and fill + feed."""
    text = "10 trade sell 99.90x4\n50 clock"

    ran = run(BOOK + text, {**JOIN, "requote": {"on": "quote"}}, latency=latency)

    fill = ran.recording.fills[0]
    assert (fill["known_ts"] - fill["ts"]) / 1e6 == known - 10


@pytest.mark.parametrize(("row", "sent"), [(12.5, 20), (13, 13)])
def test_formulas_see_a_fill_when_it_is_known(run, row, sent):
    """Filled at 10, known at 14: the first row seen at 14 or later is that of 13 ms."""
    quote = {"bid": "99.99 if inventory == 0 else 99.98", "ask": 100.50, "size": 10}
    text = f"""
        10 trade sell 99.90x4
        {row} clock
        20 clock
        40 clock
    """

    ran = run(BOOK + text, quote, latency=DELAYED)

    assert ran.bids[1] == (sent + 3, "REPLACE", 99.98, 10)


def test_what_changes_meanwhile_is_sent_after_the_answer(run):
    """One request a side is under way; the next goes at the first row after its answer.

    The first order's effect is at 3 and its answer seen with rows from 6 ms on.
    """
    text = """
        1 quote 99.98x30 100.01x30
        5 quote 99.97x30 100.01x30
        6 clock
        20 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    assert ran.bids == [(3, "NEW", 99.99, 10), (9, "REPLACE", 99.97, 10)]


def test_a_fill_may_arrive_while_a_cancel_is_in_flight(run):
    """Halted at 10 and cancelled at 14: a print at 12 still fills."""
    text = """
        10 status halt
        12 trade sell 99.90x4
        20 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    assert ran.fills == [(12, 1, 99.99, 4)]
    assert ran.bids[1] == (14, "CANCEL", 99.99, 6)


def test_a_cancel_of_an_order_that_has_filled_finds_nothing(run):
    """Filled at 12 while the cancel travelled: there is nothing to cancel at 14."""
    text = """
        10 status halt
        12 trade sell 99.90x40
        20 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    assert [event for _, event, *_ in ran.bids] == ["NEW"]


def test_a_replacement_of_an_order_that_has_filled_is_rejected(run):
    """Sent at 10, filled at 12: the venue knows no such order at 13."""
    text = """
        10 quote 99.98x30 100.01x30
        12 trade sell 99.90x40
        14 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    last = ran.recording.orders[-1]
    assert ran.bids[-1] == (13, "REJECT", 99.98, 10)
    assert last["rule"] == Rule.FILLED


def test_fills_under_way_never_make_a_replacement_too_large(run):
    """Six filled unknown to us: the replacement's ten is the total, four are left."""
    text = """
        10 quote 99.98x30 100.01x30
        12 trade sell 99.90x6
        14 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    assert ran.bids[-1] == (13, "REPLACE", 99.98, 4)


def test_an_order_filled_up_to_its_smaller_total_is_cancelled(run):
    """Cut from ten to five while six filled: the other four go, by the rule filled."""
    quote = {"bid": 99.99, "ask": 100.50, "size": "10 if bid_size > 20 else 5"}
    text = """
        10 quote 99.99x20 100.01x30
        12 trade sell 99.90x6
        14 clock
    """

    ran = run(BOOK + text, quote, latency=DELAYED)

    assert ran.bids[-1] == (13, "CANCEL", 99.99, 4)
    assert ran.bid_rules[-1] == (13, "FILLED")


def test_a_guard_cancels_an_order_it_found_in_flight(run):
    """Halted while the order travels: the cancel goes as soon as it is confirmed."""
    text = """
        1 status halt
        50 clock
    """

    ran = run(BOOK + text, JOIN, latency=DELAYED)

    assert ran.bids == [(3, "NEW", 99.99, 10), (10, "CANCEL", 99.99, 10)]


def test_every_request_is_sent_at_a_row_or_a_deadline(run):
    """`sent_ts` of an order is its row's, of a fill its own time."""
    ran = run(BOOK + "10 trade sell 99.90x40\n20 clock", JOIN, latency=DELAYED)

    log = ran.recording.orders
    filled = log["event"] == OrderEvent.FILLED
    assert (log["ts"] - log["sent_ts"])[filled].tolist() == [0]
    assert set((log["ts"] - log["sent_ts"])[~filled].tolist()) == {3_000_000}


# ---- size and place in the queue


def test_a_smaller_size_is_cut_in_place(run):
    """Only the size shrinking keeps the queue: the five behind twenty of thirty."""
    quote = {"bid": 99.99, "ask": 100.50, "size": "10 if bid_size > 20 else 5"}
    text = """
        10 quote 99.99x20 100.01x30
        20 quote 99.99x19 100.01x30
        30 trade sell 99.99x20
    """

    ran = run(BOOK + text, quote)

    assert ran.bids == [(0, "NEW", 99.99, 10), (10, "REDUCE", 99.99, 5)]
    assert ran.fills == [(30, 1, 99.99, 1)]


def test_a_price_and_back_loses_the_queue(run):
    """Back at its old price the order stands behind all that is shown there."""
    quote = {"bid": "99.99 if bid_size < 50 else 99.98", "ask": 100.50, "size": 10}
    text = """
        10 quote 99.99x60 100.01x30
        20 quote 99.99x45 100.01x30
        30 trade sell 99.99x45
        40 trade sell 99.99x1
    """

    ran = run(BOOK + text, quote)

    assert ran.fills == [(40, 1, 99.99, 1)]


# ---- post-only


def test_slide_stands_one_tick_short_of_the_ask(run):
    """A bid above the ask of 100.01 becomes 100.00 and is marked so."""
    ran = run(BOOK, EAGER)

    assert ran.bids == [(0, "NEW", 100.00, 10)]
    assert (0, 1, Adjustment.POST_ONLY) in ran.adjustments


def test_an_ask_slides_above_the_bid(run):
    """An ask below the bid of 99.99 becomes 100.00."""
    ran = run(BOOK, {"bid": 99.80, "ask": 99.90, "size": 10})

    assert (0, "NEW", -1, 100.00, 10) in ran.orders


def test_a_locking_price_slides_too(run):
    """A bid at the ask would take: it is moved."""
    ran = run(BOOK, {"bid": 100.01, "ask": 100.20, "size": 10})

    assert ran.bids == [(0, "NEW", 100.00, 10)]


def test_skip_does_not_quote_what_would_take(run):
    """Nothing is sent, by the rule post_only."""
    ran = run(BOOK, {**EAGER, "post_only": "skip"})

    assert ran.bids == []
    assert ran.bid_rules[-1] == (0, "POST_ONLY")


def test_reject_sends_and_is_refused(run):
    """The venue rejects it, by the rule post_only."""
    ran = run(BOOK, {**EAGER, "post_only": "reject"})

    assert ran.bids == [(0, "REJECT", 100.10, 10)]
    assert ran.bid_rules[-1] == (0, "POST_ONLY")
    assert ran.totals.rejects == 1


def test_off_takes_what_is_displayed(run):
    """It pays the ask's price for what is shown there and rests with what is left."""
    venues = {"NASDAQ": {"maker_fee": 0, "taker_fee": "0.0030/share"}}

    ran = run(
        "0 quote 99.99x30 100.01x4\n10 clock",
        {**EAGER, "post_only": "off"},
        venues=venues,
    )

    assert ran.fills == [(0, 1, 100.01, 4)]
    assert ran.recording.fills["taker"].tolist() == [1]
    assert ran.totals.fees == pytest.approx(0.012, rel=1e-12)
    assert ran.bids == [(0, "NEW", 100.10, 10)]


def test_a_taker_walks_the_book_level_by_level(run):
    """Each level at its own price, the best first, none beyond our price."""
    text = """
        0 depth bid 99.99x30
        0 depth ask 100.20x50
        0 depth ask 100.05x3
        0 depth ask 100.01x4
        10 trade buy 100.01x1
    """
    quote = {**EAGER, "post_only": "off", "requote": {"on": "trade"}, "ask": 100.90}

    ran = run(text, quote, instrument={"depth": None})

    assert ran.fills == [(10, 1, 100.01, 4), (10, 1, 100.05, 3)]


def test_a_taker_does_not_take_the_same_size_twice(run):
    """What it took is gone until the book shows more."""
    quote = {**EAGER, "post_only": "off", "requote": {"on": "trade"}}
    text = """
        0 quote 99.99x30 100.01x4
        10 trade buy 100.01x1
        20 quote 99.98x30 100.01x4
        30 quote 99.98x30 100.01x5
    """

    ran = run(text, quote)

    assert ran.fills == [(10, 1, 100.01, 4), (30, 1, 100.10, 1)]


def test_taking_is_decided_at_arrival(run):
    """Sent below the ask, it meets an ask that came down meanwhile and takes."""
    quote = {"bid": 100.00, "ask": 100.50, "size": 10, "post_only": "off"}

    ran = run(BOOK + "2 quote 99.90x9 99.95x4\n3.5 clock", quote, latency=DELAYED)

    assert ran.fills == [(3, 1, 99.95, 4)]
    assert ran.recording.fills["taker"].tolist() == [1]


def test_sliding_is_decided_at_arrival(run):
    """Sent as 100.00 below the ask of 100.01, it stands below the ask it finds."""
    quote = {"bid": 100.00, "ask": 100.50, "size": 10}

    ran = run(BOOK + "2 quote 99.90x9 99.95x4\n3.5 clock", quote, latency=DELAYED)

    assert ran.bids == [(3, "NEW", 99.94, 10)]


def test_a_rejected_replacement_leaves_the_order_as_it_was(run):
    """Post-only refuses the new price at arrival; the old order rests on."""
    quote = {"bid": "bid", "ask": 100.50, "size": 10, "post_only": "reject"}
    text = """
        10 quote 100.00x30 100.01x30
        12 quote 99.95x30 100.00x30
        13.5 clock
    """

    ran = run(BOOK + text, quote, latency=DELAYED)

    assert ran.bids == [(3, "NEW", 99.99, 10), (13, "REJECT", 100.00, 10)]
    assert ran.bid_rules[-1] == (3, "QUOTED")


# ---- own orders against each other


def test_own_quotes_that_cross_are_not_sent(run):
    """A bid at the ask is refused on both sides, by the rule own_crossed."""
    ran = run(BOOK, {"bid": 100.00, "ask": 100.00, "size": 10})

    assert ran.orders == []
    assert ran.bid_rules[-1] == ran.ask_rules[-1] == (0, "OWN_CROSSED")


def test_an_ask_that_would_meet_our_own_bid_is_refused(run):
    """The bid, held by its tolerance, stands where the ask wants to go."""
    quote = {
        "bid": "bid + 2tick",
        "ask": "bid + 8tick if ask_size == 30 else bid + 3tick",
        "size": 1,
        "requote": {"tolerance": "3tick"},
    }

    ran = run("0 quote 99.99x30 100.09x30\n10 quote 99.96x30 100.09x3", quote)

    assert ran.orders[-1] == (10, "REJECT", -1, 99.99, 1)
    assert ran.recording.orders["rule"][-1] == Rule.OWN_CROSSED
    assert ran.ask_rules[-1] == (0, "QUOTED")


@pytest.mark.parametrize("latency", [(0, 0, 0, 0), (0, 1, 1, 1)])
def test_quotes_that_move_together_do_not_meet(run, latency):
    """By more than their spread, up and down: one goes first and nothing is refused."""
    quote = {
        "bid": "100.00 if ask_size == 30 else 100.05",
        "ask": "100.02 if ask_size == 30 else 100.07",
        "size": 1,
    }
    text = """
        0 quote 99.90x30 100.20x30
        10 quote 99.90x30 100.20x3
        20 quote 99.90x30 100.20x30
        30 clock
    """

    ran = run(text, quote, latency=latency)

    assert [event for _, event, *_ in ran.orders] == ["NEW"] * 2 + ["REPLACE"] * 4


def test_allow_crossed_sends_both(run):
    """With `allow_crossed` both stand at one price."""
    ran = run(BOOK, {"bid": 100.00, "ask": 100.00, "size": 10, "allow_crossed": True})

    assert [(side, price) for _, _, side, price, _ in ran.orders] == [
        (1, 100.0),
        (-1, 100.0),
    ]
