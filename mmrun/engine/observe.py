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
from mmrun.engine.prices import half_ticks, price_of, ticks_down, ticks_up
from mmrun.engine.state import ASK, BID, BOOK, LEVELS, NO_ASK, NO_BID
from mmrun.market.tape import Kind


_QUOTE, _DEPTH, _CLEAR = int(Kind.QUOTE), int(Kind.DEPTH), int(Kind.CLEAR)
_TRADE = int(Kind.TRADE)

OBSERVED = np.dtype(
    [
        ("tick", "f8"),
        ("ticks_per_unit", "f8"),
        ("bid", "f8"),  # after the last row
        ("bid_size", "f8"),
        ("ask", "f8"),
        ("ask_size", "f8"),
        ("last_trade", "f8"),  # for the tick rule
        ("last_move", "i8"),  # sign of the last price change of trades
        ("off_tick", "i8"),  # quoted prices between ticks
        ("inferred", "i8"),  # trades signed by Lee-Ready or the tick rule
        ("unknown", "i8"),  # trades that stay unsigned
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


class Observed(NamedTuple):
    """Columns made from a batch; see `kernel.Rows`.

    Where nobody reads the touch's prices, or its sizes, their arrays are empty.
    """

    bits: NDArray[np.int8]
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
    tick = now.tick
    prices, sizes = len(out.bid) > 0, len(out.bid_size) > 0
    for row in range(start, len(batch.ts)):
        i = np.uint64(row)  # an index that cannot be negative needs no check
        kind = batch.kind[i]
        bits = 1 if kind <= _CLEAR else 4
        if kind == _QUOTE:
            now.bid, now.ask = batch.bid[i], batch.ask[i]
            if sizes:
                now.bid_size, now.ask_size = batch.bid_size[i], batch.ask_size[i]
            out.first[i] = NO_BID if np.isnan(now.bid) else ticks_down(now.bid, tick)
            out.second[i] = NO_ASK if np.isnan(now.ask) else ticks_up(now.ask, tick)
        elif kind == _TRADE:
            bits = 2
            out.first[i] = half_ticks(batch.price[i], tick)
            out.side[i] = sign_trade(now, batch.price[i], batch.side[i])
        elif kind == _DEPTH:
            if max(o.book.count[BID], o.book.count[ASK]) + 1 >= LEVELS:
                return row
            out.side[i] = batch.side[i]
            price = batch.price[i]
            out.first[i] = observe_depth(o, price, batch.size[i], batch.side[i])
        elif kind == _CLEAR:
            o.book.count[BID] = 0
            o.book.count[ASK] = 0
            now.bid = now.ask = now.bid_size = now.ask_size = np.nan
        out.bits[i] = bits
        out.mid[i] = (now.bid + now.ask) / 2.0
        if prices:
            out.bid[i], out.ask[i] = now.bid, now.ask
        if sizes:
            out.bid_size[i], out.ask_size[i] = now.bid_size, now.ask_size
    return len(batch.ts)


@kernel
def observe_depth(o: Any, price: float, size: float, side_sign: int) -> int:
    """One depth row into the book, and the touch it leaves; its price in ticks."""
    now = o.seen
    tick = now.tick
    side = BID if side_sign > 0 else ASK
    ticks = ticks_down(price, tick) if side == BID else ticks_up(price, tick)
    set_level(o.book, side, ticks, size)
    count = o.book.count[side]
    best_price = np.nan
    best_size = np.nan
    if count > 0:
        # The float nearest to the ticks is the file's own price when it is on the grid.
        best_price = price_of(o.book.price[side, count - 1], tick, now.ticks_per_unit)
        best_size = o.book.shown[side, count - 1]
    if side == BID:
        now.bid, now.bid_size = best_price, best_size
    else:
        now.ask, now.ask_size = best_price, best_size
    return ticks


@inlined
def sign_trade(now, price, side):  # type: ignore[no-untyped-def]
    """The aggressor's sign: as given, else Lee & Ready (1991) with the quote in force.

    Above the mid a buy, below a sell; at the mid, or without a quote, the sign of the
    last price change of trades, carried over zero ticks.
    """
    move = now.last_move
    if price > now.last_trade:
        move = 1
    elif price < now.last_trade:
        move = -1
    now.last_move = move
    now.last_trade = price
    if side != 0:
        return side
    mid = (now.bid + now.ask) / 2.0
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
