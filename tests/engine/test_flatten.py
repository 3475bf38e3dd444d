"""`session.flatten_before_close`: what we hold is taken to the market, then we stay out."""

from __future__ import annotations

from mmrun.engine.records import Rule


HOURS = {"timezone": "UTC", "open": "00:00:00", "close": "23:59:59"}
TO_FILL = "0 quote 99.99x30 100.01x30\n10 trade sell 99.99x40\n"
FEES = {"NASDAQ": {"maker_fee": "0bps", "taker_fee": "0.01/share"}}


def flat(run, text, *, before="20ms", close=100, **keys):
    """A run over a session that ends at `close` ms."""
    session = HOURS | {"flatten_before_close": before}
    return run(
        TO_FILL + text, sessions=[(0, close)], session=session, venues=FEES, **keys
    )


def test_what_is_held_is_sold_before_the_close_for_the_taker_fee(run):
    """Ten bought as maker; 20 ms before the close the quotes go and the bid is hit."""
    ran = flat(run, "85 quote 99.98x30 100.02x30\n90 quote 99.98x30 100.02x30")

    assert ran.fills == [(10, 1, 99.99, 10), (85, -1, 99.98, 10)]
    assert ran.recording.fills["taker"].tolist() == [0, 1]
    assert ran.totals.fees == 10 * 0.01
    assert ran.totals.final_inventory == 0


def test_quotes_go_at_the_deadline_and_stay_away(run):
    """Between rows too; the rule is named until the close."""
    ran = flat(run, "85 quote 99.99x30 100.01x30\n120 quote 99.99x30 100.01x30")

    assert [o for o in ran.orders if o[1] == "CANCEL"][:2] == [
        (80, "CANCEL", 1, 99.99, 10),
        (80, "CANCEL", -1, 100.01, 10),
    ]
    assert (80, "FLATTEN") in ran.bid_rules
    assert (100, "SESSION") in ran.bid_rules
    assert ran.totals.rule_ns[0][Rule.FLATTEN] == 20_000_000


def test_a_short_position_is_bought_back(run):
    """At the ask."""
    ran = flat(
        run, "20 trade buy 100.01x60\n30 trade buy 100.01x90\n85 quote 99.98x3 100.0x30"
    )

    assert ran.totals.final_inventory == 0
    assert ran.fills[-1][:3] == (85, 1, 100.0)


def test_the_taker_walks_the_displayed_book_and_comes_again(run):
    """Four displayed, then what is new: no size is taken twice."""
    ran = flat(
        run,
        "85 quote 99.98x4 100.02x30\n86 quote 99.98x4 100.02x30\n87 quote 99.98x7 100.02x9\n"
        "88 quote 99.97x30 100.02x9",
    )

    assert ran.fills[1:] == [(85, -1, 99.98, 4), (87, -1, 99.98, 3), (88, -1, 99.97, 3)]


def test_depth_is_walked_level_by_level(run):
    """The best level first, then the next, whatever was taken of the best."""
    text = """
        85 depth bid 99.99x5
        85 depth bid 99.98x5
        86 depth ask 100.02x5
    """
    ran = flat(run, text, instrument={"depth": None})

    assert ran.fills[1:] == [(85, -1, 99.99, 5), (85, -1, 99.98, 5)]


def test_nothing_is_sent_before_the_cancels_are_known(run):
    """With latency the taker waits for the answers, and no more goes than is held."""
    rows = "\n".join(f"{t} quote 99.98x30 100.02x30" for t in range(81, 99))
    ran = flat(run, rows, latency=(1, 2, 2, 1))

    sold = [fill for fill in ran.fills if fill[1] == -1]
    assert sum(size for *_, size in sold) == 10
    assert sold[0][0] >= 80 + 1 + 2
    assert ran.totals.final_inventory == 0


def test_the_next_session_quotes_again(run):
    """Flat over the night, back at the open."""
    ran = run(
        TO_FILL + "85 quote 99.98x30 100.02x30\n205 quote 99.98x30 100.02x30",
        sessions=[(0, 100), (200, 300)],
        session=HOURS | {"flatten_before_close": "20ms"},
    )

    assert ran.bids[-1][:2] == (205, "NEW")


def test_the_split_of_net_holds_with_takers(run):
    """Spread paid by the taker is negative, and adds up."""
    ran = flat(run, "85 quote 99.95x30 100.05x30")
    t = ran.totals

    assert abs(ran.net - (t.spread_pnl + t.inventory_pnl - t.fees + t.rebates)) < 1e-9
