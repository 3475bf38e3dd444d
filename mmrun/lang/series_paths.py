"""Functions of the path in a window, as `lang.series` tells: extremes, the mean by time."""

from __future__ import annotations

import math
from collections import deque

from mmrun.lang.windows import RESUM_AFTER, is_observation, window_ns


class Extreme:
    """`min_over(x, w)` and `max_over(x, w)`: of equal values the later one."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._rows: deque[tuple[int, float]] = deque()

    def beats(self, x: float, other: float) -> bool:
        """Whether a value is at least as extreme as an earlier one."""
        raise NotImplementedError

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        if self._timed:
            while self._rows and self._rows[0][0] <= now - window_ns(window):
                self._rows.popleft()
        if is_observation(x):
            self._rows.append((now, x))
        while not self._timed and len(self._rows) > window:
            self._rows.popleft()
        if not self._rows or not (self._timed or len(self._rows) >= window):
            return math.nan
        best = self._rows[0][1]
        for _, value in self._rows:
            best = value if self.beats(value, best) else best
        return best


class MinOver(Extreme):
    """`min_over(x, w)`."""

    def beats(self, x: float, other: float) -> bool:
        """Whether a value is no larger."""
        return x <= other


class MaxOver(Extreme):
    """`max_over(x, w)`."""

    def beats(self, x: float, other: float) -> bool:
        """Whether a value is no smaller."""
        return x >= other


class Twap:
    """`twap(x, w)`: the mean of x as it was held over the window, weighted by time.

    `total` is the area, less `shift`, of the stretches between observations.
    """

    def __init__(self, *, timed: bool) -> None:
        del timed
        self._rows: deque[tuple[int, float]] = deque()
        self._total = 0.0
        self._shift = math.nan
        self._evicted = 0

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row; the first observation's own while no time has passed."""
        start = now - window_ns(window)
        while len(self._rows) > 1 and self._rows[1][0] <= start:
            self._evict()
        if is_observation(x):
            self._add(now, x)
        if not self._rows:
            return math.nan
        (first_ts, first), (last_ts, last) = self._rows[0], self._rows[-1]
        begin = max(first_ts, start)
        if begin == now:
            return last
        before = (first - self._shift) * (begin - first_ts)
        after = (last - self._shift) * (now - last_ts)
        return self._shift + (self._total - before + after) / (now - begin)

    def _add(self, now: int, x: float) -> None:
        if not self._rows:
            self._shift = x
        self._rows.append((now, x))
        if len(self._rows) > 1:
            self._total += self._area(len(self._rows) - 2)
        if self._evicted >= max(RESUM_AFTER, len(self._rows)):
            self._evicted, self._total, self._shift = 0, 0.0, self._rows[0][1]
            for place in range(len(self._rows) - 1):
                self._total += self._area(place)

    def _evict(self) -> None:
        self._total -= self._area(0)
        self._evicted += 1
        self._rows.popleft()
        if len(self._rows) == 1:
            self._evicted, self._total, self._shift = 0, 0.0, self._rows[0][1]

    def _area(self, place: int) -> float:
        """Between an observation and the next."""
        (ts, x), (until, _) = self._rows[place], self._rows[place + 1]
        return (x - self._shift) * (until - ts)
