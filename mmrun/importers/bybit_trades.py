"""Bybit's archived trades: CSV of contracts and of the spot market to trade rows."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from mmrun.importers.headed import Columns, HeadedFile, read_headed, refuse
from mmrun.importers.rows import in_order, tape_rows
from mmrun.importers.streams import forward, late_note
from mmrun.market.tape import Kind, Side
from mmrun.problems import DataError


NS_PER_MS = 1_000_000
NS_DIGITS = 9

_CONTRACT: Columns = {
    "timestamp": pl.String,
    "symbol": pl.String,
    "side": pl.String,
    "size": pl.Float64,
    "price": pl.Float64,
}
_SPOT: Columns = {
    "timestamp": pl.Int64,
    "price": pl.Float64,
    "volume": pl.Float64,
    "side": pl.String,
}
_SECONDS = r"^\d{9,10}(\.\d{1,9})?$"
_NAME = re.compile(r"(?P<symbol>[A-Z0-9]+)_\d{4}-\d{2}(-\d{2})?")


def read_trades(
    file: HeadedFile, base: str, notes: list[str]
) -> tuple[str, pl.DataFrame]:
    """A file's symbol and trade rows in time order.

    Args:
        file: the file.
        base: its name, which holds the symbol of spot trades.
        notes: is told what is remarkable.

    Raises:
        DataError: it is damaged, of another format, or of several symbols.
    """
    is_spot = "volume" in file.header
    frame = read_headed(file, _SPOT if is_spot else _CONTRACT)
    symbol = _spot_symbol(file, base) if is_spot else _symbol(file, frame)
    frame = frame.rename({"volume": "size"} if is_spot else {})
    side = pl.col("side").str.to_lowercase()
    refuse(file, frame, ~side.is_in(["buy", "sell"]), "side", "Buy or Sell")
    refuse(file, frame, pl.col("size") <= 0, "size", "a size above 0")
    frame = frame.with_columns(side, ts=_times(file, frame, is_spot=is_spot))
    if frame["ts"][0] > frame["ts"][-1]:
        frame = frame.reverse()
        notes.append(f"{file.name}: the newest trade came first; the order was turned")
    times = forward(frame["ts"].to_numpy(), file.at)
    notes.extend(late_note(file.name, times))
    codes = {"buy": int(Side.BUY), "sell": int(Side.SELL)}
    columns = {
        "ts": times.ts,
        "price": frame["price"],
        "size": frame["size"],
        "side": frame["side"].replace_strict(codes),
    }
    return symbol, in_order([tape_rows(Kind.TRADE, np.arange(len(frame)), columns)])


def _times(file: HeadedFile, frame: pl.DataFrame, *, is_spot: bool) -> pl.Expr:
    """Times in ns; seconds with decimals are read as integers, so they are exact."""
    if is_spot:
        return pl.col("timestamp") * NS_PER_MS
    wrong = ~pl.col("timestamp").str.contains(_SECONDS)
    refuse(file, frame, wrong, "timestamp", "seconds since 1970, like 1733011200.1234")
    parts = pl.col("timestamp").str.split_exact(".", 1).struct
    whole = parts.field("field_0").cast(pl.Int64)
    digits = parts.field("field_1").fill_null("").str.pad_end(NS_DIGITS, "0")
    nanoseconds: pl.Expr = whole * 10**NS_DIGITS + digits.cast(pl.Int64)
    return nanoseconds


def _symbol(file: HeadedFile, frame: pl.DataFrame) -> str:
    symbols = frame["symbol"].unique().sort().to_list()
    if len(symbols) > 1:
        message = f"{file.name} mixes {' and '.join(symbols[:2])}; expected one symbol"
        raise DataError(message)
    return str(symbols[0])


def _spot_symbol(file: HeadedFile, base: str) -> str:
    match = _NAME.match(base)
    if match is None:
        message = f"{file.name} is not named as Bybit's spot trades"
        raise DataError(message, hint="expected SYMBOL_YYYY-MM-DD.csv or .csv.gz")
    return match["symbol"]
