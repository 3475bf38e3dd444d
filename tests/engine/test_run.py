"""The loop: every rule, what is due at the end, and the same bytes either way."""

from __future__ import annotations

from typing import Any

import pytest

from mmrun.engine.jit import compiled
from mmrun.engine.records import Rule
from mmrun.engine.run import Conditions, drive, grid_step
from mmrun.feeds.replay import TapeFeed


BOOK = "0 quote 99.99x30 100.01x30\n"
SOLD = BOOK + "5 trade sell 99.98x10\n"
LIMITED = {"max_inventory": 1000}
SECOND = 10**9
HOURS = {"open": "00:00:00", "close": "23:59:59"}

#: For every rule of a bid at 99.99: the tape, changes to the quote, the keys, and for how
#: many milliseconds it holds. NO_SHORT is an ask's and stands in test_quoting.
REACHED: dict[Rule, tuple[str, dict[str, Any], dict[str, Any], float]] = {
    Rule.QUOTED: (BOOK + "10 clock", {}, {}, 10),
    Rule.NO_DATA: (
        BOOK + "10 trade buy 100.01x1",
        {"requote": {"on": "trade"}},
        {},
        10,
    ),
    Rule.SESSION: (BOOK + "25 clock\n30 clock", {}, {"sessions": [(10, 50)]}, 15),
    Rule.HALT: (BOOK + "10 status halt\n25 clock", {}, {}, 15),
    Rule.AUCTION: (BOOK + "10 status auction\n25 clock", {}, {}, 15),
    Rule.STALE: (
        BOOK + "60 clock",
        {},
        {"risk": {**LIMITED, "stale_after": "50ms"}},
        10,
    ),
    Rule.CROSSED_BOOK: (
        BOOK + "10 quote 100.02x3 100.01x3\n25 clock",
        {},
        {"risk": LIMITED},
        15,
    ),
    Rule.MISSING: (BOOK + "10 clock", {"bid": "last_price"}, {}, 10),
    Rule.NOT_FINITE: (BOOK + "10 clock", {"bid": "mid - mid / fill_count"}, {}, 10),
    Rule.NOT_POSITIVE: (BOOK + "10 clock", {"bid": "mid - 200"}, {}, 10),
    Rule.OWN_CROSSED: (BOOK + "10 clock", {"bid": 100.50}, {}, 10),
    Rule.POST_ONLY: (BOOK + "10 clock", {"bid": 100.01, "post_only": "skip"}, {}, 10),
    Rule.PRICE_COLLAR: (
        BOOK + "10 clock",
        {"bid": 90.00},
        {"risk": {**LIMITED, "price_collar": "5pct"}},
        10,
    ),
    Rule.MAX_INVENTORY: (SOLD + "15 clock", {}, {"risk": {"max_inventory": 10}}, 10),
    Rule.MAX_POSITION_VALUE: (
        SOLD + "15 clock",
        {},
        {"risk": {**LIMITED, "max_position_value": 1000}},
        10,
    ),
    Rule.MIN_SIZE: (BOOK + "10 clock", {"min_size": 11}, {}, 10),
    Rule.AFTER_FILL: (SOLD + "15 clock", {"requote": {"after_fill": "1s"}}, {}, 10),
    Rule.FILLED: (SOLD + "15 clock", {"requote": {"on": "quote"}}, {}, 10),
    Rule.IN_FLIGHT: (BOOK + "10 clock", {}, {"latency": (1, 2, 3, 4)}, 3),
    Rule.FLATTEN: (
        BOOK + "40 clock",
        {},
        {"sessions": [(0, 30)], "session": HOURS | {"flatten_before_close": "10ms"}},
        10,
    ),
}


@pytest.mark.parametrize("rule", REACHED, ids=lambda rule: rule.name)
def test_every_rule_is_reached_and_timed(run, rule):
    """For as long as the tape says, and all rules together for the whole session."""
    text, changes, keys, held_ms = REACHED[rule]
    quote = {"bid": 99.99, "ask": 100.50, "size": 10} | changes

    ran = run(text, quote, **keys)

    by_rule = ran.totals.rule_ns
    assert by_rule[0, rule] == held_ms * 1_000_000
    assert by_rule.sum(axis=1).tolist() == [ran.totals.session_ns] * 2


def test_no_rule_is_left_out():
    """The table above knows them all but the ask's own."""
    assert set(Rule) - set(REACHED) == {Rule.NO_SHORT}


def test_a_request_of_the_last_time_still_takes_effect(run):
    """It waits for the rows of its time; after the last of them it goes."""
    ran = run(BOOK + "3 clock", latency=(1, 2, 3, 4))

    assert ran.bids == [(3, "NEW", 99.99, 10)]


def test_equity_is_recorded_at_every_second_both_ends_included(run):
    """From the first whole second to the last, each after all rows up to it."""
    text = """
        0    quote 99.99x30 100.01x30
        1000 trade sell 99.98x10
        1000 quote 99.89x30 99.91x30
        3000 clock
    """
    quote = {"bid": 99.99, "ask": 100.50, "size": 10, "requote": {"on": "trade"}}

    ran = run("0 trade buy 100.01x1\n" + text, quote, risk={"max_inventory": 10})

    equity = ran.recording.equity
    assert ((equity["ts"] - equity["ts"][0]) // SECOND).tolist() == [0, 1, 2, 3]
    assert equity["inventory"].tolist() == [0, 10, 10, 10]


def test_equity_shows_our_resting_prices(run):
    """NaN on a side that is not quoted."""
    ran = run(BOOK + "1000 clock", {"bid": 99.99, "ask": "last_price", "size": 10})

    assert ran.recording.equity["bid"].tolist() == [99.99, 99.99]
    assert ran.recording.equity["ask"].tolist() == pytest.approx(
        [float("nan")] * 2, nan_ok=True
    )


@pytest.mark.parametrize(
    ("span_s", "step_s"),
    [(100, 1), (100_000, 1), (100_001, 5), (10**7, 300), (10**10, 3600)],
)
def test_the_equity_grid_has_at_most_a_hundred_thousand_steps(span_s, step_s):
    """The first step of a short list that keeps to it."""
    step = grid_step(0, span_s * SECOND)

    assert step == step_s * SECOND


def test_an_empty_tape_gives_an_empty_recording(run):
    """No rows, no time, nothing recorded."""
    ran = run("")

    assert [len(a) for a in (ran.recording.fills, ran.recording.decisions)] == [0, 0]
    assert ran.totals.session_ns == 0
    assert ran.net == 0.0


def test_events_quotes_and_trades_are_counted(run):
    """Clock rows are not events."""
    ran = run(
        BOOK
        + "1 trade buy 100.01x1\n2 clock\n3 status resume\n4 quote 99.98x1 100.01x1"
    )

    assert (ran.totals.events, ran.totals.quotes, ran.totals.trades) == (4, 2, 1)


def test_time_at_the_touch_and_on_both_sides(run):
    """Our bid is the market's best for ten of twenty milliseconds."""
    text = "10 quote 100.00x30 100.02x30\n20 clock"

    ran = run(BOOK + text, {"bid": 99.99, "ask": 100.50, "size": 10})

    assert ran.totals.touch_ns.tolist() == [10_000_000, 0]
    assert ran.totals.both_ns == 20_000_000


def test_progress_is_told_after_each_batch(plan_of, tape, acme):
    """With the number of rows done."""
    told: list[int] = []
    feed = TapeFeed(tape(BOOK + "1 clock\n2 clock"), (acme,), rows=2, heartbeat_ns=0)

    drive(plan_of(), feed, Conditions(), progress=told.append)

    assert told == [2, 3]


def test_outputs_longer_than_their_room_are_all_kept(run):
    """Three thousand rows that each replace both orders: more than the arrays hold."""
    flip = ("99.99x30 100.01x30", "99.98x30 100.02x30")
    text = "\n".join(f"{i} quote {flip[i % 2]}" for i in range(3_000))

    ran = run(text, {"bid": "bid", "ask": "ask", "size": 10})

    assert len(ran.recording.orders) == 6_000
    assert ran.recording.orders["ts"].tolist() == sorted(
        ran.recording.orders["ts"].tolist()
    )


def test_compiled_gives_what_plain_python_gives(run):
    """One tape with latency, fills, a halt and silence, both ways."""
    text = """
        0 quote 99.99x30 100.01x30
        5 trade sell 99.98x4
        9 trade buy 100.01x44
        12 quote 99.97x9 99.98x9
        15 status halt
        25 status resume
        90 quote 99.99x30 100.01x30
    """
    quote = {"half_spread": "1tick", "reservation": "fair - 1tick * inventory / 5lot"}
    keys = {
        "risk": {"max_inventory": 20, "stale_after": "50ms"},
        "latency": (1, 2, 3, 4),
    }

    plain = run(text, quote | {"size": 10}, **keys)
    fast = run(text, quote | {"size": 10}, mode=compiled, **keys)

    for name in ("fills", "orders", "decisions", "equity"):
        ours, theirs = getattr(fast.recording, name), getattr(plain.recording, name)
        for column in ours.dtype.names:
            assert ours[column].tobytes() == theirs[column].tobytes()
