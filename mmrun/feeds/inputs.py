"""Columns of the user's own: checked first, then read a piece at a time.

A table is gone through twice, once to find what is wrong with it and to know its
content, then in the run. What is held of it stays bounded either way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from mmrun.feeds.input_rows import Reading, Values, read_values, said
from mmrun.feeds.input_table import InputTable, open_table
from mmrun.market.inputs import InputRows
from mmrun.problems import DataError


#: Endings of the names of columns that may say when a value became known.
_TIMELIKE = ("_ts", "_time", "_at")
#: What integers may count that are meant as ns, in ns.
_OTHER_UNITS = {"us": 10**3, "ms": 10**6, "seconds": 10**9}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """What was found in a column."""

    column: str
    hash: str  #: SHA-256 (hex) of times and values; file and format do not matter
    values: int
    known_late: int  #: values that became known after their time
    same_time: int  #: values at the time of the next one, which holds
    empty: int  #: rows without a value
    other_symbols: int  #: rows of other symbols
    later_columns: tuple[
        str, ...
    ]  #: other columns of times, with some after the values'


class InputFile:
    """An input's column, checked; an `market.inputs.InputColumn`."""

    def __init__(self, table: InputTable, reading: Reading) -> None:
        """Go through the table once.

        Raises:
            DataError: it cannot be read, a time or value is none, times do not rise, or
                no value is seen, fresh, within the tape's span.
        """
        self._table, self._reading = table, reading
        survey = _Survey()
        for values in read_values(table, reading, _timelike(table)):
            survey.add(values, reading)
        survey.require_use(table, reading)
        self.facts = survey.facts(table.column)

    def pieces(self) -> Iterator[InputRows]:
        """The values in base units."""
        unit = self._reading.unit
        for values in read_values(self._table, self._reading):
            value = values.value
            if unit is not None and unit.scale != 1:
                value = value * unit.scale.numerator / unit.scale.denominator
            yield InputRows(values.ts, values.known_ts, value)


def open_input(
    given: Path | pl.DataFrame, column: str, reading: Reading, *, name: str
) -> InputFile:
    """Open and check an input.

    Args:
        given: a Parquet or CSV file by its suffix, or a frame.
        column: the column with the values.
        reading: how it is read.
        name: what messages call a frame.

    Raises:
        DataError: as `open_table` and `InputFile` do.
    """
    return InputFile(open_table(given, column, name=name), reading)


def _timelike(table: InputTable) -> tuple[str, ...]:
    """Columns that may say when a value became known, but are not called so."""
    schema = table.rows.collect_schema()
    taken = {table.time, *table.known, *table.symbol, table.column}
    return tuple(
        name
        for name, kind in schema.items()
        if name not in taken
        and (
            isinstance(kind, pl.Datetime)
            or (name.endswith(_TIMELIKE) and (kind.is_integer() or kind == pl.String))
        )
    )


@dataclass(slots=True)
class _Survey:
    """What is found while a table is gone through."""

    values: int = 0
    known_late: int = 0
    same_time: int = 0
    empty: int = 0
    other_symbols: int = 0
    later: dict[str, None] = field(default_factory=dict)
    seen: int = 0  #: values that are fresh at some time of the tape
    span: tuple[int, int] | None = None
    #: of times, times known, and values: pieces may be cut anywhere
    hashes: tuple[hashlib._Hash, ...] = field(
        default_factory=lambda: tuple(hashlib.sha256() for _ in range(3))
    )

    def add(self, values: Values, reading: Reading) -> None:
        """Take in the next piece."""
        self.empty += values.empty
        self.other_symbols += values.other_symbols
        self.later |= dict.fromkeys(values.later)
        count = len(values.ts)
        if not count:
            return
        first, last = (int(values.ts[place]) for place in (0, -1))
        repeated = self.span is not None and self.span[1] == first
        self.same_time += repeated + int(np.sum(values.ts[1:] == values.ts[:-1]))
        self.span = (self.span[0] if self.span else first, last)
        self.values += count
        self.known_late += int(np.sum(values.known_ts > values.ts))
        self.seen += _seen(values, reading)
        columns = (values.ts, values.known_ts, values.value)
        for digest, column in zip(self.hashes, columns, strict=True):
            digest.update(np.ascontiguousarray(column).tobytes())

    def require_use(self, table: InputTable, reading: Reading) -> None:
        """A column of which nothing is ever seen is not what was meant."""
        if self.span is None:
            whose = f" of {reading.symbol}" if self.other_symbols else ""
            message = f"{table.name}: {table.column} has no values{whose}"
            raise DataError(message)
        if not self.seen:
            first, last = self.span
            begin, end = reading.span
            message = (
                f"{table.name}: no value of {table.column} is ever seen: its times are "
                f"{said(first)} to {said(last)} UTC, the tape's {said(begin)} to {said(end)}"
            )
            raise DataError(message, hint=_unit_hint(self.span, reading.span))

    def facts(self, column: str) -> InputFacts:
        """What a report says of it."""
        whole = "".join(digest.hexdigest() for digest in self.hashes)
        return InputFacts(
            column=column,
            hash=hashlib.sha256(whole.encode()).hexdigest(),
            values=self.values,
            known_late=self.known_late,
            same_time=self.same_time,
            empty=self.empty,
            other_symbols=self.other_symbols,
            later_columns=tuple(self.later),
        )


def _seen(values: Values, reading: Reading) -> int:
    """How many values are fresh at some time of the tape."""
    begin, end = reading.span
    known = values.known_ts <= end
    if reading.stale_after_ns is not None:
        known &= values.known_ts > begin - reading.stale_after_ns
    return int(known.sum())


def _unit_hint(span: tuple[int, int], tape: tuple[int, int]) -> str:
    """Whether integer times count something else than ns."""
    for name, scale in _OTHER_UNITS.items():
        first, last = (ts * scale for ts in span)
        if first <= tape[1] and last >= tape[0]:
            return f"they seem to count {name}: multiply by {scale:,} to have ns"
    return "is it the right file, and are its times UTC?"
