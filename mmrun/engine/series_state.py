"""What the kernels of over-time functions share: their state, their rows, a ring."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.jit import inlined
from mmrun.engine.state import new_records
from mmrun.market.tape import CodeColumn, FloatColumn, IntColumn


RESUM_AFTER = 1024  #: entries that leave before the sums are added up afresh, at least
NEVER = 2**63 - 1  #: a time after all others
ENDLESS_NS = 2**62  #: a look-back that nothing outlives: 146 years
AT_ONCE = 256  #: rows that a kernel takes in steps, each for all of them
LN2 = 0.6931471805599453


class State(Protocol):
    """What travels from batch to batch beside the ring; one record of an array."""

    head: int  #: where the oldest entry of the ring is
    held: int  #: entries in the ring
    evicted: int  #: entries gone since the sums were added up afresh
    wake_ts: int  #: from here on the value changes without a tick
    first_ts: int  #: of the first observation; NEVER before it
    seen: int  #: observations so far
    run: int  #: latest observations that are equal
    bar: int  #: the bar of the clock that is open
    last_ts: int  #: of the latest observation
    latest: float  #: the latest observation
    lagged: float  #: the latest observation that is old enough
    total: float  #: running sums of the entries' two parts
    second: float
    shift: float  #: what is taken off a value before it is squared
    value: float  #: what the last row gave
    high: float  #: of the open bar
    low: float
    bid: float  #: the touch at the last book row that showed both sides
    bid_size: float
    ask: float
    ask_size: float


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
    y: FloatColumn  #: the second input, or `x` again, and so on
    z: FloatColumn
    u: FloatColumn
    out: FloatColumn


class Ring(NamedTuple):
    """Held observations, oldest at `head`; the capacity is a power of two."""

    times: IntColumn
    first: FloatColumn
    second: FloatColumn
    spare: NDArray[np.float64]  #: [2, AT_ONCE]: what a kernel makes on its way


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

    number: float  #: the argument as it was: seconds, ticks, a decay or a size
    ns: int
    ticks: int
    needed: int  #: entries without which the value is missing
    bar_ns: int = 1
    bars: int = 1  #: bars or buckets


#: Fills `out` for rows in order; gives how many, fewer when the ring is full.
Kernel = Callable[[Rows, Any, Ring, Look, int], int]


def fresh_state() -> Any:
    """The state before the first row, as a record array of one."""
    states = new_records(_STATE, 1)
    state = states[0]
    state.wake_ts, state.first_ts = -NEVER, NEVER
    state.latest = state.lagged = state.value = state.high = state.low = math.nan
    return states


def fresh_ring(capacity: int) -> Ring:
    """A ring that holds nothing."""
    times = np.zeros(capacity, np.int64)
    first, second = np.full(capacity, math.nan), np.zeros(capacity)
    return Ring(times, first, second, np.zeros((2, AT_ONCE)))


def doubled(ring: Ring, state: Any) -> Ring:
    """A ring of twice the capacity, its entries from place 0 on."""
    capacity = len(ring.times)
    order = (int(state[0].head) + np.arange(capacity)) % capacity
    grown = fresh_ring(2 * capacity)
    for old, new in zip(ring[:3], grown[:3], strict=True):
        new[:capacity] = old[order]
    state[0].head = 0
    return grown


@inlined
def wrap_of(ring: Ring) -> int:
    """The mask of the ring's places, visibly not negative: indices need no check."""
    return (len(ring.times) - 1) & NEVER


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
