"""What a file of Binance holds, whatever its format, and what is known of its markets.

Three frames, a row a message or a level, in file order:

    BOOKS    line, recv, ts, event, kind, first, last, before
    LEVELS   line, side, price, size
    TRADES   line, recv, ts, event, id, price, size, side, is_market, is_aggregate

`line` counts from 0 in the file and joins books with levels. Times are ns since 1970:
`recv` the recorder's, `ts` when the market changed, `event` when Binance sent it; null
where not given. A book message covers the update ids `first` to `last`; `before` is the
last id of the message before it (perpetuals only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import polars as pl

from mmrun.problems import DataError


class Book(IntEnum):
    """Kinds of book messages, in their order at one update id."""

    DEPTH = 0  #: levels that changed
    TICKER = 1  #: the best bid and the best ask, in this order
    SNAPSHOT = 2  #: the whole book, as far as the answer went


BOOKS = {
    "line": pl.Int64,
    "recv": pl.Int64,
    "ts": pl.Int64,
    "event": pl.Int64,
    "kind": pl.Int8,
    "first": pl.Int64,
    "last": pl.Int64,
    "before": pl.Int64,
}
LEVELS = {"line": pl.Int64, "side": pl.Int8, "price": pl.Float64, "size": pl.Float64}
TRADES = {
    "line": pl.Int64,
    "recv": pl.Int64,
    "ts": pl.Int64,
    "event": pl.Int64,
    "id": pl.Int64,
    "price": pl.Float64,
    "size": pl.Float64,
    "side": pl.Int8,
    "is_market": pl.Boolean,
    "is_aggregate": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Market:
    """One of Binance's matching engines."""

    venue: str
    title: str
    inverse: bool = False


SPOT = Market("BINANCE", "spot")
USDM = Market("BINANCE_USDM", "USD-M futures")
COINM = Market("BINANCE_COINM", "COIN-M futures", inverse=True)

#: By a folder of data.binance.vision and of recordings.
FOLDERS = {"spot": SPOT, "um": USDM, "usdm": USDM, "cm": COINM, "coinm": COINM}

_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "TRY", "BRL")
_COINS = ("BTC", "ETH", "BNB")


@dataclass(frozen=True, slots=True)
class Recording:
    """A file's messages of one symbol of one market."""

    name: str  #: for messages
    symbol: str
    market: Market
    books: pl.DataFrame
    levels: pl.DataFrame
    trades: pl.DataFrame

    @property
    def counts(self) -> Mapping[str, int]:
        """Messages by what they are."""
        kinds = dict(self.books["kind"].value_counts().iter_rows())
        found = {kind.name.lower(): kinds.get(int(kind), 0) for kind in Book}
        aggregate = int(self.trades["is_aggregate"].sum())
        trades = len(self.trades) - aggregate
        return {**found, "trade": trades, "aggregate trade": aggregate}


def joined(recordings: list[Recording]) -> Recording:
    """Several files of one symbol and market as one; lines go on counting."""
    first, *others = recordings
    for other in others:
        line = max(
            (frame["line"][-1] + 1 for frame in _frames(first) if len(frame)), default=0
        )
        books, levels, trades = (
            pl.concat([mine, theirs.with_columns(pl.col("line") + line)])
            for mine, theirs in zip(_frames(first), _frames(other), strict=True)
        )
        first = Recording(first.name, first.symbol, first.market, books, levels, trades)
    return first


def _frames(recording: Recording) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return recording.books, recording.levels, recording.trades


def quote_currency(symbol: str) -> str:
    """What prices of a spot pair or a USD-M future are in: BTCUSDT is in USDT."""
    pair = symbol.partition("_")[0]
    found = [name for name in (*_QUOTES, *_COINS) if pair.endswith(name)]
    return found[0] if found and len(found[0]) < len(pair) else "not known"


def money(market: Market, symbol: str) -> tuple[str, float]:
    """The currency of profits, and the worth of one contract (or of one coin, 1).

    COIN-M contracts are 100 USD for bitcoin and 10 USD for all others, paid in the coin.
    Source: Binance, COIN-M futures contract specifications.
    """
    if not market.inverse:
        return quote_currency(symbol), 1.0
    coin = symbol.partition("_")[0].removesuffix("USD")
    return coin, 100.0 if coin == "BTC" else 10.0


def refuse(
    name: str, rows: pl.DataFrame, wrong: pl.Expr, column: str, expected: str
) -> None:
    """Raise for the first row of which `wrong` holds, or that has no value at all.

    Args:
        name: the file.
        rows: with `line`, the line's number from 0.
        wrong: what may not be.
        column: the one that is shown.
        expected: in words.

    Raises:
        DataError: there is such a row.
    """
    found = rows.filter(wrong.fill_null(value=True)).head(1)
    if len(found):
        value = found[column][0]
        shown = "missing" if value is None else f"'{value}'"
        message = (
            f"{name}:{found['line'][0] + 1}: {column} is {shown}; expected {expected}"
        )
        raise DataError(message)
