"""Binance's CSV and Parquet files as columns that are known by what they are for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

import polars as pl

from mmrun.importers.binance_record import refuse
from mmrun.importers.headed import HeadedFile, read_headed
from mmrun.importers.sources import Member
from mmrun.importers.text import TextFile, read_numbers
from mmrun.problems import DataError


#: What a column is for, and the names it goes by.
ROLES = {
    "id": ("id", "trade_id"),
    "aggregate_id": ("agg_trade_id",),
    "price": ("price",),
    "size": ("qty", "quantity"),
    "time": ("transaction_time", "transact_time", "time", "timestamp"),
    "event_time": ("event_time",),
    "buyer_was_maker": ("is_buyer_maker", "buyer_maker"),
    "update_id": ("update_id",),
    "bid": ("best_bid_price", "bid"),
    "bid_size": ("best_bid_qty", "bid_size"),
    "ask": ("best_ask_price", "ask"),
    "ask_size": ("best_ask_qty", "ask_size"),
    "first": ("first_update_id",),
    "last": ("last_update_id",),
    "before": ("pu",),
    "side": ("side",),
    "update_type": ("update_type",),
    "symbol": ("symbol",),
}
#: What a file holds, and the roles it must have; the first that fits.
CONTENTS = {
    "T_DEPTH": ("time", "first", "last", "side", "update_type", "price", "size"),
    "bookTicker": ("time", "bid", "bid_size", "ask", "ask_size"),
    "aggTrades": ("aggregate_id", "time", "price", "size", "buyer_was_maker"),
    "trades": ("id", "time", "price", "size", "buyer_was_maker"),
}
#: Columns of files without a header; how many more there may be.
_UNNAMED = {
    "trades": ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
    "aggTrades": (
        "agg_trade_id",
        "price",
        "quantity",
        "first_trade_id",
        "last_trade_id",
        "transact_time",
        "is_buyer_maker",
    ),
    "bookTicker": (
        "update_id",
        "best_bid_price",
        "best_bid_qty",
        "best_ask_price",
        "best_ask_qty",
        "transaction_time",
        "event_time",
    ),
}
NAME = re.compile(r"(?P<symbol>[A-Za-z0-9]+(_[A-Za-z0-9]+)?)-(?P<content>[A-Za-z]+)")
NAME_HINT = "Binance's names are like BTCUSDT-aggTrades-2024-08-08.csv"
_HINT = f"expected {', '.join(CONTENTS)}"


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns by role, with `line`, and how they were called."""

    name: str
    content: str
    rows: pl.DataFrame
    header: tuple[str, ...]


def read_table(member: Member) -> Table:
    """Read a file and find out what it holds.

    Raises:
        DataError: it is empty, damaged, or of none of `CONTENTS`.
    """
    data = member.read()
    if member.base.lower().endswith(".parquet"):
        frame, line = _parquet(member.name, data), 0
    else:
        frame, line = _csv(member, data)
    roles = {
        role: next(name for name in names if name in frame.columns)
        for role, names in ROLES.items()
        if any(name in frame.columns for name in names)
    }
    fitting = [c for c, needed in CONTENTS.items() if set(needed) <= roles.keys()]
    if not fitting:
        shown = ",".join(frame.columns)[:100]
        message = f"{member.name} has the columns {shown}; they fit no known file"
        raise DataError(message, hint=_HINT)
    rows = frame.select(pl.col(name).alias(role) for role, name in roles.items())
    numbered = rows.with_row_index("line", line).with_columns(
        pl.col("line").cast(pl.Int64)
    )
    return Table(member.name, fitting[0], numbered, tuple(frame.columns))


def _parquet(name: str, data: bytes) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(BytesIO(data))
    except (OSError, pl.exceptions.PolarsError) as error:
        first_line = str(error).splitlines()[0]
        message = f"{name} cannot be read as Parquet: {first_line}"
        raise DataError(message, hint="download or copy it again") from error
    if frame.is_empty():
        message = f"{name} has no rows"
        raise DataError(message)
    return frame


def _csv(member: Member, data: bytes) -> tuple[pl.DataFrame, int]:
    """All columns as text, and the line of the first row, counted from 0."""
    headed = HeadedFile(member.name, data)
    if not data[:1].isdigit() and data.strip():
        names = headed.header
        return read_headed(headed, dict.fromkeys(names, pl.String), optional=names), 1
    match = NAME.match(member.base)
    content = match["content"] if match else ""
    if data.strip() and content not in _UNNAMED:
        message = (
            f"{member.name} has no header, and its name does not say what it holds"
        )
        raise DataError(message, hint=NAME_HINT)
    columns = dict.fromkeys(_UNNAMED.get(content, ()), pl.String)
    file = TextFile(member.name, data)
    wide = data.partition(b"\n")[0].count(b",") + 1 > len(columns)
    frame = read_numbers(file, columns, spare=int(content != "bookTicker"))
    best = [pl.lit(None, pl.String).alias("is_best_match")] if wide else []
    return frame.with_columns(best), 0


def whole(table: Table, name: str) -> pl.Expr:
    """A column of whole numbers; null where it is none."""
    column = pl.col(name)
    if table.rows.schema[name] == pl.String:
        column = column.str.strip_chars()
    return column.cast(pl.Int64, strict=False)


def number(table: Table, name: str) -> pl.Expr:
    """A column of numbers; null where it is none."""
    column = pl.col(name)
    if table.rows.schema[name] == pl.String:
        column = column.str.strip_chars()
    return column.cast(pl.Float64, strict=False)


def moment(table: Table, name: str) -> pl.Expr:
    """Ns since 1970, of ms, us or ns by how large the numbers are."""
    if isinstance(table.rows.schema[name], pl.Datetime):
        return pl.col(name).dt.epoch("ns")
    epoch = whole(table, name)
    return (
        pl.when(epoch < 10**14)
        .then(epoch * 10**6)
        .when(epoch < 10**17)
        .then(epoch * 10**3)
        .otherwise(epoch)
    )


def refuse_numbers(table: Table, rows: pl.DataFrame, names: tuple[str, ...]) -> None:
    """Raise for the first row with a number that is missing, below 0 or not finite.

    Raises:
        DataError: there is such a row.
    """
    for name in names:
        wrong = ~pl.col(name).is_finite() | (pl.col(name) < 0)
        refuse(table.name, rows, wrong, name, "a number of 0 or more")
