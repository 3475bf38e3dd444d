"""Best bid and ask of a tape after each of its times, from quotes or depth rows."""

from __future__ import annotations

import polars as pl

from mmrun.market.tape import Kind, Side


_BOOK_KINDS = (Kind.QUOTE, Kind.DEPTH, Kind.CLEAR)
_NAMES = ("bid", "bid_size", "ask", "ask_size")


def touch_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The touch at the end of each time at which the book changed.

    Returns:
        `ts` (ns), `bid`, `bid_size`, `ask`, `ask_size`; null where a side is empty.
    """
    book = frame.filter(pl.col("kind").is_in([int(kind) for kind in _BOOK_KINDS]))
    if (book["kind"] == int(Kind.QUOTE)).all():
        touch = book.select("ts", *_NAMES)
    else:
        touch = _from_depth(book)
    return touch.filter(pl.col("ts") != pl.col("ts").shift(-1).fill_null(-1))


def _from_depth(book: pl.DataFrame) -> pl.DataFrame:
    """The touch after every depth row, by keeping the book in two dicts."""
    levels: dict[int, dict[float, float]] = {Side.BUY: {}, Side.SELL: {}}
    best: dict[int, float | None] = {Side.BUY: None, Side.SELL: None}
    bids, bid_sizes, asks, ask_sizes = [], [], [], []
    for kind, price, size, side in book.select(
        "kind", "price", "size", "side"
    ).iter_rows():
        if kind == Kind.DEPTH:
            _change(levels[side], best, side, price, size)
        else:
            levels = {Side.BUY: {}, Side.SELL: {}}
            best = {Side.BUY: None, Side.SELL: None}
        bid, ask = best[Side.BUY], best[Side.SELL]
        bids.append(bid)
        asks.append(ask)
        bid_sizes.append(None if bid is None else levels[Side.BUY][bid])
        ask_sizes.append(None if ask is None else levels[Side.SELL][ask])
    columns = zip(_NAMES, (bids, bid_sizes, asks, ask_sizes), strict=True)
    return book.select("ts").with_columns(
        pl.Series(name, values, pl.Float64) for name, values in columns
    )


def _change(
    levels: dict[float, float],
    best: dict[int, float | None],
    side: int,
    price: float,
    size: float,
) -> None:
    """One depth row; the best level is looked for only when it has gone."""
    if size:
        levels[price] = size
        top = best[side]
        best[side] = price if top is None or side * (price - top) > 0 else top
    else:
        levels.pop(price, None)
        if price == best[side]:
            best[side] = (max if side > 0 else min)(levels, default=None)
