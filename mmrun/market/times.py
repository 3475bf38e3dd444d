"""Columns of times in users' own files as ns since 1970 UTC."""

from __future__ import annotations

import polars as pl


_NUMBER = r"^-?\d+(\.\d*)?$"
_OFFSET = r"(Z|[+-]\d\d:?\d\d)$"
_LOCAL = "%Y-%m-%dT%H:%M:%S%.f"
_MAX_NS = 2**63 - 1


def times_ns(column: pl.Series, unit_ns: int, timezone: str) -> pl.Series:
    """Times as Int64 ns since 1970 UTC, exact for integers and for text.

    Args:
        column: numbers since 1970 UTC, dates, datetimes, or text: ISO 8601 or numbers.
        unit_ns: what numbers count, in ns.
        timezone: of datetimes and text without an offset.

    Returns:
        Null where the column is, where text is no time, and at local times that a
        change of the clocks skips or repeats.
    """
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        return _from_datetimes(column, timezone)
    if column.dtype.is_integer():
        return _scaled(column, unit_ns)
    if column.dtype.is_float():
        return (column * float(unit_ns)).round().cast(pl.Int64, strict=False)
    return _from_text(column.cast(pl.String), unit_ns, timezone)


def _scaled(column: pl.Series, unit_ns: int) -> pl.Series:
    """Whole numbers times their unit; null where that is no 64-bit time."""
    limit = _MAX_NS // unit_ns
    whole = column.cast(pl.Int64, strict=False)
    fits = whole.is_between(-limit, limit)
    return pl.select(pl.when(fits).then(whole)).to_series() * unit_ns


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
