"""Over-time functions: columns that look back, with their state carried along.

Takes a `SeriesStep` and the values of the params it names, gives a `SeriesRunner`
whose `run` fills a column batch by batch; any split into batches gives the same bytes.
The definitions, to the order of every addition, are those of `lang.evaluate`:

A row ticks when one of its bits is in the step's mask; a value that is not NaN at a
ticking row is an observation. At each row, first what is as old as the window or older
leaves, then the row's observation enters, then the value is given, also at rows that
do not tick. Running sums are made afresh at places that depend on the data alone: rows
that do not tick could be left out. A window counted in ticks holds the last n
observations and is missing until it holds n.

A kernel acts at ticking rows and at rows from `wake_ts` on, when time alone changes the
value; at all others it repeats the last value. It returns early at a row whose
observation finds the ring full: the runner doubles the ring and goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmrun.engine.jit import Mode, compiled
from mmrun.engine.series_bars import kyle_values, parkinson_values, vpin_values
from mmrun.engine.series_lags import (
    DECAY,
    DELTA,
    HALF_LIFE,
    LAG,
    LOG_RET,
    RET,
    ewm_std_values,
    ewma_values,
    lag_by_ticks,
    lag_by_time,
    sampled_values,
    spread_values,
)
from mmrun.engine.series_paths import MAX, MIN, extreme_values, twap_values
from mmrun.engine.series_state import (
    ENDLESS_NS,
    NEVER,
    Kernel,
    Look,
    Rows,
    doubled,
    fresh_ring,
    fresh_state,
)
from mmrun.engine.series_std import std_values
from mmrun.engine.series_windows import (
    COUNT,
    IMBALANCE,
    MEAN,
    OFI,
    REALIZED,
    SIGNED,
    STD,
    SUM,
    VOLATILITY,
    VWAP,
    ZSCORE,
    window_values,
)
from mmrun.market.tape import CodeColumn, FloatColumn, IntColumn


if TYPE_CHECKING:
    from mmrun.plan.plan import SeriesStep, Window

FIRST_CAPACITY = 16  #: of a ring; a power of two, as its doublings are
MAX_COUNT = 10_000  #: bars or buckets


def _window_look(numbers: Sequence[float], windows: Sequence[Window]) -> Look:
    """A time, or so many of the latest observations, which must all be held."""
    (number,) = numbers
    if windows[0].timed:
        return Look(number, _ns(number), NEVER, 0)
    ticks = max(round(number), 1)
    return Look(number, ENDLESS_NS, ticks, ticks)


def _no_look(numbers: Sequence[float], windows: Sequence[Window]) -> Look:
    del numbers, windows
    return Look(math.nan, ENDLESS_NS, 1, 1)


def _bars_look(numbers: Sequence[float], windows: Sequence[Window]) -> Look:
    """`bar, bars` of parkinson: the horizon is all the bars."""
    del windows
    bar_ns, bars = max(_ns(numbers[0]), 1), _count(numbers[1])
    return Look(math.nan, min(bar_ns * bars, ENDLESS_NS), NEVER, 0, bar_ns, bars)


def _impact_look(numbers: Sequence[float], windows: Sequence[Window]) -> Look:
    """`window, bar` of kyle_lambda: as many bars as the window holds whole."""
    del windows
    ns, bar_ns = _ns(numbers[0]), max(_ns(numbers[1]), 1)
    return Look(math.nan, ns, NEVER, 0, bar_ns, _count(max(ns // bar_ns, 1)))


def _buckets_look(numbers: Sequence[float], windows: Sequence[Window]) -> Look:
    """`bucket, buckets` of vpin."""
    del windows
    return Look(numbers[0], ENDLESS_NS, NEVER, 0, 1, _count(numbers[1]))


def _ns(seconds: float) -> int:
    return min(round(seconds * 1e9), ENDLESS_NS)


def _count(number: float) -> int:
    if not 1 <= number <= MAX_COUNT:
        raise ValueError(number)
    return int(number)


class How(NamedTuple):
    """How a function is computed: its kernel, the code of a branch, its window."""

    kernel: Kernel
    code: int = 0
    look: Callable[[Sequence[float], Sequence[Window]], Look] = _window_look


#: Function of the language to its computation, by time and by ticks.
_OPS: Mapping[str, tuple[How, How]] = {
    "sum": (How(window_values, SUM),) * 2,
    "mean": (How(window_values, MEAN),) * 2,
    "count": (How(window_values, COUNT),) * 2,
    "std": (How(std_values, STD),) * 2,
    "zscore": (How(window_values, ZSCORE),) * 2,
    "trades": (How(window_values, COUNT),) * 2,
    "volume": (How(window_values, SUM),) * 2,
    "trade_imbalance": (How(window_values, IMBALANCE),) * 2,
    "signed_volume": (How(window_values, SIGNED),) * 2,
    "vwap": (How(window_values, VWAP),) * 2,
    "ofi": (How(window_values, OFI),) * 2,
    "volatility": (How(window_values, VOLATILITY),) * 2,
    "realized_vol": (How(window_values, REALIZED),) * 2,
    "min_over": (How(extreme_values, MIN),) * 2,
    "max_over": (How(extreme_values, MAX),) * 2,
    "twap": (How(twap_values),) * 2,
    "lag": (How(lag_by_time, LAG), How(lag_by_ticks, LAG)),
    "delta": (How(lag_by_time, DELTA), How(lag_by_ticks, DELTA)),
    "ret": (How(lag_by_time, RET), How(lag_by_ticks, RET)),
    "log_ret": (How(lag_by_time, LOG_RET), How(lag_by_ticks, LOG_RET)),
    "ewma": (How(ewma_values, HALF_LIFE), How(ewma_values, DECAY)),
    "ewm_std": (How(ewm_std_values, HALF_LIFE), How(ewm_std_values, DECAY)),
    "sample": (How(sampled_values, 0, _no_look),) * 2,
    "parkinson": (How(parkinson_values, 0, _bars_look),) * 2,
    "kyle_lambda": (How(kyle_values, 0, _impact_look),) * 2,
    "vpin": (How(vpin_values, 0, _buckets_look),) * 2,
}
_INPUTS = 4  #: of the kernels' rows: x, y, z, u
#: Kernels whose ring is a circle of a fixed length.
_CIRCLES = (parkinson_values, kyle_values, vpin_values)


class SeriesRunner:
    """One over-time function on one stream of rows: a column, and state in arrays."""

    def __init__(
        self, step: SeriesStep, params: Mapping[str, float], *, mode: Mode = compiled
    ) -> None:
        """Start before the first row.

        Args:
            step: the function, its inputs and windows.
            params: values of the params that its windows name.
            mode: how the kernel runs; the bytes are the same.

        Raises:
            ValueError: an unknown function, or a window that is not positive.
        """
        if step.op not in _OPS:
            msg = f"{step.op} is not a function over time that the engine knows"
            raise ValueError(msg)
        timed = bool(step.windows) and step.windows[0].timed
        how = _OPS[step.op][0 if timed else 1]
        self._kernel, self._what = mode(how.kernel), how.code
        self._spread = mode(spread_values)
        self._mask = int(step.ticks)
        self._look = _look(step, how, params)
        self._capacity = _capacity(how.kernel, self._look)
        self.restart()
        self._inputs = len(step.inputs)
        self._zeros = np.zeros(0)

    def restart(self) -> None:
        """Forget all rows: the next one is the first."""
        self._state = fresh_state()
        self._ring = fresh_ring(self._capacity)

    def run(
        self,
        ts: IntColumn,
        bits: CodeColumn,
        inputs: Sequence[FloatColumn],
        out: FloatColumn,
    ) -> None:
        """Fill `out` for the next rows.

        Args:
            ts: times of the rows, ns.
            bits: of each row, as `lang.nodes.Ticks`: 1 book, 2 trade, 4 other.
            inputs: float64 of the rows, contiguous, one each of the step's inputs.
            out: float64 of the rows, contiguous.

        Raises:
            ValueError: the number of inputs or an array's length is wrong.
        """
        lengths = {len(ts), len(bits), *(len(column) for column in inputs)}
        if len(inputs) != self._inputs or lengths != {len(out)}:
            raise ValueError("inputs of a series, or their lengths, do not match")
        given = [*inputs] or [self._nothing(len(out))]
        x, y, z, u = given + given[:1] * (_INPUTS - len(given))
        rows = Rows(ts, bits, self._mask, x, y, z, u, out)
        done = self._step(rows)
        while done < len(rows.out):
            self._ring = doubled(self._ring, self._state)
            rows = _rest(rows, done)
            done = self._step(rows)

    def spread(self, rows: IntColumn, values: FloatColumn, out: FloatColumn) -> None:
        """As `run` of a `sample`, from the sampled rows' indices and values."""
        self._spread(rows, values, self._state, out)

    def _step(self, rows: Rows) -> int:
        return self._kernel(rows, self._state, self._ring, self._look, self._what)

    def _nothing(self, length: int) -> FloatColumn:
        """What a function without an input observes: zeros, made once."""
        if len(self._zeros) < length:
            self._zeros = np.zeros(length)
        return self._zeros[:length]


def _look(step: SeriesStep, how: How, params: Mapping[str, float]) -> Look:
    """The step's windows, of this run."""
    numbers = [window.length(params) for window in step.windows]
    decays = how.code == DECAY and how.kernel in {ewma_values, ewm_std_values}
    for number in numbers:
        fits = 0.0 <= number < 1.0 if decays else 0.0 < number < math.inf
        if not fits:
            msg = f"{step.output}: {step.op} cannot look back {number:g}"
            raise ValueError(msg)
    try:
        return how.look(numbers, step.windows)
    except ValueError as error:
        msg = f"{step.output}: {step.op} takes from 1 to {MAX_COUNT:,} bars or buckets"
        raise ValueError(msg) from error


def _capacity(function: Kernel, look: Look) -> int:
    if function is lag_by_ticks:
        return look.ticks
    return look.bars if function in _CIRCLES else FIRST_CAPACITY


def _rest(rows: Rows, done: int) -> Rows:
    ts, bits, mask, x, y, z, u, out = rows
    left = [column[done:] for column in (x, y, z, u, out)]
    return Rows(ts[done:], bits[done:], mask, *left)
