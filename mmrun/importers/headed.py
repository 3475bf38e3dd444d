"""CSV files with a header: columns by name in any order, and where one is wrong.

As in `text`, reading is polars'; lines are looked at one by one only when it fails.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from mmrun.importers.text import printable
from mmrun.problems import DataError


Columns = Mapping[str, type[pl.DataType]]

_EXPECTED: dict[type[pl.DataType], str] = {
    pl.Int64: "a whole number",
    pl.Float64: "a number",
}


@dataclass(frozen=True, slots=True)
class HeadedFile:
    """A text file whose first line names its columns."""

    name: str  #: for messages
    data: bytes
    separator: str = ","

    def at(self, row: int) -> str:
        """`file:line` of a row counted from 0 after the header."""
        return f"{self.name}:{row + 2}"

    @property
    def header(self) -> tuple[str, ...]:
        """The names in the first line."""
        line = self.data[: self.data.find(b"\n") if b"\n" in self.data else None]
        text = line.decode("utf-8-sig", errors="replace").strip()
        return tuple(next(csv.reader([text], delimiter=self.separator), []))


def read_headed(
    file: HeadedFile, columns: Columns, optional: Collection[str] = ()
) -> pl.DataFrame:
    """The named columns of a file; the file may have more, and in any order.

    Args:
        file: the file.
        columns: name to Int64, Float64 or String.
        optional: columns whose fields may be empty (null then).

    Raises:
        DataError: the file is empty or has no rows, a column is missing, a line has too
            few or too many fields, or a field is empty or no number.
    """
    _check_header(file, columns)
    _check_last_line(file)
    try:
        frame = pl.read_csv(
            io.BytesIO(file.data),
            separator=file.separator,
            infer_schema=False,
            schema_overrides=dict(columns),
            columns=list(columns),
        )
    except pl.exceptions.NoDataError as error:
        message = f"{file.name} has no rows"
        raise DataError(message) from error
    except pl.exceptions.PolarsError as error:
        raise _first_wrong(file, columns, optional) from error
    if frame.is_empty():
        message = f"{file.name} has no rows"
        raise DataError(message)
    needed = [name for name in columns if name not in optional]
    if sum(frame.select(needed).null_count().row(0)) or _infinite(frame):
        raise _first_wrong(file, columns, optional)
    return frame.select(*columns)


def refuse(
    file: HeadedFile, frame: pl.DataFrame, wrong: pl.Expr, name: str, expected: str
) -> None:
    """Raise for the first row of which `wrong` holds.

    Raises:
        DataError: there is such a row.
    """
    rows = frame.select(wrong.fill_null(value=False).arg_true()).to_series()
    if len(rows):
        row = rows[0]
        message = f"{file.at(row)}: {name} is '{frame[name][row]}'; expected {expected}"
        raise DataError(message)


def _check_header(file: HeadedFile, columns: Columns) -> None:
    if not file.data.strip():
        message = f"{file.name} is empty"
        raise DataError(message)
    missing = [name for name in columns if name not in file.header]
    if missing:
        found = printable(file.separator.join(file.header))
        shown = found if len(found) <= 100 else f"{found[:100]}..."
        message = f"{file.name} has no column '{missing[0]}'; its first line is {shown}"
        hint = f"expected a header with {file.separator.join(columns)}"
        raise DataError(message, hint=hint)


def _check_last_line(file: HeadedFile) -> None:
    """A file that was cut off ends in a line with too few fields."""
    tail = file.data.rstrip()
    last = tail[tail.rfind(b"\n") + 1 :].decode("utf-8", errors="replace")
    fields = len(next(csv.reader([last], delimiter=file.separator), []))
    if fields != len(file.header):
        line = tail.count(b"\n") + 1
        message = f"{file.name}:{line}: {fields} fields; expected {len(file.header)}"
        hint = "the file is cut short: download or copy it again"
        raise DataError(message, hint=hint)


def _infinite(frame: pl.DataFrame) -> bool:
    floats = frame.select(pl.col(pl.Float64))
    finite = floats.select(pl.all().is_finite().all()) if floats.width else floats
    return not all(finite.row(0)) if floats.width else False


def _first_wrong(
    file: HeadedFile, columns: Columns, optional: Collection[str]
) -> DataError:
    text = io.StringIO(file.data.decode("utf-8-sig", errors="replace"), newline="")
    lines = csv.reader(text, delimiter=file.separator)
    header = next(lines)
    for fields in lines:
        for finding in _findings(dict(enumerate(fields)), header, columns, optional):
            return DataError(f"{file.name}:{lines.line_num}: {finding}")
    return DataError(f"{file.name} cannot be read as CSV")


def _findings(
    fields: Mapping[int, str],
    header: list[str],
    columns: Columns,
    optional: Collection[str],
) -> Iterator[str]:
    if len(fields) != len(header):
        yield f"{len(fields)} fields; expected {len(header)} as in the header"
        return
    for name, dtype in columns.items():
        field = fields[header.index(name)].strip()
        if not field and name not in optional:
            yield f"{name} is empty; expected {_EXPECTED.get(dtype, 'a value')}"
        elif field and not _fits(field, dtype):
            yield f"{name} is '{field}'; expected {_EXPECTED[dtype]}"


_NUMBERS: dict[type[pl.DataType], re.Pattern[str]] = {
    pl.Int64: re.compile(r"[+-]?\d{1,18}\Z"),
    pl.Float64: re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z"),
}


def _fits(field: str, dtype: type[pl.DataType]) -> bool:
    return dtype not in _NUMBERS or bool(_NUMBERS[dtype].match(field))
