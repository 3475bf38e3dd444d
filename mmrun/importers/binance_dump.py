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
from mmrun.importers.binance_table import (
    NAME,
    NAME_HINT,
    Table,
    moment,
    number,
    read_table,
    refuse_numbers,
    whole,
)
from mmrun.importers.sources import Member
from mmrun.market.tape import Side
from mmrun.problems import DataError


_SIDES = {"b": int(Side.BUY), "a": int(Side.SELL)}


def read_dump(member: Member) -> Recording:
    """Read a CSV or Parquet file.

    Raises:
        DataError: it is empty, damaged, of none of these formats, holds two symbols or
            what cannot be right.
    """
    table = read_table(member)
    books, levels = _BOOKS_OF.get(table.content, _no_book)(table)
    return Recording(
        name=member.name,
        symbol=_symbol(member, table),
        market=_market(member, table),
        books=books,
        levels=levels,
        trades=_trades(table),
    )


def _symbol(member: Member, table: Table) -> str:
    """The symbol in the file, else the one in its name: BTC/USDT is BTCUSDT."""
    if "symbol" in table.rows.columns:
        found = table.rows.select("line", "symbol").unique("symbol", keep="first")
        if len(found) > 1:
            (_, first), (line, other), *_ = found.sort("line").iter_rows()
            message = f"{member.name}:{line + 1}: symbol is {other}; expected {first}, as above"
            raise DataError(message, hint="one symbol a file: split it")
        return str(found["symbol"][0]).replace("/", "").upper()
    match = NAME.match(member.base)
    if match is None:
        message = f"{member.name} does not say its symbol"
        raise DataError(message, hint=NAME_HINT)
    return match["symbol"].upper()


def _market(member: Member, table: Table) -> Market:
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


def _depth(table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Messages are runs of rows with the same update ids."""
    rows = table.rows.with_columns(
        pl.col("side", "update_type").str.strip_chars().str.to_lowercase(),
        *(whole(table, name) for name in ("first", "last")),
        whole(table, "before")
        if "before" in table.rows.columns
        else pl.lit(None).alias("before"),
        moment(table, "time").alias("ts"),
    )
    refuse(table.name, rows, ~pl.col("side").is_in(list(_SIDES)), "side", "b or a")
    known = pl.col("update_type").is_in(["snap", "set"])
    refuse(table.name, rows, ~known, "update_type", "snap or set")
    for name in ("first", "last", "ts"):
        refuse(table.name, rows, pl.col(name) < 0, name, "a whole number")
    levels = rows.select(
        pl.col("line").first().over(pl.struct("update_type", "first", "last").rle_id()),
        pl.col("side").replace_strict(_SIDES, return_dtype=pl.Int8),
        number(table, "price"),
        number(table, "size"),
    )
    refuse_numbers(table, levels.with_columns(rows["line"]), ("price", "size"))
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


def _tickers(table: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Best quotes; where they bear no update id, their times order them."""
    has_id = "update_id" in table.rows.columns
    numbers = ("bid", "bid_size", "ask", "ask_size")
    rows = table.rows.with_columns(
        moment(table, "time").alias("ts"),
        moment(table, "event_time").alias("event")
        if "event_time" in table.rows.columns
        else pl.lit(None, pl.Int64).alias("event"),
        *(number(table, name) for name in numbers),
    ).with_columns(
        (whole(table, "update_id") if has_id else pl.col("ts")).alias("last")
    )
    refuse_numbers(table, rows, numbers)
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


def _no_book(_: Table) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.DataFrame(schema=BOOKS), pl.DataFrame(schema=LEVELS)


_BOOKS_OF = {"T_DEPTH": _depth, "bookTicker": _tickers}


def _as_books(frame: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None).alias(name) for name in BOOKS if name not in frame.columns]
    whole = frame.with_columns(absent)
    return whole.select(pl.col(name).cast(kind) for name, kind in BOOKS.items())


def _trades(table: Table) -> pl.DataFrame:
    numbered = {"trades": "id", "aggTrades": "aggregate_id"}.get(table.content)
    if numbered is None:
        return pl.DataFrame(schema=TRADES)
    maker = (
        pl.col("buyer_was_maker").cast(pl.String).str.strip_chars().str.to_lowercase()
    )
    rows = table.rows.with_columns(
        moment(table, "time").alias("ts"),
        whole(table, numbered).alias("id"),
        number(table, "price"),
        number(table, "size"),
        maker.replace_strict(
            {"true": int(Side.SELL), "false": int(Side.BUY)}, default=None
        ).alias("side"),
    )
    refuse_numbers(table, rows, ("price", "size"))
    for name in ("ts", "id"):
        refuse(table.name, rows, pl.col(name) < 0, name, "a whole number")
    refuse(
        table.name, rows, pl.col("side").is_null(), "buyer_was_maker", "true or false"
    )
    full = rows.with_columns(
        pl.lit(None, pl.Int64).alias("recv"),
        pl.lit(None, pl.Int64).alias("event"),
        is_market=True,
        is_aggregate=numbered == "aggregate_id",
    )
    return full.select(pl.col(name).cast(kind) for name, kind in TRADES.items())
