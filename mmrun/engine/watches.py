"""Own fills over time, as formulas ask for them: counts, rates and markouts. Kernels.

A *watch* is one such name (`fills(10s)`, `own_markout(5s, over=30min)`). It keeps its
own fills in a ring from the moment they happen; formulas see one once our side has
heard of it. A markout takes the mid in force at its horizon: it is noted just before
the mid changes past that time, or when it is asked for. What a watch gives is summed
afresh, oldest first, whenever a fill enters or leaves it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.slots import rests
from mmrun.engine.state import (
    ASK,
    BID,
    KEPT_FILLS,
    WATCH_DAY,
    WATCH_MARKOUT,
    WATCH_RATE,
    Machine,
)


_DAY_NS = 86_400 * 10**9


@kernel
def watch_fill(  # type: ignore[no-untyped-def]
    m: Machine, v, side: int, price: float, size: float, ts: int
) -> None:
    """Let a fill of ours into the watches that look at its side and venue."""
    sign = 1 if side == BID else -1
    for k in range(m.config.watches):
        w = m.watches[k]
        if (w.side == 0 or w.side == sign) and (w.venue < 0 or w.venue == v.index):
            if w.used - w.head == KEPT_FILLS:
                m.state.watch_full = 1
                w.head += 1
                w.ripe = max(w.ripe, w.head)
            one = w.fills[w.used % KEPT_FILLS]
            one.ts, one.price, one.signed = ts, price, sign * size
            w.used += 1


@kernel
def before_change(m: Machine, ts: int, net: float) -> None:
    """The mid, or what we know of our account, changes at `ts`; `net` is known net P&L."""
    for k in range(m.config.watches):
        w = m.watches[k]
        if w.kind == WATCH_MARKOUT:
            ripen(m, w, ts)
        elif w.kind == WATCH_DAY:
            roll_day(m, w, ts, net)


@inlined
def ripen(m: Machine, w: Any, ts: int) -> None:
    """Note the mid in force for fills whose horizon lies before `ts`."""
    while w.ripe < w.used:
        one = w.fills[w.ripe % KEPT_FILLS]
        if one.ts + w.horizon_ns >= ts:
            break
        one.mid = m.state.mid
        w.ripe += 1
        w.stale = 1


@kernel
def roll_day(m: Machine, w: Any, ts: int, net: float) -> None:
    """At a session's open, or without sessions a day of UTC, P&L starts from `net`."""
    if ts < w.until:
        return
    w.total = net
    w.until = (ts // _DAY_NS + 1) * _DAY_NS
    if m.config.day_by_session != 0:
        while w.head < m.config.sessions and m.sessions[w.head, 0] <= ts:
            w.head += 1
        w.until = np.iinfo(np.int64).max
        if w.head < m.config.sessions:
            w.until = m.sessions[w.head, 0]


@kernel
def watch_quoting(m: Machine, start: int, ts: int) -> None:
    """We were quoted, or not, from `start` to `ts`: what fill rates are over."""
    for k in range(m.config.watches):
        w = m.watches[k]
        if w.kind == WATCH_RATE and is_quoted(m, w):
            last = w.spans[(w.spans_used - 1) % KEPT_FILLS]
            if w.spans_used > w.spans_head and last.until == start:
                w.quoted_ns += ts - start
                last.until = ts
                continue
            if w.spans_used - w.spans_head == KEPT_FILLS:
                m.state.watch_full = 1
                w.spans_head += 1
            one = w.spans[w.spans_used % KEPT_FILLS]
            one.since, one.until = start, ts
            w.quoted_ns += ts - start
            w.spans_used += 1


@kernel
def is_quoted(m: Machine, w: Any) -> bool:
    """Whether an order of ours rests on either side, where the watch looks."""
    if m.state.in_session == 0:
        return False
    for k in range(m.config.venues):
        v = m.venues[k]
        here = w.venue < 0 or w.venue == k
        if here and (rests(v, BID) or rests(v, ASK)):
            return True
    return False


@kernel
def quoted_ns(m: Machine, w: Any, ts: int) -> int:
    """Time quoted in the watch's window, up to `ts`."""
    start = ts - w.window_ns
    while w.spans_head < w.spans_used:
        one = w.spans[w.spans_head % KEPT_FILLS]
        if one.until > start:
            break
        w.quoted_ns -= one.until - one.since
        w.spans_head += 1
    total = w.quoted_ns
    if w.spans_head < w.spans_used:
        total -= max(0, start - w.spans[w.spans_head % KEPT_FILLS].since)
    since = max(m.state.clock_ts, start)
    return total + (ts - since if ts > since and is_quoted(m, w) else 0)


@kernel
def watch_value(m: Machine, w: Any, ts: int, net: float) -> float:
    """What a watch gives formulas at `ts`."""
    if w.kind == WATCH_DAY:
        roll_day(m, w, ts, net)
        return net - w.total
    while w.head < w.used and w.fills[w.head % KEPT_FILLS].ts <= ts - w.window_ns:
        w.head += 1
        w.stale = 1
    w.ripe = max(w.ripe, w.head)
    if w.kind == WATCH_MARKOUT:
        ripen(m, w, ts)
        return markout(m, w, ts)
    known = heard(m, w, ts) - w.head
    if w.kind == WATCH_RATE:
        ns = quoted_ns(m, w, ts)
        return np.nan if ns == 0 else known / (ns / 1e9)
    return float(known)


@kernel
def heard(m: Machine, w: Any, ts: int) -> int:
    """The first fill that our side has not heard of yet."""
    delay = max(0, m.config.response_ns - m.config.feed_ns)
    first = w.used
    while first > w.head and w.fills[(first - 1) % KEPT_FILLS].ts + delay > ts:
        first -= 1
    return first


@kernel
def markout(m: Machine, w: Any, ts: int) -> float:
    """Σ side*size*(mid - price) / Σ size*price of the fills whose horizon has passed."""
    last = min(w.ripe, heard(m, w, ts))
    if last - w.head < w.needed:
        return np.nan
    if w.stale != 0 or last != w.summed:
        gained = 0.0
        value = 0.0
        for k in range(w.head, last):
            one = w.fills[k % KEPT_FILLS]
            gained += one.signed * (one.mid - one.price)
            value += abs(one.signed) * one.price
        w.total = gained / value if value != 0.0 else np.nan
        w.stale, w.summed = 0, last
    return w.total


@kernel
def ahead_of(m: Machine, side: int, venue: int) -> float:
    """The size ahead of our best-priced order on a side; of equal ones the smallest.

    `venue` is the one that is looked at, -1 all of them.
    """
    best = np.nan
    found = np.nan
    for n in range(m.config.venues):
        if venue >= 0 and n != venue:
            continue
        v = m.venues[n]
        for k in range(side, 2 * v.levels, 2):
            slot = v.slots[k]
            if slot.live == 1 and slot.known_live == 1:
                price = slot.price * v.tick
                better = price > best if side == BID else price < best
                if np.isnan(best) or better:
                    best, found = price, slot.ahead
                elif price == best and not found <= slot.ahead:
                    found = slot.ahead
    return found
