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
from mmrun.lang.windows import RESUM_AFTER, Deviations, Window, window_ns


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


class Zscore:
    """`zscore(x, w)`: deviations above the mean; missing until the window has passed."""

    def __init__(self, *, timed: bool) -> None:
        self._window = Deviations(timed=timed, sums=2)
        self._latest = math.nan
        self._first_at: int | None = None

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        if _is_observation(x):
            self._latest = x
            self._first_at = now if self._first_at is None else self._first_at
        held = self._window
        held.advance(now, (x,) if _is_observation(x) else None, window)
        if not held or not held.full(window) or not self._seen(now, window):
            return math.nan
        mean, square = (total / len(held) for total in held.totals)
        std = sqrt(_not_below_zero(square - mean * mean))
        # Values that are all equal leave rounding in the sums, and no deviation.
        if std == 0.0 or all(row[1][0] == self._latest for row in held.rows):
            return math.nan
        return ((self._latest - held.shift) - mean) / std

    def _seen(self, now: int, window: float) -> bool:
        if self._first_at is None:
            return False
        return not self._window.timed or now - self._first_at >= window_ns(window)


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
        if _is_observation(x):
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
        if _is_observation(x):
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


class LogReturn(Change):
    """`log_ret(x, by)`: the log of the latest observation over the lagged one."""

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        latest, lagged = self.pair(now, x, window)
        return log(divide(latest, lagged))


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
        kept = self.kept(now, window)
        if not self._timed:
            return kept * self._mean + (1.0 - kept) * x
        return self._mean + (1.0 - kept) * (x - self._mean)

    def kept(self, now: int, window: float) -> float:
        """How much of what was is left."""
        if not self._timed or self._at is None:
            return window
        half_lives = (now - self._at) / _NS / window
        return exp(-half_lives * LOG_2)


class EwmStd(Ewma):
    """`ewm_std(x, ...)`: the root of ewma(x²) - ewma(x)², kept without their difference.

    Where the mean goes `m + a*d`, d being x - m, the variance v goes `(1-a)*(v + a*d²)`.
    """

    def __init__(self, *, timed: bool) -> None:
        super().__init__(timed=timed)
        self._variance = math.nan

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row; 0 of one observation."""
        if _is_observation(x):
            self._variance = self._spread(now, x, window)
            super().step(now, x, window)
        return sqrt(_not_below_zero(self._variance))

    def _spread(self, now: int, x: float, window: float) -> float:
        if self._at is None:
            return 0.0
        kept = self.kept(now, window)
        away = x - self._mean
        return kept * (self._variance + (1.0 - kept) * (away * away))


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


#: Functions over time of one input and one window; those of more are in `lang.flow`.
SERIES: dict[str, type[Series]] = {
    "lag": Lag,
    "delta": Delta,
    "ret": Return,
    "log_ret": LogReturn,
    "mean": Mean,
    "std": Std,
    "sum": Sum,
    "count": Count,
    "min_over": MinOver,
    "max_over": MaxOver,
    "twap": Twap,
    "zscore": Zscore,
    "ewma": Ewma,
    "ewm_std": EwmStd,
    "volatility": Volatility,
    "realized_vol": RealizedVol,
    "sample": Sample,
    "trades": Count,
    "volume": Sum,
}
