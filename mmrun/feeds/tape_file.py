"""A tape file's rows as batches: from the cache of decoded tapes, or else decoded.

A file is read `CHUNK_ROWS` rows at a time, so memory does not grow with the file.
Columns that no row of the file uses are not read. Files of quotes and trades come packed
(`market.packing`): what is packed is kept with the decoded rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.feeds.arrow_file import Columns
from mmrun.feeds.cache import CachedTape
from mmrun.feeds.limited_folder import LimitedFolder
from mmrun.market.manifest import TapeFile
from mmrun.market.packing import UNPACKED, pack
from mmrun.market.reader import decoding
from mmrun.market.storage import Location, on_disk
from mmrun.market.tape import BATCH_COLUMNS, PACKED_COLUMNS, Batch, Packed


CHUNK_ROWS = 2**18  #: two row groups: both cores decode; about 20 MB of arrays

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
_UNPACKED = {kind.name.lower() for kind in UNPACKED}
_DTYPES = (
    {"ts": np.dtype(np.int64)}
    | dict.fromkeys(("kind", *_CODES), np.dtype(np.int8))
    | dict.fromkeys(("first", "second"), np.dtype(np.int64))
    | {"calm": np.dtype(np.int8)}
)


def read_rows(
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


def batch_of(frame: pl.DataFrame) -> Batch:
    """Tape rows of a frame as arrays: NaN for null floats, 0 for null codes.

    Columns the frame does not have are all missing.
    """
    filled = frame.with_columns(_fill(name) for name in frame.columns if name in _USERS)
    return _batch(_arrays(filled))


def _with_packed(frame: pl.DataFrame, tick: float) -> pl.DataFrame:
    """Rows of quotes and trades with what is packed of them."""
    whole = frame.rechunk()
    columns = {name: whole[name].to_numpy() for name in whole.columns}
    packed = pack(_batch(columns), tick)
    return whole.with_columns(
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
