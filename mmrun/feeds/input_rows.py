"""An input's values from its table, piece by piece, with what is wrong refused.

A value holds from its time on. Where a column beside it says that it became known later
(`input_table.KNOWN_COLUMNS`), it is not seen before. Empty fields and NaN are no
values: what was seen before them holds on. In a table with a column of symbols only the
rows of the run's symbol count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from mmrun.feeds.input_table import InputTable
from mmrun.market.tape import FloatColumn, IntColumn
from mmrun.market.times import times_ns
from mmrun.problems import DataError
from mmrun.units import Unit


_TIME = "a time: whole ns since 1970 UTC, or text like 2024-03-01T09:30:00.123"
_BEFORE_ALL = -(2**63 - 1)
_ROW = ""  #: the column with a row's number; no CSV column is called so


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Under what circumstances a column is read."""

    unit: Unit | None  #: of the column's numbers
    stale_after_ns: int | None
    symbol: str  #: whose rows count
    timezone: str  #: of times without an offset
    span: tuple[int, int]  #: first and last `ts` of the tape


class Values(NamedTuple):
    """The values of one piece, and how many of its rows have none."""

    ts: IntColumn
    known_ts: IntColumn  #: not before `ts`
    value: FloatColumn  #: as in the table, not NaN
    empty: int
    other_symbols: int
    later: tuple[str, ...]  #: those of the columns looked at with times after `ts`


def read_values(
    table: InputTable, reading: Reading, watched: Sequence[str] = ()
) -> Iterator[Values]:
    """A table's values, in pieces.

    Args:
        table: the table.
        reading: how it is read.
        watched: other columns, to be compared with the values' times.

    Raises:
        DataError: a time or a value is none, or times do not rise.
    """
    done, last_ts = 0, _BEFORE_ALL
    for frame in table.read(watched):
        rows = _chosen(table, frame.with_row_index(_ROW, offset=done), reading)
        done += len(frame)
        ts = _times(table, rows, table.time, reading)
        _require_rising(table, rows, ts, last_ts)
        last_ts = int(ts[-1]) if len(ts) else last_ts
        value = _numbers(table, rows)
        there = ~np.isnan(value)
        yield Values(
            ts[there],
            _known(table, rows, ts, reading)[there],
            value[there],
            empty=len(value) - int(there.sum()),
            other_symbols=len(frame) - len(rows) if table.symbol else 0,
            later=tuple(name for name in watched if _is_later(rows[name], ts, reading)),
        )


def said(ts: int) -> str:
    """A time for people, UTC."""
    return f"{np.datetime64(ts, 'ns')}"


def _chosen(table: InputTable, rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The rows of the run's symbol; blank lines of a text file are none."""
    if table.symbol:
        rows = rows.filter(pl.col(table.symbol[0]).cast(pl.String) == reading.symbol)
    if table.is_text:
        rows = rows.filter(~pl.all_horizontal(pl.exclude(_ROW).is_null()))
    return rows


def _known(
    table: InputTable, rows: pl.DataFrame, ts: IntColumn, reading: Reading
) -> IntColumn:
    """When each value became known: where nothing else is said, at its time."""
    for name in table.known:
        stated = _times(table, rows, name, reading, optional=True)
        ts = np.maximum(ts, stated)
    return ts


def _times(
    table: InputTable,
    rows: pl.DataFrame,
    name: str,
    reading: Reading,
    *,
    optional: bool = False,
) -> IntColumn:
    """A column of times; where it is optional an empty one is before all others."""
    column = rows[name]
    if column.dtype.is_float() or column.dtype == pl.Boolean:
        message = f"{table.name}: {name} is {column.dtype}; expected {_TIME}"
        raise DataError(message)
    found = times_ns(column, 1, reading.timezone)
    wrong = found.is_null()
    _refuse(
        table, rows, wrong & column.is_not_null() if optional else wrong, name, _TIME
    )
    return found.fill_null(_BEFORE_ALL).to_numpy()


def _numbers(table: InputTable, rows: pl.DataFrame) -> FloatColumn:
    """The values as float64, NaN where there is none."""
    column = rows[table.column]
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        column = text.cast(pl.Float64, strict=False)
        wrong = column.is_null() & (text.fill_null("") != "")
        _refuse(table, rows, wrong, table.column, "a number")
    elif not column.dtype.is_numeric() and column.dtype != pl.Null:
        message = f"{table.name}: {table.column} is {column.dtype}; expected numbers"
        raise DataError(message)
    found: FloatColumn = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found


def _refuse(
    table: InputTable, rows: pl.DataFrame, wrong: pl.Series, name: str, expected: str
) -> None:
    found = wrong.arg_true()
    if len(found):
        value = rows[name][found[0]]
        shown = "empty" if value is None else f"'{value}'"
        where = table.at(int(rows[_ROW][found[0]]))
        message = f"{where}: {name} is {shown}; expected {expected}"
        raise DataError(message)


def _require_rising(
    table: InputTable, rows: pl.DataFrame, ts: IntColumn, last_ts: int
) -> None:
    falls = np.flatnonzero(ts[1:] < ts[:-1]) + 1
    first = 0 if len(ts) and ts[0] < last_ts else int(falls[0]) if len(falls) else None
    if first is None:
        return
    before = int(ts[first - 1]) if first else last_ts
    message = (
        f"{table.at(int(rows[_ROW][first]))}: {table.time} is {said(int(ts[first]))}, "
        f"before {said(before)} in the row above it; expected rising times"
    )
    raise DataError(message, hint=f"sort the table by {table.time}")


def _is_later(column: pl.Series, ts: IntColumn, reading: Reading) -> bool:
    """Whether a column has a time after the value's."""
    found = times_ns(column, 1, reading.timezone).fill_null(_BEFORE_ALL).to_numpy()
    return bool(np.any(found > ts))
