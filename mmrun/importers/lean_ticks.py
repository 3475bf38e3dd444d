"""Lean's tick files as tape rows: one-sided quotes, trades, forex quotes.

Each function takes a file without a header and midnight of its market's clock, ns since
1970, and gives rows in order of time; the first line that cannot be right is named.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from mmrun.importers.rows import tape_rows
from mmrun.importers.text import TextFile, read_numbers, refuse
from mmrun.market.tape import Kind, Side
from mmrun.problems import DataError


OFF_EXCHANGE = "D"  #: FINRA's trade reporting facilities
PRICE_STEPS = 10_000.0  #: an equity price of 1 dollar in the files
MS_NS = 1_000_000
_LAST_MS = 25 * 3_600_000  #: the longest day, when clocks go back

_Columns = dict[str, type[pl.DataType]]
_EQUITY_QUOTE: _Columns = {
    "ms": pl.Int64,
    "bid": pl.Int64,
    "bid_size": pl.Int64,
    "ask": pl.Int64,
    "ask_size": pl.Int64,
    "exchange": pl.String,
    "condition": pl.String,
    "suspicious": pl.Int64,
}
_EQUITY_TRADE: _Columns = {
    "ms": pl.Int64,
    "price": pl.Int64,
    "size": pl.Int64,
    "exchange": pl.String,
    "condition": pl.String,
    "suspicious": pl.Int64,
}
_FOREX_QUOTE: _Columns = {"ms": pl.Int64, "bid": pl.String, "ask": pl.String}
_GIVES_BID, _GIVES_ASK = pl.col("bid") > 0, pl.col("ask") > 0
_SIDES = ((_GIVES_BID, ("bid", "bid_size")), (_GIVES_ASK, ("ask", "ask_size")))
_DECIMAL = r"^\d+(\.\d+)?$"


def equity_quotes(file: TextFile, midnight: int) -> tuple[pl.DataFrame, list[str]]:
    """Quote rows of one-sided rows, ordered by time, and notes.

    Args:
        file: ms, bid, bid size, ask, ask size, exchange, condition, suspicious.
        midnight: of the market's clock, ns since 1970.

    Raises:
        DataError: a line cannot be right.
    """
    rows = _read(file, _EQUITY_QUOTE)
    for name in ("bid", "bid_size", "ask", "ask_size"):
        _refuse(file, rows, pl.col(name) < 0, name)
    good = rows.filter((pl.col("suspicious") == 0) & (_GIVES_BID | _GIVES_ASK))
    whole = _whole_quotes(good)
    ts = _ts(whole, midnight)
    columns = {
        "ts": ts,
        "bid": whole["bid"].to_numpy() / PRICE_STEPS,
        "bid_size": whole["bid_size"],
        "ask": whole["ask"].to_numpy() / PRICE_STEPS,
        "ask_size": whole["ask_size"],
    }
    notes = [
        f"{len(rows):,} quote rows of one side or the other gave {len(whole):,} quotes"
    ]
    left_out = len(rows) - len(good)
    if left_out:
        notes.append(
            f"{left_out:,} quote rows that are flagged suspicious or give no price were left out"
        )
    return tape_rows(Kind.QUOTE, ts, columns), notes


def _whole_quotes(rows: pl.DataFrame) -> pl.DataFrame:
    """Both sides as known after each row, without the first row of a pair."""
    half = (
        (~_GIVES_ASK)
        & (~_GIVES_BID).shift(-1)
        & (pl.col("ms") == pl.col("ms").shift(-1))
    )
    known = [
        pl.when(given).then(pl.col(name)).forward_fill().alias(name)
        for given, names in _SIDES
        for name in names
    ]
    return rows.select("ms", *known, half=half).filter(
        ~pl.col("half").fill_null(value=False)
    )


def equity_trades(
    file: TextFile, midnight: int, *, off_exchange: bool
) -> tuple[pl.DataFrame, list[str]]:
    """Trade rows of unknown side, ordered by time, and notes.

    Args:
        file: ms, price, size, exchange, condition, suspicious.
        midnight: of the market's clock, ns since 1970.
        off_exchange: keep trades made off the exchanges.

    Raises:
        DataError: a line cannot be right.
    """
    rows = _read(file, _EQUITY_TRADE)
    _refuse(file, rows, pl.col("price") <= 0, "price")
    _refuse(file, rows, pl.col("size") < 0, "size")
    good = rows.filter((pl.col("suspicious") == 0) & (pl.col("size") > 0))
    away = good.filter(pl.col("exchange") == OFF_EXCHANGE)
    kept = good if off_exchange else good.filter(pl.col("exchange") != OFF_EXCHANGE)
    ts = _ts(kept, midnight)
    columns = {
        "ts": ts,
        "price": kept["price"].to_numpy() / PRICE_STEPS,
        "size": kept["size"],
        "side": np.full(len(kept), int(Side.UNKNOWN)),
    }
    notes = [
        f"{len(rows):,} trades, their side not known, stand before the quotes of their ms"
    ]
    if len(rows) > len(good):
        notes.append(
            f"{len(rows) - len(good):,} trades that are flagged suspicious or have no size were left out"
        )
    if len(away):
        share = int(away["size"].sum()) / int(good["size"].sum())
        done = "kept" if off_exchange else "left out"
        notes.append(
            f"{len(away):,} trades off the exchanges ({share:.1%} of the volume) were {done}: they are reported late and meet no displayed order"
        )
    return tape_rows(Kind.TRADE, ts, columns), notes


def forex_quotes(file: TextFile, midnight: int) -> tuple[pl.DataFrame, float]:
    """Quote rows without sizes, and the price step they are written with.

    Args:
        file: ms, bid, ask.
        midnight: of the market's clock, ns since 1970.

    Raises:
        DataError: a line cannot be right.
    """
    rows = _read(file, _FOREX_QUOTE)
    for name in ("bid", "ask"):
        wrong = ~pl.col(name).str.contains(_DECIMAL) | (
            pl.col(name).cast(pl.Float64, strict=False) <= 0
        )
        _refuse(file, rows, wrong, name)
    ts = _ts(rows, midnight)
    prices = {name: rows[name].cast(pl.Float64) for name in ("bid", "ask")}
    written = rows.select(
        pl.col(name).str.extract(r"\.(\d+)", 1).str.len_chars().fill_null(0)
        for name in prices
    )
    _check_last(file, written["ask"])
    decimals = max(int(written[name].max()) for name in prices)  # type: ignore[arg-type]
    return tape_rows(Kind.QUOTE, ts, {"ts": ts, **prices}), float(f"1e-{decimals}")


def _check_last(file: TextFile, decimals: pl.Series) -> None:
    """A file that was cut off may end in a price with fewer decimals than any other."""
    if len(decimals) > 1 and decimals[-1] < decimals[:-1].min():
        message = f"{file.at(len(decimals) - 1)}: ask has fewer decimals than any above"
        raise DataError(message, hint="the file is cut short: get it again")


def _read(file: TextFile, columns: _Columns) -> pl.DataFrame:
    """The file's columns, its times inside a day and never running back."""
    rows = read_numbers(file, columns)
    _refuse(file, rows, ~pl.col("ms").is_between(0, _LAST_MS), "ms")
    back = rows.select((pl.col("ms").diff() < 0).arg_true()).to_series()
    if len(back):
        row = back[0]
        message = f"{file.at(row)}: time goes back from {rows['ms'][row - 1]} to {rows['ms'][row]} ms"
        raise DataError(message, hint="Lean's lines are in time order; get it again")
    return rows


def _ts(rows: pl.DataFrame, midnight: int) -> pl.Series:
    return midnight + rows["ms"] * MS_NS


_EXPECTED = {
    "ms": "milliseconds after midnight",
    "price": "a price above 0",
    "bid": "a price",
    "ask": "a price",
}


def _refuse(file: TextFile, frame: pl.DataFrame, wrong: pl.Expr, name: str) -> None:
    """Raise for the first row of which `wrong` holds."""
    refuse(file, frame, wrong, name, _EXPECTED.get(name, "a number of shares"))
