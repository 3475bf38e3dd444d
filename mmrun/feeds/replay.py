"""Replay of recorded tapes: a dataset's files, or a batch in memory.

A file is decoded `CHUNK_ROWS` rows at a time, so memory does not grow with the file.
Columns that no row of the tape uses are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mmrun.feeds.clock import Heartbeat, slices, with_clock
from mmrun.market.dataset import Dataset, Days, choose_instrument, files_of
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile, sum_rows
from mmrun.market.reader import decoding
from mmrun.market.tape import Batch


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
_CODES = ("side", "status")
_DTYPES = {"ts": np.dtype(np.int64)} | dict.fromkeys(
    ("kind", *_CODES), np.dtype(np.int8)
)


class Replay:
    """A dataset's rows of one symbol at one venue, as a feed."""

    def __init__(
        self,
        dataset: Dataset,
        symbol: str | None = None,
        *,
        rows: int = DEFAULT_ROWS,
        heartbeat_ns: int = DEFAULT_HEARTBEAT_NS,
        session: Sessions | None = None,
        days: Days | None = None,
    ) -> None:
        """Choose what to replay; nothing is decoded yet.

        Args:
            dataset: what `load_dataset` gave.
            symbol: which symbol; None when the dataset has one.
            rows: how many rows a batch may have at most.
            heartbeat_ns: silence after which a clock row comes; 0 for none.
            session: when clock rows may come; None for always.
            days: first and last date, both included; None for all.

        Raises:
            DataError: no one symbol at one venue is meant.
            NothingSelectedError: the dataset has none of the days.
        """
        self.instrument: Instrument = choose_instrument(dataset, symbol)
        self._root = dataset.path
        self._files = files_of(dataset, self.instrument, days)
        self._rows = rows
        self._heartbeat = _heartbeat(self.instrument, heartbeat_ns, session)

    @property
    def files(self) -> tuple[TapeFile, ...]:
        """The tape files that are replayed, in time order."""
        return self._files

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts` of the files, ns."""
        return self._files[0].first_ts, self._files[-1].last_ts

    def batches(self) -> Iterator[Batch]:
        """The rows in time order, clock rows included.

        Raises:
            DataError: a file cannot be decoded.
        """
        kinds = sum_rows(self._files)
        decoded = (
            batch for file in self._files for batch in _decode(self._root, file, kinds)
        )
        return with_clock(decoded, self._heartbeat, self._rows)


@dataclass(frozen=True)
class TapeFeed:
    """Rows in memory as a feed: for tests and for tapes made in Python."""

    batch: Batch
    instrument: Instrument
    rows: int = DEFAULT_ROWS
    heartbeat_ns: int = DEFAULT_HEARTBEAT_NS
    session: Sessions | None = None

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts`, ns; (0, 0) of an empty tape."""
        ts = self.batch.ts
        return (int(ts[0]), int(ts[-1])) if len(ts) else (0, 0)

    def batches(self) -> Iterator[Batch]:
        """The rows, clock rows included."""
        heartbeat = _heartbeat(self.instrument, self.heartbeat_ns, self.session)
        return with_clock(slices(self.batch, self.rows), heartbeat, self.rows)


def batch_of(frame: pl.DataFrame) -> Batch:
    """Tape rows of a frame as arrays: NaN for null floats, 0 for null codes.

    Columns the frame does not have are all missing.
    """
    filled = frame.with_columns(_fill(name) for name in frame.columns if name in _USERS)
    return Batch(*(_array(filled, name) for name in Batch.__dataclass_fields__))


def _heartbeat(
    instrument: Instrument, interval_ns: int, session: Sessions | None
) -> Heartbeat:
    """No clock rows are added to a tape that holds recorded ones."""
    return Heartbeat(
        interval_ns=0 if instrument.has_clock else interval_ns,
        sessions=None if session is None else tuple(session),
    )


def _decode(root: Path, file: TapeFile, kinds: Mapping[str, int]) -> Iterator[Batch]:
    """A file's rows, `CHUNK_ROWS` at a time."""
    path = root / file.path
    used = [name for name, users in _USERS.items() if users & kinds.keys()]
    scan = pl.scan_parquet(path, hive_partitioning=False)
    chosen = scan.select("ts", "kind", *(_fill(name) for name in used))
    for start in range(0, file.row_count, CHUNK_ROWS):
        with decoding(path):
            frame = chosen.slice(start, CHUNK_ROWS).collect()
        yield batch_of(frame)


def _fill(name: str) -> pl.Expr:
    return pl.col(name).fill_null(0 if name in _CODES else float("nan"))


def _array(frame: pl.DataFrame, name: str) -> Any:
    """A column as a writable array: a read-only one is another type to numba."""
    dtype = _DTYPES.get(name, np.dtype(np.float64))
    if name not in frame.columns:
        return np.full(len(frame), 0 if name in _CODES else np.nan, dtype)
    array = np.ascontiguousarray(frame[name].to_numpy(), dtype)
    return array if array.flags.writeable else array.copy()
