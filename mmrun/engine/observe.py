"""The first look at a batch: market columns for formulas, ticks for the kernel. Kernels.

Takes tape rows, gives for every row the best bid and ask after it, the row's bits, the
trade's side by the trade-sign policy, and prices as whole ticks. It keeps a book of its
own, since columns are computed a batch ahead of the row-by-row kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.book import set_level
from mmrun.engine.jit import inlined, kernel
from mmrun.engine.prices import (
    half_ticks,
    price_of,
    surely_whole,
    ticks_down,
    ticks_up,
)
from mmrun.engine.state import ASK, BID, BOOK, LEVELS, NO_ASK, NO_BID
from mmrun.market.tape import Kind


_QUOTE, _DEPTH, _CLEAR = int(Kind.QUOTE), int(Kind.DEPTH), int(Kind.CLEAR)
_TRADE = int(Kind.TRADE)
#: Bits of a row beside lang.nodes.Ticks. SAME: what the residual reads is as it was one
#: row before. CALM: a quote row at the prices of the last book row, so that sizes alone
#: may differ. OPENS: windows start over here, and it is no trade row.
SAME, CALM, OPENS = 8, 16, 32
#: Of a row at which nothing but sizes moves.
STILL = SAME | CALM

OBSERVED = np.dtype(
    [
        ("tick", "f8"),
        ("ticks_per_unit", "f8"),
        ("per_tick", "f8"),  # as in CONFIG
        ("bid", "f8"),  # after the last row
        ("bid_size", "f8"),
        ("ask", "f8"),
        ("ask_size", "f8"),
        ("first", "i8"),  # ticks of the last quote row's bid and ask
        ("second", "i8"),
        ("shown", "i8"),  # the last row was a quote row
        ("last_trade", "f8"),  # for the tick rule
        ("last_move", "i8"),  # sign of the last price change of trades
        ("inferred", "i8"),  # trades signed by Lee-Ready or the tick rule
        ("unknown", "i8"),  # trades that stay unsigned
        # of several venues: whether this one has a part in the consolidated book
        ("heard_ts", "i8"),  # its last row
        ("started", "i8"),
        ("away", "i8"),  # halted, in an auction, or said to be stale
    ],
    align=True,
)


#: What `observe` carries from batch to batch.
OBSERVER = np.dtype([("seen", OBSERVED), ("book", BOOK)], align=True)


class TapeRows(NamedTuple):
    """The columns of a `market.tape.Batch` that are looked at."""

    ts: NDArray[np.int64]
    kind: NDArray[np.int8]
    bid: NDArray[np.float64]
    bid_size: NDArray[np.float64]
    ask: NDArray[np.float64]
    ask_size: NDArray[np.float64]
    price: NDArray[np.float64]
    size: NDArray[np.float64]
    side: NDArray[np.int8]
    status: NDArray[np.int8]
    venue: NDArray[np.int8]


class Observed(NamedTuple):
    """Columns made from a batch; see `kernel.Rows`.

    Where nobody reads the touch's prices, or its sizes, their arrays are empty.
    """

    bits: NDArray[np.int8]  #: lang.nodes.Ticks and CALM
    mid: NDArray[np.float64]  #: at book rows
    bid: NDArray[np.float64]
    bid_size: NDArray[np.float64]
    ask: NDArray[np.float64]
    ask_size: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    side: NDArray[np.int8]  #: at trade and depth rows


@kernel
def observe(observers, start, batch, out):  # type: ignore[no-untyped-def]
    """Look at rows from `start`; the first row not looked at, for want of book room."""
    o = observers[0]
    now = o.seen
    tick, per_tick = now.tick, now.per_tick
    prices, sizes = len(out.bid) > 0, len(out.bid_size) > 0
    bid, ask, bid_size, ask_size = now.bid, now.ask, now.bid_size, now.ask_size
    first, second, shown = now.first, now.second, now.shown
    done = len(batch.ts)
    for row in range(start, done):
        i = np.uint64(row)  # an index that cannot be negative needs no check
        kind = batch.kind[i]
        bits = 1 if kind <= _CLEAR else 4
        had, shown = shown, 0
        if kind == _QUOTE:
            mid = (bid + ask) / 2.0
            before = first, second
            bid, ask = batch.bid[i], batch.ask[i]
            new_bid_size, new_ask_size = batch.bid_size[i], batch.ask_size[i]
            first = bid_ticks(bid, tick, per_tick)
            second = ask_ticks(ask, tick, per_tick)
            out.first[i], out.second[i] = first, second
            calm = (had != 0) & (first == before[0]) & (second == before[1])
            calm &= mid == (bid + ask) / 2.0
            calm &= lowers_queue(new_bid_size, bid_size)
            calm &= lowers_queue(new_ask_size, ask_size)
            bits += CALM * calm
            bid_size, ask_size, shown = new_bid_size, new_ask_size, 1
        elif kind == _TRADE:
            bits = 2
            price, side = batch.price[i], batch.side[i]
            out.first[i] = trade_ticks(price, tick, per_tick)
            out.side[i] = sign_trade(now, price, side, (bid + ask) / 2.0)
        elif kind == _DEPTH:
            if max(o.book.count[BID], o.book.count[ASK]) + 1 >= LEVELS:
                done = row
                break
            side = batch.side[i]
            out.side[i] = side
            out.first[i] = observe_depth(o, batch.price[i], batch.size[i], side)
            if side > 0:
                bid, bid_size = best_of(o, BID)
            else:
                ask, ask_size = best_of(o, ASK)
        elif kind == _CLEAR:
            o.book.count[BID] = 0
            o.book.count[ASK] = 0
            bid = ask = bid_size = ask_size = np.nan
        out.bits[i] = bits
        out.mid[i] = (bid + ask) / 2.0
        if prices:
            out.bid[i], out.ask[i] = bid, ask
        if sizes:
            out.bid_size[i], out.ask_size[i] = bid_size, ask_size
    now.bid, now.ask, now.bid_size, now.ask_size = bid, ask, bid_size, ask_size
    now.first, now.second, now.shown = first, second, shown
    return done


@inlined
def bid_ticks(bid: float, tick: float, per_tick: float) -> int:
    """A quoted bid in whole ticks; NO_BID when there is none."""
    whole = np.rint(bid * per_tick)
    if surely_whole(bid, per_tick, whole) and per_tick > 0.0:
        return int(whole)
    return NO_BID if np.isnan(bid) else ticks_down(bid, tick)


@inlined
def ask_ticks(ask: float, tick: float, per_tick: float) -> int:
    """A quoted ask in whole ticks; NO_ASK when there is none."""
    whole = np.rint(ask * per_tick)
    if surely_whole(ask, per_tick, whole) and per_tick > 0.0:
        return int(whole)
    return NO_ASK if np.isnan(ask) else ticks_up(ask, tick)


@inlined
def trade_ticks(price: float, tick: float, per_tick: float) -> int:
    """A trade's price in half ticks."""
    whole = np.rint(price * per_tick)
    if surely_whole(price, per_tick, whole) and per_tick > 0.0:
        return 2 * int(whole)
    return half_ticks(price, tick)


@inlined
def lowers_queue(size: float, before: float) -> bool:
    """Whether a size at an unmoved touch can only lower what is ahead of an order."""
    return (size > 0.0) | (np.isnan(size) & np.isnan(before))


@kernel
def observe_depth(o: Any, price: float, size: float, side_sign: int) -> int:
    """One depth row into the book; its price in ticks."""
    tick = o.seen.tick
    side = BID if side_sign > 0 else ASK
    ticks = ticks_down(price, tick) if side == BID else ticks_up(price, tick)
    set_level(o.book, side, ticks, size)
    return ticks


@kernel
def best_of(o: Any, side: int) -> tuple[float, float]:
    """The best level of a side of depth rows: price and size, missing when empty."""
    count = o.book.count[side]
    if count == 0:
        return np.nan, np.nan
    # The float nearest to the ticks is the file's own price when it is on the grid.
    ticks = o.book.price[side, count - 1]
    price = price_of(ticks, o.seen.tick, o.seen.ticks_per_unit)
    return price, o.book.shown[side, count - 1]


@inlined
def sign_trade(now, price, side, mid):  # type: ignore[no-untyped-def]
    """The aggressor's sign: as given, else Lee & Ready (1991) with the quote in force.

    Above the mid a buy, below a sell; at the mid, or without a quote, the sign of the
    last price change of trades, carried over zero ticks.
    """
    # Without branches: nobody can foretell whether the next trade is up or down.
    change = change_of(price, now.last_trade)
    move = change + now.last_move * (1 - change * change)
    now.last_move = move
    now.last_trade = price
    if side != 0:
        return side
    sign = move
    if price > mid:
        sign = 1
    elif price < mid:
        sign = -1
    if sign == 0:
        now.unknown += 1
    else:
        now.inferred += 1
    return sign


@inlined
def change_of(price: float, before: float) -> int:
    """The sign of a price's change: 0 where there is none, or no price."""
    return int(price > before) - int(price < before)


@kernel
def hold(values, bits, mask, last, out):  # type: ignore[no-untyped-def]
    """Each row's value of a column that is set at rows of `mask` and kept between."""
    current = last[0]
    for i in range(len(values)):
        if bits[i] & mask:
            current = values[i]
        out[i] = current
    last[0] = current


@kernel
def hold_age(ts, bits, mask, last, out):  # type: ignore[no-untyped-def]
    """Seconds since the last row of `mask`; missing before the first (`last` < 0)."""
    current = last[0]
    for i in range(len(ts)):
        if bits[i] & mask:
            current = ts[i]
        out[i] = np.nan if current < 0 else (ts[i] - current) / 1e9
    last[0] = current
