"""Files of data.binance.vision and what tools make of them: CSV or Parquet.

    trades      id,price,qty,quote_qty,time,is_buyer_maker[,is_best_match]
    aggTrades   agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,
                is_buyer_maker[,is_best_match]
    bookTicker  update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,
                transaction_time,event_time
    T_DEPTH     symbol,timestamp,first_update_id,last_update_id,side,update_type,price,
                qty,pu: update_type snap or set, side b or a

Columns of a file with a header may stand in any order; one without is known by its name
(BTCUSDT-aggTrades-2024-08-08.csv). Times are UTC epoch in ms, us or ns, as many digits
as they have: spot changed from ms to us on 2025-01-01. `is_buyer_maker` is text, the
word true or false. The market is the folder of data.binance.vision (spot, futures/um,
futures/cm), else what the columns allow.

Source: binance/binance-public-data, README.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

import polars as pl

from mmrun.importers.binance_record import (
    BOOKS,
    COINM,
    FOLDERS,
    LEVELS,
    SPOT,
    TRADES,
    USDM,
    Book,
    Market,
    Recording,
    refuse,
)
from mmrun.importers.headed import HeadedFile, read_headed
from mmrun.importers.sources import Member
from mmrun.importers.text import TextFile, read_numbers
from mmrun.market.tape import Side
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
_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9]+(_[A-Za-z0-9]+)?)-(?P<content>[A-Za-z]+)")
_NAME_HINT = "Binance's names are like BTCUSDT-aggTrades-2024-08-08.csv"
_HINT = f"expected {', '.join(CONTENTS)}"
_SIDES = {"b": int(Side.BUY), "a": int(Side.SELL)}


@dataclass(frozen=True, slots=True)
class _Table:
    """A file's columns by role, with `line`, and how they were called."""

    name: str
    content: str
    rows: pl.DataFrame
    header: tuple[str, ...]


def read_dump(member: Member) -> Recording:
    """Read a CSV or Parquet file.

    Raises:
        DataError: it is empty, damaged, of none of these formats, holds two symbols or
            what cannot be right.
    """
    table = _read(member)
    books, levels = _BOOKS_OF.get(table.content, _no_book)(table)
    return Recording(
        name=member.name,
        symbol=_symbol(member, table),
        market=_market(member, table),
        books=books,
        levels=levels,
        trades=_trades(table),
    )


def _read(member: Member) -> _Table:
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
    return _Table(member.name, fitting[0], numbered, tuple(frame.columns))


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
    match = _NAME.match(member.base)
    content = match["content"] if match else ""
    if data.strip() and content not in _UNNAMED:
        message = (
            f"{member.name} has no header, and its name does not say what it holds"
        )
        raise DataError(message, hint=_NAME_HINT)
    columns = dict.fromkeys(_UNNAMED.get(content, ()), pl.String)
    file = TextFile(member.name, data)
    wide = data.partition(b"\n")[0].count(b",") + 1 > len(columns)
    frame = read_numbers(file, columns, spare=int(content != "bookTicker"))
    best = [pl.lit(None, pl.String).alias("is_best_match")] if wide else []
    return frame.with_columns(best), 0


def _symbol(member: Member, table: _Table) -> str:
    """The symbol in the file, else the one in its name: BTC/USDT is BTCUSDT."""
    if "symbol" in table.rows.columns:
        found = table.rows.select("line", "symbol").unique("symbol", keep="first")
        if len(found) > 1:
            (_, first), (line, other), *_ = found.sort("line").iter_rows()
            message = f"{member.name}:{line + 1}: symbol is {other}; expected {first}, as above"
            raise DataError(message, hint="one symbol a file: split it")
        return str(found["symbol"][0]).replace("/", "").upper()
    match = _NAME.match(member.base)
    if match is None:
        message = f"{member.name} does not say its symbol"
        raise DataError(message, hint=_NAME_HINT)
    return match["symbol"].upper()


def _market(member: Member, table: _Table) -> Market:
    """By folder, else by what only one of the markets has."""
    folders = [folder.lower() for folder in member.path.resolve().parent.parts]
    named = [FOLDERS[folder] for folder in folders if folder in FOLDERS]
    if named:
        return named[-1]
    if "base_qty" in table.header or re.search(r"USD_", member.base.upper()):
        return COINM
    if "is_best_match" in table.header:
        return SPOT
    futures = {"update_type", "transaction_time", "transact_time", "quote_qty"}
    return USDM if futures & set(table.header) else SPOT


def _depth(table: _Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Messages are runs of rows with the same update ids."""
    rows = table.rows.with_columns(
        pl.col("side", "update_type").str.strip_chars().str.to_lowercase(),
        *(_whole(table, name) for name in ("first", "last")),
        _whole(table, "before")
        if "before" in table.rows.columns
        else pl.lit(None).alias("before"),
        _moment(table, "time").alias("ts"),
    )
    refuse(table.name, rows, ~pl.col("side").is_in(list(_SIDES)), "side", "b or a")
    known = pl.col("update_type").is_in(["snap", "set"])
    refuse(table.name, rows, ~known, "update_type", "snap or set")
    for name in ("first", "last", "ts"):
        refuse(table.name, rows, pl.col(name) < 0, name, "a whole number")
    levels = rows.select(
        pl.col("line").first().over(pl.struct("update_type", "first", "last").rle_id()),
        pl.col("side").replace_strict(_SIDES, return_dtype=pl.Int8),
        _number(table, "price"),
        _number(table, "size"),
    )
    _refuse_numbers(table, levels.with_columns(rows["line"]), ("price", "size"))
    snap = pl.col("update_type") == "snap"
    books = rows.filter(pl.col("line").is_in(levels["line"].unique().implode())).select(
        "line",
        "ts",
        "first",
        "last",
        kind=pl.when(snap).then(int(Book.SNAPSHOT)).otherwise(int(Book.DEPTH)),
        before=pl.when(~snap).then("before"),
    )
    return _as_books(books), levels.match_to_schema(pl.Schema(LEVELS))


def _tickers(table: _Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Best quotes; where they bear no update id, their times order them."""
    has_id = "update_id" in table.rows.columns
    numbers = ("bid", "bid_size", "ask", "ask_size")
    rows = table.rows.with_columns(
        _moment(table, "time").alias("ts"),
        _moment(table, "event_time").alias("event")
        if "event_time" in table.rows.columns
        else pl.lit(None, pl.Int64).alias("event"),
        *(_number(table, name) for name in numbers),
    ).with_columns(
        (_whole(table, "update_id") if has_id else pl.col("ts")).alias("last")
    )
    _refuse_numbers(table, rows, numbers)
    for name in ("ts", "last"):
        refuse(table.name, rows, pl.col(name) < 0, name, "a whole number")
    books = rows.select(
        "line", "ts", "event", "last", kind=pl.lit(int(Book.TICKER)), first="last"
    )
    sides = [
        rows.select(
            "line",
            pl.lit(int(side)).cast(pl.Int8).alias("side"),
            price=name,
            size=f"{name}_size",
        )
        for side, name in ((Side.BUY, "bid"), (Side.SELL, "ask"))
    ]
    levels = pl.concat(sides).sort("line", maintain_order=True)
    return _as_books(books), levels.match_to_schema(pl.Schema(LEVELS))


def _no_book(_: _Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.DataFrame(schema=BOOKS), pl.DataFrame(schema=LEVELS)


_BOOKS_OF = {"T_DEPTH": _depth, "bookTicker": _tickers}


def _as_books(frame: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None).alias(name) for name in BOOKS if name not in frame.columns]
    whole = frame.with_columns(absent)
    return whole.select(pl.col(name).cast(kind) for name, kind in BOOKS.items())


def _trades(table: _Table) -> pl.DataFrame:
    number = {"trades": "id", "aggTrades": "aggregate_id"}.get(table.content)
    if number is None:
        return pl.DataFrame(schema=TRADES)
    maker = (
        pl.col("buyer_was_maker").cast(pl.String).str.strip_chars().str.to_lowercase()
    )
    rows = table.rows.with_columns(
        _moment(table, "time").alias("ts"),
        _whole(table, number).alias("id"),
        _number(table, "price"),
        _number(table, "size"),
        maker.replace_strict(
            {"true": int(Side.SELL), "false": int(Side.BUY)}, default=None
        ).alias("side"),
    )
    _refuse_numbers(table, rows, ("price", "size"))
    for name in ("ts", "id"):
        refuse(table.name, rows, pl.col(name) < 0, name, "a whole number")
    refuse(
        table.name, rows, pl.col("side").is_null(), "buyer_was_maker", "true or false"
    )
    whole = rows.with_columns(
        pl.lit(None, pl.Int64).alias("recv"),
        pl.lit(None, pl.Int64).alias("event"),
        is_market=True,
        is_aggregate=number == "aggregate_id",
    )
    return whole.select(pl.col(name).cast(kind) for name, kind in TRADES.items())


def _whole(table: _Table, name: str) -> pl.Expr:
    column = pl.col(name)
    if table.rows.schema[name] == pl.String:
        column = column.str.strip_chars()
    return column.cast(pl.Int64, strict=False)


def _number(table: _Table, name: str) -> pl.Expr:
    column = pl.col(name)
    if table.rows.schema[name] == pl.String:
        column = column.str.strip_chars()
    return column.cast(pl.Float64, strict=False)


def _moment(table: _Table, name: str) -> pl.Expr:
    """Ns since 1970, of ms, us or ns by how large the numbers are."""
    if isinstance(table.rows.schema[name], pl.Datetime):
        return pl.col(name).dt.epoch("ns")
    number = _whole(table, name)
    return (
        pl.when(number < 10**14)
        .then(number * 10**6)
        .when(number < 10**17)
        .then(number * 10**3)
        .otherwise(number)
    )


def _refuse_numbers(table: _Table, rows: pl.DataFrame, names: tuple[str, ...]) -> None:
    for name in names:
        wrong = ~pl.col(name).is_finite() | (pl.col(name) < 0)
        refuse(table.name, rows, wrong, name, "a number of 0 or more")
