"""Kernels of bars and buckets: each, when full, is summed with those before it afresh.

Bars are those of the clock: bar n is from n bars after 1970 up to the next. The ring
is a circle of the last `look.bars`: `second` of what they add, `first` of a partner.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.series_state import LN2, NEVER, Look, Ring, Rows, State, log, root


FOUR_LOG_2 = 4.0 * LN2
_BOOK, _TRADE = 1, 2  # bits of lang.nodes.Ticks


@kernel
def parkinson_values(rows: Rows, state: Any, ring: Ring, look: Look, _what: int) -> int:
    """Parkinson's range volatility of the last complete bars of x."""
    s: State = state[0]
    value, wake = s.value, s.wake_ts
    for row in range(len(rows.ts)):
        now = rows.ts[row]
        ticks = rows.bits[row] & rows.mask
        if ticks != 0 or now >= wake:
            if s.first_ts != NEVER and now // look.bar_ns > s.bar:
                passed = now // look.bar_ns - s.bar
                reach = 0.0 if s.high == s.low else log(s.high / s.low)
                push(s, ring, look, 0.0, reach * reach)
                for _ in range(min(passed - 1, look.bars)):
                    push(s, ring, look, 0.0, 0.0)
                s.high = s.low = s.latest
                s.bar += passed
                s.total = total_of(s, ring, look)
            if ticks != 0 and not math.isnan(rows.x[row]):
                observe_range(s, rows.x[row], now, look)
            value, wake = math.nan, NEVER
            if s.first_ts != NEVER:
                wake = (s.bar + 1) * look.bar_ns
                if now - s.first_ts >= look.ns:
                    value = root(s.total / look.bars / FOUR_LOG_2)
                else:
                    wake = min(wake, s.first_ts + look.ns)
        rows.out[row] = value
    s.value, s.wake_ts = value, wake
    return len(rows.ts)


@inlined
def observe_range(s: State, x: float, now: int, look: Look) -> None:
    """Let an observation widen the open bar."""
    if s.first_ts == NEVER:
        s.first_ts = now
        s.bar = now // look.bar_ns
        s.high = s.low = x
    if x > s.high:
        s.high = x
    if x < s.low:
        s.low = x
    s.latest = x


@inlined
def push(s: State, ring: Ring, look: Look, first: float, second: float) -> None:
    """Put a bar or bucket where the oldest was."""
    ring.first[s.head] = first
    ring.second[s.head] = second
    s.head = s.head + 1 if s.head + 1 < look.bars else 0
    s.held = min(s.held + 1, look.bars)


@kernel
def total_of(s: Any, ring: Ring, look: Look) -> float:
    """The sum of the circle, oldest first; of one that is not full what it holds."""
    total = 0.0
    oldest = s.head - s.held + (look.bars if s.head < s.held else 0)
    for k in range(s.held):
        place = oldest + k
        total += ring.second[place if place < look.bars else place - look.bars]
    return total


@kernel
def kyle_values(rows: Rows, state: Any, ring: Ring, look: Look, _what: int) -> int:
    """Kyle's lambda: `first` of a bar is the change of mid, `second` signed volume."""
    s: State = state[0]
    value, wake = s.value, s.wake_ts
    for row in range(len(rows.ts)):
        now = rows.ts[row]
        ticks = rows.bits[row] & rows.mask
        if ticks != 0 or now >= wake:
            if s.first_ts != NEVER and now // look.bar_ns > s.bar:
                passed = now // look.bar_ns - s.bar
                still = s.latest == s.lagged
                push(s, ring, look, 0.0 if still else s.latest - s.lagged, s.total)
                for _ in range(min(passed - 1, look.bars)):
                    push(s, ring, look, 0.0, 0.0)
                s.lagged, s.total = s.latest, 0.0
                s.bar += passed
                s.second = slope(s, ring, look)
            if ticks != 0:
                observe_impact(s, rows, row, look)
            value, wake = math.nan, NEVER
            if s.first_ts != NEVER:
                wake = (s.bar + 1) * look.bar_ns
                if now - s.first_ts >= look.ns:
                    value = s.second
                else:
                    wake = min(wake, s.first_ts + look.ns)
        rows.out[row] = value
    s.value, s.wake_ts = value, wake
    return len(rows.ts)


@inlined
def observe_impact(s: State, rows: Rows, row: int, look: Look) -> None:
    """Let a mid, or a trade of known side, into the open bar."""
    mid, size, side = rows.x[row], rows.y[row], rows.z[row]
    if rows.bits[row] & _BOOK != 0 and not math.isnan(mid):
        if s.first_ts == NEVER:
            s.first_ts = rows.ts[row]
            s.bar = rows.ts[row] // look.bar_ns
            s.lagged = mid
        s.latest = mid
    known = not math.isnan(size) and abs(side) == 1.0
    if rows.bits[row] & _TRADE != 0 and s.first_ts != NEVER and known:
        s.total += side * size


@kernel
def slope(s: Any, ring: Ring, look: Look) -> float:
    """Least squares of `first` on `second` with an intercept, over a full circle."""
    bars = look.bars
    if s.held < bars:
        return math.nan
    volumes = 0.0
    changes = 0.0
    equal = True
    for k in range(bars):
        place = s.head + k if s.head + k < bars else s.head + k - bars
        volumes += ring.second[place]
        changes += ring.first[place]
        equal = equal and ring.second[place] == ring.second[s.head]
    if equal:
        return math.nan
    mean_volume, mean_change = volumes / bars, changes / bars
    both = 0.0
    squares = 0.0
    for k in range(bars):
        place = s.head + k if s.head + k < bars else s.head + k - bars
        away = ring.second[place] - mean_volume
        both += away * (ring.first[place] - mean_change)
        squares += away * away
    return math.nan if squares == 0.0 else both / squares


@kernel
def vpin_values(rows: Rows, state: Any, ring: Ring, look: Look, _what: int) -> int:
    """Easley, Lopez de Prado & O'Hara's VPIN from aggressor sides.

    `second` is the open bucket's size, `total` what was bought of it less what was sold.
    """
    s: State = state[0]
    bucket = look.number
    for row in range(len(rows.ts)):
        if rows.bits[row] & rows.mask != 0:
            size, side = rows.x[row], rows.y[row]
            if 0.0 < size < math.inf and abs(side) == 1.0:
                if size < bucket - s.second:
                    s.second += size
                    s.total += side * size
                else:
                    fill_buckets(s, ring, look, size, side)
        rows.out[row] = s.value
    return len(rows.ts)


@kernel
def fill_buckets(s: Any, ring: Ring, look: Look, size: float, side: float) -> None:
    """Fill the open bucket and as many more as the trade does; the rest opens one."""
    bucket = look.number
    room = bucket - s.second
    push(s, ring, look, 0.0, abs(s.total + side * room))
    rest = size - room
    whole = np.floor(rest / bucket)
    for _ in range(int(min(whole, float(look.bars)))):
        push(s, ring, look, 0.0, bucket)
    s.second = max(rest - whole * bucket, 0.0)
    s.total = side * s.second
    if s.held == look.bars:
        s.value = total_of(s, ring, look) / (look.bars * bucket)
