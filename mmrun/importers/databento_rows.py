"""Records of DBN files to tape rows: order by order, level by level, trades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.importers.databento_file import PRICE_STEPS, UNDEF_PRICE, Records
from mmrun.importers.levels import BookSide, Levels, depth_changes
from mmrun.importers.orders import LevelChanges, Op, OrderMessages, level_changes
from mmrun.importers.rows import in_order, tape_rows
from mmrun.importers.streams import forward, late_note
from mmrun.market.tape import FloatColumn, IntColumn, Kind, Side
from mmrun.problems import DataError


LAST, SNAPSHOT = 128, 32  #: bits of `flags`

_OPS = {b"A": Op.ADD, b"C": Op.CANCEL, b"M": Op.MODIFY, b"R": Op.CLEAR}
_SIDES = {b"B": Side.BUY, b"A": Side.SELL}

#: Places among the rows of one event.
_QUOTE_BEFORE, _CLEAR, _TRADE, _BOOK = range(4)


def order_rows(
    symbol: str,
    records: Records,
    schema: str,  # noqa: ARG001 - all makers of book rows take the same
    notes: list[str],
) -> pl.DataFrame:
    """Rows of a book from `mbo` records, in file order.

    Raises:
        DataError: the files never say which orders stood before.
    """
    notes.extend(_carried_over(symbol, records))
    records = _with_clears(records)
    ts = _times(symbol, records, notes)
    op = _codes(records["action"], _OPS)
    known = np.cumsum(op == Op.CLEAR) > 0
    _check_known(symbol, ts, known, op, notes)
    event: IntColumn = np.cumsum(_starts_event(records, ts, op))
    messages = OrderMessages(
        event=event,
        op=np.where(known, op, Op.NOTHING),
        order=records["order_id"],
        side=_codes(records["side"], _SIDES),
        price=records["price"],
        size=records["size"].astype(np.int64),
    )
    changes = level_changes(messages)
    if changes.unknown:
        notes.append(
            f"{symbol}: {changes.unknown:,} cancels of orders that were never added"
        )
    cleared = np.flatnonzero(op == Op.CLEAR)
    columns = {"ts": ts[cleared], "recv_ts": _received(records)[cleared]}
    return in_order(
        [
            tape_rows(Kind.CLEAR, 4 * event[cleared] + _CLEAR, columns),
            _trades(records, ts, event),
            _depth(changes, event, ts, _received(records)),
        ]
    )


def order_messages(symbol: str, records: Records) -> pl.DataFrame:
    """Order messages as they came, with the order's id, to keep beside the tape.

    Returns:
        `ts` and `recv_ts` (ns), `order_id`, `action` and `side` (Databento's letters),
        `price` (null where there is none), `size`, `sequence`.
    """
    return pl.DataFrame(
        {
            "ts": _times(symbol, records, []),
            "recv_ts": _received(records),
            "order_id": records["order_id"],
            "action": records["action"].astype("U1"),
            "side": records["side"].astype("U1"),
            "price": _prices(records["price"]),
            "size": records["size"],
            "sequence": records["sequence"],
        }
    ).with_columns(pl.col("price").fill_nan(None))


def book_rows(
    symbol: str, records: Records, schema: str, notes: list[str]
) -> pl.DataFrame:
    """Rows of a book from records that hold its best levels, in file order."""
    ts = _times(symbol, records, notes)
    names = records.dtype.names or ()
    ended = (records["flags"] & LAST) > 0
    shown = np.flatnonzero(ended if ended.any() else ~ended)
    place = _QUOTE_BEFORE if schema in {"tbbo", "tcbbo"} else _BOOK
    row = np.arange(len(records))
    parts = [_trades(records, ts, row)] if "action" in names else []
    if "bid_px_01" in names:
        return in_order([*parts, *_level_rows(records, ts, shown)])
    return in_order([*parts, _quotes(records, ts, shown, place)])


def trade_rows(symbol: str, records: Records, notes: list[str]) -> pl.DataFrame:
    """Rows of records that are all trades."""
    ts = _times(symbol, records, notes)
    return in_order([_trades(records, ts, np.arange(len(records)))])


def prices_of(records: Records) -> Iterator[pl.Series]:
    """All prices in the records, as numbers; undefined ones are null."""
    names = [name for name in records.dtype.names or () if "px_" in name]
    for name in names or ["price"]:
        yield pl.Series(np.unique(_prices(records[name]))).fill_nan(None)


def _carried_over(symbol: str, records: Records) -> Iterator[str]:
    """Orders of a snapshot were entered before it, many of them on days before."""
    snapshot = (records["flags"] & SNAPSHOT) > 0
    old = snapshot & (records["action"] == b"A")
    if old.any():
        count = int(np.count_nonzero(old))
        yield (
            f"{symbol}: {count:,} orders of the snapshot were entered before it; they "
            "stand at the time it was given"
        )


def _with_clears(records: Records) -> Records:
    """Every snapshot starts with a clear, put in where the file has none."""
    snapshot = (records["flags"] & SNAPSHOT) > 0
    starts = snapshot & ~np.concatenate([[False], snapshot[:-1]])
    rows = np.flatnonzero(starts & (records["action"] != b"R"))
    clears = records[rows].copy()
    clears["action"] = b"R"
    joined: Records = np.insert(records, rows, clears)
    return joined


def _times(symbol: str, records: Records, notes: list[str]) -> IntColumn:
    """Venue time, of snapshots and samples the time they were given."""
    sampled = "action" not in (records.dtype.names or ())
    given = ((records["flags"] & SNAPSHOT) > 0) | sampled
    ts = np.where(given, records["ts_recv"], records["ts_event"]).astype(np.int64)
    times = forward(ts, lambda row: f"{symbol}, record {row + 1}")
    notes.extend(late_note(symbol, times))
    return times.ts


def _check_known(
    symbol: str,
    ts: IntColumn,
    known: NDArray[np.bool_],
    op: IntColumn,
    notes: list[str],
) -> None:
    if not known.any():
        message = f"{symbol}: the order messages start without a snapshot or a clear, so its book is never known"
        hint = "request mbo from the start of the session: it starts with a snapshot"
        raise DataError(message, hint=hint)
    before = int(np.count_nonzero(~known & (op != Op.NOTHING)))
    if before:
        start = pl.select(pl.from_epoch(pl.lit(ts[known][0]), "ns")).item()
        notes.append(
            f"{symbol}: the book is known from {start} UTC on; {before:,} order "
            "messages before that are left out"
        )


def _starts_event(records: Records, ts: IntColumn, op: IntColumn) -> NDArray[np.bool_]:
    starts: NDArray[np.bool_] = op == Op.CLEAR
    starts[1:] |= ((records["flags"][:-1] & LAST) > 0) | (np.diff(ts) != 0)
    return starts


def _trades(records: Records, ts: IntColumn, place: IntColumn) -> pl.DataFrame:
    rows = np.flatnonzero((records["action"] == b"T") & (records["size"] > 0))
    columns = {
        "ts": ts[rows],
        "recv_ts": _received(records)[rows],
        "price": _prices(records["price"][rows]),
        "size": records["size"][rows],
        "side": _codes(records["side"][rows], _SIDES),
    }
    return tape_rows(Kind.TRADE, 4 * place[rows] + _TRADE, columns)


def _depth(
    changes: LevelChanges, event: IntColumn, ts: IntColumn, received: IntColumn
) -> pl.DataFrame:
    last = np.searchsorted(event, changes.event, side="right") - 1
    columns = {
        "ts": ts[last],
        "recv_ts": received[last],
        "price": changes.price / PRICE_STEPS,
        "size": changes.size,
        "side": changes.side,
    }
    return tape_rows(Kind.DEPTH, 4 * changes.event + _BOOK, columns)


def _quotes(
    records: Records, ts: IntColumn, shown: IntColumn, place: int
) -> pl.DataFrame:
    """A row where price or size of a side changed."""
    columns: dict[str, FloatColumn] = {}
    for side in ("bid", "ask"):
        price = _prices(records[f"{side}_px_00"][shown])
        size = np.where(np.isnan(price), np.nan, records[f"{side}_sz_00"][shown])
        columns |= {side: price, f"{side}_size": size}
    values = np.nan_to_num(np.stack(list(columns.values())), nan=-np.inf)
    differs = np.ones(len(shown), bool)
    differs[1:] = np.any(values[:, 1:] != values[:, :-1], axis=0)
    rows = shown[differs]
    times = {"ts": ts[rows], "recv_ts": _received(records)[rows]}
    kept = {name: column[differs] for name, column in columns.items()}
    return tape_rows(Kind.QUOTE, 4 * rows + place, {**times, **kept})


def _level_rows(
    records: Records, ts: IntColumn, shown: IntColumn
) -> Iterator[pl.DataFrame]:
    received = _received(records)
    first = shown[:1]
    columns = {"ts": ts[first], "recv_ts": received[first]}
    yield tape_rows(Kind.CLEAR, 4 * first + _CLEAR, columns)
    bids = BookSide(Side.BUY, *_levels(records[shown], "bid"))
    asks = BookSide(Side.SELL, *_levels(records[shown], "ask"))
    changes = depth_changes(bids, asks)
    rows = shown[changes.snapshot]
    changed = {
        "ts": ts[rows],
        "recv_ts": received[rows],
        "price": changes.price / PRICE_STEPS,
        "size": changes.size,
        "side": changes.side,
    }
    yield tape_rows(Kind.DEPTH, 4 * rows + _BOOK, changed)


def _levels(records: Records, side: str) -> tuple[Levels, Levels]:
    """Prices and sizes (records, levels); an undefined level has size 0."""
    names = [n for n in records.dtype.names or () if n.startswith(f"{side}_px_")]
    price = np.stack([records[name] for name in names], axis=1)
    size = np.stack([records[name.replace("px", "sz")] for name in names], axis=1)
    return price, np.where(price == UNDEF_PRICE, 0, size).astype(np.int64)


def _prices(values: IntColumn) -> FloatColumn:
    return np.where(values == UNDEF_PRICE, np.nan, values / PRICE_STEPS)


def _received(records: Records) -> IntColumn:
    return records["ts_recv"].astype(np.int64)


def _codes(column: NDArray[np.bytes_], codes: Mapping[bytes, int]) -> IntColumn:
    found = np.zeros(len(column), np.int64)
    for letter, code in codes.items():
        found[column == letter] = code
    return found
