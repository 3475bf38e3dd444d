"""Book messages of Binance to depth rows: one book of all that is told about it.

Depth messages change levels and begin to count at a snapshot: the first one after it
must reach back to it, each further one to the one before it. Where that does not hold
messages are missing; the book is cleared, with the status `gap`, until the next
snapshot. Best quotes come more often than depth: they set the best levels and remove
what stands before them. While no snapshot holds, the book is the best quote alone.

A message's removals stand before its new sizes, so that the book is never crossed on
the way.

Source: Binance, "How to manage a local order book correctly" (spot and futures).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.importers.binance_record import Book
from mmrun.importers.rows import in_order, tape_rows
from mmrun.market.growing import Before
from mmrun.market.tape import IntColumn, Kind, Side, Status


@dataclass(frozen=True, slots=True)
class Gap:
    """Where depth messages are missing."""

    ts: int  #: of the first message after it
    expected: int  #: the update id that should have come next
    found: int  #: the first one that came


@dataclass(frozen=True, slots=True)
class BookRows:
    """Tape rows in order of time, and what was found on the way."""

    frame: pl.DataFrame
    starts: tuple[int, ...]  #: times of snapshots, ns
    early: int  #: depth messages before a snapshot, not needed or not usable
    repeated: int  #: depth messages with updates that were known
    gaps: tuple[Gap, ...]
    goes_on: bool  #: whether the book of the recording before was gone on with
    last_id: int | None  #: of the last update; None where the book is not known


_CLEAR, _GAP = 0, 2  #: marks beside the sides of depth rows


@dataclass(slots=True)
class _Rows:
    """Columns that grow: the message, a mark (a side, `_CLEAR`, `_GAP`), price, size."""

    message: array[int] = field(default_factory=lambda: array("q"))
    mark: array[int] = field(default_factory=lambda: array("b"))
    price: array[float] = field(default_factory=lambda: array("d"))
    size: array[float] = field(default_factory=lambda: array("d"))

    def add(self, message: int, mark: int, price: float, size: float) -> None:
        self.message.append(message)
        self.mark.append(mark)
        self.price.append(price)
        self.size.append(size)


@dataclass(slots=True)
class _Side:
    """One side of the book; a level's rank is its price, of asks negative."""

    side: Side
    sizes: dict[float, float] = field(default_factory=dict)  #: by rank
    ranks: list[float] = field(default_factory=list)  #: ascending: the best is last

    def change(self, price: float, size: float) -> bool:
        """Set a level's size, 0 for none; whether that changes anything."""
        rank = self.side * price
        known = self.sizes.get(rank, 0.0)
        if known == size:
            return False
        if not size:
            del self.sizes[rank]
            del self.ranks[bisect_left(self.ranks, rank)]
            return True
        if not known:
            insort(self.ranks, rank)
        self.sizes[rank] = size
        return True

    def before(self, price: float) -> list[float]:
        """Prices better than this one, the best first."""
        better = self.ranks[bisect_right(self.ranks, self.side * price) :]
        return [self.side * rank for rank in reversed(better)]

    def behind(self, price: float) -> list[float]:
        """Prices worse than this one, the best first."""
        worse = self.ranks[: bisect_left(self.ranks, self.side * price)]
        return [self.side * rank for rank in reversed(worse)]


@dataclass(slots=True)
class BookReplay:
    """The book while messages are gone through."""

    rows: _Rows = field(default_factory=_Rows)
    sides: dict[int, _Side] = field(default_factory=dict)
    last: int | None = None  #: the last update id; None while no snapshot holds
    goes_on: bool = False  #: whether it is that of the recording before

    def clear(self, message: int) -> None:
        """Empty the book."""
        self.sides = {int(side): _Side(side) for side in (Side.BUY, Side.SELL)}
        self.rows.add(message, _CLEAR, 0.0, 0.0)

    def change(self, message: int, side: int, price: float, size: float) -> None:
        """Set a level; a row where that changes anything."""
        if self.sides[side].change(price, size):
            self.rows.add(message, side, price, size)


#: side, price, size of a message's levels
_Levels = list[tuple[int, float, float]]


def book_rows(
    books: pl.DataFrame, levels: pl.DataFrame, replay: BookReplay
) -> BookRows:
    """Follow the book through its messages.

    Args:
        books: messages by update id, with `ts`.
        levels: of the messages, by line.
        replay: the book before them, which moves on.
    """
    goes_on, replay.goes_on = replay.goes_on, False
    starts: list[int] = []
    gaps: list[Gap] = []
    early = repeated = 0
    columns = books.select("ts", "kind", "first", "last", "before").iter_rows()
    for i, ((ts, kind, first, last, before), found) in enumerate(
        zip(columns, _levels_of(books, levels), strict=True)
    ):
        if kind == Book.TICKER:
            _apply_ticker(replay, i, found)
        elif kind == Book.SNAPSHOT:
            replay.clear(i)
            _apply_depth(replay, i, found)
            replay.last = last
            starts.append(ts)
        elif replay.last is None:
            early += 1
        elif last <= replay.last:
            repeated += 1
        elif (first - 1 if before is None else before) > replay.last:
            gaps.append(Gap(ts, replay.last + 1, first))
            replay.rows.add(i, _GAP, 0.0, 0.0)
            replay.clear(i)
            replay.last = None
        else:
            _apply_depth(replay, i, found)
            replay.last = last
    frame = _tape(books, replay.rows)
    replay.rows = _Rows()
    return BookRows(
        frame, tuple(starts), early, repeated, tuple(gaps), goes_on, replay.last
    )


def started(before: Before | None) -> BookReplay:
    """The replay of a recording before its first message.

    Args:
        before: the book at the end of the recording before; one whose last id is not
            known is cleared.
    """
    replay = BookReplay()
    replay.sides = {int(side): _Side(side) for side in (Side.BUY, Side.SELL)}
    if before is not None and before.last_id is None:
        replay.rows.add(0, _GAP, 0.0, 0.0)
        replay.clear(0)
    elif before is not None:
        replay.last, replay.goes_on = before.last_id, True
        for side, shown in ((1, before.book.bids), (-1, before.book.asks)):
            pairs = zip(shown.price.tolist(), shown.size.tolist(), strict=True)
            for price, size in pairs:
                replay.sides[side].change(price, size)
    return replay


def _levels_of(books: pl.DataFrame, levels: pl.DataFrame) -> Iterator[_Levels]:
    """Each message's levels, in the order of the messages."""
    lines = levels["line"].to_numpy()
    wanted = books["line"].to_numpy()
    starts = np.searchsorted(lines, wanted, "left").tolist()
    stops = np.searchsorted(lines, wanted, "right").tolist()
    side, price, size = (levels[name].to_list() for name in ("side", "price", "size"))
    for start, stop in zip(starts, stops, strict=True):
        yield list(
            zip(side[start:stop], price[start:stop], size[start:stop], strict=True)
        )


def _apply_depth(replay: BookReplay, message: int, levels: _Levels) -> None:
    for side, price, size in levels:
        if not size:
            replay.change(message, side, price, 0.0)
    for side, price, size in levels:
        if size:
            replay.change(message, side, price, size)


def _apply_ticker(replay: BookReplay, message: int, levels: _Levels) -> None:
    """What stands before the best is gone; without a snapshot, all else too."""
    for side, price, size in levels:
        book = replay.sides[side]
        gone = book.before(price)
        if not size:
            gone = book.before(-side * float("inf"))
        elif replay.last is None:
            gone += book.behind(price)
        for other in gone:
            replay.change(message, side, other, 0.0)
    for side, price, size in levels:
        if size:
            replay.change(message, side, price, size)


def _tape(books: pl.DataFrame, rows: _Rows) -> pl.DataFrame:
    """The rows as tape rows, each with its message's times."""
    message = np.frombuffer(rows.message, np.int64)
    mark = np.frombuffer(rows.mark, np.int8)
    price, size = (np.frombuffer(values) for values in (rows.price, rows.size))
    times = books.select("ts", recv_ts="recv")

    def made(kind: Kind, place: IntColumn, **more: NDArray[Any]) -> pl.DataFrame:
        columns: dict[str, Any] = {**times[message[place]].to_dict(), **more}
        return tape_rows(kind, place, columns)

    gaps, clears = (np.flatnonzero(mark == code) for code in (_GAP, _CLEAR))
    depth = np.flatnonzero(np.abs(mark) == 1)
    status = np.full(len(gaps), int(Status.GAP))
    return in_order(
        [
            made(Kind.STATUS, gaps, status=status),
            made(Kind.CLEAR, clears),
            made(
                Kind.DEPTH,
                depth,
                side=mark[depth],
                price=price[depth],
                size=size[depth],
            ),
        ]
    )


def quote_rows(books: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Quote rows of the best quotes alone; a side of size 0 is empty.

    Args:
        books: messages by update id, with `ts`.
        levels: of the messages, by line.
    """
    tickers = books.filter(pl.col("kind") == int(Book.TICKER))
    start = np.searchsorted(levels["line"].to_numpy(), tickers["line"].to_numpy())
    columns = {"ts": tickers["ts"], "recv_ts": tickers["recv"]}
    for name, index in (("bid", start), ("ask", start + 1)):
        price, size = (levels[what].to_numpy()[index] for what in ("price", "size"))
        columns[name] = pl.Series(np.where(size > 0, price, np.nan))
        columns[f"{name}_size"] = pl.Series(np.where(size > 0, size, np.nan))
    return in_order([tape_rows(Kind.QUOTE, np.arange(len(tickers)), columns)])
