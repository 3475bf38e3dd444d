"""Replay of recorded tapes: a dataset's files, or a batch in memory.

A file is read `CHUNK_ROWS` rows at a time, so memory does not grow with the file: from
the cache of decoded tapes (`feeds.cache`), or else decoded. Columns that no row of the
file uses are not read. Files of quotes and trades come packed (`market.packing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.feeds.arrow_file import Columns
from mmrun.feeds.cache import CachedTape, tape_folder
from mmrun.feeds.clock import Heartbeat, slices, with_clock
from mmrun.feeds.limited_folder import LimitedFolder
from mmrun.feeds.merge import merged, of_venue, selected, with_others
from mmrun.market.dataset import Dataset, Days, choose_instruments, files_of
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile
from mmrun.market.packing import pack
from mmrun.market.reader import decoding
from mmrun.market.storage import Location, on_disk
from mmrun.market.tape import BATCH_COLUMNS, PACKED_COLUMNS, Batch, Kind, Packed


CHUNK_ROWS = 2**18  #: two row groups: both cores decode; about 20 MB of arrays
DEFAULT_ROWS = 65_536
DEFAULT_HEARTBEAT_NS = 1_000_000_000

Sessions = Sequence[tuple[int, int]]  #: (open, close) in ns, in time order

#: Which kinds of row use a column; `ts` and `kind` are used by all.
_USERS = {
    "bid": {"quote"},
    "bid_size": {"quote"},
    "ask": {"quote"},
    "ask_size": {"quote"},
    "price": {"depth", "trade"},
    "size": {"depth", "trade"},
    "side": {"depth", "trade"},
    "status": {"status"},
}
_CODES = ("side", "status", "venue")
#: Kinds of row that are not packed.
_UNPACKED = {"depth", "clear"}
_DTYPES = (
    {"ts": np.dtype(np.int64)}
    | dict.fromkeys(("kind", *_CODES), np.dtype(np.int8))
    | dict.fromkeys(("first", "second"), np.dtype(np.int64))
    | {"calm": np.dtype(np.int8)}
)


class Replay:
    """A dataset's rows of one symbol, at one venue or several, as a feed."""

    def __init__(
        self,
        dataset: Dataset,
        symbol: str | None = None,
        *,
        venues: Sequence[str] = (),
        rows: int = DEFAULT_ROWS,
        heartbeat_ns: int = DEFAULT_HEARTBEAT_NS,
        session: Sessions | None = None,
        days: Days | None = None,
        watched: Sequence[Instrument] = (),
    ) -> None:
        """Choose what to replay; nothing is decoded yet.

        Args:
            dataset: what `load_dataset` gave.
            symbol: which symbol; None when the dataset has one.
            venues: the venues that are wanted, in order; empty for all.
            rows: how many rows a batch may have at most.
            heartbeat_ns: silence after which a clock row comes; 0 for none.
            session: when clock rows may come; None for always.
            days: first and last date, both included; None for all.
            watched: instruments of the dataset whose rows come too, from the first of
                these days' on to the last row of what is replayed.

        Raises:
            DataError: no one symbol is meant.
            UsageError: it is on none of the venues.
            NothingSelectedError: the dataset has none of the days.
        """
        self.instruments = choose_instruments(dataset, symbol, venues)
        self._root = dataset.path
        self.watched = tuple(watched)
        self._files = [files_of(dataset, each, days) for each in self.instruments]
        self._others = [files_of(dataset, each, days) for each in self.watched]
        self._rows = rows
        self._heartbeat = _heartbeat(self.instruments, heartbeat_ns, session)

    @property
    def files(self) -> tuple[TapeFile, ...]:
        """The tape files that are replayed, venue by venue, in time order."""
        return tuple(file for files in self._files for file in files)

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts` of the files, ns."""
        firsts = [files[0].first_ts for files in self._files]
        return min(firsts), max(files[-1].last_ts for files in self._files)

    def batches(self) -> Iterator[Batch]:
        """The rows in time order, clock rows included.

        Raises:
            DataError: a file cannot be reached or decoded.
            UsageError: the environment gives the cache no size.
        """
        folder = tape_folder()
        streams = [
            self._stream(files, folder, each.tick)
            for files, each in zip(self._files, self.instruments, strict=True)
        ]
        rows = with_clock(merged(streams), self._heartbeat, self._rows)
        others = [
            self._stream(files, folder, each.tick)
            for files, each in zip(self._others, self.watched, strict=True)
        ]
        return with_others(rows, others, len(streams), self._rows)

    def _stream(
        self, files: Sequence[TapeFile], folder: LimitedFolder, tick: float
    ) -> Iterator[Batch]:
        """The rows of one venue."""
        for file in files:
            yield from _read(self._root / file.path, file, folder, tick)


@dataclass(frozen=True)
class TapeFeed:
    """Rows in memory as a feed: for tests and for tapes made in Python."""

    batch: Batch
    instruments: tuple[Instrument, ...]
    rows: int = DEFAULT_ROWS
    heartbeat_ns: int = DEFAULT_HEARTBEAT_NS
    session: Sessions | None = None
    watched: tuple[Instrument, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts` of what is traded, ns; (0, 0) where it has no rows."""
        ts = self._own.ts
        return (int(ts[0]), int(ts[-1])) if len(ts) else (0, 0)

    def batches(self) -> Iterator[Batch]:
        """The rows, clock rows included."""
        heartbeat = _heartbeat(self.instruments, self.heartbeat_ns, self.session)
        rows = with_clock(slices(self._own, self.rows), heartbeat, self.rows)
        first = len(self.instruments)
        places = range(first, first + len(self.watched))
        others = [slices(of_venue(self.batch, k), self.rows) for k in places]
        return with_others(rows, others, first, self.rows)

    @cached_property
    def _own(self) -> Batch:
        """The rows of what is traded, packed where they are one instrument's alone."""
        if self.watched:
            return selected(self.batch, self.batch.venue < len(self.instruments))
        if len(self.instruments) > 1 or _has_depth(self.batch):
            return self.batch
        return replace(self.batch, packed=pack(self.batch, self.instruments[0].tick))


def _has_depth(batch: Batch) -> bool:
    """Whether there are rows that are not packed."""
    kinds = (int(Kind[name.upper()]) for name in _UNPACKED)
    return any((batch.kind == kind).any() for kind in kinds)


def batch_of(frame: pl.DataFrame) -> Batch:
    """Tape rows of a frame as arrays: NaN for null floats, 0 for null codes.

    Columns the frame does not have are all missing.
    """
    filled = frame.with_columns(_fill(name) for name in frame.columns if name in _USERS)
    return _batch(_arrays(filled))


def _heartbeat(
    instruments: Sequence[Instrument], interval_ns: int, session: Sessions | None
) -> Heartbeat:
    """No clock rows are added to a tape that holds recorded ones."""
    recorded = any(instrument.has_clock for instrument in instruments)
    return Heartbeat(
        interval_ns=0 if recorded else interval_ns,
        sessions=None if session is None else tuple(session),
    )


def _read(
    location: Location, file: TapeFile, folder: LimitedFolder, tick: float
) -> Iterator[Batch]:
    """A file's rows, `CHUNK_ROWS` at a time; fetched only where they are not cached."""
    used = [name for name, users in _USERS.items() if users & file.rows.keys()]
    packed = () if _UNPACKED & file.rows.keys() else PACKED_COLUMNS
    types = {name: _dtype(name) for name in ("ts", "kind", *used, *packed)}
    with on_disk(location) as copy:
        cached = CachedTape(folder, copy, file.sha256, types, CHUNK_ROWS, tick)
        for start in range(0, file.row_count, CHUNK_ROWS):
            rows = min(CHUNK_ROWS, file.row_count - start)
            columns = cached.read(start, rows)
            if columns is None:
                with decoding(location):
                    frame = _scan(copy(), ("ts", "kind", *used)).slice(start, rows)
                    decoded = frame.collect()
                if packed:
                    decoded = _with_packed(decoded, tick)
                columns = cached.keep(start, decoded) or _arrays(decoded)
            yield replace(_batch(columns), packed=_packed(columns, tick))


def _with_packed(frame: pl.DataFrame, tick: float) -> pl.DataFrame:
    """Rows of quotes and trades with what is packed of them."""
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    packed = pack(_batch(columns), tick)
    return frame.with_columns(
        pl.Series(name, getattr(packed, name)) for name in PACKED_COLUMNS
    )


def _scan(path: Path, names: Sequence[str]) -> pl.LazyFrame:
    """A file's columns as batches have them."""
    codes = pl.col(*(name for name in names if name in ("kind", *_CODES)))
    filled = (_fill(name) if name in _USERS else pl.col(name) for name in names)
    scan = pl.scan_parquet(path, hive_partitioning=False)
    return scan.select(*filled).with_columns(codes.cast(pl.Int8))


def _fill(name: str) -> pl.Expr:
    return pl.col(name).fill_null(0 if name in _CODES else float("nan"))


def _arrays(frame: pl.DataFrame) -> Columns:
    """Columns as writable arrays: a read-only one is another type to numba."""
    return {
        name: _writable(np.ascontiguousarray(frame[name].to_numpy(), _dtype(name)))
        for name in frame.columns
        if name in (*BATCH_COLUMNS, *PACKED_COLUMNS)
    }


def _writable(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.flags.writeable else array.copy()


def _batch(columns: Columns) -> Batch:
    """The columns as a batch, those that are not there all missing."""
    rows = len(columns["ts"])
    missing = {
        name: np.full(rows, 0 if name in _CODES else np.nan, _dtype(name))
        for name in BATCH_COLUMNS
        if name not in columns
    }
    whole = {**columns, **missing}
    return Batch(*(whole[name] for name in BATCH_COLUMNS))


def _packed(columns: Columns, tick: float) -> Packed | None:
    """What is packed of them by that price step, if anything is."""
    if "calm" not in columns:
        return None
    return Packed(tick, *(columns[name] for name in PACKED_COLUMNS))


def _dtype(name: str) -> np.dtype[Any]:
    return _DTYPES.get(name, np.dtype(np.float64))
