"""Tardis CSV files: which data type a file is, and its rows by exchange and symbol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from mmrun.importers.headed import Columns, HeadedFile, read_headed, refuse
from mmrun.importers.text import printable
from mmrun.problems import DataError


ROW = "__row__"  #: a row's number in its file, from 0
_DEEPEST = 10_000  #: levels looked for in a header


class Kind(StrEnum):
    """A data type that becomes rows of a tape."""

    TRADES = "trades"
    INCREMENTAL = "incremental_book_L2"
    SNAPSHOT = "book_snapshot"
    QUOTES = "quotes"


#: Data types that are known but hold nothing a tape row could.
NOT_READ = {
    "derivative_ticker": (
        "has no book and no trades; its prices can be an input of a run (--input)"
    ),
    "liquidations": "are trades that the trades have",
}

_COMMON: Columns = {
    "exchange": pl.String,
    "symbol": pl.String,
    "timestamp": pl.Int64,
    "local_timestamp": pl.Int64,
}
_TRADES: Columns = {"side": pl.String, "price": pl.Float64, "amount": pl.Float64}
_INCREMENTAL: Columns = {"is_snapshot": pl.String, **_TRADES}
_QUOTES: Columns = {
    "ask_amount": pl.Float64,
    "ask_price": pl.Float64,
    "bid_price": pl.Float64,
    "bid_amount": pl.Float64,
}
_SIDES = {
    Kind.TRADES: ("buy", "sell", "unknown"),
    Kind.INCREMENTAL: ("bid", "ask"),
}


@dataclass(frozen=True, slots=True)
class Content:
    """The rows a file has of one exchange and symbol, in the file's order."""

    file: HeadedFile
    kind: Kind
    label: str  #: the kind, with the depth of snapshots
    exchange: str
    symbol: str
    frame: pl.DataFrame  #: the file's columns, and ROW
    levels: int = 0  #: of snapshots


def read_file(file: HeadedFile, base: str) -> tuple[str, list[Content]]:
    """A file's data type and its rows; none if it is of `NOT_READ`.

    Raises:
        DataError: it is no Tardis CSV or damaged.
    """
    kind = _kind(file, base)
    if not isinstance(kind, Kind):
        return kind, []
    columns = {**_COMMON, **_columns(kind, file)}
    optional = [name for name in columns if kind in {Kind.QUOTES, Kind.SNAPSHOT}]
    optional = [name for name in optional if name not in _COMMON]
    frame = read_headed(file, columns, optional)
    _check(file, kind, frame)
    levels = _levels(file)
    label = f"{kind}_{levels}" if kind == Kind.SNAPSHOT else str(kind)
    parts = frame.with_row_index(ROW).partition_by(
        "exchange", "symbol", maintain_order=True, as_dict=True
    )
    return label, [
        Content(file, kind, label, str(exchange), str(symbol), part, levels)
        for (exchange, symbol), part in parts.items()
    ]


def _kind(file: HeadedFile, base: str) -> str:
    """The data type, from the header; liquidations differ from trades by name alone."""
    if not file.data.strip():
        message = f"{file.name} is empty"
        raise DataError(message)
    names = set(file.header)
    if "liquidations" in base:
        return "liquidations"
    if "funding_rate" in names:
        return "derivative_ticker"
    for kind, needed in _TELLING.items():
        if needed <= names:
            return kind
    first = printable(",".join(file.header)[:100])
    message = f"{file.name} is no Tardis CSV: its first line is {first}"
    hint = f"expected a header as {','.join((*_COMMON, 'id', *_TRADES))}"
    raise DataError(message, hint=hint)


#: Columns that tell a data type, the most particular first.
_TELLING = {
    Kind.SNAPSHOT: {"asks[0].price", "bids[0].price"},
    Kind.INCREMENTAL: {"is_snapshot"},
    Kind.QUOTES: {"ask_price", "bid_price"},
    Kind.TRADES: {"side", "price", "amount"},
}


def _columns(kind: Kind, file: HeadedFile) -> Columns:
    if kind == Kind.SNAPSHOT:
        return dict.fromkeys(_level_names(_levels(file)), pl.Float64)
    return {
        Kind.TRADES: _TRADES,
        Kind.INCREMENTAL: _INCREMENTAL,
        Kind.QUOTES: _QUOTES,
    }[kind]


def _levels(file: HeadedFile) -> int:
    names = set(file.header)
    held = (level for level in range(_DEEPEST) if f"asks[{level}].price" not in names)
    return next(held)


def _level_names(levels: int) -> Iterator[str]:
    for level in range(levels):
        for side in ("asks", "bids"):
            yield f"{side}[{level}].price"
            yield f"{side}[{level}].amount"


def _check(file: HeadedFile, kind: Kind, frame: pl.DataFrame) -> None:
    """What no exchange sends: sizes below zero, sides and flags of another name."""
    for name in frame.columns:
        if name.endswith("amount"):
            refuse(file, frame, pl.col(name) < 0, name, "a size of 0 or more")
    if kind in _SIDES:
        words = _SIDES[kind]
        wrong = ~pl.col("side").is_in(words)
        refuse(file, frame, wrong, "side", f"one of {', '.join(words)}")
    if kind == Kind.INCREMENTAL:
        wrong = ~pl.col("is_snapshot").is_in(["true", "false"])
        refuse(file, frame, wrong, "is_snapshot", "true or false")
