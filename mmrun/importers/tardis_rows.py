"""Rows of Tardis CSV files to tape rows, one function a data type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mmrun.importers.levels import BookSide, Levels, depth_changes
from mmrun.importers.rows import in_order, tape_rows
from mmrun.importers.streams import forward, late_note
from mmrun.importers.tardis_files import ROW, Content, Kind
from mmrun.market.tape import IntColumn, Kind as Row, Side
from mmrun.problems import DataError


NS_PER_US = 1_000


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows of one data type in time order."""

    rows: pl.DataFrame
    has_book: bool
    depth: int | None = 1  #: levels a side; None: all


_Make = Callable[[str, Sequence[Content], list[str]], Stream]


def _trades(name: str, contents: Sequence[Content], notes: list[str]) -> Stream:
    frame, times = _joined(name, contents, notes)
    sides = {"buy": Side.BUY, "sell": Side.SELL, "unknown": Side.UNKNOWN}
    columns = {
        **times,
        "price": frame["price"],
        "size": frame["amount"],
        "side": frame["side"].replace_strict({k: int(v) for k, v in sides.items()}),
    }
    rows = in_order([tape_rows(Row.TRADE, np.arange(len(frame)), columns)])
    return Stream(rows.filter(pl.col("size") > 0), has_book=False)


def _quotes(name: str, contents: Sequence[Content], notes: list[str]) -> Stream:
    """A side without a price has no size."""
    frame, times = _joined(name, contents, notes)
    columns = dict(times)
    for side in ("bid", "ask"):
        price, size = frame[f"{side}_price"], frame[f"{side}_amount"]
        there = price.is_not_null() & (size != 0).fill_null(value=True)
        columns[side] = price.set(~there, None)
        columns[f"{side}_size"] = size.set(~there, None)
    rows = in_order([tape_rows(Row.QUOTE, np.arange(len(frame)), columns)])
    return Stream(rows, has_book=True)


def _incremental(name: str, contents: Sequence[Content], notes: list[str]) -> Stream:
    frame, times = _joined(name, contents, notes)
    snapshot = (frame["is_snapshot"] == "true").to_numpy()
    starts = snapshot & ~np.concatenate([[False], snapshot[:-1]])
    clears = np.flatnonzero(starts)
    if not len(clears):
        message = f"{name} holds no snapshot, so its book is never known"
        hint = (
            "download the day from its start: it begins with rows of is_snapshot true"
        )
        raise DataError(message, hint=hint)
    if clears[0]:
        start = pl.select(
            pl.from_epoch(pl.lit(times["ts"][int(clears[0])]), "ns")
        ).item()
        notes.append(
            f"{name}: the book is known from {start} UTC on; {clears[0]:,} rows before "
            "that are left out"
        )
    kept = np.arange(clears[0], len(frame))
    sides = {"bid": int(Side.BUY), "ask": int(Side.SELL)}
    columns = {
        **_rows_of(times, kept),
        "price": frame["price"][kept],
        "size": frame["amount"][kept],
        "side": frame["side"][kept].replace_strict(sides),
    }
    parts = [
        tape_rows(Row.CLEAR, 2 * clears, _rows_of(times, clears)),
        tape_rows(Row.DEPTH, 2 * kept + 1, columns),
    ]
    return Stream(in_order(parts), has_book=True, depth=None)


def _snapshots(name: str, contents: Sequence[Content], notes: list[str]) -> Stream:
    """Prices and sizes are compared as the bits of their numbers: equal is equal."""
    frame, times = _joined(name, contents, notes)
    levels = contents[0].levels
    bids = BookSide(Side.BUY, *_levels(frame, "bids", levels))
    asks = BookSide(Side.SELL, *_levels(frame, "asks", levels))
    changes = depth_changes(bids, asks)
    columns = {
        **_rows_of(times, changes.snapshot),
        "price": changes.price.view(np.float64),
        "size": changes.size.view(np.float64),
        "side": changes.side,
    }
    first = np.zeros(1, np.int64)
    parts = [
        tape_rows(Row.CLEAR, first, _rows_of(times, first)),
        tape_rows(Row.DEPTH, 1 + changes.snapshot, columns),
    ]
    return Stream(in_order(parts), has_book=True, depth=levels)


#: How the rows of a data type are made.
ROWS: Mapping[Kind, _Make] = {
    Kind.TRADES: _trades,
    Kind.INCREMENTAL: _incremental,
    Kind.SNAPSHOT: _snapshots,
    Kind.QUOTES: _quotes,
}


def _joined(
    name: str, contents: Sequence[Content], notes: list[str]
) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """The rows of all files, the earliest file first, and their times in ns."""
    ordered = sorted(contents, key=lambda content: content.frame["local_timestamp"][0])
    frame = pl.concat([content.frame for content in ordered])
    ts = (frame["timestamp"] * NS_PER_US).to_numpy()
    times = forward(ts, lambda row: _place(ordered, row))
    notes.extend(late_note(name, times))
    received = frame["local_timestamp"] * NS_PER_US
    return frame, {"ts": pl.Series(times.ts), "recv_ts": received}


def _place(contents: Sequence[Content], row: int) -> str:
    """Where a row of the joined frame stands in its file."""
    for content in contents:
        if row < len(content.frame):
            return content.file.at(int(content.frame[ROW][row]))
        row -= len(content.frame)
    raise IndexError(row)


def _rows_of(times: Mapping[str, pl.Series], rows: IntColumn) -> dict[str, pl.Series]:
    return {name: column[rows] for name, column in times.items()}


def _levels(frame: pl.DataFrame, side: str, levels: int) -> tuple[Levels, Levels]:
    """Bits of prices and sizes (rows, levels); an empty level has size 0."""
    price, size = (
        frame.select(f"{side}[{level}].{what}" for level in range(levels))
        .fill_null(0.0)
        .to_numpy(order="c")
        for what in ("price", "amount")
    )
    size = np.where(price == 0, 0.0, size)
    return price.view(np.int64), size.view(np.int64)
