"""Arrays that are made once and used for every batch of a run.

A fresh array of a batch's length is new memory to the system, and its pages cost more
than what is written to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@dataclass(frozen=True, slots=True)
class Buffers:
    """Named arrays; one call's array is overwritten by the next call of its name."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def take(self, name: str, count: int, dtype: DTypeLike = np.float64) -> Any:
        """An array of `count` values, not cleared."""
        array = self.arrays.get(name)
        if array is None or len(array) < count:
            array = np.empty(count, dtype)
            self.arrays[name] = array
        return array[:count]
