"""Kernels of the path in a window: its extremes, and its mean by time."""

from __future__ import annotations

import math
from typing import Any

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.series_state import (
    NEVER,
    RESUM_AFTER,
    Look,
    Ring,
    Rows,
    State,
    wrap_of,
)


MIN, MAX = range(2)


@kernel
def extreme_values(rows: Rows, state: Any, ring: Ring, look: Look, what: int) -> int:
    """The smallest or largest observation; of equal ones the later.

    The ring holds those that none behind them beats, so the first is the answer;
    `times` are of the clock, or of a window in ticks the observations' numbers.
    """
    s: State = state[0]
    head, held, seen = s.head, s.held, s.seen
    value, wake, done = s.value, s.wake_ts, len(rows.ts)
    wrap, timed = wrap_of(ring), look.needed == 0
    for row in range(len(rows.ts)):
        now = rows.ts[row]
        ticks = rows.bits[row] & rows.mask
        if ticks != 0 or now >= wake:
            if ticks != 0 and held > wrap:
                done = row
                break
            x = rows.x[row]
            enters = ticks != 0 and not math.isnan(x)
            if enters:
                seen += 1
            last_out = now - look.ns if timed else seen - look.ticks
            while held > 0 and ring.times[head] <= last_out:
                head = (head + 1) & wrap
                held -= 1
            if enters:
                while held > 0 and beats(x, ring.first[(head + held - 1) & wrap], what):
                    held -= 1
                ring.times[(head + held) & wrap] = now if timed else seen
                ring.first[(head + held) & wrap] = x
                held += 1
            value = ring.first[head] if held > 0 and seen >= look.needed else math.nan
            wake = ring.times[head] + look.ns if timed and held > 0 else NEVER
        rows.out[row] = value
    s.head, s.held, s.seen = head, held, seen
    s.value, s.wake_ts = value, wake
    return done


@inlined
def beats(x: float, other: float, what: int) -> bool:
    """Whether a value is at least as extreme as an earlier one."""
    return x <= other if what == MIN else x >= other


@kernel
def twap_values(rows: Rows, state: Any, ring: Ring, look: Look, _what: int) -> int:
    """The mean by time of x as held; `total` is the area of the stretches, less shift.

    The oldest entry is the one in force where the window begins.
    """
    s: State = state[0]
    head, held, evicted = s.head, s.held, s.evicted
    total, shift = s.total, s.shift
    done, wrap = len(rows.ts), wrap_of(ring)
    for row in range(len(rows.ts)):
        now = rows.ts[row]
        ticks = rows.bits[row] & rows.mask
        if ticks != 0 and held > wrap:
            done = row
            break
        start = now - look.ns
        while held > 1 and ring.times[(head + 1) & wrap] <= start:
            total -= area(ring, head, shift)
            evicted += 1
            head = (head + 1) & wrap
            held -= 1
            if held == 1:
                evicted, total, shift = 0, 0.0, ring.first[head]
        if ticks != 0 and not math.isnan(rows.x[row]):
            if held == 0:
                shift = rows.x[row]
            ring.times[(head + held) & wrap] = now
            ring.first[(head + held) & wrap] = rows.x[row]
            held += 1
            if held > 1:
                total += area(ring, (head + held - 2) & wrap, shift)
            if evicted >= max(RESUM_AFTER, held):
                evicted, total, shift = 0, 0.0, ring.first[head]
                for k in range(held - 1):
                    total += area(ring, (head + k) & wrap, shift)
        rows.out[row] = math.nan
        if held > 0:
            rows.out[row] = twap(ring, head, held, total, shift, start, now)
    s.head, s.held, s.evicted = head, held, evicted
    s.total, s.shift = total, shift
    return done


@inlined
def area(ring: Ring, place: int, shift: float) -> float:
    """Between the observation at a place and the next."""
    after = (place + 1) & wrap_of(ring)
    return (ring.first[place] - shift) * (ring.times[after] - ring.times[place])


@inlined
def twap(
    ring: Ring, head: int, held: int, total: float, shift: float, start: int, now: int
) -> float:
    """The window's mean; an observation's own value while no time has passed."""
    last = (head + held - 1) & wrap_of(ring)
    begin = max(ring.times[head], start)
    if begin == now:
        return ring.first[last]
    before = (ring.first[head] - shift) * (begin - ring.times[head])
    after = (ring.first[last] - shift) * (now - ring.times[last])
    return shift + (total - before + after) / (now - begin)
