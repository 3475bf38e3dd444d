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

from typing import Protocol

from mmrun.lang.series_lags import (
    Delta,
    Ewma,
    EwmStd,
    Lag,
    LogReturn,
    Return,
    Sample,
)
from mmrun.lang.series_paths import MaxOver, MinOver, Twap
from mmrun.lang.series_windows import (
    Count,
    Mean,
    RealizedVol,
    Std,
    Sum,
    Volatility,
    Zscore,
)


class Series(Protocol):
    """The carried state of one function over time."""

    def __init__(self, *, timed: bool) -> None: ...

    def step(self, now: int, x: float | None, window: float) -> float:
        """The value at one row."""
        ...


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
