"""Events of hftbacktest to tape rows: levels, orders, touch and trades."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.importers.hftbacktest_events import Code, Events, codes_of, sides_of
from mmrun.importers.orders import Op, OrderMessages, level_changes
from mmrun.importers.rows import in_order, tape_rows
from mmrun.market.tape import FloatColumn, IntColumn, Kind, Side
from mmrun.problems import DataError


_LEVELS = (Code.DEPTH, Code.SNAPSHOT)
_OPS = {Code.ADD: Op.ADD, Code.CANCEL: Op.CANCEL, Code.MODIFY: Op.MODIFY}

_Mask = NDArray[np.bool_]


def tape_frame(
    symbol: str, events: Events, ts: IntColumn, notes: list[str]
) -> pl.DataFrame:
    """All rows of the events, in their order.

    Args:
        symbol: for notes and messages.
        events: those of the exchange.
        ts: their times, which never go back, ns.
        notes: is told what is left out.

    Raises:
        DataError: a level or an order has no side, or the book is told in two ways.
    """
    codes, sides = codes_of(events), sides_of(events)
    has_levels = bool(np.isin(codes, _LEVELS).any())
    has_orders = bool(np.isin(codes, list(_OPS)).any())
    _check(symbol, codes, sides, has_levels=has_levels, has_orders=has_orders)
    notes.extend(_unknown_start(symbol, ts, codes))
    parts = [_trades(events, ts, codes, sides)]
    touch = codes == Code.BBO
    if touch.any() and (has_levels or has_orders):
        count = int(np.count_nonzero(touch))
        notes.append(
            f"{symbol}: {count:,} BBO events are left out beside the deeper book"
        )
    elif touch.any():
        parts.append(_quotes(events, ts, touch, sides))
    if has_orders:
        parts += _order_rows(symbol, events, ts, codes, notes)
    else:
        parts += _level_rows(events, ts, codes, sides)
    return in_order(parts)


def order_messages(events: Events, ts: IntColumn) -> pl.DataFrame | None:
    """Events of orders with their ids, to keep beside the tape; None if there are none.

    Returns:
        `ts` and `recv_ts` (ns), `event` (its name), `order_id`, `side`, `price`, `size`.
    """
    codes = codes_of(events)
    rows = np.flatnonzero(np.isin(codes, [*_OPS, Code.FILL]))
    if not len(rows):
        return None
    names = {int(code): code.name.lower() for code in (*_OPS, Code.FILL)}
    return pl.DataFrame(
        {
            **_times(events, ts, rows),
            "event": pl.Series(codes[rows]).replace_strict(names),
            "order_id": events["order_id"][rows],
            "side": sides_of(events)[rows],
            "price": events["px"][rows],
            "size": events["qty"][rows],
        }
    )


def _check(
    symbol: str,
    codes: IntColumn,
    sides: IntColumn,
    *,
    has_levels: bool,
    has_orders: bool,
) -> None:
    if has_levels and has_orders:
        message = f"{symbol} tells its book by levels and by orders"
        raise DataError(message, hint="import a file of one of the two")
    sided = np.isin(codes, [*_LEVELS, *_OPS, Code.BBO])
    wrong = np.flatnonzero(sided & (sides == 0))
    if len(wrong):
        message = f"{symbol}, event {wrong[0] + 1}: neither or both of buy and sell"
        raise DataError(message)


def _unknown_start(symbol: str, ts: IntColumn, codes: IntColumn) -> Iterator[str]:
    """Hftbacktest builds a book from changes alone; so does this, and says so."""
    known = np.flatnonzero(np.isin(codes, [Code.CLEAR, Code.SNAPSHOT]))
    first = int(known[0]) if len(known) else len(codes)
    before = int(np.count_nonzero(codes[:first] == Code.DEPTH))
    if before:
        what = "there is none"
        if len(known):
            start = pl.select(pl.from_epoch(pl.lit(ts[first]), "ns")).item()
            what = f"the first comes at {start} UTC"
        yield (
            f"{symbol}: {before:,} changes of levels stand before any snapshot "
            f"({what}): levels that did not change are not known"
        )


def _trades(
    events: Events, ts: IntColumn, codes: IntColumn, sides: IntColumn
) -> pl.DataFrame:
    rows = np.flatnonzero((codes == Code.TRADE) & (events["qty"] > 0))
    return _priced(Kind.TRADE, events, ts, rows, sides)


def _priced(
    kind: Kind, events: Events, ts: IntColumn, rows: IntColumn, sides: IntColumn
) -> pl.DataFrame:
    """Rows that are an event's price, size and side."""
    columns = {
        **_times(events, ts, rows),
        "price": events["px"][rows],
        "size": events["qty"][rows],
        "side": sides[rows],
    }
    return tape_rows(kind, 2 * rows + 1, columns)


def _times(events: Events, ts: IntColumn, rows: IntColumn) -> dict[str, IntColumn]:
    received = events["local_ts"][rows]
    return {"ts": ts[rows], "recv_ts": received}


def _quotes(
    events: Events, ts: IntColumn, touch: _Mask, sides: IntColumn
) -> pl.DataFrame:
    """Each event gives one side; the row holds both as they are known after it."""
    rows = np.flatnonzero(touch)
    columns = {}
    for side, name in ((Side.BUY, "bid"), (Side.SELL, "ask")):
        mine = sides[rows] == side
        latest = np.maximum.accumulate(np.where(mine, np.arange(len(rows)), -1))
        there = (latest >= 0) & (events["qty"][rows][latest] > 0)
        for column, what in ((name, "px"), (f"{name}_size", "qty")):
            columns[column] = np.where(there, events[what][rows][latest], np.nan)
    return tape_rows(Kind.QUOTE, 2 * rows + 1, {**_times(events, ts, rows), **columns})


def _level_rows(
    events: Events, ts: IntColumn, codes: IntColumn, sides: IntColumn
) -> Iterator[pl.DataFrame]:
    rows = np.flatnonzero(np.isin(codes, _LEVELS))
    yield _priced(Kind.DEPTH, events, ts, rows, sides)
    cleared = np.flatnonzero(codes == Code.CLEAR)
    whole = cleared[sides[cleared] == 0]
    yield tape_rows(Kind.CLEAR, 2 * whole + 1, _times(events, ts, whole))
    gone = list(_removals(events, codes, sides, cleared))
    row = np.array([row for row, _, _ in gone], np.int64)
    columns = {
        **_times(events, ts, row),
        "price": np.array([price for _, _, price in gone], np.float64),
        "size": np.zeros(len(gone)),
        "side": np.array([side for _, side, _ in gone], np.int64),
    }
    yield tape_rows(Kind.DEPTH, 2 * row + 1, columns)


def _removals(
    events: Events, codes: IntColumn, sides: IntColumn, cleared: IntColumn
) -> Iterator[tuple[int, int, float]]:
    """The levels that a clear of one side takes away: from the best down to its price."""
    book: dict[int, set[float]] = {Side.BUY: set(), Side.SELL: set()}
    start = 0
    is_level = np.isin(codes, _LEVELS)
    for row in cleared.tolist():
        rows = start + np.flatnonzero(is_level[start:row])
        for side, held in book.items():
            _update(held, events, rows[sides[rows] == side])
        start = row
        side = int(sides[row])
        if side == Side.UNKNOWN:
            book = {Side.BUY: set(), Side.SELL: set()}
            continue
        limit = float(events["px"][row])
        gone = sorted(p for p in book[side] if side * (p - limit) >= 0)
        book[side] -= set(gone)
        yield from ((row, side, price) for price in gone)


def _update(held: set[float], events: Events, rows: IntColumn) -> None:
    """The prices at which something stands after the level events of one side."""
    price, qty = events["px"][rows][::-1], events["qty"][rows][::-1]
    prices, last = np.unique(price, return_index=True)
    standing = qty[last] > 0
    held -= set(prices[~standing].tolist())
    held |= set(prices[standing].tolist())


def _order_rows(
    symbol: str, events: Events, ts: IntColumn, codes: IntColumn, notes: list[str]
) -> Iterator[pl.DataFrame]:
    """Depth rows of orders; the events of one time take effect together."""
    op = np.zeros(len(events), np.int64)
    for code, meaning in {**_OPS, Code.CLEAR: Op.CLEAR}.items():
        op[codes == code] = meaning
    starts = op == Op.CLEAR
    starts[1:] |= np.diff(ts) != 0
    event: IntColumn = np.cumsum(starts)
    price, of_price = np.unique(events["px"], return_inverse=True)
    size, unit = _whole(events["qty"])
    size[op == Op.CANCEL] = size.max()  # a cancel takes all its order has left
    orders = events["order_id"]
    changes = level_changes(
        OrderMessages(event, op, orders, sides_of(events), of_price, size)
    )
    if changes.unknown:
        notes.append(
            f"{symbol}: {changes.unknown:,} cancels of orders that were never added"
        )
    last = np.searchsorted(event, changes.event, side="right") - 1
    columns = {
        **_times(events, ts, last),
        "price": price[changes.price],
        "size": changes.size / unit,
        "side": changes.side,
    }
    cleared = np.flatnonzero(op == Op.CLEAR)
    yield tape_rows(Kind.CLEAR, 2 * cleared, _times(events, ts, cleared))
    yield tape_rows(Kind.DEPTH, 2 * last + 1, columns)


def _whole(sizes: FloatColumn) -> tuple[IntColumn, float]:
    """Sizes as whole numbers of a decimal unit, so that their sums are exact."""
    for decimals in range(9):
        unit = 10.0**decimals
        whole = np.rint(sizes * unit)
        if np.allclose(whole, sizes * unit, rtol=1e-12, atol=1e-6):
            return whole.astype(np.int64), unit
    return np.rint(sizes * 1e9).astype(np.int64), 1e9
