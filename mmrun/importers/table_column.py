"""Columns of one's own files as tape columns: times, numbers and codes.

Every function takes the rows an entry selected and gives a series of the same length;
what cannot be right raises a `DataError` with the file and line of the first such row.
"""

from __future__ import annotations

import polars as pl

from mmrun.importers.table_file import ROW, TableFile
from mmrun.importers.table_map import CodeColumn, TimeColumn
from mmrun.problems import DataError


_NUMBER = r"^-?\d+(\.\d*)?$"
_OFFSET = r"(Z|[+-]\d\d:?\d\d)$"
_LOCAL = "%Y-%m-%dT%H:%M:%S%.f"
_MAX_NS = 2**63 - 1


def times(
    file: TableFile, rows: pl.DataFrame, given: TimeColumn, timezone: str
) -> pl.Series:
    """A column of times as ns since 1970 UTC, exact for integers and for text."""
    column = rows[given.column.text]
    name = given.column.text
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        found = _from_datetimes(column, timezone)
    elif column.dtype.is_integer():
        found = _scaled(column, given.unit_ns)
    elif column.dtype.is_float():
        found = (column * float(given.unit_ns)).round().cast(pl.Int64, strict=False)
    else:
        found = _from_text(column.cast(pl.String), given.unit_ns, timezone)
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


def _scaled(column: pl.Series, unit_ns: int) -> pl.Series:
    """Whole numbers times their unit; null where that is no 64-bit time."""
    limit = _MAX_NS // unit_ns
    fits = column.is_between(-limit, limit)
    whole = pl.select(
        pl.when(fits).then(column.cast(pl.Int64, strict=False))
    ).to_series()
    return whole * unit_ns


def _from_text(text: pl.Series, unit_ns: int, timezone: str) -> pl.Series:
    trimmed = text.str.strip_chars()
    if trimmed.drop_nulls().str.contains(_NUMBER).all():
        return _from_decimals(trimmed, unit_ns)
    iso = trimmed.str.replace(" ", "T", literal=True)
    has_offset = iso.str.contains(_OFFSET)
    with_offset = iso.str.replace(r"Z$", "+00:00")
    utc = with_offset.str.to_datetime(_LOCAL + "%#z", time_unit="ns", strict=False)
    local = iso.str.to_datetime(_LOCAL, time_unit="ns", strict=False)
    return pl.select(
        pl.when(has_offset)
        .then(_from_datetimes(utc, timezone))
        .otherwise(_from_datetimes(local, timezone))
    ).to_series()


def _from_decimals(text: pl.Series, unit_ns: int) -> pl.Series:
    """Decimal numbers of a unit, read as integers; digits below 1 ns are cut off."""
    digits = len(str(unit_ns)) - 1
    parts = text.str.split_exact(".", 1).struct.unnest()
    whole = _scaled(parts["field_0"].cast(pl.Int64, strict=False), unit_ns)
    if not digits:
        return whole
    padded = (
        parts["field_1"].fill_null("").str.pad_end(digits, "0").str.slice(0, digits)
    )
    sign = pl.select(
        pl.when(text.str.starts_with("-")).then(-1).otherwise(1)
    ).to_series()
    return whole + sign * padded.cast(pl.Int64, strict=False)


def _from_datetimes(column: pl.Series, timezone: str) -> pl.Series:
    """Times without a zone are local; those a clock change skips or repeats are null."""
    moments = column.cast(pl.Datetime("ns", getattr(column.dtype, "time_zone", None)))
    if getattr(moments.dtype, "time_zone", None) is None:
        moments = moments.dt.replace_time_zone(
            timezone, ambiguous="null", non_existent="null"
        )
    return moments.dt.epoch("ns")


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
