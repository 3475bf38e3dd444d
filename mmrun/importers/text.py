"""Header-less CSV files of numbers, and where exactly one of them is wrong.

Reading is polars' and knows nothing of lines. Only when it fails are the lines looked
at one by one, to name the first that is wrong.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from mmrun.problems import DataError


_WHOLE = re.compile(r"\s*[+-]?\d+\s*\Z")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file's content and the name it has in messages."""

    name: str
    data: bytes

    def at(self, row: int) -> str:
        """`file:line` of a row counted from 0, in a file without header."""
        return f"{self.name}:{row + 1}"


def printable(text: str) -> str:
    """Text for a message; what a terminal could not show is ?."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def read_numbers(
    file: TextFile, columns: Mapping[str, type[pl.DataType]], spare: int = 0
) -> pl.DataFrame:
    """The columns of a header-less CSV file.

    Args:
        file: the file.
        columns: name to Int64, or String for what is parsed later; none may be empty.
        spare: how many more columns a line may have; they are not read.

    Raises:
        DataError: the file is empty, a line has too few or too many columns, or a
            whole number is expected and something else found.
    """
    if not file.data.strip():
        message = f"{file.name} is empty"
        raise DataError(message)
    names = list(columns)
    try:
        frame = pl.read_csv(
            io.BytesIO(file.data.rstrip()),
            has_header=False,
            infer_schema=False,
        )
        given = dict(zip(names, frame.columns, strict=False))
        if not len(names) <= frame.width <= len(names) + spare:
            raise _first_wrong(file, columns, spare)
        result = frame.select(
            pl.col(given[name]).str.strip_chars().cast(dtype).alias(name)
            for name, dtype in columns.items()
        )
    except pl.exceptions.PolarsError as error:
        raise _first_wrong(file, columns, spare) from error
    if sum(result.null_count().row(0)):
        raise _first_wrong(file, columns, spare)
    return result


def _first_wrong(
    file: TextFile,
    columns: Mapping[str, type[pl.DataType]],
    spare: int,
) -> DataError:
    text = file.data.decode("utf-8", errors="replace")
    for number, line in enumerate(text.rstrip().split("\n")):
        for finding in _findings(line, columns, spare):
            return DataError(f"{file.at(number)}: {finding}")
    return DataError(f"{file.name} cannot be read as CSV")


def _findings(
    line: str, columns: Mapping[str, type[pl.DataType]], spare: int
) -> Iterator[str]:
    fields = line.split(",")
    if not len(columns) <= len(fields) <= len(columns) + spare:
        yield f"{len(fields)} columns; expected {len(columns)} ({', '.join(columns)})"
        return
    for (name, dtype), field in zip(columns.items(), fields, strict=False):
        if not field.strip():
            yield f"{name} is empty; expected a number"
        elif dtype == pl.Int64 and not _WHOLE.match(field):
            yield f"{name} is '{printable(field)}'; expected a whole number"


def refuse(
    file: TextFile, frame: pl.DataFrame, wrong: pl.Expr, name: str, expected: str
) -> None:
    """Raise for the first row of which `wrong` holds.

    Raises:
        DataError: there is one; the message has its place, value and what was expected.
    """
    rows = frame.select(wrong.arg_true()).to_series()
    if len(rows):
        row = rows[0]
        message = f"{file.at(row)}: {name} is '{frame[name][row]}'; expected {expected}"
        raise DataError(message)
