"""One's own CSV or Parquet files by a table map (`table_map`).

Rows of a mixed file keep the file's order; a line that is both a trade and a quote
gives the trade first. Several files are merged by time: at one time rows of files that
hold only trades come first, then files in the order given. Nothing is sorted inside a
file: times that run backwards are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import polars as pl

from mmrun.documents import did_you_mean
from mmrun.importers.rows import ORDER, Imported, tape_rows
from mmrun.importers.table_column import codes, numbers, refuse_rows, times
from mmrun.importers.table_file import ROW, TableFile, read_table
from mmrun.importers.table_map import Entry, TableMap, Text
from mmrun.market.tape import Kind
from mmrun.market.writer import Tape
from mmrun.problems import DataError, Problem, StrategyError, problem_at


SUFFIXES = (".csv", ".csv.gz", ".tsv", ".txt", ".parquet")
_SLOTS = 8  #: places a line has for the rows made from it
_BEFORE_1980_NS = 315_532_800 * 10**9


def read(
    sources: Sequence[Path],
    table_map: TableMap,
    progress: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Read files by a map.

    Args:
        sources: CSV and Parquet files.
        table_map: what `read_map` gave.
        progress: told what is being read.

    Raises:
        DataError: a file is missing, damaged or holds what cannot be right.
        StrategyError: the map names columns the files do not have.
    """
    parts = []
    for path in sources:
        progress(f"reading {path}")
        parts.append(_read_file(path, table_map))
    frame = _merged(parts)
    if frame.is_empty():
        message = "the map selects no rows of these files"
        raise DataError(message, hint="look at its `where` expressions")
    return Imported(
        tapes=(Tape(table_map.instrument, frame),),
        provenance=table_map.provenance,
        notes=tuple(_doubts(frame)),
    )


def _read_file(path: Path, table_map: TableMap) -> pl.DataFrame:
    """A file's tape rows in its own order, with ORDER."""
    entries = [entry for entry in table_map.entries if _reads(entry, path)]
    exact = {column.text for entry in entries for column in _time_columns(entry)}
    file = read_table(path, table_map.separator, exact)
    problems = [p for entry in entries for p in _missing_columns(entry, file)]
    if problems:
        raise StrategyError(problems)
    parts = [_entry_rows(entry, file, table_map) for entry in entries]
    if not parts:
        message = f"no entry of the map reads {path}"
        raise DataError(message, hint="look at the `file` patterns of its entries")
    rows = pl.concat(parts).sort(ORDER, maintain_order=True)
    _check_order(file, rows)
    return rows


def _entry_rows(entry: Entry, file: TableFile, table_map: TableMap) -> pl.DataFrame:
    """The tape rows of one entry."""
    rows = _selected(entry, file)
    timezone = table_map.instrument.timezone
    columns = {"ts": times(file, rows, entry.ts, timezone)}
    if entry.recv_ts:
        received = times(file, rows, entry.recv_ts, timezone)
        columns["recv_ts"] = received + table_map.provenance.clock_offset_ns
    for name, given in entry.floats.items():
        columns[name] = numbers(file, rows, given.text)
    if entry.code:
        code = "status" if entry.kind == Kind.STATUS else "side"
        columns[code] = codes(file, rows, entry.code)
    _check_one_symbol(entry, file, rows)
    _check_values(entry, file, rows, columns)
    place = rows[ROW] * _SLOTS + _SLOT[entry.kind]
    return _sizes_of_prices(tape_rows(entry.kind, place, columns))


#: A kind's place among the rows made from one line.
_SLOT = {
    Kind.CLEAR: 0,
    Kind.STATUS: 1,
    Kind.TRADE: 2,
    Kind.DEPTH: 3,
    Kind.QUOTE: 4,
}


def _selected(entry: Entry, file: TableFile) -> pl.DataFrame:
    if entry.where is None:
        return file.frame
    try:
        return file.frame.filter(pl.sql_expr(entry.where.text))
    except (pl.exceptions.PolarsError, TypeError) as error:
        first_line = str(error).splitlines()[0]
        message = f"cannot be evaluated on {file.path}: {first_line}"
        hints = (f"the file's columns are {', '.join(file.columns)}",)
        found = problem_at(entry.where.place, "MM502", message, hints=hints)
        raise StrategyError([found]) from error


def _check_values(
    entry: Entry, file: TableFile, rows: pl.DataFrame, columns: dict[str, pl.Series]
) -> None:
    """Trades and depth rows need a price and a size; no size is below zero."""
    for name, given in entry.floats.items():
        values = columns[name]
        if entry.kind != Kind.QUOTE:
            refuse_rows(file, rows, values.is_null(), given.text, "a number")
        if name.endswith("size"):
            negative = (values < 0).fill_null(value=False)
            refuse_rows(file, rows, negative, given.text, "a size of 0 or more")
    if entry.kind == Kind.TRADE:
        empty = (columns["size"] == 0).fill_null(value=False)
        expected = "a size above 0 (leave such rows out with `where`)"
        refuse_rows(file, rows, empty, entry.floats["size"].text, expected)
    if entry.code and entry.kind in {Kind.DEPTH, Kind.STATUS}:
        unknown = columns["side" if entry.kind == Kind.DEPTH else "status"] == 0
        refuse_rows(
            file, rows, unknown, entry.code.column.text, "one of the map's values"
        )


def _check_one_symbol(entry: Entry, file: TableFile, rows: pl.DataFrame) -> None:
    """Files of several symbols mixed are one tape each, chosen with `where`."""
    for name in _SYMBOL_COLUMNS & set(file.columns):
        symbols = rows[name].drop_nulls().unique(maintain_order=True)
        if len(symbols) > 1:
            other = rows.filter(pl.col(name) == symbols[1])[ROW][0]
            message = (
                f"{file.at(other)}: {name} is {symbols[1]}, above it is {symbols[0]}"
            )
            kind = entry.kind.name.lower()
            hint = f"choose one in the map: {kind}: {{where: \"{name} = '{symbols[0]}'\", ...}}"
            raise DataError(message, hint=hint)


#: Columns that say whose row it is, if a table has them.
_SYMBOL_COLUMNS = frozenset({"symbol", "Symbol", "ticker", "Ticker", "instrument"})


def _sizes_of_prices(frame: pl.DataFrame) -> pl.DataFrame:
    """A side of a quote without a price has no size either."""
    return frame.with_columns(
        pl.when(pl.col(side).is_not_null()).then(pl.col(f"{side}_size"))
        for side in ("bid", "ask")
    )


def _check_order(file: TableFile, rows: pl.DataFrame) -> None:
    back = np.flatnonzero(np.diff(rows["ts"].to_numpy()) < 0)
    if len(back):
        row = int(back[0]) + 1
        before, after = rows["ts"][row - 1], rows["ts"][row]
        where = file.at(rows[ORDER][row] // _SLOTS)
        message = f"{where}: time goes back by {(before - after) / 1e9:.9g} s"
        raise DataError(
            message, hint="sort the file by time, keeping the order of equal times"
        )


def _merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All files' rows in time order."""
    only_trades = [set(part["kind"].unique()) <= {int(Kind.TRADE)} for part in parts]
    trades_first = sorted(range(len(parts)), key=lambda index: not only_trades[index])
    rows = pl.concat([parts[index] for index in trades_first])
    if len(parts) > 1:
        rows = rows.sort("ts", maintain_order=True)
    return rows.drop(ORDER).rechunk()


def _doubts(frame: pl.DataFrame) -> Iterator[str]:
    """What is legal but likely not meant."""
    kinds = frame["kind"]
    starts = (kinds == int(Kind.CLEAR)).arg_true()
    first_clear = int(starts[0]) if len(starts) else len(kinds)
    early = int((kinds[:first_clear] == int(Kind.DEPTH)).sum())
    if early:
        known = (
            f"the first comes at {_moment(frame['ts'][first_clear])} UTC"
            if len(starts)
            else "there is none"
        )
        yield (
            f"{early:,} depth rows stand before any clear row ({known}): levels that did "
            "not change are not known"
        )
    first = _moment(frame["ts"][0])
    if frame["ts"][0] < _BEFORE_1980_NS:
        yield f"the first time is {first}: is the `unit` of ts right?"


def _moment(ts: int) -> str:
    return str(pl.select(pl.from_epoch(pl.lit(ts), "ns")).item())


def _reads(entry: Entry, path: Path) -> bool:
    return entry.file is None or fnmatchcase(path.name, entry.file.text)


def _time_columns(entry: Entry) -> Iterator[Text]:
    yield entry.ts.column
    if entry.recv_ts:
        yield entry.recv_ts.column


def _missing_columns(entry: Entry, file: TableFile) -> Iterator[Problem]:
    for column in entry.columns():
        if column.text not in file.columns:
            message = f"{file.path} has no column '{column.text}'"
            hints = did_you_mean(column.text, file.columns)
            yield problem_at(column.place, "MM501", message, hints=hints)


def check_patterns(table_map: TableMap, sources: Sequence[Path]) -> None:
    """Every entry of the map that names a file has one.

    Raises:
        StrategyError: one has none.
    """
    problems = [
        problem_at(
            entry.file.place,
            "MM504",
            f"no file given is called '{entry.file.text}'",
            hints=(f"given: {', '.join(path.name for path in sources)}",),
        )
        for entry in table_map.entries
        if entry.file and not any(_reads(entry, path) for path in sources)
    ]
    if problems:
        raise StrategyError(problems)
