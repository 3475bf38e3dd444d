"""Functions that hold single values, as `lang.series` tells: lags, averages, samples."""

from __future__ import annotations

import math
from collections import deque

from mmrun.lang.pointwise import divide, exp, log, sqrt
from mmrun.lang.windows import is_observation, not_below_zero, window_ns


LOG_2 = 0.6931471805599453
_NS = 1e9


class Lag:
    """`lag(x, n)`: n observations before the latest; `lag(x, w)`: as of w ago."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._rows: deque[tuple[int, float]] = deque()
        self._held = math.nan

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        if is_observation(x):
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
        if is_observation(x):
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
        if is_observation(x):
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
        if is_observation(x):
            self._variance = self._spread(now, x, window)
            super().step(now, x, window)
        return sqrt(not_below_zero(self._variance))

    def _spread(self, now: int, x: float, window: float) -> float:
        if self._at is None:
            return 0.0
        kept = self.kept(now, window)
        away = x - self._mean
        return kept * (self._variance + (1.0 - kept) * (away * away))


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
