"""Names of one venue, of the venue being quoted, and of other instruments, in runs."""

from __future__ import annotations

import pytest

from tests.engine.conftest import MS, START_NS


IEX = {"venue": "IEX"}
SPY = {"symbol": "SPY", "venue": "ARCA"}
REFERENCES = {"spy": {"symbol": "SPY"}}
LIMITED = {"max_inventory": 1000}


@pytest.fixture
def two(run):
    """Runs a tape through a strategy at NASDAQ and IEX."""

    def make(text, *args, **keys):
        return run(text, *args, beside=[IEX], **keys)

    return make


def test_each_venue_is_quoted_about_its_own_mid(two):
    """Where formulas say `venue.mid`; a row of the one moves no quote of the other."""
    text = """
        0 quote 99.98x30 100.02x30
        0 quote 99.88x30 99.92x30 @1
        10 quote 99.87x30 99.91x30 @1
    """

    ran = two(text, {"fair": "venue.mid", "half_spread": "5tick", "size": 10})

    assert ran.at(0).bids == [(0, "NEW", 99.95, 10)]
    assert ran.at(1).bids == [(0, "NEW", 99.85, 10), (10, "REPLACE", 99.84, 10)]


def test_a_venue_by_its_name_is_the_same_for_all(two):
    """Both are quoted about the one's mid."""
    text = "0 quote 99.98x30 100.02x30\n 0 quote 99.88x30 99.92x30 @1"

    ran = two(text, {"fair": "IEX.mid", "half_spread": "20tick", "size": 10})

    assert ran.at(0).bids == ran.at(1).bids == [(0, "NEW", 99.70, 10)]


def test_a_window_over_a_venue_sees_its_rows_alone(two):
    """The mean of its last two mids, whatever came from the other between."""
    text = """
        0 quote 99.98x30 100.02x30 @1
        5 quote 99.98x30 100.02x30
        10 quote 99.94x30 99.98x30 @1
        20 quote 99.90x30 100.10x30
        30 quote 99.98x30 100.02x30
    """
    quote = {"fair": "mean(venue.mid, 2)", "half_spread": "9tick", "size": 10}

    ran = two(text, quote)

    assert ran.at(1).bids[:1] == [(10, "NEW", 99.89, 10)]
    assert ran.at(0).bids[:1] == [(20, "NEW", 99.91, 10)]


def test_inventory_of_a_venue_is_what_was_bought_there(two):
    """A fill at the one changes its size, and not the other's."""
    text = """
        0 quote 99.99x0 100.01x0
        0 quote 99.99x0 100.01x0 @1
        10 trade sell 99.98x500
    """
    quote = {"bid": 99.99, "ask": 100.01, "size": "20lot - venue.inventory"}

    ran = two(text, quote)

    assert ran.at(0).fills == [(10, 1, 99.99, 20)]
    assert ran.at(0).orders[2:] == [(10, "CANCEL", -1, 100.01, 20)]
    assert ran.at(1).orders[2:] == []


@pytest.mark.parametrize(
    ("fee", "cost"),
    [
        ({"maker_fee": "2bps"}, 0.02),
        ({"maker_rebate": "1bps"}, -0.01),
        ({"maker_fee": "0.03/share"}, 0.03),
        ({}, 0.0),
    ],
)
def test_a_maker_cost_is_a_price(run, fee, cost):
    """Of a fee in bps at the mid, of one a share itself; a rebate is below 0."""
    quote = {"fair": "mid", "half_spread": "0.05 + venue.maker_cost", "size": 10}

    ran = run("0 quote 99.90x1 100.10x1", quote, venues={"NASDAQ": fee})

    assert ran.bids == [(0, "NEW", pytest.approx(99.95 - cost), 10)]


def test_a_taker_cost_of_contracts_is_a_price_of_the_instrument(run):
    """A fee of 1 a contract that is worth 50 a point is 0.02."""
    quote = {"fair": "mid", "half_spread": "NASDAQ.taker_cost", "size": 10}
    venues = {"NASDAQ": {"taker_fee": "1/contract", "multiplier": 50}}

    ran = run("0 quote 99.90x1 100.10x1", quote, venues=venues)

    assert ran.bids == [(0, "NEW", 99.98, 10)]


def test_own_fills_are_counted_at_a_venue(two):
    """Two fills at the one are none at the other."""
    text = """
        0 quote 99.99x0 100.01x0
        0 quote 99.99x0 100.01x0 @1
        10 trade sell 99.98x5
        20 trade sell 99.98x5
        30 clock
    """
    size = "10lot + 1lot * (venue.fills(1s) + venue.fill_count)"
    quote = {"bid": 99.99, "ask": 100.01, "bid_size": 10, "ask_size": size}
    quote["requote"] = {"keep_queue": False}

    ran = two(text, quote)

    assert [o[4] for o in ran.at(0).orders if o[2] < 0] == [10, 12, 14]
    assert [o[4] for o in ran.at(1).orders if o[2] < 0] == [10]


def test_working_orders_of_a_venue_are_its_own(two):
    """What rests at the one shows at the other as missing, until it rests there too."""
    text = """
        0 quote 99.99x30 100.01x30
        10 clock
        20 quote 99.99x30 100.01x30 @1
        30 clock
    """
    size = "5lot if missing(venue.working_bid) else 6lot + venue.working_bid_size"
    quote = {"bid": 99.90, "ask": 100.10, "bid_size": 3, "ask_size": size}
    quote["requote"] = {"keep_queue": False}

    ran = two(text, quote)

    assert [o[4] for o in ran.at(0).orders if o[2] < 0][:2] == [5, 9]
    assert [o[4] for o in ran.at(1).orders if o[2] < 0][:2] == [5, 9]


def test_what_is_missing_is_named_for_the_venue(two):
    """The one has no trade yet; the other has, and quotes."""
    text = """
        0 quote 99.98x30 100.02x30
        0 quote 99.98x30 100.02x30 @1
        10 trade sell 99.98x1
    """

    ran = two(text, {"fair": "venue.last_price", "half_spread": "5tick", "size": 10})

    record = ran.recording
    named = {
        int(row["venue"]): record.missing_names[row["missing"]]
        for row in record.decisions
        if row["missing"] >= 0
    }
    assert named == {0: "NASDAQ.last_price", 1: "IEX.last_price"}
    assert ran.at(0).bids == [(10, "NEW", 99.93, 10)]
    assert ran.at(1).bids == []


def test_the_last_quote_of_a_venue_is_its_own(two):
    """`prev(fair)` steps by itself at each."""
    text = """
        0 quote 99.98x30 100.02x30
        0 quote 99.88x30 99.92x30 @1
        10 quote 99.98x31 100.02x30
    """
    fair = "venue.mid if missing(prev(fair)) else prev(fair) - 1tick"

    ran = two(text, {"fair": fair, "half_spread": "9tick", "size": 10})

    assert [(at, price) for at, _, price, _ in ran.at(0).bids] == [
        (0, 99.91),
        (0, 99.90),
        (10, 99.89),
    ]
    assert [(at, price) for at, _, price, _ in ran.at(1).bids] == [
        (0, 99.81),
        (10, 99.80),
    ]


def test_a_reference_is_read_and_not_quoted(run):
    """Its rows move quotes at once, and are no events, books or trades of the run."""
    text = """
        0 quote 49.99x30 50.01x30 @1
        1 quote 99.98x30 100.02x30
        10 quote 50.09x30 50.11x30 @1
        20 trade buy 50.11x5 @1
        30 clock
    """
    quote = {"fair": "mid + (spy.mid - 50)", "half_spread": "9tick", "size": 10}

    ran = run(text, quote, watched=[SPY], references=REFERENCES)

    assert ran.bids == [(1, "NEW", 99.91, 10), (10, "REPLACE", 100.01, 10)]
    totals = ran.totals
    assert (totals.events, totals.quotes, totals.trades) == (1, 1, 0)
    assert totals.watched_rows.tolist() == [3]
    assert totals.first_ts == START_NS + MS


def test_a_reference_is_missing_before_its_first_row(run):
    """By the rule `missing`, with its name."""
    text = """
        0 quote 99.98x30 100.02x30
        10 quote 49.99x30 50.01x30 @1
        20 clock
    """
    quote = {"fair": "spy.mid", "half_spread": "9tick", "size": 10}

    ran = run(text, quote, watched=[SPY], references=REFERENCES)

    assert ran.bid_rules[:2] == [(0, "NO_DATA"), (0, "MISSING")]
    assert ran.recording.missing_names[ran.recording.decisions["missing"].max()] == (
        "spy.mid"
    )


def test_a_reference_ends_with_what_is_quoted(run):
    """Rows after the last of ours are no part of the run."""
    text = """
        0 quote 99.98x30 100.02x30
        0 quote 49.99x30 50.01x30 @1
        50 quote 99.98x30 100.02x30
        50 quote 49.99x30 50.01x30 @1
        90 quote 49.99x30 50.01x30 @1
    """
    quote = {"fair": "mid + 0 * spy.mid", "half_spread": "9tick", "size": 10}

    totals = run(text, quote, watched=[SPY], references=REFERENCES).totals

    assert totals.last_ts == START_NS + 50 * MS
    assert totals.watched_rows.tolist() == [2]


def test_a_reference_s_rows_are_no_life_of_a_silent_venue(run):
    """Fifty milliseconds after our venue's own last row it is stale."""
    rows = "\n".join(f"{ms} quote 49.99x30 50.01x30 @1" for ms in range(0, 100, 10))
    text = f"0 quote 99.98x30 100.02x30\n{rows}\n 100 quote 99.98x30 100.02x30"
    quote = {"fair": "mid + 0 * spy.mid", "half_spread": "9tick", "size": 10}
    risk = LIMITED | {"stale_after": "50ms"}

    ran = run(text, quote, watched=[SPY], references=REFERENCES, risk=risk)

    assert (50, "STALE") in ran.bid_rules


def test_a_reference_on_two_venues_is_their_consolidated_book(run):
    """The best bid of one, the best ask of the other."""
    text = """
        0 quote 49.90x30 50.20x30 @1
        0 quote 49.80x30 50.10x30 @2
        1 quote 99.98x30 100.02x30
    """
    quote = {"fair": "mid + (spy.mid - 50)", "half_spread": "9tick", "size": 10}
    spy = [SPY, SPY | {"venue": "BATS"}]

    ran = run(text, quote, watched=spy, references=REFERENCES)

    assert ran.bids == [(1, "NEW", 99.91, 10)]


def test_a_venue_that_is_only_named_is_read_and_not_quoted(run):
    """Its book is its own, and no part of the market that is quoted."""
    text = """
        0 quote 99.98x30 100.02x30
        0 quote 99.99x30 100.01x30 @1
        1 clock
    """
    quote = {"fair": "mid", "half_spread": "5tick + (spread - IEX.spread)", "size": 10}

    ran = run(text, quote, watched=[IEX], venues={"NASDAQ": {}})

    assert ran.bids == [(0, "NEW", 99.93, 10)]
    assert ran.totals.events == 1


def test_a_venue_of_the_strategy_that_the_data_lacks_is_missing(run):
    """Its market is; what we hold there is nothing."""
    quote = {
        "fair": "coalesce(IEX.mid, mid)",
        "half_spread": "5tick + 1tick * IEX.inventory / 1lot",
        "size": "10lot + IEX.working_bid_size + 1lot * IEX.fills(1s)",
    }

    ran = run("0 quote 99.98x1 100.02x1", quote, venues={"NASDAQ": {}, "IEX": {}})

    assert ran.bids == [(0, "NEW", 99.95, 10)]


@pytest.mark.parametrize("beside", [[], [IEX]])
def test_without_venues_in_the_file_the_datas_are_quoted(run, beside):
    """Whether there is one or two: `venue.mid` is that of each."""
    rows = ["0 quote 99.98x30 100.02x30", "0 quote 99.88x30 99.92x30 @1"]
    quote = {"fair": "venue.mid", "half_spread": "5tick", "size": 10}

    ran = run("\n".join(rows[: 1 + len(beside)]), quote, beside=beside)

    assert ran.at(0).bids == [(0, "NEW", 99.95, 10)]
    assert len(ran.at(1).bids) == len(beside)


def test_fill_rates_and_markouts_are_of_a_venue(two):
    """One fill in two seconds and 3 bps at the one; the other, long halted, has none."""
    text = """
        0 quote 99.99x0 100.01x0
        0 quote 99.99x0 100.01x0 @1
        0 status halt @1
        500 trade sell 99.98x5
        1000 quote 100.01x0 100.03x0
        1500 status resume @1
        2000 clock
    """
    rate = "venue.fill_rate(10s) * 1s * 100"
    gain = "venue.own_markout(500ms, over=10s, min_fills=1) / 1bps"
    size = f"1lot * round(coalesce({rate}, 7) + 10 * coalesce({gain}, 3))"
    quote = {"bid": 99.99, "ask": 100.01, "bid_size": 5, "ask_size": size}

    ran = two(text, quote, risk=LIMITED)

    asks = [
        [o[4] for o in ran.at(k).orders if o[2] < 0 and o[0] > 1000] for k in (0, 1)
    ]
    assert asks[0][-1] == 50 + 10 * 3
    assert asks[1] == [
        7 + 10 * 3,
        0 + 10 * 3,
    ]  # quoted for no time, then for half a second


def test_a_size_is_divided_over_venues_by_their_weights(two):
    """Ten by 2 to 1 is seven and three; with the other not in the data all is at one."""
    text = "0 quote 99.98x30 100.02x30\n 0 quote 99.98x30 100.02x30 @1"
    quote = {"half_spread": "5tick", "size": 10}
    venues = {"NASDAQ": {"weight": 2}, "IEX": {"weight": 1}, "BATS": {"weight": 3}}

    ran = two(text, quote, venues=venues)

    assert {o[4] for o in ran.at(0).orders} == {7}
    assert {o[4] for o in ran.at(1).orders} == {3}


def test_a_venue_that_is_halted_keeps_its_share(two):
    """What it would show is shown nowhere meanwhile."""
    text = """
        0 quote 99.98x30 100.02x30
        0 quote 99.98x30 100.02x30 @1
        10 status halt @1
        20 quote 99.97x30 100.02x30
    """
    quote = {"half_spread": "5tick", "size": 10}

    ran = two(text, quote, allocate={"by": "1"}, risk=LIMITED)

    assert {o[4] for o in ran.at(0).orders} == {5}
