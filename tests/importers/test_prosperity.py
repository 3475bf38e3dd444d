"""Days of the Prosperity competition: made-up lines, and the sample day."""

from __future__ import annotations

import polars as pl
import pytest

from mmrun.importers import prosperity
from mmrun.market.tape import Kind, Side
from mmrun.market.touch import touch_of
from mmrun.problems import DataError


PRICES = (
    "day;timestamp;product;bid_price_1;bid_volume_1;bid_price_2;bid_volume_2;"
    "bid_price_3;bid_volume_3;ask_price_1;ask_volume_1;ask_price_2;ask_volume_2;"
    "ask_price_3;ask_volume_3;mid_price;profit_and_loss\n"
)
TRADES = "timestamp;buyer;seller;symbol;currency;price;quantity\n"
DAY_0 = 1_735_689_600 * 10**9  # 1 January 2025


def step(at, product="KELP", bid=(2028, 1), ask=(2030, 5), day=0):
    """A line of one level a side."""
    sides = [f"{price};{volume};;;;" for price, volume in (bid, ask)]
    return f"{day};{at};{product};{';'.join(sides)};2029.0;0.0\n"


@pytest.fixture
def write(tmp_path):
    """Writes a file of the given text and gives its path."""

    def make(text, name="prices_round_0_day_0.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return make


def test_trades_stand_behind_the_book_of_their_step(write):
    """They were made on it; what they changed shows at the next step."""
    prices = write(PRICES + step(0) + step(100, ask=(2030, 2)))
    trades = write(TRADES + "0;;;KELP;SEASHELLS;2030;3\n", "trades_round_0_day_0.csv")

    (tape,) = prosperity.read([trades, prices]).tapes

    rows = tape.frame.select("ts", "kind", "side", "price", "size").rows()
    assert rows == [
        (DAY_0, Kind.CLEAR, None, None, None),
        (DAY_0, Kind.DEPTH, Side.BUY, 2028.0, 1.0),
        (DAY_0, Kind.DEPTH, Side.SELL, 2030.0, 5.0),
        (DAY_0, Kind.TRADE, Side.UNKNOWN, 2030.0, 3.0),
        (DAY_0 + 100_000_000, Kind.DEPTH, Side.SELL, 2030.0, 2.0),
    ]
    assert not tape.instrument.has_trade_side


def test_days_follow_one_another(write):
    """Day -1 is the day before day 0."""
    first = write(PRICES + step(0, day=-1), "prices_round_0_day_-1.csv")
    second = write(PRICES + step(0, bid=(2027, 1)))

    (tape,) = prosperity.read([second, first]).tapes

    assert tape.frame["ts"][0] == DAY_0 - 86_400 * 10**9
    assert tape.frame["ts"][-1] == DAY_0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a;b\n1;2\n", "is no Prosperity file"),
        (PRICES, "has no rows"),
        (PRICES.replace("day;", "date;") + step(0), "has no column 'day'"),
        (PRICES + step("x"), "csv:2: timestamp is 'x'; expected a whole number"),
        (PRICES + step(0, bid=(2028, -1)), "csv:2: bid_volume_1 is '-1'"),
        (PRICES + step(100) + step(0), "csv:3: timestamp goes back to 0"),
        (PRICES + step(0) + step(100)[:20], "csv:3: [0-9] fields; expected 17"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_line(write, text, said):
    """File, line and what was expected."""
    with pytest.raises(DataError, match=said):
        prosperity.read([write(text)])


def test_trades_say_their_day_in_the_name(write):
    """There is no day in the file."""
    path = write(TRADES + "0;;;KELP;SEASHELLS;2030;3\n", "trades.csv")

    with pytest.raises(DataError, match="has no day in its name"):
        prosperity.read([path])


def test_a_day_given_twice_is_refused(write):
    """Every change would be there twice."""
    files = [write(PRICES + step(0), name) for name in ("a_day_0.csv", "b_day_0.csv")]

    with pytest.raises(DataError, match="has one day in two files"):
        prosperity.read(files)


def test_the_sample_day_has_its_counts_and_books(shared_data):
    """1,088 trades; the touch of every step of both products is the file's."""
    folder = shared_data / "format-samples" / "prosperity"
    prices = pl.read_csv(folder / "prices_round_0_day_-1.csv", separator=";")

    imported = prosperity.read([folder])

    names = [tape.instrument.symbol for tape in imported.tapes]
    assert names == ["KELP", "RAINFOREST_RESIN"]
    trades = 0
    for tape in imported.tapes:
        trades += len(tape.frame.filter(pl.col("kind") == int(Kind.TRADE)))
        steps = prices.filter(pl.col("product") == tape.instrument.symbol)
        assert len(steps) == 2_000
        start = DAY_0 - 86_400 * 10**9
        at = steps.select(ts=start + pl.col("timestamp") * 10**6)
        touch = at.join_asof(touch_of(tape.frame), on="ts")
        for name, column in (
            ("bid", "bid_price_1"),
            ("bid_size", "bid_volume_1"),
            ("ask", "ask_price_1"),
            ("ask_size", "ask_volume_1"),
        ):
            shown = touch[name].fill_null(-1)
            assert (shown == steps[column].fill_null(-1)).all()
    assert trades == 1_088
