"""The first look at rows of several venues: each venue's touch, and the one of all.

The consolidated book is the highest bid and the lowest ask over the venues that are
neither silent for too long nor halted, sizes summed at that price. It may be crossed:
the mid stays the average. Kernels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.observe import (
    ask_ticks,
    best_of,
    bid_ticks,
    observe_depth,
    sign_trade,
    trade_ticks,
)
from mmrun.engine.state import ASK, BID, LEVELS
from mmrun.market.tape import Kind, Status


_QUOTE, _DEPTH, _CLEAR = int(Kind.QUOTE), int(Kind.DEPTH), int(Kind.CLEAR)
_TRADE, _STATUS, _CLOCK = int(Kind.TRADE), int(Kind.STATUS), int(Kind.CLOCK)
_BACK = (int(Status.RESUME), int(Status.CONNECTED))
_HALTED, _STALE = (int(Status.HALT), int(Status.AUCTION)), int(Status.STALE)
#: Why a venue has no part, bits of `Seen.away`.
_NOT_TRADING, _FEED_LOST = 1, 2


@kernel
def observe_venues(observers, start, batch, out, stale_after):  # type: ignore[no-untyped-def]
    """`observe.observe` with an observer a venue; `out` has the consolidated touch."""
    done = len(batch.ts)
    for row in range(start, done):
        i = np.uint64(row)  # an index that cannot be negative needs no check
        o = observers[batch.venue[i]]
        now = o.seen
        kind = batch.kind[i]
        out.bits[i] = 1 if kind <= _CLEAR else 4
        if kind != _CLOCK:
            hear_row(now, batch.ts[i])
        if kind == _QUOTE:
            now.bid, now.ask = batch.bid[i], batch.ask[i]
            now.bid_size, now.ask_size = batch.bid_size[i], batch.ask_size[i]
            out.first[i] = bid_ticks(now.bid, now.tick, now.per_tick)
            out.second[i] = ask_ticks(now.ask, now.tick, now.per_tick)
        elif kind == _TRADE:
            out.bits[i] = 2
            price, mid = batch.price[i], (now.bid + now.ask) / 2.0
            out.first[i] = trade_ticks(price, now.tick, now.per_tick)
            out.side[i] = sign_trade(now, price, batch.side[i], mid)
        elif kind == _DEPTH:
            if max(o.book.count[BID], o.book.count[ASK]) + 1 >= LEVELS:
                done = row
                break
            side = batch.side[i]
            out.side[i] = side
            out.first[i] = observe_depth(o, batch.price[i], batch.size[i], side)
            if side > 0:
                now.bid, now.bid_size = best_of(o, BID)
            else:
                now.ask, now.ask_size = best_of(o, ASK)
        elif kind == _CLEAR:
            o.book.count[BID] = 0
            o.book.count[ASK] = 0
            now.bid = now.ask = now.bid_size = now.ask_size = np.nan
        elif kind == _STATUS:
            hear_status(now, batch.status[i])
        touch = consolidated(observers, batch.ts[i], stale_after)
        out.mid[i] = (touch[0] + touch[2]) / 2.0
        if len(out.bid) > 0:
            out.bid[i], out.ask[i] = touch[0], touch[2]
        if len(out.bid_size) > 0:
            out.bid_size[i], out.ask_size[i] = touch[1], touch[3]
    return done


@inlined
def hear_row(now: Any, ts: int) -> None:
    """A row of the venue's own: it is not silent, and a stale feed is back."""
    now.heard_ts, now.started = ts, 1
    now.away &= _NOT_TRADING


@inlined
def hear_status(now: Any, status: int) -> None:
    """A venue that is halted, in an auction or stale has no part until it is back.

    As `guards.change_status` has it: a stale feed is back with the venue's next row.
    """
    if status in _HALTED:
        now.away |= _NOT_TRADING
    elif status == _STALE:
        now.away |= _FEED_LOST
    elif status in _BACK:
        now.away = 0


@kernel
def consolidated(
    observers: Any, ts: int, stale_after: int
) -> tuple[float, float, float, float]:
    """Best bid and its size, best ask and its size, over the venues that have a part."""
    bid = bid_size = ask = ask_size = math.nan
    for k in range(len(observers)):
        seen = observers[k].seen
        silent = ts - seen.heard_ts >= stale_after
        if seen.started == 0 or seen.away != 0 or silent:
            continue
        if not seen.bid <= bid and not math.isnan(seen.bid):
            bid, bid_size = seen.bid, seen.bid_size
        elif seen.bid == bid:
            bid_size += seen.bid_size
        if not seen.ask >= ask and not math.isnan(seen.ask):
            ask, ask_size = seen.ask, seen.ask_size
        elif seen.ask == ask:
            ask_size += seen.ask_size
    return bid, bid_size, ask, ask_size
