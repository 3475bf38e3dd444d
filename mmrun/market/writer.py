"""Write a dataset: all of it or nothing.

Files are written to a temporary directory beside the target and renamed at the end, so
a failure or an interruption leaves what was there before. For an object store they are
written to disk and uploaded (`storage.upload`), the manifest last. Equal tapes give equal bytes
under one version of polars: row groups and compression are fixed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import numpy as np
import polars as pl

from mmrun.market.dataset import Dataset, is_dataset
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import (
    MANIFEST_NAME,
    Manifest,
    Provenance,
    TapeFile,
    to_yaml,
)
from mmrun.market.storage import Location, reaching, upload
from mmrun.market.tape import Kind, polars_schema
from mmrun.market.touch import Book, ends, follow
from mmrun.problems import DataError, UsageError


ROW_GROUP_ROWS = 2**17  #: about 10 MB decoded: what a feed holds at least


@dataclass(frozen=True, slots=True)
class Tape:
    """All rows of one symbol at one venue, `market.tape.COLUMNS`, in time order."""

    instrument: Instrument
    frame: pl.DataFrame


def check_output(directory: Location, *, replace: bool) -> None:
    """Refuse a target that holds something, unless it is a dataset to be replaced.

    Raises:
        DataError: an object store cannot be reached.
        UsageError: the directory may not be written.
    """
    with reaching(directory):
        if not directory.exists():
            return
        if directory.is_dir() and not any(directory.iterdir()):
            return
    if not is_dataset(directory):
        message = f"{directory} exists and is not a dataset; expected a new directory"
        raise UsageError(message)
    if not replace:
        message = f"{directory} is a dataset already; replace it with --force"
        raise UsageError(message)


def write_dataset(
    directory: Location,
    tapes: Sequence[Tape],
    provenance: Provenance,
    *,
    replace: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Dataset:
    """Write tapes as a dataset, partitioned by symbol, venue and date.

    Args:
        directory: the target, on disk or in an object store; its parents are made.
        tapes: one for each symbol and venue.
        provenance: source, licence and timezone, for the manifest.
        replace: whether a dataset that is there may be replaced.
        progress: told what is being written.

    Raises:
        DataError: there are no rows, or an object store cannot be written.
        UsageError: the target holds something else.
    """
    check_output(directory, replace=replace)
    if not any(len(tape.frame) for tape in tapes):
        message = "there are no rows to write"
        raise DataError(message)
    ordered = sorted(tapes, key=lambda t: (t.instrument.symbol, t.instrument.venue))
    with _replaced(directory) as partial:
        files = [
            file
            for tape in ordered
            for file in _write_tape(partial, tape, provenance.timezone, progress)
        ]
        manifest = Manifest(
            provenance=provenance,
            instruments=tuple(tape.instrument for tape in ordered),
            files=tuple(files),
        )
        (partial / MANIFEST_NAME).write_text(to_yaml(manifest), encoding="utf-8")
    return Dataset(directory, manifest)


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


@contextmanager
def _replaced(directory: Location) -> Iterator[Path]:
    """A temporary directory that takes the target's place if all goes well."""
    if isinstance(directory, Path):
        with _beside(directory) as partial:
            yield partial
        return
    with tempfile.TemporaryDirectory(prefix="mmrun-") as folder:
        yield Path(folder)
        upload(Path(folder), directory, last=MANIFEST_NAME)


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    """A temporary sibling that takes the directory's place if all goes well."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{directory.name}."
    partial = Path(
        tempfile.mkdtemp(prefix=prefix, suffix=".partial", dir=directory.parent)
    )
    try:
        partial.chmod(0o755)  # mkdtemp's directory is its owner's alone
        yield partial
        _swap(partial, directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _swap(partial: Path, directory: Path) -> None:
    if directory.exists():
        old = partial.with_suffix(".old")
        directory.rename(old)
        partial.rename(directory)
        shutil.rmtree(old)
    else:
        partial.rename(directory)


def _write_tape(
    root: Path, tape: Tape, timezone: str, progress: Callable[[str], None]
) -> Iterator[TapeFile]:
    """A file a day; the book goes on from day to day."""
    book = Book()
    for date, frame in split_by_date(tape.frame, timezone):
        progress(f"writing {tape.instrument.symbol} {date}: {len(frame):,} rows")
        file = _write_day(root, tape.instrument, date, frame)
        touches = ends(follow(frame, book))
        yield replace(
            file,
            book_times=len(touches),
            crossed_times=int(np.sum(touches.bid > touches.ask)),
        )


def _write_day(
    root: Path, instrument: Instrument, date: str, frame: pl.DataFrame
) -> TapeFile:
    symbol, venue = (
        quote(name, safe="") for name in (instrument.symbol, instrument.venue)
    )
    relative = f"symbol={symbol}/venue={venue}/date={date}/part-0.parquet"
    path = root / relative
    path.parent.mkdir(parents=True)
    frame.match_to_schema(polars_schema()).write_parquet(
        path, compression="zstd", compression_level=3, row_group_size=ROW_GROUP_ROWS
    )
    return TapeFile(
        path=relative,
        symbol=instrument.symbol,
        venue=instrument.venue,
        date=date,
        first_ts=frame["ts"][0],
        last_ts=frame["ts"][-1],
        rows=count_kinds(frame),
        bytes=path.stat().st_size,
        sha256=sha256(path.read_bytes()).hexdigest(),
    )
