"""One day of a tape as a Parquet file, and its order messages beside it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import numpy as np
import polars as pl

from mmrun.market.instrument import Instrument
from mmrun.market.manifest import OrderFile, TapeFile
from mmrun.market.tape import Kind, polars_schema
from mmrun.market.touch import Book, ends, follow


ROW_GROUP_ROWS = 2**17  #: about 10 MB decoded: what a feed holds at least


def split_by_date(
    frame: pl.DataFrame, timezone: str
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of each date in `timezone`, in time order, date as YYYY-MM-DD."""
    times = pl.from_epoch("ts", "ns").dt.replace_time_zone("UTC")
    dates = times.dt.convert_time_zone(timezone).dt.date().cast(pl.String)
    runs = frame.select(dates.rle()).unnest("ts")
    start = 0
    for length, date in runs.iter_rows():
        yield date, frame.slice(start, length)
        start += length


def count_kinds(frame: pl.DataFrame) -> dict[str, int]:
    """Rows by kind, in the order of `Kind`; kinds without rows are absent."""
    counts = dict(frame["kind"].value_counts().iter_rows())
    return {kind.name.lower(): counts[kind] for kind in Kind if kind in counts}


def folder_of(instrument: Instrument, date: str) -> str:
    """Where the files of a day are, relative to the manifest."""
    symbol, venue = (
        quote(name, safe="") for name in (instrument.symbol, instrument.venue)
    )
    return f"symbol={symbol}/venue={venue}/date={date}"


def write_tape_file(
    root: Path, path: str, frame: pl.DataFrame, book: Book, instrument: Instrument
) -> TapeFile:
    """Write the rows of a day.

    Args:
        root: the dataset's directory.
        path: of the file, relative to it.
        frame: tape rows, at least one.
        book: what is displayed before them; afterwards they are part of it.
        instrument: whose rows they are.
    """
    touches = ends(follow(frame, book))
    size, digest = _write(root / path, frame.match_to_schema(polars_schema()))
    return TapeFile(
        path=path,
        symbol=instrument.symbol,
        venue=instrument.venue,
        date=path.rpartition("date=")[2].partition("/")[0],
        first_ts=frame["ts"][0],
        last_ts=frame["ts"][-1],
        rows=count_kinds(frame),
        bytes=size,
        sha256=digest,
        book_times=len(touches),
        crossed_times=int(np.sum(touches.bid > touches.ask)),
    )


def write_order_file(root: Path, path: str, orders: pl.DataFrame) -> OrderFile:
    """Write the order messages of a day."""
    size, digest = _write(root / path, orders)
    return OrderFile(path=path, rows=len(orders), bytes=size, sha256=digest)


def _write(path: Path, frame: pl.DataFrame) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        frame.write_parquet(
            path, compression="zstd", compression_level=3, row_group_size=ROW_GROUP_ROWS
        )
    except BaseException:  # a full disk, or Ctrl-C: half a file is none
        path.unlink(missing_ok=True)
        raise
    return path.stat().st_size, sha256(path.read_bytes()).hexdigest()
