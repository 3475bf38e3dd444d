"""Which market rows fill a resting order (market_making.md §4, engine.md Fill models)."""

from __future__ import annotations

import pytest


#: What `FIXED` quotes: ten to buy at 99.99 and to sell at 100.01.
JOINED = "0 quote 99.99x30 100.01x30\n"
INSIDE = "0 quote 99.95x30 100.05x30\n"
DEEP = {"bid": 99.97, "ask": 100.05, "size": 10}


#: An order joined at a trade and left alone by the book rows after it.
ONCE = {"bid": 99.99, "ask": 100.05, "size": 10, "requote": {"on": "trade"}}
LEFT_ALONE = JOINED + "1 trade buy 100.01x1\n"


# ---- queue


def test_a_trade_that_exactly_exhausts_the_queue_fills_nothing(run):
    """Thirty ahead and a trade of thirty leave us at the front, unfilled."""
    ran = run(JOINED + "10 trade sell 99.99x30")

    assert ran.fills == []


def test_what_is_left_beyond_the_queue_fills_us(run):
    """Thirty ahead and a trade of 34 fill four."""
    ran = run(JOINED + "10 trade sell 99.99x34")

    assert ran.fills == [(10, 1, 99.99, 4)]


def test_a_quarter_with_nothing_ahead_fills_a_quarter(run):
    """A partial fill is a fill: hftbacktest 2.4.4 gives 0."""
    ran = run(INSIDE + "10 trade sell 99.99x0.25")

    assert ran.fills == [(10, 1, 99.99, 0.25)]


def test_a_quarter_through_the_price_fills_a_quarter(run):
    """A trade below our bid gives its size, not our order's: hftbacktest gives all."""
    ran = run(JOINED + "10 trade sell 99.98x0.25")

    assert ran.fills == [(10, 1, 99.99, 0.25)]


def test_a_trade_never_fills_more_than_our_order(run):
    """A trade of a hundred below our bid of ten fills ten."""
    ran = run(
        JOINED + "10 trade sell 99.98x100\n20 trade sell 99.98x100", requote_on_trade()
    )

    assert ran.fills[0] == (10, 1, 99.99, 10)


def requote_on_trade():
    """`FIXED`, evaluated at book rows only: a fill is not followed by a new order."""
    return {"bid": 99.99, "ask": 100.01, "size": 10, "requote": {"on": "quote"}}


def test_a_partly_filled_order_stays_at_the_front(run):
    """After a partial fill nothing is ahead: the next trade is ours at once."""
    text = """
        10 trade sell 99.99x34
        20 trade sell 99.99x2
    """

    ran = run(JOINED + text)

    assert ran.fills == [(10, 1, 99.99, 4), (20, 1, 99.99, 2)]


@pytest.mark.parametrize("model", ["queue", "through", "touch", "hftbacktest"])
def test_only_the_side_that_the_aggressor_took_fills(run, model):
    """A buyer's trade below our bid fills no bid in any model; nor a seller's an ask."""
    text = """
        10 trade buy 99.90x500
        20 trade sell 100.10x500
    """

    ran = run(JOINED + text, fills=model)

    assert ran.fills == []


def test_a_buyers_trade_does_not_advance_our_bid(run):
    """The queue ahead falls by sellers' trades alone."""
    text = """
        10 trade buy 99.99x30
        20 trade sell 99.99x30
    """

    ran = run(JOINED + text)

    assert ran.fills == []


def test_a_trade_of_unknown_side_is_signed_by_the_mid(run):
    """Below the mid of 100.00 it was a seller, who fills our bid."""
    ran = run(JOINED + "10 trade unknown 99.99x31")

    assert ran.fills == [(10, 1, 99.99, 1)]
    assert ran.totals.signed_trades == 1


def test_a_trade_that_stays_unsigned_fills_nobody(run):
    """The first trade, at the mid, has no sign: our bid at the mid is not filled."""
    quote = {"bid": 100.00, "ask": 100.05, "size": 10}

    ran = run(INSIDE + "10 trade unknown 100.00x31", quote, fills="touch")

    assert ran.fills == []
    assert ran.totals.unknown_trades == 1


@pytest.mark.parametrize(
    ("rows", "ahead"),
    [
        pytest.param(
            "1 quote 99.99x100 100.01x9\n2 quote 99.99x80 100.01x9", 60, id="A"
        ),
        pytest.param(
            "1 quote 99.99x100 100.01x9\n2 trade sell 99.99x15\n"
            "3 quote 99.99x80 100.01x9",
            45,
            id="B",
        ),
        pytest.param("1 quote 99.99x50 100.01x9", 50, id="falls"),
    ],
)
def test_the_risk_averse_rows_of_the_queue_table(run, rows, ahead):
    """Sixty ahead and hftbacktest's two level histories leave what its table says."""
    text = f"""
        0 quote 99.99x60 100.01x9
        {rows}
        10 trade sell 99.99x{ahead}
        20 trade sell 99.99x0.01
    """

    ran = run(text)

    assert ran.fills == [(20, 1, 99.99, 0.01)]


def test_inside_the_spread_nothing_is_ahead(run):
    """A price that the book does not show between the touches is ours alone."""
    ran = run(INSIDE + "10 trade sell 99.99x3")

    assert ran.fills == [(10, 1, 99.99, 3)]


def test_the_queue_empties_when_the_market_leaves_our_price(run):
    """A best bid below ours says that all who were ahead have gone."""
    text = """
        10 quote 99.98x70 100.01x30
        20 quote 99.99x90 100.01x30
        30 trade sell 99.99x3
    """

    ran = run(JOINED + text)

    assert ran.fills == [(30, 1, 99.99, 3)]


def test_behind_the_known_depth_a_trade_at_our_price_fills_nothing(run):
    """What is ahead at an undisplayed level is unknown, whatever trades there."""
    ran = run(JOINED + "10 trade sell 99.97x100000", DEEP)

    assert ran.fills == []


def test_behind_the_known_depth_a_trade_through_fills(run):
    """A trade below our price has passed all that was ahead."""
    ran = run(JOINED + "10 trade sell 99.96x2", DEEP)

    assert ran.fills == [(10, 1, 99.97, 2)]


def test_all_of_a_level_displayed_later_is_ahead(run):
    """Joined behind the depth: once 40 are shown at our price, 40 are ahead."""
    text = """
        10 quote 99.97x40 100.01x30
        20 trade sell 99.97x40
        30 trade sell 99.97x1
    """

    ran = run(JOINED + text, DEEP)

    assert ran.fills == [(30, 1, 99.97, 1)]


# ---- books of several levels

TWO_LEVELS = """
    0 clear
    0 depth bid 99.99x30
    0 depth bid 99.98x20
    0 depth ask 100.01x30
    0 depth ask 100.02x20
"""
SECOND = {"bid": 99.98, "ask": 100.05, "size": 10}


def test_a_second_level_has_its_own_queue(run):
    """Joined at the second of two known levels: its twenty are ahead."""
    text = """
        10 trade sell 99.98x20
        20 trade sell 99.98x1
    """

    ran = run(TWO_LEVELS + text, SECOND, instrument={"depth": 2})

    assert ran.fills == [(20, 1, 99.98, 1)]


def test_a_level_that_leaves_the_known_depth_keeps_its_queue(run):
    """A better level pushes ours out of sight: twenty stay ahead."""
    text = """
        10 depth bid 100.00x5
        10 depth bid 99.98x0
        20 trade sell 99.98x20
        30 trade sell 99.98x1
    """

    ran = run(TWO_LEVELS + text, SECOND, instrument={"depth": 2})

    assert ran.fills == [(30, 1, 99.98, 1)]


def test_a_level_emptied_within_the_known_depth_has_nothing_ahead(run):
    """The whole book known, its level gone: we are alone at the price."""
    text = """
        10 depth bid 99.98x0
        20 trade sell 99.98x1
    """

    ran = run(TWO_LEVELS + text, SECOND, instrument={"depth": None})

    assert ran.fills == [(20, 1, 99.98, 1)]


def test_an_order_behind_the_depth_stays_unknown_while_levels_change(run):
    """A level in, a level out, as importers write them: ours is still behind both."""
    text = """
        10 depth bid 99.97x5
        10 depth bid 99.99x0
        20 trade sell 99.96x1000
    """
    quote = {"bid": 99.96, "ask": 100.05, "size": 10}

    ran = run(TWO_LEVELS + text, quote, instrument={"depth": 2})

    assert ran.fills == []


def test_a_snapshot_under_way_leaves_the_queue_unknown(run):
    """Joined while a snapshot comes in: the level it shows later is all ahead."""
    text = """
        10 trade sell 99.98x20
        20 trade sell 99.98x1
    """
    quote = {
        "bid": "mid - 2tick",
        "ask": 100.05,
        "size": 10,
        "requote": {"on": "quote"},
    }
    first_ask = """
        0 clear
        0 depth ask 100.01x30
        0 depth ask 100.02x20
        0 depth bid 99.99x30
        0 depth bid 99.98x20
    """

    ran = run(first_ask + text, quote, instrument={"depth": None})

    assert ran.fills == [(20, 1, 99.98, 1)]


def test_a_displayed_level_within_the_depth_lowers_the_queue(run):
    """A depth row that shows less than what is ahead lowers it."""
    text = """
        10 depth bid 99.98x7
        20 trade sell 99.98x8
    """

    ran = run(TWO_LEVELS + text, SECOND, instrument={"depth": 2})

    assert ran.fills == [(20, 1, 99.98, 1)]


def test_a_crossing_book_gives_all_levels_within_our_price(run):
    """Two ask levels come to our bid: both sizes are taken, at our price."""
    text = """
        10 depth ask 99.98x3
        20 depth ask 99.99x4
    """
    start = TWO_LEVELS + "1 trade buy 100.01x1\n"

    ran = run(start + text, ONCE, instrument={"depth": None})

    assert ran.fills == [(10, 1, 99.99, 3), (20, 1, 99.99, 4)]


# ---- through and touch


@pytest.mark.parametrize(
    ("model", "price", "filled"),
    [
        ("through", 99.99, False),
        ("through", 99.985, False),
        ("through", 99.98, True),
        ("through:2", 99.98, False),
        ("through:2", 99.97, True),
        ("touch", 99.99, True),
        ("touch", 99.995, False),
        ("queue", 99.985, True),
        ("queue", 99.995, False),
    ],
)
def test_how_far_a_trade_must_print(run, model, price, filled):
    """Through by whole ticks, touch at the price; between ticks is below, not at."""
    ran = run(JOINED + f"10 trade sell {price}x4", fills=model)

    assert ran.fills == ([(10, 1, 99.99, 4)] if filled else [])


def test_hftbacktest_fills_the_whole_order(run):
    """A quarter beyond the queue fills all ten, as that engine does."""
    ran = run(
        JOINED + "10 trade sell 99.99x30.25", requote_on_trade(), fills="hftbacktest"
    )

    assert ran.fills == [(10, 1, 99.99, 10)]


def test_hftbacktest_takes_an_undisplayed_level_for_empty(run):
    """Behind the known depth its queue is 0."""
    ran = run(JOINED + "10 trade sell 99.97x1", DEEP, fills="hftbacktest")

    assert ran.fills == [(10, 1, 99.97, 10)]


# ---- the book comes to us


@pytest.mark.parametrize("model", ["queue", "through", "touch"])
@pytest.mark.parametrize("ask", [99.99, 99.97])
def test_a_book_that_comes_to_our_price_fills_us_as_maker(run, model, ask):
    """Locked or crossing, our bid fills at its own price with the displayed size."""
    ran = run(JOINED + f"10 quote 99.90x30 {ask}x4", fills=model)

    assert ran.fills == [(10, 1, 99.99, 4)]
    assert ran.recording.fills["taker"].tolist() == [0]


def test_displayed_size_is_taken_once(run):
    """The same ask shown again has nothing more for us."""
    text = """
        10 quote 99.90x30 99.99x4
        20 quote 99.90x31 99.99x4
    """

    ran = run(LEFT_ALONE + text, ONCE)

    assert ran.fills == [(10, 1, 99.99, 4)]


def test_growth_of_a_displayed_size_is_new(run):
    """Shown four, taken; shown six: two are new."""
    text = """
        10 quote 99.90x30 99.99x4
        20 quote 99.90x31 99.99x6
    """

    ran = run(LEFT_ALONE + text, ONCE)

    assert ran.fills == [(10, 1, 99.99, 4), (20, 1, 99.99, 2)]


def test_a_new_price_is_new_size(run):
    """The ask comes a tick lower: what it shows there was not taken yet."""
    text = """
        10 quote 99.90x30 99.99x4
        20 quote 99.90x31 99.98x4
    """

    ran = run(LEFT_ALONE + text, ONCE)

    assert ran.fills == [(10, 1, 99.99, 4), (20, 1, 99.99, 4)]


def test_a_taken_size_that_shrinks_does_not_come_back(run):
    """Six taken, one shown, then three: two have come anew."""
    text = """
        10 quote 99.90x30 99.99x6
        20 quote 99.90x30 99.99x1
        30 quote 99.90x30 99.99x3
    """

    ran = run(LEFT_ALONE + text, ONCE)

    assert ran.fills == [(10, 1, 99.99, 6), (30, 1, 99.99, 2)]


# ---- data without sizes

FX = "0 quote 99.99 100.01\n"


def test_without_sizes_a_trade_at_our_price_fills_nothing(run):
    """Nobody knows what is ahead."""
    ran = run(FX + "10 trade sell 99.99x1000000")

    assert ran.fills == []


def test_without_sizes_a_trade_through_fills(run):
    """A print below our bid fills, by its size."""
    ran = run(FX + "10 trade sell 99.98x4")

    assert ran.fills == [(10, 1, 99.99, 4)]


def test_a_trade_without_a_size_through_us_fills_all(run):
    """A price that went through is all such a tape can tell."""
    ran = run(FX + "10 trade sell 99.98")

    assert ran.fills[0] == (10, 1, 99.99, 10)


def test_without_sizes_a_crossing_fills_all(run):
    """The ask comes to our bid and no size limits the fill."""
    ran = run(FX + "10 quote 99.90 99.99", requote_on_trade())

    assert ran.fills == [(10, 1, 99.99, 10)]
