"""Functions of a window's running sums, as `lang.series` tells: means, deviations, paths."""

from __future__ import annotations

import math

from mmrun.lang.pointwise import divide, log, sqrt
from mmrun.lang.windows import (
    Deviations,
    Window,
    is_observation,
    not_below_zero,
    window_ns,
)


class _OverWindow:
    """What is computed from a window's sums; missing until a counted one is full."""

    def __init__(self, *, timed: bool) -> None:
        self.window = self.make(timed=timed)

    def make(self, *, timed: bool) -> Window:
        """The window."""
        return Window(timed=timed)

    def value(self) -> float:
        """The value of the window as it stands."""
        raise NotImplementedError

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        self.window.advance(now, (x,) if is_observation(x) else None, window)
        return self.value() if self.window.full(window) else math.nan


class Sum(_OverWindow):
    """`sum(x, w)`: 0 when empty. `volume(w)` is the sum of trades' sizes."""

    def value(self) -> float:
        """The sum."""
        return self.window.totals[0]


class Count(_OverWindow):
    """`count(x, w)`: 0 when empty. `trades(w)` is the count of trade rows."""

    def value(self) -> float:
        """The number of observations."""
        return float(len(self.window))


class Mean(_OverWindow):
    """`mean(x, w)`: missing when empty."""

    def value(self) -> float:
        """The mean."""
        if not self.window:
            return math.nan
        return self.window.totals[0] / len(self.window)


class Std(_OverWindow):
    """`std(x, w)`, ddof 0: missing when empty, 0 of one observation."""

    def make(self, *, timed: bool) -> Window:
        """A window that sums deviations."""
        return Deviations(timed=timed, sums=2)

    def value(self) -> float:
        """The standard deviation."""
        count = len(self.window)
        if count < 2:
            return 0.0 if count else math.nan
        mean, square = (total / count for total in self.window.totals)
        return sqrt(not_below_zero(square - mean * mean))


class Zscore:
    """`zscore(x, w)`: deviations above the mean; missing until the window has passed."""

    def __init__(self, *, timed: bool) -> None:
        self._window = Deviations(timed=timed, sums=2)
        self._latest = math.nan
        self._first_at: int | None = None

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        if is_observation(x):
            self._latest = x
            self._first_at = now if self._first_at is None else self._first_at
        held = self._window
        held.advance(now, (x,) if is_observation(x) else None, window)
        if not held or not held.full(window) or not self._seen(now, window):
            return math.nan
        mean, square = (total / len(held) for total in held.totals)
        std = sqrt(not_below_zero(square - mean * mean))
        # Values that are all equal leave rounding in the sums, and no deviation.
        if std == 0.0 or all(row[1][0] == self._latest for row in held.rows):
            return math.nan
        return ((self._latest - held.shift) - mean) / std

    def _seen(self, now: int, window: float) -> bool:
        if self._first_at is None:
            return False
        return not self._window.timed or now - self._first_at >= window_ns(window)


class Volatility:
    """`volatility(x, w)`: the root of summed squared changes over the window."""

    def __init__(self, *, timed: bool) -> None:
        self._window = Window(timed=timed)
        self._last = math.nan
        self._first_at: int | None = None

    def change(self, before: float, after: float) -> float:
        """The change from one observation to the next."""
        return after - before

    def scaled(self, total: float, window: float) -> float:
        """The sum of squares over what it is measured by."""
        return total / window

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row; missing until the window has passed once."""
        square = None
        if is_observation(x):
            if self._first_at is None:
                self._first_at = now
            else:
                change = self.change(self._last, x)
                square = (change * change,)
            self._last = x
        self._window.advance(now, square, window)
        if self._first_at is None or now - self._first_at < window_ns(window):
            return math.nan
        return sqrt(self.scaled(not_below_zero(self._window.totals[0]), window))


class RealizedVol(Volatility):
    """`realized_vol(x, w)`: of log returns, over the whole window."""

    def change(self, before: float, after: float) -> float:
        """The log return."""
        return log(divide(after, before))

    def scaled(self, total: float, window: float) -> float:
        """The sum itself."""
        del window
        return total
