"""Columns at fresh rows alone: those at which something that they are made of changes.

At two of three rows of a typical tape neither the mid nor what is sampled at trades
moves, and every column is as it was. What the kernel reads, and the expressions that
nothing but the kernel reads in the end, are computed at the other rows: at *candidates*
first, where one of their leaves changes, then those are left out at which all that the
kernel reads is, bit for bit, as it was. Those that stay are the rows without SAME.

Leaves are columns at every row, or *held*: what changes at trades alone is there as what
it is after each trade, one value behind the other. `engine.layout` says which is which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mmrun.engine.buffers import Buffers, Table, table_of
from mmrun.engine.jit import Mode, kernel
from mmrun.engine.layout import Layout
from mmrun.engine.observe import OPENS, SAME
from mmrun.lang.nodes import Ticks
from mmrun.market.tape import CodeColumn, FloatColumn, IntColumn


#: Rows that are looked at together, so that what is noted of them stays at hand.
_STRETCH = 4096
_FEW = 16  #: candidates of which one is not worth leaving out
#: Bits of the rows at which the next value of what is held comes.
_NEXT_HELD = int(Ticks.TRADE) | OPENS


class Candidates(NamedTuple):
    """Rows of a batch at which a leaf changes, and the first row of all."""

    rows: IntColumn  #: as many as there are first, then room
    number: int
    known: dict[str, FloatColumn]  #: all of `Layout.lines`, at those rows


@dataclass(slots=True)
class FreshColumns:
    """The columns of one run that the kernel reads, batch after batch.

    Each table begins with what the batch before ended with; at first all is missing.
    """

    layout: Layout
    mode: Mode
    places: IntColumn = field(init=False)  #: in the block, of `dense` and `held`; or -1
    dense: Table = field(init=False)  #: [leaf, row]
    held: Table = field(init=False)  #: [what is held, trade row]
    block: Table = field(init=False)  #: [line, candidate]
    last: FloatColumn = field(init=False)  #: the block at the last row
    begun: bool = False  #: there was a row

    def __post_init__(self) -> None:
        """Before the first row."""
        leaves, held, lines = self.layout.leaves, self.layout.held, self.layout.lines
        places = {name: place for place, name in enumerate(lines)}
        found = [places.get(name, -1) for name in (*leaves, *held)]
        self.places = np.array(found, np.int64)
        self.dense, self.held, self.block = (
            table_of(np.full(len(names), np.nan), len(names), 1)
            for names in (leaves, held, lines)
        )
        self.last = self.block.whole[:, 0]

    def begin(self, count: int, buffers: Buffers) -> dict[str, FloatColumn]:
        """A batch of that many rows begins: where its leaves are to be made, by name."""
        self.dense = _behind(self.dense.whole[:, -1], count, buffers)
        self.block = _behind(self.last, count, buffers)
        return dict(zip(self.layout.leaves, self.dense.after_first, strict=True))

    def hold(self, count: int, buffers: Buffers) -> dict[str, FloatColumn]:
        """It has so many trade rows: where what is sampled is to be made, by name."""
        self.held = _behind(self.held.whole[:, -1], count, buffers)
        return dict(zip(self.layout.samples, self.held.after_first, strict=False))

    def start_over(self, trades: IntColumn, opens: IntColumn, bits: CodeColumn) -> None:
        """Samples are missing from the rows `opens` on, until the next trade."""
        opens = np.setdiff1d(opens, trades)
        places = 1 + np.searchsorted(trades, opens)
        held = np.insert(self.held.whole, places, np.nan, axis=1)
        self.held = table_of(held.ravel(), *held.shape)
        bits[opens] |= OPENS

    def all_held(self) -> dict[str, FloatColumn]:
        """What is held by name, the value before the batch first."""
        return dict(zip(self.layout.held, self.held.whole, strict=True))

    def find(self, bits: CodeColumn, buffers: Buffers) -> Candidates:
        """Set SAME at rows that are no candidates, once leaves and samples are there."""
        rows = buffers.take(len(bits), np.int64)
        found = self.mode(find_candidates)(
            self.dense.bits,
            self.held.bits,
            self.places,
            bits,
            buffers.take(_STRETCH, np.int8),
            rows,
            self.block.bits,
            int(self.begun),
        )
        self.begun = self.begun or len(bits) > 0
        lines = (line[:found] for line in self.block.after_first)
        known = dict(zip(self.layout.lines, lines, strict=True))
        return Candidates(rows, found, known)

    def keep(
        self, found: Candidates, bits: CodeColumn, buffers: Buffers
    ) -> FloatColumn:
        """Set SAME at candidates that are not fresh; the kernel's columns at the rest."""
        width, marks = len(self.layout.columns), buffers.take(_STRETCH, np.int8)
        kept = self.mode(keep_fresh)(
            self.block.bits, width, found.rows, found.number, bits, marks
        )
        self.last = self.block.whole[:, kept]
        return self.block.whole[:width]


def _behind(last: FloatColumn, count: int, buffers: Buffers) -> Table:
    """A table with room for so many rows of columns, behind their last values."""
    table = buffers.take_table(len(last), count + 1)
    table.whole[:, 0] = last
    return table


@kernel
def find_candidates(  # type: ignore[no-untyped-def]
    dense, held, places, bits, marks, rows, block, begun
):
    """Fill `rows` and the leaves' lines of `block`; how many candidates there are.

    They are those at which a leaf is not, bit for bit, what it was, or the next value of
    what is held comes, and the run's first row.
    """
    found = seen = 0
    next_held = _NEXT_HELD if len(held) > 0 else 0
    for start in range(0, len(bits), _STRETCH):
        stop = min(start + _STRETCH, len(bits))
        here = marks[: stop - start]
        mark_bits(bits[start:stop], next_held, here)
        if start == 0 and begun == 0:
            here[0] = 1
        for k in range(len(dense)):
            mark_changes(dense[k, start + 1 : stop + 1], dense[k, start:stop], here)
        set_same(here, bits[start:stop])
        first = found
        found = append_marked(here, start, rows, first)
        new = rows[first:found]
        for k in range(len(dense)):
            pick(dense[k], new, block[places[k], first + 1 : found + 1])
        before = seen
        for k in range(len(held)):
            place = places[len(dense) + k]
            if place >= 0:
                out = block[place, first + 1 : found + 1]
                seen = pick_held(held[k], bits, new, before, out)
    return found


@kernel
def mark_bits(bits, mask, marks):  # type: ignore[no-untyped-def]
    """Mark the rows one of whose bits is in the mask, and no others."""
    for i in range(len(marks)):
        marks[i] = bits[i] & mask != 0


@kernel
def mark_changes(values, before, marks):  # type: ignore[no-untyped-def]
    """Mark where a value is not the one before, too."""
    for i in range(len(marks)):
        marks[i] |= values[i] != before[i]


@kernel
def set_same(marks, bits):  # type: ignore[no-untyped-def]
    """Set SAME where there is no mark."""
    for i in range(len(marks)):
        bits[i] |= SAME * (1 - marks[i])


@kernel
def append_marked(marks, start, rows, found):  # type: ignore[no-untyped-def]
    """Append the marked rows, counted from `start`; how many there are by now."""
    for i in range(len(marks)):
        rows[np.uint64(found)] = start + i
        found += int(marks[i])
    return found


@kernel
def pick(column, rows, out):  # type: ignore[no-untyped-def]
    """The values of a column at some rows; it begins one before the first row."""
    for j in range(len(rows)):
        out[j] = column[np.uint64(rows[j] + 1)]


@kernel
def pick_held(column, bits, rows, seen, out):  # type: ignore[no-untyped-def]
    """What is held at some rows, `seen` values of it before them; how many after."""
    for j in range(len(rows)):
        seen += int(bits[np.uint64(rows[j])] & _NEXT_HELD != 0)
        out[j] = column[np.uint64(seen)]
    return seen


@kernel
def keep_fresh(block, width, rows, count, bits, marks):  # type: ignore[no-untyped-def]
    """Leave out the candidates at which no column changes, and set SAME there.

    Returns how many stay; `block` begins with what was before the first, and the columns
    are its first lines. Where hardly any would go, all stay: to move the rest costs more
    than what is evaluated in vain.
    """
    kept = 0
    for start in range(0, count, _STRETCH):
        stop = min(start + _STRETCH, count)
        here = marks[: stop - start]
        here[:] = 0
        for k in range(width):
            mark_changes(block[k, start + 1 : stop + 1], block[k, start:stop], here)
        new = count_marked(here)
        if kept == start and _FEW * (stop - start - new) < stop - start:
            kept = stop
            continue
        drop(here, rows[start:stop], bits)
        for k in range(width):
            close_gaps(block[k], here, start + 1, kept + 1)
        kept += new
    return kept


@kernel
def count_marked(marks):  # type: ignore[no-untyped-def]
    """How many marks there are."""
    count = 0
    for i in range(len(marks)):
        count += int(marks[i])
    return count


@kernel
def drop(marks, rows, bits):  # type: ignore[no-untyped-def]
    """Set SAME at the rows without a mark."""
    for j in range(len(rows)):
        bits[rows[j]] |= SAME * (1 - marks[j])


@kernel
def close_gaps(column, marks, start, place):  # type: ignore[no-untyped-def]
    """Move the marked values from `start` on to `place`, one behind the other."""
    for j in range(len(marks)):
        column[np.uint64(place)] = column[np.uint64(start + j)]
        place += int(marks[j])
