"""Kernels of windows with running sums; the definitions are `lang.series` and `lang.flow`.

At each row, first what is as old as the window or older leaves, then the row's
observation enters, then the value is given. Nothing sums to 0, and sums are added up
afresh at the observation by which as much has left as `max(1024, held)`.
"""

from __future__ import annotations

import math
from typing import Any

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.series_state import (
    ENDLESS_NS,
    NEVER,
    RESUM_AFTER,
    Held,
    Look,
    Ring,
    Rows,
    State,
    log,
    root,
    wrap_of,
)


# What a window gives: the codes that its kernel branches on. From ZSCORE on the latest
# observation is kept, from IMBALANCE on the inputs are those of order flow.
SUM, MEAN, COUNT, STD, ZSCORE, VOLATILITY, REALIZED = range(7)
IMBALANCE, SIGNED, VWAP, OFI = range(7, 11)


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
def observe(w: Held, s: State, rows: Rows, row: int, ring: Ring, what: int) -> Held:
    """Let a ticking row's observation enter, if it is one."""
    x = rows.x[row]
    now = rows.ts[row]
    if math.isnan(x):
        return w
    if what >= IMBALANCE:
        return observe_flow(w, s, rows, row, ring, what)
    if what < ZSCORE:
        return enter(w, ring, now, x, 0.0, what)
    before = s.latest
    s.latest = x
    if what == ZSCORE:
        s.run = s.run + 1 if x == before else 1
        s.first_ts = min(s.first_ts, now)
        return enter(w, ring, now, x, 0.0, what)
    if s.first_ts == NEVER:
        s.first_ts = now
        return w
    move = x - before if what == VOLATILITY else log(x / before)
    return enter(w, ring, now, move * move, 0.0, what)


@inlined
def observe_flow(
    w: Held, s: State, rows: Rows, row: int, ring: Ring, what: int
) -> Held:
    """Let a trade, or a change at the touch, enter."""
    x, y, now = rows.x[row], rows.y[row], rows.ts[row]
    if what == VWAP:
        return w if math.isnan(y) else enter(w, ring, now, x, y, what)
    if what == OFI:
        return observe_touch(w, s, rows, row, ring)
    return enter(w, ring, now, y * x, x, what) if abs(y) == 1.0 else w


@kernel
def observe_touch(w: Held, s: State, rows: Rows, row: int, ring: Ring) -> Held:
    """The event e of Cont, Kukanov & Stoikov (2014), once a touch came before."""
    bid, bid_size = rows.x[row], rows.y[row]
    ask, ask_size = rows.z[row], rows.u[row]
    if math.isnan(bid_size) or math.isnan(ask) or math.isnan(ask_size):
        return w
    if s.first_ts == NEVER:
        s.first_ts = rows.ts[row]
    else:
        bought = (bid_size if bid >= s.bid else 0.0) - (
            s.bid_size if bid <= s.bid else 0.0
        )
        sold = (ask_size if ask <= s.ask else 0.0) - (
            s.ask_size if ask >= s.ask else 0.0
        )
        w = enter(w, ring, rows.ts[row], bought - sold, 0.0, OFI)
    s.bid, s.bid_size, s.ask, s.ask_size = bid, bid_size, ask, ask_size
    return w


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
    if what == STD or what == ZSCORE:
        return first - shift, (first - shift) * (first - shift)
    if what == VWAP:
        return (first - shift) * second, second
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
    if what == SUM or what == OFI or what == SIGNED:
        return w.total
    if what == COUNT:
        return float(w.held)
    if what == IMBALANCE:
        return 0.0 if w.second == 0.0 else w.total / w.second
    if what == VOLATILITY or what == REALIZED:
        return path_value(w, s, now, look, what)
    if w.held == 0:
        return math.nan
    if what == VWAP:
        return math.nan if w.second == 0.0 else w.shift + w.total / w.second
    mean = w.total / w.held
    if what == MEAN:
        return mean
    if what == ZSCORE:
        return zscore(w, s, mean, now, look)
    return 0.0 if w.held == 1 else root(w.second / w.held - mean * mean)


@inlined
def zscore(w: Held, s: State, mean: float, now: int, look: Look) -> float:
    """Deviations above the mean; missing where all held are equal, whatever rounding says."""
    std = root(w.second / w.held - mean * mean)
    early = look.needed == 0 and now - s.first_ts < look.ns
    if early or std == 0.0 or s.run >= w.held:
        return math.nan
    return ((s.latest - w.shift) - mean) / std


@inlined
def path_value(w: Held, s: State, now: int, look: Look, what: int) -> float:
    """Volatility of the whole horizon: missing until it has been seen."""
    if s.first_ts == NEVER or now - s.first_ts < look.ns:
        return math.nan
    return root(w.total / look.number if what == VOLATILITY else w.total)


@inlined
def wake_ts(w: Held, s: State, now: int, ring: Ring, look: Look, what: int) -> int:
    """When time alone changes the value next: an entry leaves, or warm-up ends."""
    waits = what == VOLATILITY or what == REALIZED or what == ZSCORE
    if waits and s.first_ts != NEVER and now - s.first_ts < look.ns < ENDLESS_NS:
        return s.first_ts + look.ns
    return ring.times[w.head & wrap_of(ring)] + look.ns if w.held > 0 else NEVER
