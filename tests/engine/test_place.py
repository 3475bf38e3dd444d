"""`quote.place`: from the venue's own touch, never better than the target."""

from __future__ import annotations

import pytest

from mmrun.engine.records import Adjustment


BOOK = "0 quote 99.90x30 100.10x30\n"
TIGHT = {"bid": 99.98, "ask": 100.02, "size": 10}


@pytest.mark.parametrize(
    ("place", "bid", "ask"),
    [
        ("target", 99.98, 100.02),
        ("join", 99.90, 100.10),
        ({"improve": "1tick"}, 99.91, 100.09),
        ({"improve": 0.035}, 99.93, 100.07),
        ({"improve": "20tick"}, 99.98, 100.02),
    ],
)
def test_a_quote_better_than_the_touch_is_moved_back_to_it(run, place, bid, ask):
    """Joining it, or so far inside it, in whole ticks; never past the target."""
    ran = run(BOOK, {**TIGHT, "place": place})

    assert [(side, price) for _, _, side, price, _ in ran.orders] == [
        (1, bid),
        (-1, ask),
    ]


def test_a_quote_behind_the_touch_stays_at_its_target(run):
    """Joining never improves a price."""
    ran = run(BOOK, {"bid": 99.80, "ask": 100.20, "size": 10, "place": "join"})

    assert [price for *_, price, _ in ran.orders] == [99.80, 100.20]


def test_a_quote_that_was_moved_says_so(run):
    """The decision bears `place`."""
    ran = run(BOOK, {**TIGHT, "bid": 99.85, "place": "join"})

    assert ran.adjustments == [(0, 1, Adjustment.NONE), (0, -1, Adjustment.PLACE)]


def test_a_joined_quote_follows_the_touch(run):
    """The book moves and the formula does not: up to the target, and not beyond."""
    text = "1 quote 99.95x30 100.10x30\n2 quote 99.99x30 100.10x30"

    ran = run(BOOK + text, {**TIGHT, "place": "join"})

    assert ran.bids == [
        (0, "NEW", 99.90, 10),
        (1, "REPLACE", 99.95, 10),
        (2, "REPLACE", 99.98, 10),
    ]


def test_a_side_without_a_touch_is_quoted_at_its_target(run):
    """There is nothing to join."""
    quote = {"bid": 99.98, "ask": 100.02, "size": 10, "place": "join"}

    ran = run("0 quote - 100.10x30", quote, risk={"max_inventory": 100})

    assert ran.bids == [(0, "NEW", 99.98, 10)]


def test_the_touch_is_each_venues_own(run):
    """Each venue's quote joins what that venue shows."""
    text = "0 quote 99.90x30 100.10x30\n0 quote 99.95x30 100.05x30 @1"

    ran = run(text, {**TIGHT, "place": "join"}, beside=[{"venue": "IEX"}])

    assert ran.at(0).bids[-1][2] == 99.90
    assert ran.at(1).bids[-1][2] == 99.95


def test_a_ladder_that_joins_stays_a_ladder(run):
    """Level 0 joins at 99.90; of 99.97 and 99.78 the first is moved behind it."""
    quote = {"bid": "99.98 - (9 * level - 8) * level * 1tick", "ask": 100.50}
    quote |= {"size": 10, "levels": {"count": 3}, "place": "join"}

    ran = run(BOOK, quote)

    prices = [price for _, _, side, price, _ in ran.ladder if side > 0]
    assert prices == [99.90, 99.89, 99.78]
