"""A table map: how one's own columns become tape rows. See `schemas/table_map`.

`read_map` gives frozen records in which every column still knows its place in the map,
so that a column the files do not have is pointed at where it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from mmrun.documents import Document, Node, Scalar, Section, did_you_mean
from mmrun.documents.reading import read_document
from mmrun.documents.schema import validate
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import CROSSED_POLICIES, Provenance
from mmrun.market.tape import Kind, Side, Status
from mmrun.problems import (
    Place,
    Problem,
    StrategyError,
    UsageError,
    errors_in,
    problem_at,
)
from mmrun.units import parse_literal


CODES = {
    "MM501": "a column of a table map is not in the files",
    "MM502": "a `where` of a table map cannot be evaluated",
    "MM503": "a timezone is not known",
    "MM504": "an entry of a table map reads none of the files",
}

TIME_UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

#: The order of rows made from one line: an execution stands before what it changed.
KIND_ORDER = (Kind.CLEAR, Kind.STATUS, Kind.TRADE, Kind.DEPTH, Kind.QUOTE)

_FLOATS = {
    Kind.QUOTE: ("bid", "bid_size", "ask", "ask_size"),
    Kind.TRADE: ("price", "size"),
    Kind.DEPTH: ("price", "size"),
}
_SIDE_WORDS = {
    "buy": Side.BUY,
    "sell": Side.SELL,
    "bid": Side.BUY,
    "ask": Side.SELL,
    "unknown": Side.UNKNOWN,
}
_STATUS_WORDS = {status.name.lower(): status for status in Status if status}


@dataclass(frozen=True, slots=True)
class Text:
    """Text of the map: a column's name or an expression, and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of times and the unit of those that are numbers."""

    column: Text
    unit_ns: int


@dataclass(frozen=True, slots=True)
class CodeColumn:
    """A column of words and the tape code each word means."""

    column: Text
    codes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How rows of one kind are read."""

    kind: Kind
    file: Text | None  #: a pattern over file names; None: every file
    where: Text | None  #: a polars SQL expression; None: every line
    ts: TimeColumn
    recv_ts: TimeColumn | None
    floats: Mapping[str, Text]  #: tape column to file column
    code: CodeColumn | None  #: the side, or the status of a status row

    def columns(self) -> Iterator[Text]:
        """Every file column the entry names."""
        yield self.ts.column
        if self.recv_ts:
            yield self.recv_ts.column
        yield from self.floats.values()
        if self.code:
            yield self.code.column


@dataclass(frozen=True, slots=True)
class TableMap:
    """A whole map; entries in `KIND_ORDER`."""

    instrument: Instrument
    provenance: Provenance
    separator: str
    entries: tuple[Entry, ...]


def read_map(path: Path) -> TableMap:
    """Read and check a table map.

    Raises:
        UsageError: the file is not there.
        StrategyError: it has problems.
    """
    if not path.is_file():
        message = f"{path} does not exist; expected a table map"
        raise UsageError(message)
    document, problems = read_document(path)
    if document is not None and not errors_in(problems):
        problems = (*problems, *validate(document, "table_map"))
    if document is None or errors_in(problems):
        raise StrategyError(problems)
    wrong = tuple(_check_timezone(document))
    if wrong:
        raise StrategyError(wrong)
    return _build(document)


def _check_timezone(document: Document) -> Iterator[Problem]:
    node = document.at("table", "timezone")
    if isinstance(node, Scalar) and node.text not in available_timezones():
        hints = did_you_mean(node.text, available_timezones())
        message = f"no timezone is called '{node.text}'; expected an IANA name"
        yield problem_at(node.place, "MM503", message, hints=hints[:1])


def _build(document: Document) -> TableMap:
    table = _values(document.at("table"))
    entries = tuple(
        _entry(kind, section)
        for kind in KIND_ORDER
        if isinstance(section := document.at("rows", kind.name.lower()), Section)
    )
    return TableMap(
        instrument=_instrument(table, entries),
        provenance=_provenance(table),
        separator=table.get("separator", ","),
        entries=entries,
    )


def _instrument(table: Mapping[str, str], entries: tuple[Entry, ...]) -> Instrument:
    trades = [entry for entry in entries if entry.kind == Kind.TRADE]
    has_depth = any(entry.kind == Kind.DEPTH for entry in entries)
    depth = table.get("depth", "full" if has_depth else "1")
    return Instrument(
        symbol=table["symbol"],
        venue=table["venue"],
        tick=float(table["tick"]),
        lot=float(table.get("lot", 1)),
        multiplier=float(table.get("multiplier", 1)),
        inverse=table.get("inverse") == "true",
        currency=table.get("currency", "USD"),
        timezone=table.get("timezone", "UTC"),
        depth=None if depth == "full" else int(depth),
        has_trade_side=all(entry.code is not None for entry in trades),
    )


def _provenance(table: Mapping[str, str]) -> Provenance:
    offset = parse_literal(table.get("clock_offset", "0ns"))
    crossed = CROSSED_POLICIES.index(table.get("crossed", "keep"))
    return Provenance(
        source=table.get("source") or "one's own table",
        licence=table.get("licence") or "not stated",
        timezone=table.get("timezone", "UTC"),
        clock_offset_ns=offset.nanoseconds if offset else 0,
        crossed=CROSSED_POLICIES[crossed],
    )


def _entry(kind: Kind, section: Section) -> Entry:
    nodes = {name: entry.node for name, entry in section.entries.items()}
    code = nodes.get("status" if kind == Kind.STATUS else "side")
    words = _STATUS_WORDS if kind == Kind.STATUS else _SIDE_WORDS
    return Entry(
        kind=kind,
        file=_text(nodes.get("file")),
        where=_text(nodes.get("where")),
        ts=_time(nodes["ts"]),
        recv_ts=_time(nodes["recv_ts"]) if "recv_ts" in nodes else None,
        floats={
            name: found
            for name in _FLOATS.get(kind, ())
            if (found := _text(nodes.get(name))) is not None
        },
        code=_codes(code, words) if code is not None else None,
    )


def _time(node: Node) -> TimeColumn:
    column, given = _column(node)
    unit = given["unit"].text if "unit" in given else "ns"
    return TimeColumn(column, TIME_UNITS_NS[unit])


def _codes(node: Node, words: Mapping[str, int]) -> CodeColumn:
    """A bare column holds the words themselves: buy, sell, bid, ask."""
    column, given = _column(node)
    if not given:
        return CodeColumn(column, {word: int(code) for word, code in words.items()})
    meant = {_as_in_file(given[word]): int(words[word]) for word in given}
    return CodeColumn(column, meant)


def _column(node: Node) -> tuple[Text, dict[str, Scalar]]:
    """A column given by its name, or as `column` of a section with other keys."""
    if isinstance(node, Section):
        given = {
            name: entry.node
            for name, entry in node.entries.items()
            if isinstance(entry.node, Scalar)
        }
        column = given.pop("column")
        return Text(column.text, column.place), given
    assert isinstance(node, Scalar)
    return Text(node.text, node.place), {}


def _as_in_file(scalar: Scalar) -> str:
    """A value as polars writes it when a column is cast to text."""
    if isinstance(scalar.value, bool):
        return str(scalar.value).lower()
    if isinstance(scalar.value, float) and scalar.value.is_integer():
        return str(int(scalar.value))
    return scalar.text


def _text(node: Node | None) -> Text | None:
    return Text(node.text, node.place) if isinstance(node, Scalar) else None


def _values(node: Node | None) -> dict[str, str]:
    """The scalars of a section as text."""
    assert isinstance(node, Section)
    return {
        name: entry.node.text.lower() if name == "inverse" else entry.node.text
        for name, entry in node.entries.items()
        if isinstance(entry.node, Scalar)
    }
