"""Columns of one's own files as tape columns: times, numbers and codes.

Every function takes the rows an entry selected and gives a series of the same length;
what cannot be right raises a `DataError` with the file and line of the first such row.
"""

from __future__ import annotations

import polars as pl

from mmrun.importers.table_file import ROW, TableFile
from mmrun.importers.table_map import CodeColumn, TimeColumn
from mmrun.market.times import times_ns
from mmrun.problems import DataError


def times(
    file: TableFile, rows: pl.DataFrame, given: TimeColumn, timezone: str
) -> pl.Series:
    """A column of times as ns since 1970 UTC, exact for integers and for text."""
    column = rows[given.column.text]
    name = given.column.text
    found = times_ns(column, given.unit_ns, timezone)
    expected = "a time (number, or text like 2024-03-01T09:30:00.123)"
    _refuse(file, rows, found.is_null(), name, expected)
    return found


def numbers(file: TableFile, rows: pl.DataFrame, name: str) -> pl.Series:
    """A column of finite numbers as Float64; empty fields and NaN are null."""
    column = rows[name]
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        column = text.cast(pl.Float64, strict=False)
        _refuse(file, rows, column.is_null() & text.is_not_null(), name, "a number")
    elif not column.dtype.is_numeric() and column.dtype != pl.Null:
        _refuse(file, rows, column.is_not_null(), name, "a number")
    found = column.cast(pl.Float64).fill_nan(None)
    _refuse(
        file, rows, found.is_infinite().fill_null(value=False), name, "a finite number"
    )
    return found


def codes(file: TableFile, rows: pl.DataFrame, given: CodeColumn) -> pl.Series:
    """A column of words as tape codes; empty fields are 0, unknown."""
    column = rows[given.column.text]
    if column.dtype.is_float():
        column = column.cast(pl.Int64, strict=False)
    text = column.cast(pl.String).str.strip_chars()
    meant = dict(given.codes)
    expected = f"one of {', '.join(sorted(meant))}"
    unknown = text.is_not_null() & ~text.is_in(list(meant)) & (text != "")
    _refuse(file, rows, unknown, given.column.text, expected)
    return text.replace_strict(meant, default=0, return_dtype=pl.Int64).fill_null(0)


def refuse_rows(
    file: TableFile, rows: pl.DataFrame, wrong: pl.Series, name: str, expected: str
) -> None:
    """Raise for the first row that is wrong."""
    _refuse(file, rows, wrong, name, expected)


def _refuse(
    file: TableFile, rows: pl.DataFrame, wrong: pl.Series, name: str, expected: str
) -> None:
    found = wrong.arg_true()
    if len(found):
        first = found[0]
        value = rows[name][first]
        shown = "empty" if value is None else f"'{value}'"
        where = file.at(int(rows[ROW][first]))
        message = f"{where}: {name} is {shown}; expected {expected}"
        raise DataError(message)
