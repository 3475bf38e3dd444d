"""A tape file in pieces of a row group, with the book that stands at each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.market.check_finding import Place
from mmrun.market.day_file import ROW_GROUP_ROWS
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile
from mmrun.market.reader import decoding
from mmrun.market.storage import Location
from mmrun.market.tape import CodeColumn, FloatColumn, IntColumn, Kind, Status
from mmrun.market.touch import Book, Touches, ends, follow


Flags = NDArray[np.bool_]
_NAMES = ("bid", "bid_size", "ask", "ask_size")


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive rows of a tape file; arrays have one length, NaN where null."""

    instrument: Instrument
    file: TapeFile
    start: int  #: the first row's number in the file, from 0
    ts: IntColumn
    ts_before: IntColumn  #: of the row before; a tape's first row has its own
    opens: bool  #: whether the piece begins a file
    delay_ns: FloatColumn  #: recv_ts - ts
    kind: NDArray[np.uint8]
    bid: FloatColumn
    bid_size: FloatColumn
    ask: FloatColumn
    ask_size: FloatColumn
    price: FloatColumn
    size: FloatColumn
    side: CodeColumn
    status: NDArray[np.uint8]
    known: Flags  #: whether the book's levels are known: a snapshot came, no gap since
    touch: Touches  #: after each book row; row numbers in the piece
    before: Touches  #: in force just before each row
    ended: Touches  #: at the end of each time; row numbers in the file

    def is_kind(self, kind: Kind) -> Flags:
        """Which rows are of the kind."""
        found: Flags = self.kind == int(kind)
        return found

    def place(self, row: int) -> Place:
        """Where a row of the piece is; one before it is where its first time ended."""
        ts = self.ts[row] if row >= 0 else self.ended.ts[0]
        return Place(self.file.path, self.start + row + 1, int(ts))


@dataclass(slots=True)
class Carried:
    """What of a tape must be known to go on with it."""

    instrument: Instrument
    book: Book = field(default_factory=Book)
    ts: int | None = None  #: of the last row
    known: bool = False
    touch: Touches | None = None  #: after the last book row, one or none
    pending: Touches | None = None  #: of a time that may not be over


def pieces(
    copy: Path, location: Location, file: TapeFile, carried: Carried
) -> Iterator[Piece]:
    """A file's rows, a row group at a time, from its copy; `carried` moves on.

    Raises:
        DataError: the file cannot be decoded.
    """
    scan = pl.scan_parquet(copy, hive_partitioning=False)
    for start in range(0, file.row_count, ROW_GROUP_ROWS):
        with decoding(location):
            frame = scan.slice(start, ROW_GROUP_ROWS).collect()
        last = start + ROW_GROUP_ROWS >= file.row_count
        yield piece_of(frame, file, start, carried, last=last)


def piece_of(
    frame: pl.DataFrame, file: TapeFile, start: int, carried: Carried, *, last: bool
) -> Piece:
    """The piece of some rows of a file, which `carried` has not seen yet.

    Args:
        frame: tape rows, at least one.
        file: which file they are of.
        start: the first row's number in it.
        carried: what was before; afterwards the rows are part of it.
        last: whether the file ends here.
    """
    ts, kind = frame["ts"].to_numpy(), frame["kind"].to_numpy()
    known, carried.known = _known(frame, kind, before=carried.known)
    touch = follow(frame, carried.book)
    before = _in_force(touch, len(frame), carried.touch)
    if len(touch):
        carried.touch = touch.take(np.array([len(touch) - 1]))
    first = int(ts[0]) if carried.ts is None else carried.ts
    carried.ts = int(ts[-1])
    return Piece(
        instrument=carried.instrument,
        file=file,
        start=start,
        ts=ts,
        ts_before=np.concatenate([[first], ts[:-1]]),
        opens=start == 0,
        delay_ns=(frame["recv_ts"] - frame["ts"]).cast(pl.Float64).to_numpy(),
        kind=kind,
        **{name: frame[name].to_numpy() for name in (*_NAMES, "price", "size")},
        side=frame["side"].fill_null(0).to_numpy(),
        status=frame["status"].fill_null(0).to_numpy(),
        known=known,
        touch=touch,
        before=before,
        ended=_ended(touch, start, carried, last=last),
    )


def _known(
    frame: pl.DataFrame, kind: NDArray[np.uint8], *, before: bool
) -> tuple[Flags, bool]:
    """Whether the levels are known at each row, and after the last."""
    gap = frame["status"].fill_null(0).to_numpy() == int(Status.GAP)
    begins = (kind == int(Kind.CLEAR)) | (kind == int(Kind.QUOTE))
    turns = np.where(begins, 1, np.where(gap, -1, 0))
    latest = np.maximum.accumulate(np.where(turns != 0, np.arange(len(turns)), -1))
    known: Flags = np.where(latest < 0, before, turns[latest] > 0)
    return known, bool(known[-1])


def _in_force(touch: Touches, rows: int, before: Touches | None) -> Touches:
    """The touch that stands just before each row."""
    number = np.searchsorted(touch.row, np.arange(rows), "left") - 1
    columns = [np.full(rows, np.nan) for _ in _NAMES]
    for column, name in zip(columns, _NAMES, strict=True):
        if len(touch):
            column[number >= 0] = getattr(touch, name)[number[number >= 0]]
        if before is not None:
            column[number < 0] = getattr(before, name)[0]
    return Touches(np.arange(rows), np.zeros(rows, np.int64), *columns)


def _ended(touch: Touches, start: int, carried: Carried, *, last: bool) -> Touches:
    """The touch at the end of each time; one that may go on is kept for later."""
    rows = [getattr(touch, name) for name in Touches.__dataclass_fields__]
    found = Touches(rows[0] + start, *rows[1:])
    if carried.pending is not None:
        found = joined(carried.pending, found)
    found = ends(found)
    carried.pending = None
    if last or not len(found):
        return found
    carried.pending = found.take(np.array([len(found) - 1]))
    return found.take(np.arange(len(found) - 1))


def joined(*parts: Touches) -> Touches:
    """Touches one after the other."""
    names = Touches.__dataclass_fields__
    return Touches(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
    )
