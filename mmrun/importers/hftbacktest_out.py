"""The way out: a dataset's tape as an event file of hftbacktest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.importers.hftbacktest_events import (
    BUY,
    EVENT_DTYPE,
    EXCHANGE,
    LOCAL,
    SELL,
    Code,
    Events,
)
from mmrun.market.dataset import Dataset, Days, choose_instrument, files_of
from mmrun.market.reader import read_day
from mmrun.market.tape import FloatColumn, IntColumn, Kind, Side
from mmrun.problems import DataError


_FLAGS = {int(Side.BUY): BUY, int(Side.SELL): SELL, int(Side.UNKNOWN): 0}
_PLACES = 4  #: events one row may become: two sides, each set and removed


def write_npz(
    dataset: Dataset,
    path: Path,
    symbol: str | None = None,
    days: Days | None = None,
) -> int:
    """Write one instrument's rows as `data` of a compressed npz file.

    Args:
        dataset: what `load_dataset` gave.
        path: the file, replaced if it is there.
        symbol: which symbol; None when the dataset has one.
        days: first and last date, both included; None for all.

    Returns:
        How many events were written.

    Raises:
        DataError: no one symbol is meant, or a book has no sizes.
        NothingSelectedError: the dataset has none of the days.
    """
    files = files_of(dataset, choose_instrument(dataset, symbol), days)
    events = events_of(pl.concat([read_day(dataset, file) for file in files]))
    np.savez_compressed(path, data=events)
    return len(events)


def events_of(tape: pl.DataFrame) -> Events:
    """A tape's rows as events, each for the exchange and for our side.

    A touch that moves takes its old level along; a clear removes what stands level by
    level; other kinds of rows have no event. `local_ts` is `recv_ts` (`ts` where that is
    not known), as one connection would give it: it never goes back, and where our clock
    was behind the exchange's, all of it is moved until no event is before its cause.

    Raises:
        DataError: a quote has no size, which hftbacktest cannot take.
    """
    unsized = tape.filter(
        pl.any_horizontal(
            pl.col(side).is_not_null() & pl.col(f"{side}_size").is_null()
            for side in ("bid", "ask")
        )
    )
    if len(unsized):
        message = f"{len(unsized):,} quotes have no size, which hftbacktest needs"
        raise DataError(message)
    parts = [*_quotes(tape), *_clears(tape), *_priced(tape)]
    place = np.concatenate([place for place, _ in parts])
    order = np.argsort(place, kind="stable")
    events: Events = np.concatenate([made for _, made in parts])[order]
    row = place[order] // _PLACES
    events["exch_ts"] = tape["ts"].to_numpy()[row]
    events["local_ts"] = _local(tape)[row]
    return events


_Part = tuple[IntColumn, Events]  #: places in the file, and events without times


def _events(
    code: Code, side: IntColumn, price: FloatColumn, size: FloatColumn
) -> Events:
    events = np.zeros(len(price), EVENT_DTYPE)
    flags = np.zeros(len(price), np.uint64)
    for sign, flag in _FLAGS.items():
        flags[side == sign] = flag
    events["ev"] = flags | np.uint64(EXCHANGE | LOCAL | code)
    events["px"], events["qty"] = price, size
    return events


def _rows(tape: pl.DataFrame, kind: Kind) -> NDArray[np.int64]:
    return np.flatnonzero((tape["kind"] == int(kind)).to_numpy())


def _quotes(tape: pl.DataFrame) -> Iterator[_Part]:
    rows = _rows(tape, Kind.QUOTE)
    for place, side, name in ((0, Side.BUY, "bid"), (2, Side.SELL, "ask")):
        price = tape[name].fill_null(np.nan).to_numpy()[rows]
        size = tape[f"{name}_size"].fill_null(0.0).to_numpy()[rows]
        shown = ~np.isnan(price)
        signs = np.full(len(rows), int(side))
        yield (
            _PLACES * rows[shown] + place,
            _events(Code.DEPTH, signs[shown], price[shown], size[shown]),
        )
        before = np.concatenate([[np.nan], price[:-1]])[: len(price)]
        left = ~np.isnan(before) & (before != price)
        yield (
            _PLACES * rows[left] + place + 1,
            _events(Code.DEPTH, signs[left], before[left], np.zeros(left.sum())),
        )


def _priced(tape: pl.DataFrame) -> Iterator[_Part]:
    cleared = pl.when(pl.col("kind") == int(Kind.CLEAR)).then("ts").forward_fill()
    anew = tape.select((cleared == pl.col("ts")).fill_null(value=False))
    in_snapshot = anew.to_series().to_numpy()
    depth, trades = _rows(tape, Kind.DEPTH), _rows(tape, Kind.TRADE)
    for code, rows in (
        (Code.TRADE, trades),
        (Code.SNAPSHOT, depth[in_snapshot[depth]]),
        (Code.DEPTH, depth[~in_snapshot[depth]]),
    ):
        side = tape["side"].fill_null(0).to_numpy()[rows].astype(np.int64)
        price, size = (tape[name].to_numpy()[rows] for name in ("price", "size"))
        yield _PLACES * rows, _events(code, side, price, size)


def _clears(tape: pl.DataFrame) -> Iterator[_Part]:
    """Removals of the levels that stand; as many as there are may share a place."""
    start = 0
    for row in _rows(tape, Kind.CLEAR).tolist():
        before = tape.slice(start, row - start)
        last = (
            before.filter(pl.col("kind") == int(Kind.DEPTH))
            .group_by("side", "price", maintain_order=True)
            .last()
        )
        standing = last.filter(pl.col("size") > 0)
        side = standing["side"].to_numpy().astype(np.int64)
        price = standing["price"].to_numpy()
        places = np.full(len(standing), _PLACES * row)
        yield places, _events(Code.DEPTH, side, price, np.zeros(len(standing)))
        start = row


def _local(tape: pl.DataFrame) -> IntColumn:
    ts = tape["ts"].to_numpy()
    received = tape["recv_ts"].fill_null(tape["ts"]).to_numpy()
    behind = min(int((received - ts).min()), 0)
    local: IntColumn = np.maximum.accumulate(received - behind)
    return local
