"""Counting what a tape holds."""

from __future__ import annotations

from mmrun.market.facts import facts_of
from mmrun.market.touch import touch_of


def depth(ts, side, price, size):
    return {"ts": ts, "kind": 1, "side": side, "price": price, "size": size}


def test_the_touch_follows_depth_rows(tape_of):
    """The best level is the best that has size; a clear empties the book."""
    frame = tape_of(
        [
            depth(1, 1, 99.0, 5.0),
            depth(1, -1, 101.0, 6.0),
            depth(2, 1, 100.0, 7.0),
            depth(3, 1, 100.0, 0.0),
            {"ts": 4, "kind": 2},
            depth(5, -1, 102.0, 1.0),
        ]
    )

    rows = touch_of(frame).rows()

    assert rows == [
        (1, 99.0, 5.0, 101.0, 6.0),
        (2, 100.0, 7.0, 101.0, 6.0),
        (3, 99.0, 5.0, 101.0, 6.0),
        (4, None, None, None, None),
        (5, None, None, 102.0, 1.0),
    ]


def test_facts_count_rows_prices_and_oddities(tape_of, acme):
    """Every oddity is counted where it is."""
    quote = {"kind": 0, "bid_size": 10.0, "ask_size": 30.0}
    frame = tape_of(
        [
            {"ts": 0, **quote, "bid": 10.00, "ask": 10.02},
            {"ts": 1, "kind": 3, "price": 10.015, "size": 5.0, "side": 0},
            {"ts": 2, **quote, "bid": 10.03, "ask": 10.02},
            {"ts": 3, **quote, "bid": 10.02, "ask": 10.02},
            {"ts": 4, **quote, "bid": 10.001, "ask": None},
            {"ts": 7, "kind": 4, "status": 1},
            {"ts": 3_600 * 10**9, "kind": 3, "price": 10.02, "size": 7.0, "side": 1},
        ]
    )

    facts = facts_of(frame, acme)

    assert facts.rows == {"quote": 4, "trade": 2, "status": 1}
    assert (facts.crossed, facts.locked, facts.one_sided, facts.halts) == (1, 1, 1, 1)
    assert (facts.off_tick_quotes, facts.off_tick_trades) == (1, 1)
    assert (facts.unsigned_trades, facts.volume) == (1, 12.0)
    assert facts.longest_silence_ns == 3_600 * 10**9 - 7
    assert facts.hourly == {0: 6, 3_600 * 10**9: 1}
    assert facts.touch_size_median in {10.0, 30.0}


def test_a_tape_without_a_book_has_no_spread(tape_of, acme):
    """What nothing counts for is None, not 0."""
    frame = tape_of([{"ts": 0, "kind": 3, "price": 10.0, "size": 1.0, "side": 1}])

    facts = facts_of(frame, acme)

    assert facts.spread_median is None
    assert facts.trade_size_median == 1.0
