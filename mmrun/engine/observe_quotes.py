"""The first look at rows without depth: what `observe.observe` gives, many at a time.

On a tape of quotes and trades nearly all there is to do is the same for every row: it
is done column by column, in loops over a few arrays each that the compiler turns into
vector instructions, over stretches that stay in the nearest cache. What is not the same
(trades, clock and status rows, prices that a product cannot place) follows row by row.
Kernels.
"""

from __future__ import annotations

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.observe import (
    CALM,
    ask_ticks,
    bid_ticks,
    lowers_queue,
    sign_trade,
    trade_ticks,
)
from mmrun.engine.prices import surely_whole
from mmrun.market.tape import Kind


_QUOTE, _TRADE = int(Kind.QUOTE), int(Kind.TRADE)
_DEPTH, _CLEAR = int(Kind.DEPTH), int(Kind.CLEAR)
#: Rows that are looked at together: with what is made of them, some 100 kB.
_STRETCH = 8192
#: What `observe_quotes` gives where there are depth rows.
NOT_QUOTES = -1


@kernel
def observe_quotes(observers, batch, out, others):  # type: ignore[no-untyped-def]
    """Look at all rows of one venue; `others` gets the indices of rows that are no quotes.

    Returns how many those are, or NOT_QUOTES having done nothing.
    """
    now = observers[0].seen
    count = len(batch.ts)
    if now.per_tick <= 0.0 or has_levels(batch.kind):
        return NOT_QUOTES
    found = 0
    for start in range(0, count, _STRETCH):
        stop = min(start + _STRETCH, count)
        look_at_quotes(now, batch, out, start, stop)
        first = found
        found = find_others(batch.kind, others, found, start, stop)
        for nth in range(first, found):
            look_at_other(now, batch, out, others[np.uint64(nth)])
    last = count - 1
    now.shown = 0
    if count > 0 and batch.kind[last] == _QUOTE:
        now.shown = 1
    while last >= 0 and batch.kind[last] != _QUOTE:
        last -= 1
    if last >= 0:
        now.bid, now.ask = batch.bid[last], batch.ask[last]
        now.bid_size, now.ask_size = batch.bid_size[last], batch.ask_size[last]
        now.first, now.second = out.first[last], out.second[last]
    return found


@kernel
def has_levels(kind):  # type: ignore[no-untyped-def]
    """Whether there are depth or clear rows."""
    found = 0
    for row in range(len(kind)):
        found |= (kind[row] == _DEPTH) | (kind[row] == _CLEAR)
    return found != 0


@inlined
def look_at_quotes(now, batch, out, start, stop):  # type: ignore[no-untyped-def]
    """All that a quote row shows, as if each row were one."""
    kind = batch.kind[start:stop]
    first, second = out.first[start:stop], out.second[start:stop]
    odd = nearest_ticks(kind, batch.bid[start:stop], now.per_tick, first)
    odd += nearest_ticks(kind, batch.ask[start:stop], now.per_tick, second)
    if odd > 0:
        place_quotes(now, batch, out, start, stop)
    middle(batch.bid[start:stop], batch.ask[start:stop], out.mid[start:stop])
    if len(out.bid) > 0:
        out.bid[start:stop] = batch.bid[start:stop]
        out.ask[start:stop] = batch.ask[start:stop]
    if len(out.bid_size) > 0:
        out.bid_size[start:stop] = batch.bid_size[start:stop]
        out.ask_size[start:stop] = batch.ask_size[start:stop]
    begin = start
    if start == 0:
        out.bits[0] = row_bits(batch.kind[0], follows_calmly(now, batch, out))
        begin = 1
    before, end = begin - 1, stop - 1
    calm = out.side[begin:stop]  # until a trade's side is written
    same_prices(out.first[begin:stop], out.first[before:end], calm)
    and_same_prices(out.second[begin:stop], out.second[before:end], calm)
    and_same(out.mid[begin:stop], out.mid[before:end], calm)
    and_lower(batch.bid_size[begin:stop], batch.bid_size[before:end], calm)
    and_lower(batch.ask_size[begin:stop], batch.ask_size[before:end], calm)
    all_bits(batch.kind[begin:stop], batch.kind[before:end], calm, out.bits[begin:stop])


@kernel
def nearest_ticks(kind, prices, per_tick, ticks):  # type: ignore[no-untyped-def]
    """Prices as whole ticks; returns how many quotes have one to be looked at closely."""
    odd = 0
    for i in range(len(prices)):
        price = prices[i]
        whole = np.rint(price * per_tick)
        sure = surely_whole(price, per_tick, whole)
        odd += (kind[i] == _QUOTE) & (not sure)
        ticks[i] = np.int32(whole if sure else 0.0)
    return odd


@kernel
def place_quotes(now, batch, out, start, stop):  # type: ignore[no-untyped-def]
    """Quotes as whole ticks, those included that are on no tick, or not there."""
    for i in range(start, stop):
        if batch.kind[i] == _QUOTE:
            out.first[i] = bid_ticks(batch.bid[i], now.tick, now.per_tick)
            out.second[i] = ask_ticks(batch.ask[i], now.tick, now.per_tick)


@kernel
def middle(bid, ask, mid):  # type: ignore[no-untyped-def]
    """The mid of each row."""
    for i in range(len(mid)):
        mid[i] = (bid[i] + ask[i]) / 2.0


@kernel
def follows_calmly(now, batch, out):  # type: ignore[no-untyped-def]
    """Whether the batch's first row is at the quote that the last batch ended with."""
    return (
        now.shown != 0
        and out.first[0] == now.first
        and out.second[0] == now.second
        and out.mid[0] == (now.bid + now.ask) / 2.0
        and lowers_queue(batch.bid_size[0], now.bid_size)
        and lowers_queue(batch.ask_size[0], now.ask_size)
    )


@kernel
def same_prices(ticks, before, calm):  # type: ignore[no-untyped-def]
    """Set `calm` where a row's ticks are those of the row before."""
    for i in range(len(calm)):
        calm[i] = ticks[i] == before[i]


@kernel
def and_same_prices(ticks, before, calm):  # type: ignore[no-untyped-def]
    """Leave `calm` where a row's ticks are those of the row before."""
    for i in range(len(calm)):
        calm[i] &= ticks[i] == before[i]


@kernel
def and_same(values, before, calm):  # type: ignore[no-untyped-def]
    """Leave `calm` where a row's value is that of the row before; NaN is not."""
    for i in range(len(calm)):
        calm[i] &= values[i] == before[i]


@kernel
def and_lower(sizes, before, calm):  # type: ignore[no-untyped-def]
    """Leave `calm` where a size can only lower what is ahead of an order."""
    for i in range(len(calm)):
        calm[i] &= lowers_queue(sizes[i], before[i])


@kernel
def all_bits(kind, before, calm, bits):  # type: ignore[no-untyped-def]
    """Each row's bits; only a quote after a quote is calm."""
    for i in range(len(bits)):
        bits[i] = row_bits(kind[i], calm[i] & (before[i] == _QUOTE))


@inlined
def row_bits(kind, calm):  # type: ignore[no-untyped-def]
    """Bits of a row that is no depth row: lang.nodes.Ticks, and CALM of quotes."""
    quote = kind == _QUOTE
    return quote + 2 * (kind == _TRADE) + 4 * (kind > _TRADE) + CALM * (quote & calm)


@kernel
def find_others(kind, others, found, start, stop):  # type: ignore[no-untyped-def]
    """Append the indices of rows that are no quotes; how many there are by now."""
    for row in range(start, stop):
        others[np.uint64(found)] = row
        found += kind[np.uint64(row)] != _QUOTE
    return found


@inlined
def look_at_other(now, batch, out, i):  # type: ignore[no-untyped-def]
    """A trade, or a row that tells nothing of prices; what was shown before is held."""
    if i > 0:
        out.mid[i] = out.mid[i - 1]
    else:
        out.mid[i] = (now.bid + now.ask) / 2.0
    if len(out.bid) > 0:
        out.bid[i] = out.bid[i - 1] if i > 0 else now.bid
        out.ask[i] = out.ask[i - 1] if i > 0 else now.ask
    if len(out.bid_size) > 0:
        out.bid_size[i] = out.bid_size[i - 1] if i > 0 else now.bid_size
        out.ask_size[i] = out.ask_size[i - 1] if i > 0 else now.ask_size
    if batch.kind[i] == _TRADE:
        price = batch.price[i]
        out.first[i] = trade_ticks(price, now.tick, now.per_tick)
        out.side[i] = sign_trade(now, price, batch.side[i], out.mid[i])
