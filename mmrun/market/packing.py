"""A batch's prices as whole ticks, to the bit as the engine would find them row by row.

What a run needs to know of quotes and trades that depends on nothing but the rows and
the price step: it is found once, when a tape is decoded, and kept with it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmrun.market.grid import NO_ASK, NO_BID, placed
from mmrun.market.tape import Batch, FloatColumn, Kind, Packed


#: Kinds of row whose book depends on the rows before: a tape with any is not packed.
UNPACKED = (Kind.DEPTH, Kind.CLEAR)

_QUOTE, _TRADE = int(Kind.QUOTE), int(Kind.TRADE)
#: Rows that are packed together: what is made of them on the way stays in the cache.
_STRETCH = 32_768


def with_packed(batch: Batch, tick: float) -> Batch:
    """The batch with what is packed of it; as it is where it has rows of UNPACKED."""
    if any((batch.kind == int(kind)).any() for kind in UNPACKED):
        return batch
    return replace(batch, packed=pack(batch, tick))


def pack(batch: Batch, tick: float) -> Packed:
    """What is packed of rows of which none is of UNPACKED, by that price step."""
    count = len(batch)
    packed = Packed(
        tick,
        first=np.empty(count, np.int64),
        second=np.empty(count, np.int64),
        calm=np.zeros(count, np.int8),
    )
    with np.errstate(invalid="ignore"):  # prices of no quote, or beyond all integers
        for start in range(0, count, _STRETCH):
            stop = min(start + _STRETCH, count)
            _place(batch.rows(start, stop), packed.rows(start, stop))
            before = max(start - 1, 0)
            _mark_calm(batch.rows(before, stop), packed.rows(before, stop))
    return packed


def _place(batch: Batch, packed: Packed) -> None:
    """Write the rows' ticks."""
    quote = batch.kind == _QUOTE
    packed.first[:] = placed(batch.bid, packed.tick, _bids, asked=quote)
    packed.second[:] = placed(batch.ask, packed.tick, _asks, asked=quote)
    trades = np.flatnonzero(batch.kind == _TRADE)
    packed.first[trades] = 2.0 * placed(batch.price[trades], packed.tick, _between)


def _bids(steps: FloatColumn) -> FloatColumn:
    """Ticks of bids that are on no tick, or not there."""
    return np.where(np.isnan(steps), NO_BID, np.floor(steps))


def _asks(steps: FloatColumn) -> FloatColumn:
    """Ticks of asks that are on no tick, or not there."""
    return np.where(np.isnan(steps), NO_ASK, np.ceil(steps))


def _between(steps: FloatColumn) -> FloatColumn:
    """Where trades are that are on no tick."""
    return np.floor(steps) + 0.5


def _mark_calm(batch: Batch, packed: Packed) -> None:
    """Write which rows, from the second on, are calm."""
    quote = batch.kind == _QUOTE
    twice_mid = batch.bid + batch.ask
    calm = quote[1:] & quote[:-1]
    for column in (packed.first, packed.second, twice_mid):
        calm &= column[1:] == column[:-1]
    for sizes in (batch.bid_size, batch.ask_size):
        calm &= _only_lowers(sizes, calm)
    packed.calm[1:] = calm


def _only_lowers(sizes: FloatColumn, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a size can only lower what is ahead of an order, of those that are asked."""
    shown = sizes[1:] > 0.0
    if (shown | ~asked).all():
        return shown
    unknown = np.isnan(sizes)
    return shown | (unknown[1:] & unknown[:-1])
