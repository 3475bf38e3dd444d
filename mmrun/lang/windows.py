"""A window of observations with running sums of their terms.

Running sums drift, so they are made anew at places that only the data decide: when the
window is empty, and at the observation by which as many were evicted as the window is
long, at least 1,024. Where that happens, and the order of every addition, is part of
what the language means; rows without an observation change nothing of it.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TypeGuard


RESUM_AFTER = 1_024  #: evictions, at least, between two fresh summations
_NS = 1e9


def window_ns(seconds: float) -> int:
    """A window in whole nanoseconds, rounded half to even."""
    return round(seconds * _NS)


def is_observation(x: float | None) -> TypeGuard[float]:
    """Whether a value is there: the input ticked, and is not missing."""
    return x is not None and not math.isnan(x)


def not_below_zero(x: float) -> float:
    """Rounding may leave a sum of squares just below 0; NaN stays NaN."""
    return max(x, 0.0)


class Window:
    """Observations of a time or of a count of ticks, with running sums of their terms.

    An observation adds one term to each sum. `terms` gives the terms of a value, which
    may depend on `shift`, the value that was first in the window.
    """

    def __init__(self, *, timed: bool, sums: int = 1) -> None:
        self.timed = timed
        self.rows: deque[tuple[int, tuple[float, ...]]] = deque()
        self.totals = [0.0] * sums
        self.shift = 0.0
        self._evicted = 0

    def __len__(self) -> int:
        return len(self.rows)

    def terms(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """What a row's values add to the sums."""
        return values

    def advance(
        self, now: int, values: tuple[float, ...] | None, length: float
    ) -> None:
        """Let a row's time pass and its values, if it has any, enter."""
        if self.timed:
            while self.rows and self.rows[0][0] <= now - window_ns(length):
                self._evict()
        if values is not None:
            self._add(now, values)
        while not self.timed and len(self.rows) > length:
            self._evict()
        if values is not None and self._evicted >= max(RESUM_AFTER, len(self.rows)):
            self._refresh()

    def full(self, length: float) -> bool:
        """Whether a window counted in ticks holds all of them; a timed one always."""
        return self.timed or len(self.rows) >= length

    def _add(self, now: int, values: tuple[float, ...]) -> None:
        if not self.rows:
            self.shift = values[0]
        self.rows.append((now, values))
        self.totals = [
            total + term
            for total, term in zip(self.totals, self.terms(values), strict=True)
        ]

    def _evict(self) -> None:
        _, values = self.rows.popleft()
        self.totals = [
            total - term
            for total, term in zip(self.totals, self.terms(values), strict=True)
        ]
        self._evicted += 1
        if not self.rows:
            self._evicted = 0
            self.totals = [0.0] * len(self.totals)

    def _refresh(self) -> None:
        """Make the sums anew, oldest first."""
        self._evicted = 0
        self.totals = [0.0] * len(self.totals)
        self.shift = self.rows[0][1][0]
        for _, values in self.rows:
            self.totals = [
                total + term
                for total, term in zip(self.totals, self.terms(values), strict=True)
            ]


class Deviations(Window):
    """Sums of x - shift and its square, so that variance keeps its digits."""

    def terms(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """The deviation from the shift, and its square."""
        deviation = values[0] - self.shift
        return (deviation, deviation * deviation)
