"""Functions over time beside polars, numpy and exact fractions, which we did not write."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from mmrun.engine.series import SeriesRunner
from mmrun.lang.functions import FUNCTIONS
from mmrun.plan.plan import SeriesStep, Window


SECOND = 1_000_000_000
BOOK, TRADE = 1, 2
ROWS = 3_000
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def tape() -> pl.DataFrame:
    """Three minutes of a made-up market: book rows and trades, no two at one time."""
    chance = np.random.default_rng(7)
    gaps = 1 + chance.exponential(0.06 * SECOND, ROWS).astype(np.int64)
    return pl.DataFrame(
        {
            "ts": 1_700_000_000 * SECOND + np.cumsum(gaps),
            "bits": chance.choice(np.array([BOOK, TRADE], np.int8), ROWS),
            "x": 150 + np.cumsum(chance.normal(0, 0.01, ROWS)),
            "mid": 150 + np.cumsum(chance.normal(0, 0.01, ROWS)),
            "last_price": 150 + chance.integers(-9, 9, ROWS) / 100,
            "last_size": chance.integers(1, 50, ROWS).astype(np.float64),
            "last_side": chance.choice([-1.0, 1.0], ROWS),
            "bid": 150 + chance.integers(-2, 2, ROWS) / 100,
            "ask": 150 + chance.integers(2, 5, ROWS) / 100,
            "bid_size": chance.integers(1, 50, ROWS).astype(np.float64),
            "ask_size": chance.integers(1, 50, ROWS).astype(np.float64),
        }
    )


def seconds(length: float) -> Window:
    return Window(timed=True, constant=length)


def number(count: float) -> Window:
    return Window(timed=False, constant=count)


def column(tape: pl.DataFrame, op: str, *windows: Window, rows: int = BOOK) -> Floats:
    """A function's values at the rows where it ticks."""
    reads = FUNCTIONS[op].reads or ("x",)
    step = SeriesStep("c", op, reads, windows, rows)
    out = np.empty(len(tape))
    inputs = [tape[name].to_numpy() for name in reads]
    SeriesRunner(step, {}).run(
        tape["ts"].to_numpy(), tape["bits"].to_numpy(), inputs, out
    )
    return out[(tape["bits"].to_numpy() & rows) != 0]


def observed(tape: pl.DataFrame, rows: int = BOOK) -> pl.DataFrame:
    return tape.filter((pl.col("bits") & rows) != 0)


def over(name: str, window: str = "2s") -> dict[str, pl.Expr]:
    """Rolling expressions over (t - window, t]."""
    x = pl.col(name)
    return {
        "min": x.rolling_min_by("ts", f"{window}"),
        "max": x.rolling_max_by("ts", f"{window}"),
        "mean": x.rolling_mean_by("ts", f"{window}"),
        "std": x.rolling_std_by("ts", f"{window}", ddof=0),
        "sum": x.rolling_sum_by("ts", f"{window}"),
    }


def by_polars(tape: pl.DataFrame, expression: pl.Expr, rows: int = BOOK) -> Floats:
    """The expression's values, times as polars wants them."""
    table = observed(tape, rows).with_columns(pl.col("ts").cast(pl.Datetime("ns")))
    return table.select(expression.alias("c"))["c"].to_numpy()


def test_extremes_are_those_of_polars(tape: pl.DataFrame) -> None:
    """By time and by ticks."""
    rolling = over("x")
    by_count = pl.col("x").rolling_max(20)

    same = np.testing.assert_array_equal
    same(column(tape, "min_over", seconds(2)), by_polars(tape, rolling["min"]))
    same(column(tape, "max_over", seconds(2)), by_polars(tape, rolling["max"]))
    same(
        column(tape, "max_over", number(20)),
        by_polars(tape, by_count.fill_null(math.nan)),
    )


def test_zscore_is_that_of_polars_once_the_window_has_passed(
    tape: pl.DataFrame,
) -> None:
    """Missing for the first two seconds, (x - mean) / std from then on."""
    rolling = over("x")
    expected = by_polars(tape, (pl.col("x") - rolling["mean"]) / rolling["std"])
    ts = observed(tape)["ts"].to_numpy()

    found = column(tape, "zscore", seconds(2))

    warm = ts - ts[0] >= 2 * SECOND
    assert np.isnan(found[~warm]).all()
    np.testing.assert_allclose(found[warm], expected[warm], rtol=1e-6, atol=1e-9)


def test_vwap_and_signed_volume_are_those_of_polars(tape: pl.DataFrame) -> None:
    """Rolling sums over the trades alone."""
    price, size = pl.col("last_price"), pl.col("last_size")
    table = tape.with_columns(
        (price * size).alias("value"), (size * pl.col("last_side")).alias("signed")
    )
    vwap = over("value")["sum"] / over("last_size")["sum"]

    found = column(tape, "vwap", seconds(2), rows=TRADE)
    signed = column(tape, "signed_volume", seconds(2), rows=TRADE)

    np.testing.assert_allclose(found, by_polars(table, vwap, TRADE), rtol=1e-12)
    np.testing.assert_array_equal(
        signed, by_polars(table, over("signed")["sum"], TRADE)
    )


def test_ofi_is_the_rolling_sum_of_its_events(tape: pl.DataFrame) -> None:
    """The four indicators as Cont, Kukanov & Stoikov write them."""
    bid, ask, q, r = (pl.col(n) for n in ("bid", "ask", "bid_size", "ask_size"))
    event = (
        pl.when(bid >= bid.shift()).then(q).otherwise(0.0)
        - pl.when(bid <= bid.shift()).then(q.shift()).otherwise(0.0)
        - pl.when(ask <= ask.shift()).then(r).otherwise(0.0)
        + pl.when(ask >= ask.shift()).then(r.shift()).otherwise(0.0)
    )
    table = observed(tape).with_columns(event.alias("e"))
    table = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(0.0).otherwise(pl.col("e")).alias("e")
    )

    found = column(tape, "ofi", seconds(2))

    np.testing.assert_array_equal(found, by_polars(table, over("e")["sum"]))


def test_twap_is_the_mean_of_a_fine_grid(tape: pl.DataFrame) -> None:
    """The held value sampled every 0.1 ms is, on average, the mean by time."""
    table = observed(tape).head(400)
    ts, x = table["ts"].to_numpy(), table["x"].to_numpy()

    found = column(tape, "twap", seconds(2))[:400]

    for row in (0, 1, 50, 200, 399):
        start = max(ts[0], ts[row] - 2 * SECOND)
        grid = np.arange(start + 50_000, ts[row], 100_000)
        held = x[np.searchsorted(ts, grid, side="right") - 1]
        expected = held.mean() if len(grid) else x[row]
        assert found[row] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("window", [seconds(0.5), number(0.94)])
def test_ewm_std_is_the_exact_difference_of_two_averages(
    tape: pl.DataFrame, window: Window
) -> None:
    """sqrt(ewma(x²) - ewma(x)²) in fractions, with the same weights."""
    table = observed(tape).head(300)
    ts, x = table["ts"].to_list(), [Fraction(v) for v in table["x"].to_list()]
    mean, square = x[0], x[0] ** 2
    expected = [0.0]
    for row in range(1, len(x)):
        half_lives = (ts[row] - ts[row - 1]) / 1e9 / 0.5
        kept = Fraction(2.0**-half_lives if window.timed else 0.94)
        mean = kept * mean + (1 - kept) * x[row]
        square = kept * square + (1 - kept) * x[row] ** 2
        mean, square = (v.limit_denominator(10**40) for v in (mean, square))
        expected.append(math.sqrt(square - mean**2))

    found = column(tape, "ewm_std", window)[:300]

    np.testing.assert_allclose(found, expected, rtol=1e-8)


def bars_of(table: pl.DataFrame, every_s: int) -> pl.DataFrame:
    """Bars of the clock, those without a row filled in."""
    table = table.with_columns((pl.col("ts") // (every_s * SECOND)).alias("bar"))
    bars = table["bar"]
    every = pl.DataFrame({"bar": range(int(bars[0]), int(bars[-1]) + 1)})
    return every.join(table, on="bar", how="left")


def test_parkinson_is_the_ranges_of_bars(tape: pl.DataFrame) -> None:
    """Twenty bars of a second, each opening at the value before it."""
    table = observed(tape)
    grouped = (
        bars_of(table, 1)
        .group_by("bar", maintain_order=True)
        .agg(
            pl.col("x").max().alias("high"),
            pl.col("x").min().alias("low"),
            pl.col("x").last().alias("last"),
        )
        .with_columns(pl.col("last").forward_fill().shift().alias("open"))
        .with_columns(
            pl.max_horizontal("high", "open").alias("high"),
            pl.min_horizontal("low", "open").alias("low"),
        )
    )
    square = np.log(grouped["high"].to_numpy() / grouped["low"].to_numpy()) ** 2
    first = int(grouped["bar"][0])

    found = column(tape, "parkinson", seconds(1), number(20))

    for row in range(0, len(found), 37):
        ts = int(table["ts"][row])
        complete = ts // SECOND - first
        if ts - int(table["ts"][0]) < 20 * SECOND:
            assert math.isnan(found[row])
        else:
            mean = square[complete - 20 : complete].mean()
            expected = math.sqrt(mean / (4 * math.log(2)))
            assert found[row] == pytest.approx(expected, rel=1e-12)


def test_kyle_lambda_is_the_slope_of_a_least_squares_fit(tape: pl.DataFrame) -> None:
    """numpy's fit of changes of mid on signed volume, over thirty bars of a second."""
    started = tape.with_columns(
        pl.when(pl.col("bits") == BOOK).then(pl.col("mid")).forward_fill().alias("m"),
    ).filter(pl.col("m").is_not_null())
    first_mid, first_ts = started["m"][0], int(started["ts"][0])
    signed = pl.col("last_size") * pl.col("last_side") * (pl.col("bits") == TRADE)
    grouped = (
        bars_of(started.with_columns(signed.alias("q")), 1)
        .group_by("bar", maintain_order=True)
        .agg(pl.col("m").last(), pl.col("q").sum())
        .with_columns(pl.col("m").forward_fill())
    )
    change = np.diff(grouped["m"].to_numpy(), prepend=first_mid)
    volume = grouped["q"].to_numpy()
    bars = int(grouped["bar"][0])

    found = column(tape, "kyle_lambda", seconds(30), seconds(1), rows=BOOK | TRADE)

    for row in range(0, len(tape), 97):
        ts = int(tape["ts"][row])
        if ts - first_ts < 30 * SECOND:
            assert math.isnan(found[row])
        else:
            last = slice(ts // SECOND - bars - 30, ts // SECOND - bars)
            expected = np.polyfit(volume[last], change[last], 1)[0]
            assert found[row] == pytest.approx(expected, rel=1e-9)


def test_vpin_is_that_of_single_shares_in_a_row(tape: pl.DataFrame) -> None:
    """Trades laid out share by share, cut into buckets of 64."""
    table = observed(tape, TRADE)
    sizes = table["last_size"].to_numpy().astype(int)
    shares = np.repeat(table["last_side"].to_numpy(), sizes)
    whole = len(shares) // 64
    imbalance = np.abs(shares[: whole * 64].reshape(whole, 64).sum(axis=1))
    full = np.cumsum(sizes) // 64

    found = column(tape, "vpin", number(64), number(10), rows=TRADE)

    for row, count in enumerate(full):
        expected = (
            imbalance[count - 10 : count].sum() / 640 if count >= 10 else math.nan
        )
        assert found[row] == pytest.approx(expected, nan_ok=True, rel=1e-15)
