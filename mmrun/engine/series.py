"""Over-time functions: columns that look back, with their state carried along.

Takes a `SeriesStep` and the values of the params it names, gives a `SeriesRunner`
whose `run` fills a column batch by batch; any split into batches gives the same bytes.
The definitions, to the order of every addition, are those of `lang.evaluate`:

A row ticks when one of its bits is in the step's mask; a value that is not NaN at a
ticking row is an observation. At each row, first what is as old as the window or older
leaves, then the row's observation enters, then the value is given, also at rows that
do not tick. Running sums add what enters and take away what leaves, oldest first; nothing
sums to 0, and they are added up afresh at the observation by which as much has left as
`max(1024, held)`, which keeps them from drifting at places that depend on the data
alone: rows that do not tick could be left out. A window counted in ticks holds the
last n observations and is missing until it holds n.

A kernel acts at ticking rows and at rows from `wake_ts` on, when time alone changes the
value; at all others it repeats the last value. It returns early at a row whose
observation finds the ring full: the runner doubles the ring and goes on from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from mmrun.engine.jit import Mode, compiled, inlined, kernel, readonly
from mmrun.market.tape import CodeColumn, FloatColumn, IntColumn


if TYPE_CHECKING:
    from mmrun.plan.plan import SeriesStep, Window

RESUM_AFTER = 1024  #: entries that leave before the sums are added up afresh, at least
NEVER = 2**63 - 1  #: a time after all others
ENDLESS_NS = 2**62  #: a look-back that nothing outlives: 146 years
LN2 = 0.6931471805599453
FIRST_CAPACITY = 16  #: of a ring; a power of two, as its doublings are

# What a kernel gives of its window: the codes that it branches on.
SUM, MEAN, COUNT, STD, IMBALANCE, VOLATILITY, REALIZED = range(7)
LAG, DELTA, RET = range(3)
HALF_LIFE, DECAY = range(2)


class State(Protocol):
    """What travels from batch to batch beside the ring; one record of an array."""

    head: int  #: where the oldest entry of the ring is
    held: int  #: entries in the ring
    evicted: int  #: entries gone since the sums were added up afresh
    wake_ts: int  #: from here on the value changes without a tick
    first_ts: int  #: of the first observation; NEVER before it
    last_ts: int  #: of the latest observation
    latest: float  #: the latest observation
    lagged: float  #: the latest observation that is old enough
    total: float  #: running sums of the entries' two parts
    second: float
    shift: float  #: what is taken off a value before it is squared
    value: float  #: what the last row gave


_STATE = np.dtype(
    [
        (name, {"int": "i8", "float": "f8"}[kind])
        for name, kind in State.__annotations__.items()
    ],
    align=True,
)


class Rows(NamedTuple):
    """A batch: times, bits, the mask of ticking rows, inputs, the column to fill."""

    ts: IntColumn
    bits: CodeColumn
    mask: int
    x: FloatColumn
    y: FloatColumn  #: the second input, or `x` again
    out: FloatColumn


class Ring(NamedTuple):
    """Held observations, oldest at `head`; the capacity is a power of two."""

    times: IntColumn
    first: FloatColumn
    second: FloatColumn


class Held(NamedTuple):
    """A window as kernels pass it on: its ring's extent, and sums of what it holds."""

    head: int
    held: int
    evicted: int
    total: float
    second: float
    shift: float


class Look(NamedTuple):
    """How far back: `ns` of time, or the last `ticks`, which must all be held."""

    number: float  #: the argument as it was: seconds, ticks or a decay
    ns: int
    ticks: int
    needed: int  #: entries without which the value is missing


Kernel = Callable[[Rows, Any, Ring, Look, int], int]


@kernel
def window_values(rows: Rows, state: Any, ring: Ring, look: Look, what: int) -> int:
    """A window's sum, mean, count, std, imbalance, or volatility; see `_OPS`."""
    s: State = state[0]
    w = Held(s.head, s.held, s.evicted, s.total, s.second, s.shift)
    value, wake, done = s.value, s.wake_ts, len(rows.ts)
    for row in range(len(rows.ts)):
        now = rows.ts[row]
        ticks = rows.bits[row] & rows.mask
        if ticks != 0 or now >= wake:
            if ticks != 0 and w.held == len(ring.times):
                done = row
                break
            while w.held > 0 and ring.times[w.head & wrap_of(ring)] <= now - look.ns:
                w = leave(w, ring, what)
            if ticks != 0:
                before = w.held
                w = observe(w, s, rows, row, ring, what)
                entered = w.held > before
                if w.held > look.ticks:
                    w = leave(w, ring, what)
                if entered and w.evicted >= max(RESUM_AFTER, w.held):
                    w = resum(w, ring, what)
            value = window_value(w, s, now, look, what)
            wake = wake_ts(w, s, now, ring, look, what)
        rows.out[row] = value
    s.head, s.held, s.evicted = w.head, w.held, w.evicted
    s.total, s.second, s.shift = w.total, w.second, w.shift
    s.value, s.wake_ts = value, wake
    return done


@inlined
def wrap_of(ring: Ring) -> int:
    """The mask of the ring's places, visibly not negative: indices need no check."""
    return (len(ring.times) - 1) & NEVER


@inlined
def observe(w: Held, s: State, rows: Rows, row: int, ring: Ring, what: int) -> Held:
    """Let a ticking row's observation enter, if it is one."""
    x = rows.x[row]
    now = rows.ts[row]
    if math.isnan(x):
        return w
    if what == IMBALANCE:
        side = rows.y[row]
        return enter(w, ring, now, side * x, x, what) if abs(side) == 1.0 else w
    if what < VOLATILITY:
        return enter(w, ring, now, x, 0.0, what)
    before = s.latest
    s.latest = x
    if s.first_ts == NEVER:
        s.first_ts = now
        return w
    move = x - before if what == VOLATILITY else log(x / before)
    return enter(w, ring, now, move * move, 0.0, what)


@inlined
def enter(
    w: Held, ring: Ring, now: int, first: float, second: float, what: int
) -> Held:
    """Append an entry and add it to the sums."""
    shift = first if w.held == 0 else w.shift
    place = (w.head + w.held) & wrap_of(ring)
    ring.times[place] = now
    ring.first[place] = first
    ring.second[place] = second
    a, b = addends(first, second, shift, what)
    return Held(w.head, w.held + 1, w.evicted, w.total + a, w.second + b, shift)


@inlined
def leave(w: Held, ring: Ring, what: int) -> Held:
    """Drop the oldest entry and take it off the sums; those of nothing are 0."""
    place = w.head & wrap_of(ring)
    if w.held == 1:
        return Held((place + 1) & wrap_of(ring), 0, 0, 0.0, 0.0, w.shift)
    a, b = addends(ring.first[place], ring.second[place], w.shift, what)
    head = (place + 1) & wrap_of(ring)
    return Held(head, w.held - 1, w.evicted + 1, w.total - a, w.second - b, w.shift)


@inlined
def addends(
    first: float, second: float, shift: float, what: int
) -> tuple[float, float]:
    """What an entry adds to the two sums; `std` squares values near zero."""
    if what == STD:
        return first - shift, (first - shift) * (first - shift)
    return first, second


@kernel
def resum(w: Held, ring: Ring, what: int) -> Held:
    """Add up what is held, oldest first; `std` measures from the oldest."""
    shift = ring.first[w.head & wrap_of(ring)]
    total = 0.0
    second = 0.0
    for k in range(w.held):
        place = (w.head + k) & wrap_of(ring)
        a, b = addends(ring.first[place], ring.second[place], shift, what)
        total += a
        second += b
    return Held(w.head, w.held, 0, total, second, shift)


@inlined
def window_value(w: Held, s: State, now: int, look: Look, what: int) -> float:
    """What the window gives at a row."""
    if w.held < look.needed:
        return math.nan
    if what == SUM:
        return w.total
    if what == COUNT:
        return float(w.held)
    if what == IMBALANCE:
        return 0.0 if w.second == 0.0 else w.total / w.second
    if what >= VOLATILITY:
        return path_value(w, s, now, look, what)
    if w.held == 0:
        return math.nan
    mean = w.total / w.held
    if what == MEAN:
        return mean
    return 0.0 if w.held == 1 else root(w.second / w.held - mean * mean)


@inlined
def path_value(w: Held, s: State, now: int, look: Look, what: int) -> float:
    """Volatility of the whole horizon: missing until it has been seen."""
    if s.first_ts == NEVER or now - s.first_ts < look.ns:
        return math.nan
    return root(w.total / look.number if what == VOLATILITY else w.total)


@inlined
def wake_ts(w: Held, s: State, now: int, ring: Ring, look: Look, what: int) -> int:
    """When time alone changes the value next: an entry leaves, or warm-up ends."""
    if what >= VOLATILITY and s.first_ts != NEVER and now - s.first_ts < look.ns:
        return s.first_ts + look.ns
    return ring.times[w.head & wrap_of(ring)] + look.ns if w.held > 0 else NEVER


@inlined
def root(x: float) -> float:
    """Square root of a sum of squares, which rounding may have left below zero."""
    return 0.0 if x < 0.0 else math.sqrt(x)


@inlined
def log(x: float) -> float:
    """Natural logarithm by IEEE: Python raises at and below zero."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


@kernel
def lag_by_ticks(rows: Rows, state: Any, ring: Ring, look: Look, what: int) -> int:
    """A lag in ticks, or the change since: `first` holds the last n observations.

    It is full of NaN at first, so the lag is missing until n + 1 were seen.
    """
    s: State = state[0]
    head, value = s.head, s.value
    for row in range(len(rows.ts)):
        if rows.bits[row] & rows.mask != 0:
            x = rows.x[row]
            if not math.isnan(x):
                value = lag_value(ring.first[head], x, what)
                ring.first[head] = x
                head = head + 1 if head + 1 < look.ticks else 0
        rows.out[row] = value
    s.head, s.value = head, value
    return len(rows.ts)


@kernel
def lag_by_time(rows: Rows, state: Any, ring: Ring, look: Look, what: int) -> int:
    """A lag in time, or the change since: the ring holds what is not old enough."""
    s: State = state[0]
    head, held, latest, lagged = s.head, s.held, s.latest, s.lagged
    value, wake, done = s.value, s.wake_ts, len(rows.ts)
    wrap = (len(ring.times) - 1) & NEVER
    for row in range(len(rows.ts)):
        now = rows.ts[row]
        ticks = rows.bits[row] & rows.mask
        if ticks != 0 or now >= wake:
            if ticks != 0 and held > wrap:
                done = row
                break
            if ticks != 0 and not math.isnan(rows.x[row]):
                latest = rows.x[row]
                ring.times[(head + held) & wrap] = now
                ring.first[(head + held) & wrap] = latest
                held += 1
            while held > 0 and ring.times[head] <= now - look.ns:
                lagged = ring.first[head]
                head = (head + 1) & wrap
                held -= 1
            wake = ring.times[head] + look.ns if held > 0 else NEVER
            value = lag_value(lagged, latest, what)
        rows.out[row] = value
    s.head, s.held, s.latest, s.lagged = head, held, latest, lagged
    s.value, s.wake_ts = value, wake
    return done


@inlined
def lag_value(lagged: float, latest: float, what: int) -> float:
    """What stands before, the change since, or the return since."""
    if what == LAG:
        return lagged
    return latest - lagged if what == DELTA else latest / lagged - 1.0


@kernel
def ewma_values(rows: Rows, state: Any, _: Ring, look: Look, what: int) -> int:
    """Moving average by half-life or by decay a tick, from the first observation."""
    s: State = state[0]
    value = s.value
    for row in range(len(rows.ts)):
        if rows.bits[row] & rows.mask != 0:
            x = rows.x[row]
            if not math.isnan(x):
                now = rows.ts[row]
                if s.first_ts == NEVER:
                    s.first_ts = now
                    value = x
                elif what == HALF_LIFE:
                    halves = (now - s.last_ts) / 1e9 / look.number
                    value += (1.0 - math.exp(-halves * LN2)) * (x - value)
                else:
                    value = look.number * value + (1.0 - look.number) * x
                s.last_ts = now
        rows.out[row] = value
    s.value = value
    return len(rows.ts)


@kernel
def sampled_values(rows: Rows, state: Any, _ring: Ring, _look: Look, _what: int) -> int:
    """The input as of the last row in the mask, missing or not."""
    s: State = state[0]
    value = s.value
    for row in range(len(rows.ts)):
        if rows.bits[row] & rows.mask != 0:
            value = rows.x[row]
        rows.out[row] = value
    s.value = value
    return len(rows.ts)


@kernel
def spread_values(rows, x, state, out):  # type: ignore[no-untyped-def]
    """`sampled_values` of an input that is there at the sampled rows alone.

    `rows` are those rows' indices, `x` the values at them.
    """
    s: State = state[0]
    value, start = s.value, 0
    for k in range(len(rows)):
        out[start : rows[k]] = value
        value, start = x[k], rows[k]
    out[start:] = value
    s.value = value


#: Function of the language to its kernels, by time and by ticks, with their codes.
_OPS: Mapping[str, tuple[tuple[Kernel, int], tuple[Kernel, int]]] = {
    "sum": ((window_values, SUM),) * 2,
    "mean": ((window_values, MEAN),) * 2,
    "count": ((window_values, COUNT),) * 2,
    "std": ((window_values, STD),) * 2,
    "trades": ((window_values, COUNT),) * 2,
    "volume": ((window_values, SUM),) * 2,
    "trade_imbalance": ((window_values, IMBALANCE),) * 2,
    "volatility": ((window_values, VOLATILITY),) * 2,
    "realized_vol": ((window_values, REALIZED),) * 2,
    "lag": ((lag_by_time, LAG), (lag_by_ticks, LAG)),
    "delta": ((lag_by_time, DELTA), (lag_by_ticks, DELTA)),
    "ret": ((lag_by_time, RET), (lag_by_ticks, RET)),
    "ewma": ((ewma_values, HALF_LIFE), (ewma_values, DECAY)),
    "sample": ((sampled_values, 0),) * 2,
}


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
        function, self._what = _OPS[step.op][0 if timed else 1]
        self._kernel = mode(function)
        self._spread = mode(spread_values)
        self._mask = int(step.ticks)
        self._look = _look(step, params)
        holds_all = function is lag_by_ticks
        self._capacity = self._look.ticks if holds_all else FIRST_CAPACITY
        self.restart()
        self._inputs = len(step.inputs)
        self._zeros = np.zeros(0)

    def restart(self) -> None:
        """Forget all rows: the next one is the first."""
        self._state = _fresh_state()
        self._ring = _fresh_ring(self._capacity)

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
            inputs: float64 of the rows, one each of the step's inputs.
            out: float64 of the rows, contiguous.

        Raises:
            ValueError: the number of inputs or an array's length is wrong.
        """
        lengths = {len(ts), len(bits), *(len(column) for column in inputs)}
        if len(inputs) != self._inputs or lengths != {len(out)}:
            raise ValueError("inputs of a series, or their lengths, do not match")
        x = readonly(inputs[0] if inputs else self._nothing(len(out)))
        y = readonly(inputs[1]) if len(inputs) > 1 else x
        rows = Rows(readonly(ts), readonly(bits), self._mask, x, y, out)
        done = self._step(rows)
        while done < len(rows.out):
            self._ring = _doubled(self._ring, self._state)
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


def _look(step: SeriesStep, params: Mapping[str, float]) -> Look:
    """The step's window, of this run; one tick for `delta` and `ret` without one."""
    if not step.windows:
        return Look(math.nan, ENDLESS_NS, 1, 1)
    window = step.windows[0]
    number = _number(window, params)
    if not 0.0 < number < math.inf:
        msg = f"{step.output}: {step.op} cannot look back {number:g}"
        raise ValueError(msg)
    if window.timed:
        return Look(number, min(round(number * 1e9), ENDLESS_NS), NEVER, 0)
    ticks = max(round(number), 1)
    return Look(number, ENDLESS_NS, ticks, ticks)


def _number(window: Window, params: Mapping[str, float]) -> float:
    if window.param is not None:
        return float(params[window.param])
    return math.nan if window.constant is None else float(window.constant)


def _rest(rows: Rows, done: int) -> Rows:
    ts, bits, mask, x, y, out = rows
    return Rows(ts[done:], bits[done:], mask, x[done:], y[done:], out[done:])


def _fresh_state() -> Any:
    state = np.zeros(1, _STATE)
    state["wake_ts"] = -NEVER
    state["first_ts"] = NEVER
    state["latest"] = state["lagged"] = state["value"] = math.nan
    return state.view(np.recarray)


def _fresh_ring(capacity: int) -> Ring:
    times = np.zeros(capacity, np.int64)
    return Ring(times, np.full(capacity, math.nan), np.zeros(capacity))


def _doubled(ring: Ring, state: Any) -> Ring:
    """A ring of twice the capacity, its entries from place 0 on."""
    capacity = len(ring.times)
    order = (int(state[0].head) + np.arange(capacity)) % capacity
    grown = _fresh_ring(2 * capacity)
    for old, new in zip(ring, grown, strict=True):
        new[:capacity] = old[order]
    state[0].head = 0
    return grown
