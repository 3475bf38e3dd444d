"""The first look at rows without depth: what `observe.observe` gives, many at a time.

On a tape of quotes and trades nearly all there is to do is the same for every row: it
is done column by column, in loops over a few arrays each that the compiler turns into
vector instructions, over stretches that stay in the nearest cache. What is not the same
(trades, clock and status rows, prices that a product cannot place) follows row by row.
Where the tape is packed (`market.packing`), prices have been placed and compared.
Kernels.
"""

from __future__ import annotations

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.observe import (
    CALM,
    ask_ticks,
    bid_ticks,
    change_of,
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
#: What it takes where nothing is packed.
NOT_PACKED = np.zeros(0, np.int8)


@kernel
def observe_quotes(observers, batch, calm, out, others):  # type: ignore[no-untyped-def]
    """Look at all rows of one venue; `others` gets the indices of rows that are no quotes.

    `calm` is what is packed, and then `out.first` and `out.second` are there; else it is
    NOT_PACKED.

    Returns how many those are, or NOT_QUOTES having done nothing.
    """
    now = observers[0].seen
    count = len(batch.ts)
    packed = len(calm) > 0
    if not packed and (now.per_tick <= 0.0 or has_levels(batch.kind)):
        return NOT_QUOTES
    found = 0
    for start in range(0, count, _STRETCH):
        stop = min(start + _STRETCH, count)
        first = found
        found, unsigned = look_along(now, batch, out.mid, others, found, start, stop)
        rest = others[first:found]
        show_touch(now, batch, out, rest, start, stop)
        if packed:
            packed_bits(batch.kind[start:stop], calm[start:stop], out.bits[start:stop])
        else:
            look_at_quotes(now, batch, out, start, stop)
            place_trades(now, batch.kind, batch.price, rest, out.first)
        if start == 0:
            out.bits[0] = row_bits(batch.kind[0], follows_calmly(now, batch, out))
        copy(batch.side[start:stop], out.side[start:stop])
        if unsigned:
            sign_trades(now, batch, rest, out)
        else:
            remember_trades(now, batch.kind, batch.price, rest)
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


@kernel
def look_along(now, batch, mid, others, found, start, stop):  # type: ignore[no-untyped-def]
    """The mid after each row, and the indices of rows that are no quotes, appended.

    Returns how many those are by now, and whether a trade's side is unknown.
    """
    held = mid[start - 1] if start > 0 else (now.bid + now.ask) / 2.0
    unsigned = 0
    for row in range(start, stop):  # no branch: nobody can foretell what comes next
        i = np.uint64(row)
        kind = batch.kind[i]
        quoted = (batch.bid[i] + batch.ask[i]) / 2.0
        held = quoted if kind == _QUOTE else held
        mid[i] = held
        others[np.uint64(found)] = row
        found += kind != _QUOTE
        unsigned |= (kind == _TRADE) & (batch.side[i] == 0)
    return found, unsigned != 0


@inlined
def show_touch(now, batch, out, rest, start, stop):  # type: ignore[no-untyped-def]
    """Prices and sizes after each row, where somebody reads them."""
    if len(out.bid) > 0:
        hold_quoted(batch.bid, out.bid, rest, now.bid, start, stop)
        hold_quoted(batch.ask, out.ask, rest, now.ask, start, stop)
    if len(out.bid_size) > 0:
        hold_quoted(batch.bid_size, out.bid_size, rest, now.bid_size, start, stop)
        hold_quoted(batch.ask_size, out.ask_size, rest, now.ask_size, start, stop)


@kernel
def hold_quoted(quoted, out, rest, before, start, stop):  # type: ignore[no-untyped-def]
    """What quotes show; at the rest of the rows what the row before them has."""
    copy(quoted[start:stop], out[start:stop])
    for row in rest:
        i = np.uint64(row)
        out[i] = out[i - np.uint64(1)] if row > 0 else before


@kernel
def copy(values, out):  # type: ignore[no-untyped-def]
    """Write values; twice as fast as an assignment of slices."""
    for i in range(len(out)):
        out[i] = values[i]


@inlined
def look_at_quotes(now, batch, out, start, stop):  # type: ignore[no-untyped-def]
    """Ticks and bits of a quote row, as if each row were one; not those of row 0."""
    kind = batch.kind[start:stop]
    first, second = out.first[start:stop], out.second[start:stop]
    odd = nearest_ticks(kind, batch.bid[start:stop], now.per_tick, first)
    odd += nearest_ticks(kind, batch.ask[start:stop], now.per_tick, second)
    if odd > 0:
        place_quotes(now, batch, out, start, stop)
    begin = max(start, 1)
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


@kernel
def packed_bits(kind, calm, bits):  # type: ignore[no-untyped-def]
    """Each row's bits, where it is known which are calm."""
    for i in range(len(bits)):
        bits[i] = row_bits(kind[i], calm[i])


@inlined
def row_bits(kind, calm):  # type: ignore[no-untyped-def]
    """Bits of a row that is no depth row: lang.nodes.Ticks, and CALM of quotes."""
    quote = kind == _QUOTE
    return quote + 2 * (kind == _TRADE) + 4 * (kind > _TRADE) + CALM * (quote & calm)


@kernel
def place_trades(now, kind, price, rest, ticks):  # type: ignore[no-untyped-def]
    """Trades in half ticks."""
    for row in rest:
        i = np.uint64(row)
        if kind[i] == _TRADE:
            ticks[i] = trade_ticks(price[i], now.tick, now.per_tick)


@inlined
def sign_trades(now, batch, rest, out):  # type: ignore[no-untyped-def]
    """The aggressors' signs of all trades."""
    for row in rest:
        i = np.uint64(row)
        if batch.kind[i] == _TRADE:
            out.side[i] = sign_trade(now, batch.price[i], batch.side[i], out.mid[i])


@kernel
def remember_trades(now, kind, price, rest):  # type: ignore[no-untyped-def]
    """After trades that are signed: the last price, and which way it last changed."""
    newest, after, found, change = now.last_trade, np.nan, 0, 0
    nth = len(rest) - 1
    while nth >= 0 and change == 0:
        i = np.uint64(rest[np.uint64(nth)])
        nth -= 1
        if kind[i] == _TRADE:
            if found == 0:
                newest, found = price[i], 1
            change = change_of(after, price[i])
            after = price[i]
    if change == 0:
        change = change_of(after, now.last_trade)
    if change != 0:
        now.last_move = change
    now.last_trade = newest
