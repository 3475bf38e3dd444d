"""One instrument at two venues: what each does by itself, and what is shared."""

from __future__ import annotations

import pytest

from mmrun.engine.records import Rule


#: Ten of each side at the touch of two equal venues; rows say theirs by `@`.
BOTH = """
    0 quote 99.99x30 100.01x30
    0 quote 99.99x30 100.01x30 @1
"""
LIMITED = {"max_inventory": 1000}
IEX = {"venue": "IEX"}


@pytest.fixture
def two(run):
    """Runs a tape through a strategy at NASDAQ and IEX."""

    def make(text, *args, second=None, **keys):
        return run(text, *args, beside=[IEX | (second or {})], **keys)

    return make


@pytest.mark.parametrize("venue", [0, 1])
@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("10 status halt", "HALT"),
        ("10 status auction", "AUCTION"),
        ("10 status stale", "STALE"),
        ("10 quote 100.03x30 100.01x30", "CROSSED_BOOK"),
    ],
)
def test_what_befalls_a_venue_leaves_the_other_quoting(two, venue, row, rule):
    """Both sides are pulled at the one, by its name; at the other nothing happens."""
    quote = {"bid": 99.90, "ask": 100.10, "size": 10}

    ran = two(f"{BOTH} {row} @{venue}\n 20 clock", quote, risk=LIMITED)

    here, there = ran.at(venue), ran.at(1 - venue)
    assert [event for _, event, *_ in here.orders[2:]] == ["CANCEL", "CANCEL"]
    assert here.bid_rules[-1] == here.ask_rules[-1] == (10, rule)
    assert [event for _, event, *_ in there.orders] == ["NEW", "NEW"]


def test_a_silent_venue_is_pulled_while_the_other_is_heard(two):
    """Fifty milliseconds after its own last row."""
    text = f"{BOTH} 30 quote 99.99x31 100.01x30\n 70 quote 99.99x30 100.01x30"

    ran = two(text, risk={**LIMITED, "stale_after": "50ms"})

    assert ran.at(1).bid_rules[-1] == (50, "STALE")
    assert ran.at(0).bid_rules[-1] == (0, "QUOTED")


def test_a_stale_feed_has_its_part_again_with_the_next_row(two):
    """Of the venue, that is: its better bid is the market's best again."""
    text = """
        0 quote 99.97x30 100.01x30
        0 quote 99.99x30 100.01x30 @1
        10 status stale @1
        20 quote 99.99x30 100.01x30 @1
    """

    ran = two(text, {"bid": "bid", "ask": "ask", "size": 10}, risk=LIMITED)

    assert ran.at(0).bids == [
        (0, "NEW", 99.97, 10),
        (0, "REPLACE", 99.99, 10),
        (10, "REPLACE", 99.97, 10),
        (20, "REPLACE", 99.99, 10),
    ]
    assert ran.at(1).bids == [
        (0, "NEW", 99.99, 10),
        (10, "CANCEL", 99.99, 10),
        (20, "NEW", 99.99, 10),
    ]


def test_a_venue_without_a_book_is_not_quoted(two):
    """A trade alone shows no touch to stay clear of: no_data until a book is shown."""
    text = """
        0 quote 99.99x30 100.01x30
        10 trade buy 100.01x5 @1
        20 quote 99.99x30 100.01x30 @1
    """

    ran = two(text, risk=LIMITED)

    assert ran.at(1).bids == [(20, "NEW", 99.99, 10)]
    assert ran.at(1).bid_rules == [(0, "NO_DATA"), (20, "QUOTED")]


def test_a_snapshot_under_way_is_not_quoted(two):
    """Its bids alone would leave our bid where its asks are to come."""
    text = """
        0 quote 99.99x30 100.05x30
        10 clear @1
        10 depth bid 99.93x5 @1
        10 depth ask 99.95x5 @1
        20 clock
    """

    ran = two(text, {"bid": 99.96, "ask": 100.1, "size": 10}, second={"depth": 3})

    assert ran.fills == []
    assert ran.at(1).bids == [(10, "NEW", 99.94, 10)]


def test_headroom_is_shared(two):
    """What rests at one venue counts at the other; a fill moves it nowhere."""
    text = f"{BOTH} 10 trade sell 99.98x4\n 20 clock"

    ran = two(
        text, {"bid": 99.99, "ask": 100.01, "size": 10}, risk={"max_inventory": 14}
    )

    assert ran.at(0).bids[0] == (0, "NEW", 99.99, 10)
    assert ran.at(1).bids == [(0, "NEW", 99.99, 4)]
    assert ran.fills == [(10, 1, 99.99, 4)]
    assert ran.totals.final_inventory == 4


def test_each_venue_has_its_fees(two):
    """A rebate a share at one, bps of value at the other; the currency is one."""
    venues = {"NASDAQ": {"maker_rebate": "0.002/share"}, "IEX": {"maker_fee": "1bps"}}
    text = f"{BOTH} 10 trade sell 99.98x4\n 20 trade sell 99.98x5 @1"

    ran = two(text, venues=venues, risk=LIMITED)

    assert ran.at(0).recording.fills["fee"].tolist() == pytest.approx([-0.002 * 4])
    assert ran.at(1).recording.fills["fee"].tolist() == pytest.approx(
        [1e-4 * 99.99 * 5]
    )
    assert ran.totals.rebates == pytest.approx(0.008)
    assert ran.totals.fees == pytest.approx(0.049995)


def test_prices_and_sizes_are_on_each_venue_s_grid(two):
    """Outward by its tick, down to its lot; a tick in a formula is the coarser one."""
    quote = {"bid": "bid", "ask": "bid + 1tick", "size": 10}

    ran = two(BOTH, quote, second={"tick": 0.05, "lot": 4}, risk=LIMITED)

    assert ran.at(0).orders == [(0, "NEW", 1, 99.99, 10), (0, "NEW", -1, 100.04, 10)]
    assert ran.at(1).orders == [(0, "NEW", 1, 99.95, 8), (0, "NEW", -1, 100.05, 8)]


def test_a_trade_fills_at_its_own_venue(two):
    """Our order at the other one, of the same price, stays."""
    ran = two(f"{BOTH} 10 trade sell 99.98x50 @1", risk=LIMITED)

    assert ran.at(0).fills == []
    assert ran.at(1).fills == [(10, 1, 99.99, 10)]


def test_a_side_is_quoted_where_it_rests_at_one_venue(two):
    """Half of the time at one, all of it at the other: all of it."""
    ran = two(f"{BOTH} 10 status halt\n 20 clock", risk=LIMITED)

    totals = ran.totals
    assert totals.rule_ns[0, 0] == totals.both_ns == 20_000_000
    assert totals.venue_rule_ns[:, 0, 0].tolist() == [10_000_000, 20_000_000]
    assert totals.venue_both_ns.tolist() == [10_000_000, 20_000_000]


def test_inventory_is_marked_at_the_mid_of_both(two):
    """Bought at one venue, it gains when the other's better quote moves the mid."""
    text = f"{BOTH} 10 trade sell 99.98x10\n 20 quote 100.00x9 100.01x9 @1"

    ran = two(text, risk=LIMITED)

    assert ran.totals.final_mid == pytest.approx(100.005)
    assert ran.totals.spread_pnl == pytest.approx(10 * 0.01)
    assert ran.totals.inventory_pnl == pytest.approx(10 * 0.005)


def test_the_rule_of_a_side_is_the_first_venue_s_that_has_shown_a_book(two):
    """One not heard from yet keeps nobody from quoting."""
    ran = two(
        "0 quote 99.99x30 100.01x30 @1\n 10 status halt @1\n 20 clock", risk=LIMITED
    )

    halt, quoted = 10_000_000, 10_000_000
    spent = {Rule(r).name: ns for r, ns in enumerate(ran.totals.rule_ns[0]) if ns}
    assert spent == {"QUOTED": quoted, "HALT": halt}
