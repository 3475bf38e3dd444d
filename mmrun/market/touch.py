"""Best bid and ask of a tape after each row of its book, from quotes or depth rows.

A quote row is the whole book; a depth row sets one level, a clear empties both sides.
What is displayed at the end is carried in a `Book`, so a tape can be followed piece by
piece. Nothing loops over rows: a level stands from the row that shows it to the row
that changes it, and the best price at a row is the maximum over the levels that stand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.market.tape import FloatColumn, IntColumn, Kind, Side


_BOOK_KINDS = [int(Kind.QUOTE), int(Kind.DEPTH), int(Kind.CLEAR)]
_NAMES = ("bid", "bid_size", "ask", "ask_size")
_NONE = np.zeros(0)

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Touches:
    """The touch after rows of a tape, in time order; all arrays have one length.

    Prices in quote currency, NaN where a side is empty; sizes NaN where not known.
    """

    row: IntColumn  #: the row it is the touch after, counted from the frame's first
    ts: IntColumn  #: ns
    bid: FloatColumn
    bid_size: FloatColumn
    ask: FloatColumn
    ask_size: FloatColumn

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, index: IntColumn | Flags) -> Touches:
        """Some of them, by number or by flag."""
        return Touches(
            *(getattr(self, name)[index] for name in self.__dataclass_fields__)
        )


@dataclass(frozen=True, slots=True)
class Levels:
    """What one side displays; sizes NaN where not known."""

    price: FloatColumn = field(default_factory=_NONE.copy)
    size: FloatColumn = field(default_factory=_NONE.copy)


@dataclass(slots=True)
class Book:
    """A book between two pieces of a tape."""

    bids: Levels = field(default_factory=Levels)
    asks: Levels = field(default_factory=Levels)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Levels shown or taken away on one side, by slot; slot 0 stands before the rows."""

    slot: IntColumn
    price: FloatColumn
    size: FloatColumn
    there: Flags  #: whether the level stands from here on


def follow(frame: pl.DataFrame, book: Book) -> Touches:
    """The touch after each quote, depth and clear row; `book` moves on to the end."""
    index = frame.select(pl.col("kind").is_in(_BOOK_KINDS).arg_true()).to_series()
    rows = frame[index] if len(index) < len(frame) else frame
    kind = rows["kind"].to_numpy()
    bids, asks = _shown(rows, kind, Side.BUY), _shown(rows, kind, Side.SELL)
    clears = np.flatnonzero(kind != int(Kind.DEPTH)) + 1  # a quote starts over, too
    bid, bid_size, book.bids = _best(bids, clears, len(rows), book.bids, 1)
    ask, ask_size, book.asks = _best(asks, clears, len(rows), book.asks, -1)
    number = index.to_numpy().astype(np.int64)
    return Touches(number, rows["ts"].to_numpy(), bid, bid_size, ask, ask_size)


def ends(touches: Touches) -> Touches:
    """The last touch of each time: between rows of one time a book is half changed."""
    last = np.ones(len(touches), bool)
    last[:-1] = touches.ts[1:] != touches.ts[:-1]
    return touches.take(last)


def touch_of(frame: pl.DataFrame, book: Book | None = None) -> pl.DataFrame:
    """The touch at the end of each time at which the book changed.

    Args:
        frame: tape rows.
        book: what is displayed before them, which moves on; None for nothing.

    Returns:
        `ts` (ns), `bid`, `bid_size`, `ask`, `ask_size`; null where a side is empty.
    """
    touches = ends(follow(frame, book or Book()))
    columns = {name: getattr(touches, name) for name in ("ts", *_NAMES)}
    return pl.DataFrame(columns).with_columns(pl.col(*_NAMES).fill_nan(None))


def _shown(rows: pl.DataFrame, kind: NDArray[np.uint8], side: Side) -> _Shown:
    """What the rows show on a side; depth rows that lack a value are passed over."""
    name = "bid" if side is Side.BUY else "ask"
    quoted, price, size = (
        rows[column].to_numpy() for column in (name, "price", "size")
    )
    is_depth = kind == int(Kind.DEPTH)
    whole = ~np.isnan(price) & ~np.isnan(size)
    mine = rows["side"].fill_null(0).to_numpy() == int(side)
    depth = is_depth & whole & mine
    quote = (kind == int(Kind.QUOTE)) & ~np.isnan(quoted)
    chosen = depth | quote
    return _Shown(
        slot=np.flatnonzero(chosen) + 1,
        price=np.where(is_depth, price, quoted)[chosen],
        size=np.where(is_depth, size, rows[f"{name}_size"].to_numpy())[chosen],
        there=(quote | (size > 0.0))[chosen],
    )


def _best(
    shown: _Shown, clears: IntColumn, rows: int, before: Levels, sign: int
) -> tuple[FloatColumn, FloatColumn, Levels]:
    """Best price and its size after each row, and the levels after the last.

    Args:
        shown: what the rows show on this side.
        clears: slots at which the side is emptied first, rising.
        rows: how many there are; they have the slots from 1.
        before: the levels that stand in slot 0.
        sign: 1 where the highest price is best, -1 where the lowest.
    """
    carried = len(before.price)
    slot = np.concatenate([np.zeros(carried, np.int64), shown.slot])
    price = np.concatenate([before.price, shown.price])
    size = np.concatenate([before.size, shown.size])
    there = np.concatenate([np.ones(carried, bool), shown.there])
    prices, code = np.unique(sign * price, return_inverse=True)
    order = np.argsort(code, kind="stable")
    slot, code, size, there = slot[order], code[order], size[order], there[order]
    end = _ends(slot, code, clears, rows + 1)
    lasting = there & (end > rows)
    after = Levels(sign * prices[code[lasting]], size[lasting])
    best = _highest(slot[there], end[there], code[there], rows + 1)[1:]
    where = np.searchsorted(
        code * (rows + 1) + slot, best * (rows + 1) + np.arange(1, rows + 1), "right"
    )
    known = best >= 0
    found = np.full((2, rows), math.nan)
    found[0, known] = sign * prices[best[known]]
    found[1, known] = size[where[known] - 1]
    return found[0], found[1], after


def _ends(slot: IntColumn, code: IntColumn, clears: IntColumn, last: int) -> IntColumn:
    """The slot at which each level stops standing; levels are by code and slot."""
    end = np.full(len(slot), last)
    same = code[1:] == code[:-1]
    end[:-1][same] = slot[1:][same]
    cleared = np.append(clears, last)[np.searchsorted(clears, slot, "right")]
    end[:] = np.minimum(end, cleared)
    return end


def _highest(
    start: IntColumn, end: IntColumn, code: IntColumn, slots: int
) -> IntColumn:
    """The highest code whose stretch `start` to before `end` holds a slot; -1: none.

    Every stretch is two overlapping blocks of a power of two; from the largest power
    down each block hands its maximum to its halves: slots * log(slots) steps in all.
    """
    power = np.frexp(end - start)[1] - 1  # exact: lengths are far below 2**53
    highest = np.full(slots, -1)
    for level in range(int(power.max(initial=0)), -1, -1):
        length = 1 << level
        mine = power == level
        np.maximum.at(highest, start[mine], code[mine])
        np.maximum.at(highest, end[mine] - length, code[mine])
        if level:
            half = length // 2
            handed = highest[:-half].copy()
            np.maximum(highest[half:], handed, out=highest[half:])
    return highest
