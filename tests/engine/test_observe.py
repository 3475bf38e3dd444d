"""What a tape shows: the touch after every row, ticks, and the sign of trades."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mmrun.engine.jit import uncompiled
from mmrun.engine.observe import OBSERVER, Observed, TapeRows, hold, hold_age, observe
from mmrun.engine.state import new_records
from mmrun.lang.nodes import Ticks


@pytest.fixture
def look(tape) -> Callable[..., Observed]:
    """Observes a tape's text at a tick of a cent."""

    def observed(text: str, tick: float = 0.01) -> Observed:
        batch = tape(text)
        observers = new_records(OBSERVER, 1)
        seen = observers[0].seen
        seen.tick, seen.ticks_per_unit = tick, round(1 / tick)
        seen.bid = seen.bid_size = seen.ask = seen.ask_size = seen.last_trade = np.nan
        count = len(batch)
        codes = {
            "bits": np.int8,
            "first": np.int64,
            "second": np.int64,
            "side": np.int8,
        }
        out = Observed(
            *(np.zeros(count, codes.get(name, np.float64)) for name in Observed._fields)
        )
        rows = TapeRows(*(getattr(batch, name) for name in TapeRows._fields))
        assert uncompiled(observe)(observers, 0, rows, out) == count
        return out

    return observed


def test_rows_tell_what_they_are(look):
    """Book rows, trades, and the rest by the bits of `Ticks`."""
    text = """
        0 clear
        0 depth bid 99.99x5
        1 quote 99.98x5 100.01x5
        2 trade buy 100.01x1
        3 clock
        4 status halt
    """

    seen = look(text)

    book, trade, other = int(Ticks.BOOK), int(Ticks.TRADE), int(Ticks.OTHER)
    assert seen.bits.tolist() == [book, book, book, trade, other, other]


def test_the_touch_is_held_between_book_rows(look):
    """Each row has the best bid and ask in force after it."""
    text = """
        0 trade buy 100.01x1
        1 quote 99.98x5 100.01x7
        2 trade buy 100.01x1
        3 quote - 100.02x6
    """

    seen = look(text)

    assert seen.bid.tolist() == pytest.approx(
        [np.nan, 99.98, 99.98, np.nan], nan_ok=True
    )
    assert seen.ask_size.tolist() == pytest.approx([np.nan, 7, 7, 6], nan_ok=True)


def test_the_touch_of_a_depth_tape_is_its_best_levels(look):
    """Levels come and go; the best that is left is the touch, with its size."""
    text = """
        0 depth bid 99.98x5
        1 depth bid 99.99x3
        2 depth ask 100.01x4
        3 depth bid 99.99x0
        4 depth ask 100.01x9
    """

    seen = look(text)

    assert seen.bid.tolist() == [99.98, 99.99, 99.99, 99.98, 99.98]
    assert seen.bid_size.tolist() == [5, 3, 3, 5, 5]
    assert seen.ask.tolist()[2:] == [100.01] * 3
    assert seen.ask_size.tolist()[2:] == [4, 4, 9]


def test_a_clear_row_leaves_no_touch(look):
    """The book starts over."""
    seen = look(
        "0 depth bid 99.98x5\n0 depth ask 99.99x5\n1 clear\n2 depth bid 99.90x1"
    )

    assert seen.bid.tolist() == pytest.approx(
        [99.98, 99.98, np.nan, 99.90], nan_ok=True
    )
    assert np.isnan(seen.ask[2:]).all()


def test_off_tick_quotes_go_outward(look):
    """A bid between ticks is the tick below, an ask the tick above."""
    seen = look("0 quote 99.985x5 100.005x5")

    assert (seen.first[0], seen.second[0]) == (9998, 10001)


def test_an_off_tick_trade_is_an_odd_half_tick(look):
    """Hidden prints fall between ticks, never at one."""
    seen = look("0 trade buy 99.985x1\n1 trade buy 99.98x1")

    assert seen.first.tolist() == [2 * 9998 + 1, 2 * 9998]


def test_lee_ready_signs_by_the_quote_before_the_trade(look):
    """market_making.md §3: above the mid a buy, below a sell, at the mid the tick rule."""
    text = """
        0 quote 150.00x5 150.02x5
        1 trade unknown 150.015x1
        2 trade unknown 150.005x1
        3 trade unknown 150.01x1
        4 trade unknown 150.01x1
    """

    seen = look(text)

    assert seen.side.tolist()[1:] == [1, -1, 1, 1]


def test_the_tick_rule_carries_over_zero_ticks(look):
    """market_making.md §3's prices, no quote: the first has no sign, then + + + + - - +."""
    prices = (100, 100.01, 100.01, 100.02, 100.02, 100.01, 100.01, 100.015)
    text = "\n".join(f"{i} trade unknown {p}x1" for i, p in enumerate(prices))

    seen = look(text)

    assert seen.side.tolist() == [0, 1, 1, 1, 1, -1, -1, 1]


def test_a_given_side_is_kept(look):
    """A buyer below the mid is a buyer; the tick rule still learns the price."""
    text = """
        0 quote 150.00x5 150.02x5
        1 trade buy 150.00x1
        2 trade sell 150.02x1
        3 trade unknown 150.01x1
    """

    seen = look(text)

    assert seen.side.tolist()[1:] == [1, -1, -1]


def test_hold_keeps_the_last_value_across_batches():
    """Set at rows of the mask, kept between, carried in `last`."""
    last = np.full(1, np.nan)
    bits = np.array([4, 2, 1, 2], np.int8)
    first, second = np.empty(4), np.empty(4)

    hold(np.array([1.0, 2, 3, 4]), bits, int(Ticks.TRADE), last, first)
    hold(np.array([5.0, 6, 7, 8]), bits, int(Ticks.TRADE), last, second)

    assert first.tolist() == pytest.approx([np.nan, 2, 2, 4], nan_ok=True)
    assert second.tolist() == [4, 6, 6, 8]


def test_the_age_of_a_row_is_in_seconds():
    """Missing before the first."""
    last = np.full(1, -1, np.int64)
    ts = np.array([0, 1, 3, 6]) * 10**9
    out = np.empty(4)

    hold_age(ts, np.array([4, 1, 4, 4], np.int8), int(Ticks.BOOK), last, out)

    assert out.tolist() == pytest.approx([np.nan, 0, 2, 5], nan_ok=True)


@pytest.mark.parametrize(("rows", "price"), [("quote", 99.98), ("trade", 99.97)])
def test_ages_reach_formulas(run, rows, price):
    """A bid lower by a tick for every ten milliseconds since the last such row."""
    quote = {
        "bid": f"100.00 - 1tick * floor(age({rows}) / 10ms)",
        "ask": 100.50,
        "size": 1,
    }
    text = """
        0 trade buy 100.01x1
        10 quote 100.00x30 100.01x30
        30 clock
    """

    ran = run("0 quote 100.00x30 100.01x30\n" + text, quote)

    assert ran.bids[-1][2] == price


def test_the_time_of_day_reaches_formulas(run):
    """The tape begins at 22:13:20 UTC: 80,000 seconds, a tick each below 900."""
    quote = {"bid": "900 - 1tick * round(time_of_day / 1s)", "ask": 900, "size": 1}

    ran = run("0 quote 100.00x30 100.01x30\n1000 clock", quote)

    assert [p for *_, p, _ in ran.bids] == [100.00, 99.99]


def test_the_time_left_reaches_formulas(run):
    """Two and then one second before the close."""
    quote = {"bid": "99.90 - 1tick * round(time_left / 1s)", "ask": 100.50, "size": 1}

    ran = run("0 quote 100.00x30 100.01x30\n1000 clock", quote, sessions=[(-5, 2000)])

    assert [p for *_, p, _ in ran.bids] == [99.88, 99.89]
