"""What each function over time means, row by row, in plain Python.

Every class holds the state of one node of a formula and has one method:

    step(now, x, window) -> value

`now` is the row's time in ns. `x` is the input's value, or None at rows where it does
not tick; an observation is a value that is not NaN. `window` is in seconds, or a count
of ticks where the class was made with `timed=False`. At every row, in this order: what
is too old (`t <= now - window`) leaves, the observation enters, the value is given.

The arithmetic and its order are part of the meaning: the compiled kernels do the same
and agree bit for bit.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol, TypeGuard

from mmrun.lang.pointwise import divide, exp, log, sqrt
from mmrun.lang.windows import Deviations, Window, window_ns


LOG_2 = 0.6931471805599453
_NS = 1e9


class Series(Protocol):
    """The carried state of one function over time."""

    def __init__(self, *, timed: bool) -> None: ...

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        ...


def _is_observation(x: float | None) -> TypeGuard[float]:
    return x is not None and not math.isnan(x)


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
        self.window.advance(now, (x,) if _is_observation(x) else None, window)
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
        return sqrt(_not_below_zero(square - mean * mean))


class Imbalance:
    """`trade_imbalance(w)`: 0 when no trade of known side is in the window."""

    def __init__(self) -> None:
        self._window = Window(timed=True, sums=2)

    def step(self, now: int, size: float | None, side: float, window: float) -> float:
        """The value at one row; `size` is None at rows that are no trades."""
        known = _is_observation(size) and abs(side) == 1.0
        values = (side * size, size) if known and size is not None else None
        self._window.advance(now, values, window)
        signed, total = self._window.totals
        return 0.0 if total == 0.0 else signed / total


class Lag:
    """`lag(x, n)`: n observations before the latest; `lag(x, w)`: as of w ago."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._rows: deque[tuple[int, float]] = deque()
        self._held = math.nan

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        if _is_observation(x):
            self._rows.append((now, x))
        while self._rows and self._is_past(now, window):
            self._held = self._rows.popleft()[1]
        return self._held

    def _is_past(self, now: int, window: float) -> bool:
        if self._timed:
            return self._rows[0][0] <= now - window_ns(window)
        return len(self._rows) > window


class Change:
    """The latest observation and the lagged one, for `delta` and `ret`."""

    def __init__(self, *, timed: bool) -> None:
        self._lag = Lag(timed=timed)
        self._latest = math.nan

    def pair(self, now: int, x: float | None, window: float) -> tuple[float, float]:
        """Latest and lagged value; NaN where there is none yet."""
        if _is_observation(x):
            self._latest = x
        return self._latest, self._lag.step(now, x, window)


class Delta(Change):
    """`delta(x, by)`: the latest observation less the lagged one."""

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        latest, lagged = self.pair(now, x, window)
        return latest - lagged


class Return(Change):
    """`ret(x, by)`: the latest observation over the lagged one, less 1."""

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        latest, lagged = self.pair(now, x, window)
        return divide(latest, lagged) - 1.0


class Ewma:
    """`ewma(x, half_life)`, or by a decay a tick where not timed."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._mean = math.nan
        self._at: int | None = None

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        if _is_observation(x):
            self._mean = self._moved(now, x, window)
            self._at = now
        return self._mean

    def _moved(self, now: int, x: float, window: float) -> float:
        if self._at is None:
            return x
        if not self._timed:
            return window * self._mean + (1.0 - window) * x
        half_lives = (now - self._at) / _NS / window
        return self._mean + (1.0 - exp(-half_lives * LOG_2)) * (x - self._mean)


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
        if _is_observation(x):
            if self._first_at is None:
                self._first_at = now
            else:
                change = self.change(self._last, x)
                square = (change * change,)
            self._last = x
        self._window.advance(now, square, window)
        if self._first_at is None or now - self._first_at < window_ns(window):
            return math.nan
        return sqrt(self.scaled(_not_below_zero(self._window.totals[0]), window))


class RealizedVol(Volatility):
    """`realized_vol(x, w)`: of log returns, over the whole window."""

    def change(self, before: float, after: float) -> float:
        """The log return."""
        return log(divide(after, before))

    def scaled(self, total: float, window: float) -> float:
        """The sum itself."""
        del window
        return total


class Sample:
    """`sample(x, rows)`: x at the latest sampled row, held; missing if it was."""

    def __init__(self, *, timed: bool) -> None:
        del timed
        self._held = math.nan

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        del now, window
        if x is not None:
            self._held = x
        return self._held


def _not_below_zero(x: float) -> float:
    """Rounding may leave a sum of squares just below 0; NaN stays NaN."""
    return max(x, 0.0)


#: Functions over time of one input; `Imbalance` has two.
SERIES: dict[str, type[Series]] = {
    "lag": Lag,
    "delta": Delta,
    "ret": Return,
    "mean": Mean,
    "std": Std,
    "sum": Sum,
    "count": Count,
    "ewma": Ewma,
    "volatility": Volatility,
    "realized_vol": RealizedVol,
    "sample": Sample,
    "trades": Count,
    "volume": Sum,
}
