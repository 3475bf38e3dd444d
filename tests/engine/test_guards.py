"""What pulls both sides, when it comes and when it goes."""

from __future__ import annotations

import pytest

from mmrun.engine.records import Rule


BOOK = "0 quote 99.99x30 100.01x30\n"
LIMITED = {"max_inventory": 1000}


def durations(ran, side=0):
    """Milliseconds by rule, those that took any."""
    return {
        Rule(rule).name: ns / 1e6
        for rule, ns in enumerate(ran.totals.rule_ns[side])
        if ns
    }


# ---- halts and auctions


@pytest.mark.parametrize(("status", "rule"), [("halt", "HALT"), ("auction", "AUCTION")])
def test_a_halt_pulls_both_sides_by_its_name(run, status, rule):
    """Cancelled at the row that says so."""
    ran = run(BOOK + f"10 status {status}\n20 quote 99.98x30 100.01x30")

    assert ran.orders[2:] == [
        (10, "CANCEL", 1, 99.99, 10),
        (10, "CANCEL", -1, 100.01, 10),
    ]
    assert ran.bid_rules[-1] == ran.ask_rules[-1] == (10, rule)


@pytest.mark.parametrize("back", ["resume", "connected"])
def test_quotes_come_back_when_the_venue_resumes(run, back):
    """At the row itself, which is evaluated."""
    ran = run(BOOK + f"10 status halt\n30 status {back}\n40 clock")

    assert ran.bids[-1] == (30, "NEW", 99.99, 10)
    assert durations(ran) == {"QUOTED": 20, "HALT": 20}


def test_during_a_halt_no_request_but_cancels(run):
    """Rows of every kind come and go: nothing is sent until the venue resumes."""
    text = """
        10 status halt
        20 quote 99.98x30 100.01x30
        30 trade sell 99.98x5
        40 clock
        50 status auction
        60 quote 99.97x30 100.01x30
    """

    ran = run(BOOK + text, latency=(1, 2, 3, 4))

    after = [event for at, event, *_ in ran.orders if at > 10]
    assert after == ["CANCEL", "CANCEL"]


# ---- silence


def test_a_silent_venue_pulls_at_its_deadline(run):
    """Fifty milliseconds after the last row, between rows."""
    ran = run(
        BOOK + "80 quote 99.98x30 100.01x30", risk={**LIMITED, "stale_after": "50ms"}
    )

    assert ran.bids == [
        (0, "NEW", 99.99, 10),
        (50, "CANCEL", 99.99, 10),
        (80, "NEW", 99.99, 10),
    ]
    assert durations(ran) == {"QUOTED": 50, "STALE": 30}


def test_clock_rows_do_not_end_a_silence(run):
    """They are not the venue's."""
    text = "40 clock\n50 clock\n60 clock"

    ran = run(BOOK + text, risk={**LIMITED, "stale_after": "50ms"})

    assert ran.bid_rules[-1] == (50, "STALE")


@pytest.mark.parametrize("row", ["trade buy 100.01x1", "status gap"])
def test_any_row_of_the_venue_ends_a_silence(run, row):
    """A trade or a status says that it is alive."""
    ran = run(BOOK + f"80 {row}", risk={**LIMITED, "stale_after": "50ms"})

    assert ran.bid_rules[-1] == (80, "QUOTED")


def test_a_stale_row_pulls_at_once(run):
    """The feed knows by itself that it has lost the venue."""
    ran = run(BOOK + "10 status stale\n20 clock\n30 trade buy 100.01x1")

    assert durations(ran) == {"QUOTED": 10, "STALE": 20}


def test_a_venue_is_stale_after_a_minute_unless_said(run):
    """`stale_after: 1min` is on by default."""
    ran = run(BOOK + "90000 clock", risk=LIMITED)

    assert durations(ran) == {"QUOTED": 60_000, "STALE": 30_000}


def test_risk_none_never_goes_stale(run):
    """An hour of silence and the quotes stand."""
    ran = run(BOOK + "3600000 clock")

    assert durations(ran) == {"QUOTED": 3_600_000}


# ---- crossed books

CROSSED = BOOK + "10 quote 100.03x30 100.02x30\n20 quote 99.99x30 100.01x30\n30 clock"
AWAY = {"bid": 99.90, "ask": 100.10, "size": 10}


def test_a_crossed_book_pulls_until_it_uncrosses(run):
    """Bid above ask for ten milliseconds."""
    ran = run(CROSSED, AWAY, risk=LIMITED)

    assert durations(ran) == {"QUOTED": 20, "CROSSED_BOOK": 10}


def test_a_locked_book_is_not_crossed(run):
    """Bid at ask: quotes stand."""
    ran = run(BOOK + "10 quote 100.01x30 100.01x30\n20 clock", AWAY, risk=LIMITED)

    assert durations(ran) == {"QUOTED": 20}


def test_a_crossed_book_may_be_ignored(run):
    """`crossed_book: off`."""
    ran = run(CROSSED, AWAY, risk={**LIMITED, "crossed_book": "off"})

    assert durations(ran) == {"QUOTED": 30}


# ---- stop_all

STOP = {"max_inventory": 10, "on_breach": "stop_all"}


def test_stop_all_pulls_both_sides_at_the_limit(run):
    """Long ten of ten: nothing is quoted, not even what would reduce it."""
    ran = run(BOOK + "10 trade sell 99.98x10\n20 clock\n", risk=STOP)

    assert ran.orders[-1] == (10, "CANCEL", -1, 100.01, 10)
    assert durations(ran, 1) == {"QUOTED": 10, "MAX_INVENTORY": 10}


def test_stop_all_comes_back_below_the_limit(run):
    """The ask in flight to its cancel is filled, and the position is below again."""
    text = """
        10 trade sell 99.98x10
        12 trade buy 100.02x4
        40 clock
    """

    ran = run(BOOK + text, risk=STOP, latency=(0, 1, 5, 0))

    assert ran.totals.final_inventory == 6
    assert ran.bid_rules[-1][1] == "QUOTED"


# ---- sessions

HOURS = [(0, 50), (100, 150)]


def test_outside_the_session_nothing_is_quoted(run):
    """Open at 10, closed at 50, by the rule session; time outside is not counted."""
    text = "20 clock\n40 clock\n60 clock"

    ran = run(BOOK + text, sessions=[(10, 50)])

    assert ran.bids == [(20, "NEW", 99.99, 10), (50, "CANCEL", 99.99, 10)]
    assert ran.totals.session_ns == 40_000_000


def test_the_close_cancels_between_rows(run):
    """At its own time, not at the next row."""
    ran = run(BOOK + "80 quote 99.98x30 100.01x30", sessions=HOURS)

    assert ran.bids[-1] == (50, "CANCEL", 99.99, 10)


def test_the_next_session_quotes_again(run):
    """At the first row after its open."""
    ran = run(BOOK + "80 clock\n110 clock\n160 clock", sessions=HOURS)

    assert [at for at, *_ in ran.bids] == [0, 50, 110, 150]


def test_a_row_at_the_open_is_in_the_session(run):
    """A row of exactly that time is quoted."""
    ran = run(BOOK + "100 clock", sessions=[(100, 150)])

    assert ran.bids == [(100, "NEW", 99.99, 10)]


def test_a_row_at_the_close_is_outside(run):
    """The close comes before the rows of its time: a print then finds no order."""
    ran = run(BOOK + "50 trade sell 99.90x10", sessions=HOURS)

    assert ran.fills == []
    assert ran.bids[-1] == (50, "CANCEL", 99.99, 10)


def test_inventory_is_carried_over_the_close(run):
    """A position held at the close is marked on."""
    text = """
        10 trade sell 99.98x10
        80 quote 100.09x30 100.11x30
        120 clock
    """

    ran = run(BOOK + text, sessions=HOURS, risk={"max_inventory": 10})

    assert ran.totals.final_inventory == 10
    assert ran.net == pytest.approx(10 * (100.10 - 99.99), rel=1e-9)


def test_an_order_in_flight_at_the_close_is_cancelled_between_rows(run):
    """Sent before the close, it arrives after, and goes when it is confirmed."""
    text = """
        48 trade sell 99.98x10
        200 quote 99.90x30 99.98x30
    """
    quote = {"bid": 99.99, "ask": 100.50, "size": 10}

    ran = run(BOOK + text, quote, sessions=HOURS[:1], latency=(1, 2, 3, 1))

    assert ran.bids[-2:] == [(51, "NEW", 99.99, 10), (55, "CANCEL", 99.99, 10)]
    assert [at for at, *_ in ran.fills] == [48]


# ---- the strongest holds


def test_a_halt_outlasts_a_silence(run):
    """Halted, then silent, then heard again: still halted."""
    text = "10 status halt\n100 trade buy 100.01x1\n110 clock"

    ran = run(BOOK + text, risk={**LIMITED, "stale_after": "50ms"})

    assert durations(ran) == {"QUOTED": 10, "HALT": 100}
