"""Arrays that are made once and used for every batch of a run, and of the next run.

A fresh array of a batch's length is new memory to the system, and its pages cost more
than what is written to them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@dataclass(frozen=True, slots=True)
class Buffers:
    """Arrays of one batch; they are handed out again when the next one begins."""

    free: dict[str, list[NDArray[Any]]] = field(default_factory=dict)  #: by type
    given: dict[str, list[NDArray[Any]]] = field(default_factory=dict)

    def begin(self) -> None:
        """A batch begins: nobody reads what was taken for the one before."""
        for kind, arrays in self.given.items():
            self.free.setdefault(kind, []).extend(reversed(arrays))
            arrays.clear()

    def take(self, count: int, dtype: DTypeLike = np.float64) -> Any:
        """An array of `count` values, not cleared."""
        kind = np.dtype(dtype).str
        free = self.free.get(kind)
        array = free.pop() if free else np.empty(count, dtype)
        if len(array) < count:
            array = np.empty(count, dtype)
        self.given.setdefault(kind, []).append(array)
        return array[:count]


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
