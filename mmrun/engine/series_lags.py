"""Kernels that hold single values: lags and changes, moving averages, samples."""

from __future__ import annotations

import math
from typing import Any

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.series_state import (
    LN2,
    NEVER,
    Look,
    Ring,
    Rows,
    State,
    log,
    root,
)


# What a kernel gives: the codes that it branches on.
LAG, DELTA, RET, LOG_RET = range(4)
HALF_LIFE, DECAY = range(2)


_AT_ONCE = 16  #: values of a sampled series


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
    if what == DELTA:
        return latest - lagged
    return latest / lagged - 1.0 if what == RET else log(latest / lagged)


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
def ewm_std_values(rows: Rows, state: Any, _: Ring, look: Look, what: int) -> int:
    """The deviation beside `ewma_values`: `total` is the mean, `second` the variance."""
    s: State = state[0]
    value = s.value
    for row in range(len(rows.ts)):
        if rows.bits[row] & rows.mask != 0:
            x = rows.x[row]
            if not math.isnan(x):
                now = rows.ts[row]
                if s.first_ts == NEVER:
                    s.first_ts = now
                    s.total = x
                else:
                    away = x - s.total
                    kept = look.number
                    if what == HALF_LIFE:
                        kept = math.exp(-((now - s.last_ts) / 1e9 / look.number) * LN2)
                        s.total += (1.0 - kept) * away
                    else:
                        s.total = kept * s.total + (1.0 - kept) * x
                    s.second = kept * (s.second + (1.0 - kept) * (away * away))
                s.last_ts = now
                value = root(s.second)
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
    count, end = len(rows), len(out)
    value, start = s.value, 0
    for k in range(count + 1):
        stop = rows[k] if k < count else end
        # Most stretches are short, and nobody can foretell how short: so many places
        # are written at once, the rest of them again by the stretches that follow.
        if start + _AT_ONCE <= end:
            for j in range(_AT_ONCE):
                out[start + j] = value
            start += _AT_ONCE
        for j in range(start, stop):
            out[j] = value
        if k < count:
            value, start = x[k], stop
    s.value = value
