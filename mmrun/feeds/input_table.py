"""A table with an input's column, opened but not read: a file, or a frame in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mmrun.documents.words import did_you_mean
from mmrun.market.files import missing_file
from mmrun.market.reader import decoding
from mmrun.problems import DataError


#: Names of the column with a value's time; the first that is there is taken.
TIME_COLUMNS = ("ts", "timestamp", "time")
#: Names of columns that say when a value became known.
KNOWN_COLUMNS = ("known_ts", "recv_ts", "available_ts")
SYMBOL_COLUMN = "symbol"
CHUNK_ROWS = 2**18

_TEXTS = (".csv", ".csv.gz")
_PARQUET = b"PAR1"  #: how such a file begins
_FAULT = "cannot be read"
_HINT = f"expected .parquet, {' or '.join(_TEXTS)}"


@dataclass(frozen=True, slots=True)
class InputTable:
    """What an input is read from."""

    name: str  #: for messages: the path, or what stands for a frame
    rows: pl.LazyFrame
    columns: tuple[str, ...]
    column: str  #: with the values
    is_text: bool = False  #: row 0 is line 2, after the header

    @property
    def time(self) -> str:
        """The column with a value's time."""
        return next(name for name in TIME_COLUMNS if name in self.columns)

    @property
    def known(self) -> tuple[str, ...]:
        """The columns that say when a value became known."""
        return tuple(name for name in KNOWN_COLUMNS if name in self.columns)

    @property
    def symbol(self) -> tuple[str, ...]:
        """The column with the symbol, if there is one."""
        return tuple(name for name in (SYMBOL_COLUMN,) if name in self.columns)

    def at(self, row: int) -> str:
        """Where a row stands, counted from 0, for messages."""
        where = f":{row + 2}" if self.is_text else f", row {row + 1}"
        return self.name + where

    def read(self, more: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
        """The rows in order, `CHUNK_ROWS` at a time; `more` are further columns.

        Raises:
            DataError: the file cannot be decoded.
        """
        wanted = (self.time, *self.known, *self.symbol, self.column, *more)
        chosen = self.rows.select(*dict.fromkeys(wanted))
        with decoding(self.name, said=_FAULT, hint=_HINT):
            yield from chosen.collect_batches(
                chunk_size=CHUNK_ROWS, maintain_order=True
            )


def open_table(given: Path | pl.DataFrame, column: str, *, name: str) -> InputTable:
    """Find the column of an input; nothing is decoded yet.

    Args:
        given: a Parquet or CSV file by its suffix, or a frame.
        column: the column with the values.
        name: what messages call a frame.

    Raises:
        DataError: the file is not there, cannot be read, or lacks a column.
    """
    if isinstance(given, pl.DataFrame):
        table = InputTable(name, given.lazy(), tuple(given.columns), column)
    else:
        table = _open_file(given, column)
    _require(table, column)
    if not any(known in table.columns for known in TIME_COLUMNS):
        message = f"{table.name} has no column of times; expected {TIME_COLUMNS[0]}"
        raise DataError(message, hint=_has(TIME_COLUMNS[0], table.columns))
    return table


def _open_file(path: Path, column: str) -> InputTable:
    is_text = path.name.lower().endswith(_TEXTS)
    _require_format(path, is_text=is_text)
    with decoding(str(path), said=_FAULT, hint=_HINT):
        rows = (
            pl.scan_csv(path, infer_schema=False)
            if is_text
            else pl.scan_parquet(path, hive_partitioning=False)
        )
        columns = tuple(rows.collect_schema().names())
    return InputTable(str(path), rows, columns, column, is_text)


def _require_format(path: Path, *, is_text: bool) -> None:
    if not path.exists():
        raise missing_file(path)
    if not path.is_file() or not (is_text or path.suffix.lower() == ".parquet"):
        message = f"{path} is not a file that inputs are read from"
        raise DataError(message, hint=_HINT)
    if is_text:
        with path.open("rb") as file:
            if file.read(len(_PARQUET)) == _PARQUET:
                message = f"{path} is a Parquet file by its content, not CSV"
                raise DataError(message, hint="let its name end in .parquet")


def _require(table: InputTable, column: str) -> None:
    if column not in table.columns:
        message = f"{table.name} has no column {column}"
        raise DataError(message, hint=_has(column, table.columns))


def _has(word: str, columns: Sequence[str]) -> str:
    """A column that may be meant, or all there are."""
    return "; ".join(did_you_mean(word, columns))
