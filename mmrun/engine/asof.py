"""Inputs joined to rows as of their time, with what was read carried along.

At a row the value of an input is the latest, by its own time, of those known at or
before the row's time: at an equal time it is known, before it never. A value that is
known late and overtaken meanwhile is not seen. Once the value is `stale_after` old,
counted from when it was known, and before the first, the default holds, else the input
is missing. A row is a tick of the input when another value is seen than at the row
before, and that value is not stale.

Values are read a piece at a time, and dropped once they were seen: beside the piece
under way only values wait that were read and are not known yet. Whatever the batches,
the columns are the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmrun.lang.nodes import FIRST_INPUT, Ticks
from mmrun.market.inputs import InputColumn, InputRows
from mmrun.market.tape import CodeColumn, FloatColumn, IntColumn
from mmrun.strategy.spec import Input


ENDLESS_NS = 2**62  #: an age that nothing reaches: 146 years
NOTHING = -1  #: the number of no value
FEW = 4096


class Joined(NamedTuple):
    """An input at every row of a batch."""

    value: FloatColumn
    ticks: NDArray[np.bool_]  #: rows at which a new value is seen


class _Piece(NamedTuple):
    """Values in the order in which they are seen, those never seen left out."""

    known_ts: IntColumn
    number: IntColumn  #: of the value among all of the input, rising
    value: FloatColumn

    def until(self, end: int) -> _Piece:
        return _Piece(self.known_ts[:end], self.number[:end], self.value[:end])

    def after(self, start: int) -> _Piece:
        """What is left; few are copied, so that they do not hold what they were in."""
        rest = _Piece(self.known_ts[start:], self.number[start:], self.value[start:])
        if len(rest.value) > FEW:
            return rest
        return _Piece(rest.known_ts.copy(), rest.number.copy(), rest.value.copy())


class AsOf:
    """One input on one stream of rows."""

    def __init__(self, given: Input, column: InputColumn | None) -> None:
        """Start before the first row.

        Args:
            given: what the strategy says of the input.
            column: its values; None: only its default.
        """
        self._default = math.nan if given.default is None else given.default
        old_ns = given.stale_after_ns
        self._old_ns = ENDLESS_NS if old_ns is None else old_ns
        self._pieces: Iterator[InputRows] | None = column.pieces() if column else None
        self._read_ts = -ENDLESS_NS  #: the last time that was read
        self._count = 0  #: values read
        self._waiting: list[_Piece] = []
        self._seen = (NOTHING, -ENDLESS_NS, math.nan)  #: number, known_ts, value

    def join(self, ts: IntColumn) -> Joined:
        """The input at the next rows.

        Args:
            ts: their times, ns, not before those of earlier rows.
        """
        before, known, held = self._seen
        numbers = np.full(len(ts), before)
        knowns, values = np.full(len(ts), known), np.full(len(ts), held)
        if len(ts):
            for piece in self._known_by(int(ts[-1])):
                _overwrite(piece, ts, numbers, knowns, values)
            self._seen = (int(numbers[-1]), int(knowns[-1]), float(values[-1]))
        fresh = (numbers != NOTHING) & (ts - knowns < self._old_ns)
        ticks = fresh & (np.diff(numbers, prepend=before) != 0)
        return Joined(np.where(fresh, values, self._default), ticks)

    def _known_by(self, end_ts: int) -> Iterator[_Piece]:
        """Pieces with values known by a time, in order; what is not yet known waits."""
        waiting, self._waiting = self._waiting, []
        for piece in waiting:
            yield from self._split(piece, end_ts)
        while self._pieces is not None and self._read_ts <= end_ts:
            rows = next(self._pieces, None)
            if rows is None:
                self._pieces = None
            elif len(rows.ts):
                self._read_ts = int(rows.ts[-1])
                yield from self._split(_in_order(rows, self._count), end_ts)
                self._count += len(rows.ts)

    def _split(self, piece: _Piece, end_ts: int) -> Iterator[_Piece]:
        known = int(np.searchsorted(piece.known_ts, end_ts, side="right"))
        if known < len(piece.known_ts):
            self._waiting.append(piece.after(known))
        if known:
            yield piece.until(known)


def _in_order(rows: InputRows, first: int) -> _Piece:
    """Values by when they are known; one that is overtaken by a later one is dropped."""
    numbers = np.arange(first, first + len(rows.ts))
    if np.all(rows.known_ts[1:] >= rows.known_ts[:-1]):
        return _Piece(rows.known_ts, numbers, rows.value)
    order = np.argsort(rows.known_ts, kind="stable")
    order = order[order == np.maximum.accumulate(order)]
    return _Piece(rows.known_ts[order], numbers[order], rows.value[order])


def _overwrite(
    piece: _Piece,
    ts: IntColumn,
    numbers: IntColumn,
    knowns: IntColumn,
    values: FloatColumn,
) -> None:
    """Put a piece's values where they are later than what stands there."""
    start, place = _places(piece.known_ts, ts)
    later = piece.number[place] > numbers[start:]
    rows = slice(None) if later.all() else later
    place = place[rows]
    numbers[start:][rows] = piece.number[place]
    knowns[start:][rows] = piece.known_ts[place]
    values[start:][rows] = piece.value[place]


def _places(known_ts: IntColumn, ts: IntColumn) -> tuple[int, NDArray[np.intp]]:
    """The first row that sees a value, and for it and all after which one they see."""
    if len(known_ts) > len(ts):
        start = int(np.searchsorted(ts, known_ts[0], side="left"))
        return start, np.searchsorted(known_ts, ts[start:], side="right") - 1
    # Few values: looking up where each begins is cheaper than what each row sees.
    rows = np.searchsorted(ts, known_ts, side="left")
    counts = np.diff(rows, append=len(ts))
    return int(rows[0]), np.repeat(np.arange(len(rows)), counts)


def bits_with(bits: CodeColumn, joined: list[Joined]) -> CodeColumn:
    """The rows' bits, and `FIRST_INPUT` where one of the inputs ticks."""
    new = np.logical_or.reduce([one.ticks for one in joined])
    found: CodeColumn = bits & np.int8(Ticks.ANY) | new * np.int8(FIRST_INPUT)
    return found
