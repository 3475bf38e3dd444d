"""Recorded websocket lines of Binance: `<receive time, ns> <JSON>`, gzip or plain.

The JSON is a message of a combined stream (`{"stream": ..., "data": {...}}`), of a
single one (the data alone), or a REST snapshot of the book:

    depth        U first, u last update id, pu last id before it (futures); b, a lists
                 of [price, new size]
    bookTicker   u; b, B best bid and size; a, A best ask and size
    trade        t id, p price, q size, m whether the buyer was the maker; X (futures)
    aggTrade     a id, the rest as trade
    snapshot     lastUpdateId, bids, asks

E is when it was sent and T when it happened, ms; spot has T on trades only, and neither
on bookTicker and snapshots. Other streams are counted and left out.

Source: Binance, "Web Socket Streams" and "How to manage a local order book correctly".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import polars as pl

from mmrun.importers.binance_lines import (
    HINT,
    STREAMS,
    Frames,
    blocks_of,
    decode,
    split_lines,
)
from mmrun.importers.binance_record import (
    BOOKS,
    COINM,
    LEVELS,
    SPOT,
    TRADES,
    USDM,
    Book,
    Market,
    Recording,
    refuse,
)
from mmrun.importers.sources import Member
from mmrun.market.tape import Side
from mmrun.problems import DataError


MS_NS = 1_000_000


def read_blocks(
    member: Member, progress: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[Recording, bool]]:
    """Read a file of lines, a block at a time, each with whether it is the last.

    Raises:
        DataError: it is empty, cut short, not of this format, holds two symbols, or a
            message lacks a field or holds no number.
    """
    line = 0
    waiting: Recording | None = None
    for block in blocks_of(member):
        rows = split_lines(member.name, block, line)
        line += len(rows)
        found = {name: decode(member.name, rows, name) for name in STREAMS}
        progress(f"reading {member.name}: {line:,} lines")
        if not any(len(frame) for frame in found.values()):
            continue
        if waiting is not None:
            yield waiting, False
        waiting = _recording(member, found, waiting)
    if waiting is None:
        what = f"holds none of {', '.join(STREAMS)}" if line else "is empty"
        message = f"{member.name} {what}"
        raise DataError(message, hint=HINT)
    yield waiting, True


def has_snapshot(member: Member) -> bool:
    """Whether there is a snapshot of the book anywhere in the file."""
    return any(b'"lastUpdateId"' in block for block in blocks_of(member))


def _recording(member: Member, found: Frames, above: Recording | None) -> Recording:
    """A block's messages; of the symbol and market of those above."""
    return Recording(
        name=member.name,
        symbol=_symbol(member, found, above),
        market=above.market if above else _market(found),
        books=_books(member.name, found),
        levels=_levels(member.name, found),
        trades=_trades(member.name, found),
    )


def _symbol(member: Member, found: Frames, above: Recording | None) -> str:
    """The one symbol of all messages; of a snapshot alone, the start of the file's name."""
    named = pl.concat(
        frame.select("line", pl.col("symbol" if name == "snapshot" else "s").alias("s"))
        for name, frame in found.items()
    )
    symbols = named.drop_nulls().unique("s", keep="first").sort("line")
    if above is not None:
        known = pl.DataFrame({"line": [-1], "s": [above.symbol]}, schema=symbols.schema)
        symbols = pl.concat([known, symbols.filter(pl.col("s") != above.symbol)])
    if len(symbols) > 1:
        (_, first), (line, other), *_ = symbols.iter_rows()
        message = (
            f"{member.name}:{line + 1}: symbol is {other}; expected {first}, as above"
        )
        raise DataError(message, hint="one symbol a file: their snapshots bear no name")
    if len(symbols):
        return str(symbols["s"][0])
    return re.split(r"[_.\-]", member.base)[0].upper()


def _market(found: Frames) -> Market:
    """Which of Binance's markets sends messages with these fields."""

    def has(*fields: tuple[str, str]) -> bool:
        return any(found[name][field].count() > 0 for name, field in fields)

    if has(("snapshot", "pair"), ("depth", "ps"), ("bookTicker", "ps")):
        return COINM
    symbols = pl.concat(found[name]["s"] for name in ("trade", "aggTrade"))
    if symbols.str.contains("USD_").any():
        return COINM
    futures = has(
        ("snapshot", "T"), ("depth", "pu"), ("bookTicker", "T"), ("trade", "X")
    )
    only_aggregate = len(found["aggTrade"]) and not has(("aggTrade", "M"))
    spot = has(("trade", "M")) or len(found["depth"]) or len(found["bookTicker"])
    return USDM if futures or (only_aggregate and not spot) else SPOT


def _books(name: str, found: Frames) -> pl.DataFrame:
    parts = [
        _book_rows(found["snapshot"], Book.SNAPSHOT, "lastUpdateId", "lastUpdateId"),
        _book_rows(found["depth"], Book.DEPTH, "U", "u", "pu"),
        _book_rows(found["bookTicker"], Book.TICKER, "u", "u"),
    ]
    books = pl.concat(parts).sort("line", maintain_order=True)
    for column in ("first", "last"):
        refuse(name, books, pl.col(column) < 0, column, "an update id")
    return books


def _book_rows(
    frame: pl.DataFrame, kind: Book, first: str, last: str, before: str | None = None
) -> pl.DataFrame:
    sent = pl.col("E") * MS_NS
    given = {
        "ts": (pl.col("T") * MS_NS).fill_null(sent),
        "event": sent,
        "kind": pl.lit(int(kind)),
        "first": pl.col(first),
        "last": pl.col(last),
        "before": pl.col(before) if before else pl.lit(None),
    }
    columns = {"line": pl.col("line"), "recv": pl.col("recv"), **given}
    return frame.select(columns[name].cast(BOOKS[name]).alias(name) for name in BOOKS)


def _levels(name: str, found: Frames) -> pl.DataFrame:
    """All levels: of a message the bids, then the asks, as they stand there."""
    ticker = found["bookTicker"]
    parts = [
        _exploded(found["snapshot"], "bids", Side.BUY),
        _exploded(found["snapshot"], "asks", Side.SELL),
        _exploded(found["depth"], "b", Side.BUY),
        _exploded(found["depth"], "a", Side.SELL),
        _texts(ticker, pl.col("b"), pl.col("B"), Side.BUY),
        _texts(ticker, pl.col("a"), pl.col("A"), Side.SELL),
    ]
    levels = pl.concat(parts).sort("line", maintain_order=True)
    for column in ("price", "size"):
        wrong = ~pl.col(column).is_finite() | (pl.col(column) < 0)
        refuse(name, levels, wrong, column, "a number of 0 or more")
    return levels


def _exploded(frame: pl.DataFrame, column: str, side: Side) -> pl.DataFrame:
    lists = frame.select("line", column).filter(pl.col(column).list.len() > 0)
    pair = pl.col(column).list
    rows = lists.explode(column)
    return _texts(
        rows, pair.get(0, null_on_oob=True), pair.get(1, null_on_oob=True), side
    )


def _texts(
    rows: pl.DataFrame, price: pl.Expr, size: pl.Expr, side: Side
) -> pl.DataFrame:
    return rows.select(
        "line",
        pl.lit(int(side)).cast(pl.Int8).alias("side"),
        price.cast(pl.Float64, strict=False).alias("price"),
        size.cast(pl.Float64, strict=False).alias("size"),
    ).match_to_schema(pl.Schema(LEVELS))


def _trades(name: str, found: Frames) -> pl.DataFrame:
    parts = [
        _trade_rows(found["trade"], "t", is_aggregate=False),
        _trade_rows(found["aggTrade"], "a", is_aggregate=True),
    ]
    trades = pl.concat(parts).sort("line", maintain_order=True)
    for column in ("price", "size"):
        wrong = ~pl.col(column).is_finite() | (pl.col(column) < 0)
        refuse(name, trades, wrong, column, "a number of 0 or more")
    for column in ("ts", "id", "side"):
        refuse(name, trades, pl.col(column).is_null(), column, "a value")
    return trades


def _trade_rows(
    frame: pl.DataFrame, number: str, *, is_aggregate: bool
) -> pl.DataFrame:
    """The buyer was the maker: the seller was the aggressor."""
    aggressor = pl.when("m").then(int(Side.SELL)).when(~pl.col("m")).then(int(Side.BUY))
    columns = {
        "line": pl.col("line"),
        "recv": pl.col("recv"),
        "ts": pl.col("T") * MS_NS,
        "event": pl.col("E") * MS_NS,
        "id": pl.col(number),
        "price": pl.col("p").cast(pl.Float64, strict=False),
        "size": pl.col("q").cast(pl.Float64, strict=False),
        "side": aggressor,
        "is_market": pl.col("X").fill_null("MARKET") == "MARKET",
        "is_aggregate": pl.lit(is_aggregate),
    }
    return frame.select(columns[name].cast(TRADES[name]).alias(name) for name in TRADES)
