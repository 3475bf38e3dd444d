"""One's own CSV and Parquet files as frames whose rows know their lines."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mmrun.importers.sources import read_bytes
from mmrun.market.files import missing_file
from mmrun.problems import DataError


ROW = "__row__"  #: number of a row from 0; `where` cannot change it

_HINT = "expected .csv, .csv.gz or .parquet"


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file's rows, in its order."""

    path: Path
    frame: pl.DataFrame  #: the file's columns and ROW
    has_lines: bool  #: a text file: row 0 is line 2, after the header

    @property
    def columns(self) -> list[str]:
        """The file's own columns."""
        return [name for name in self.frame.columns if name != ROW]

    def at(self, row: int) -> str:
        """Where a row stands, for messages."""
        if self.has_lines:
            return f"{self.path}:{row + 2}"
        return f"{self.path}, row {row + 1}"


def read_table(path: Path, separator: str, text_columns: Collection[str]) -> TableFile:
    """Read a CSV or Parquet file, by its suffix.

    Args:
        path: the file.
        separator: what parts the columns of a CSV file.
        text_columns: columns whose numbers are kept as text, so that none is rounded.

    Raises:
        DataError: the file is missing, empty, damaged or of another format.
    """
    if not path.is_file():
        raise missing_file(path)
    name = path.name.lower()
    if name.endswith(".parquet"):
        frame = _read_parquet(path)
    elif name.endswith((".csv", ".csv.gz", ".tsv", ".txt")):
        frame = _read_csv(path, separator, text_columns)
    else:
        message = f"{path} is not a format that is read here"
        raise DataError(message, hint=_HINT)
    if frame.is_empty():
        message = f"{path} has no rows"
        raise DataError(message)
    is_text = not name.endswith(".parquet")
    rows = frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    return TableFile(path, _without_blank_lines(rows) if is_text else rows, is_text)


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        first_line = str(error).splitlines()[0]
        message = f"{path} cannot be read as Parquet: {first_line}"
        raise DataError(message, hint=_HINT) from error


def _read_csv(
    path: Path, separator: str, text_columns: Collection[str]
) -> pl.DataFrame:
    data = _text_of(path)
    header = data.partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip()
    names = next(csv.reader([header], delimiter=separator), [])
    if not names:
        message = f"{path} is empty"
        raise DataError(message)
    try:
        frame = pl.read_csv(
            io.BytesIO(data),
            separator=separator,
            infer_schema_length=None,
            schema_overrides={n: pl.String for n in names if n in text_columns},
        )
    except pl.exceptions.NoDataError as error:
        message = f"{path} has no rows"
        raise DataError(message) from error
    except pl.exceptions.PolarsError as error:
        raise _ragged(path, data, separator) or _unreadable(path, error) from error
    if frame.width > 1 and frame[frame.columns[-1]].null_count():
        ragged = _ragged(path, data, separator)
        if ragged is not None:
            raise ragged
    return frame


def _text_of(path: Path) -> bytes:
    data = read_bytes(path)
    if path.suffix.lower() != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        message = f"{path} is not a whole gzip file: {error}"
        raise DataError(message) from error


def _ragged(path: Path, data: bytes, separator: str) -> DataError | None:
    """The first line with more or fewer fields than the header; None if there is none."""
    text = io.StringIO(data.decode("utf-8-sig", errors="replace"), newline="")
    lines = csv.reader(text, delimiter=separator)
    header = next(lines, [])
    for fields in lines:
        if fields and len(fields) != len(header):
            where = f"{path}:{lines.line_num}"
            message = f"{where}: {len(fields)} columns; expected {len(header)} as in the header"
            return DataError(message)
    return None


def _unreadable(path: Path, error: Exception) -> DataError:
    first_line = str(error).splitlines()[0]
    return DataError(f"{path} cannot be read as CSV: {first_line}", hint=_HINT)


def _without_blank_lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Blank lines read as rows of nothing; the numbers of the others stay."""
    return frame.filter(~pl.all_horizontal(pl.exclude(ROW).is_null()))
