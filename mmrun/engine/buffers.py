"""Arrays that are made once and used for every batch of a run, and of the next run.

A fresh array of a batch's length is new memory to the system, and its pages cost more
than what is written to them. The views that are handed out are the same objects batch
after batch too, as long as batches are of one length: a kernel's caller knows an array
it has seen (`engine.native`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class _Shelf:
    """The arrays of one type, in the order in which a batch takes them."""

    arrays: list[NDArray[Any]] = field(default_factory=list)
    views: list[NDArray[Any]] = field(default_factory=list)  #: as last handed out
    used: int = 0


class Table(NamedTuple):
    """Columns of float64 that lie one behind the other."""

    flat: NDArray[np.float64]
    whole: NDArray[np.float64]  #: the same [column, row]
    bits: NDArray[np.int64]  #: the same as bit patterns
    after_first: tuple[NDArray[np.float64], ...]  #: each column from its second row on


@dataclass(slots=True)
class Buffers:
    """Arrays of one batch; they are handed out again when the next one begins."""

    shelves: dict[type[np.generic], _Shelf] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)  #: as last handed out
    tables_used: int = 0

    def begin(self) -> None:
        """A batch begins: nobody reads what was taken for the one before."""
        for shelf in self.shelves.values():
            shelf.used = 0
        self.tables_used = 0

    def take(self, count: int, dtype: type[np.generic] = np.float64) -> Any:
        """An array of `count` values, not cleared."""
        shelf = self.shelves.get(dtype)
        if shelf is None:
            shelf = self.shelves[dtype] = _Shelf()
        place = shelf.used
        shelf.used += 1
        if place == len(shelf.arrays):
            shelf.arrays.append(np.empty(count, dtype))
            shelf.views.append(shelf.arrays[place])
        view = shelf.views[place]
        if len(view) != count:
            if len(shelf.arrays[place]) < count:
                shelf.arrays[place] = np.empty(count, dtype)
            view = shelf.views[place] = shelf.arrays[place][:count]
        return view

    def take_table(self, columns: int, rows: int) -> Table:
        """So many columns, not cleared."""
        flat, place = self.take(columns * rows), self.tables_used
        self.tables_used += 1
        if place == len(self.tables):
            self.tables.append(table_of(flat, columns, rows))
        table = self.tables[place]
        if table.flat is not flat or table.whole.shape != (columns, rows):
            table = self.tables[place] = table_of(flat, columns, rows)
        return table


def table_of(flat: NDArray[np.float64], columns: int, rows: int) -> Table:
    """The table that lies in an array."""
    whole = flat.reshape(columns, rows)
    return Table(flat, whole, whole.view(np.int64), tuple(whole[:, 1:]))


#: The two that a run works with, of the run that ended last.
_SPARE: deque[Buffers] = deque(maxlen=2)


def spare_buffers() -> Buffers:
    """Those of a run that is over, or new ones."""
    try:
        return _SPARE.pop()
    except IndexError:
        return Buffers()


def give_back(buffers: Buffers) -> None:
    """A run is over and reads nothing of them any more."""
    _SPARE.append(buffers)
