"""Databento: DBN files of order messages, book levels, quotes and trades.

    mbo              every order: `clear` and `depth` rows of the whole book, trades
    mbp-10           ten levels: `clear` and `depth` rows, trades
    mbp-1, cmbp-1    the touch: `quote` rows, trades
    tbbo, tcbbo      trades, each with the quote before it
    bbo-*, cbbo-*    the touch once a second or minute, at the time of the sample
    trades           trades alone
    definition       tick, multiplier and currency of the instruments in the other files

`ts` is `ts_event`, the venue's time, but of a snapshot (orders carried over from the day
before) the time at which it was given, `ts_recv`; `recv_ts` is Databento's `ts_recv`.
The book is looked at where an event ends (flag LAST). Trades (action T, the aggressor's
side) stand before the change of their event; fills of resting orders (F) change nothing,
the cancels behind them do. Order messages with their ids are kept aside.

Source: Databento's schema reference, and the records themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from mmrun.importers.databento_file import (
    DbnFile,
    Definition,
    Records,
    by_symbol,
    read_dbn,
)
from mmrun.importers.databento_rows import (
    book_rows,
    order_messages,
    order_rows,
    prices_of,
    trade_rows,
)
from mmrun.importers.days import Unit, by_day
from mmrun.importers.rows import Imported
from mmrun.importers.sources import members_of
from mmrun.importers.steps import common_step
from mmrun.importers.streams import merged, silence_notes
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.writer import Tape
from mmrun.problems import DataError


LOT = 1.0  #: sizes are whole numbers of contracts or shares

#: Schema of a book to the levels a side that it shows; None: the whole book.
LEVELS: dict[str, int | None] = {
    "mbo": None,
    "mbp-1": 1,
    "mbp-10": 10,
    "cmbp-1": 1,
    "tbbo": 1,
    "tcbbo": 1,
    "bbo-1s": 1,
    "bbo-1m": 1,
    "cbbo-1s": 1,
    "cbbo-1m": 1,
}
_DELIVERY = r"[FGHJKMNQUVXZ]\d{1,2}"  #: month and year at the end of a future's symbol
SUFFIXES = (".dbn", ".dbn.zst")


@dataclass(frozen=True, slots=True)
class _Content:
    """All records of a symbol at a publisher, by schema, in time order."""

    symbol: str
    venue: str
    records: dict[str, list[Records]] = field(default_factory=dict)


def unit_of(path: Path) -> Unit | None:
    """The files of a day; definitions are needed by all."""
    return None if "definition" in path.name else by_day(path)


def read(
    sources: Sequence[Path], progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Read DBN files; those of one symbol are one tape.

    Args:
        sources: `.dbn` and `.dbn.zst` files, zips and directories of them.
        progress: told what is being read.

    Raises:
        DataError: a file is damaged or no DBN, or what it holds makes no tape.
        UsageError: the decoder (the extra `databento`) is not installed.
    """
    files = []
    for member in members_of(sources, SUFFIXES):
        progress(f"reading {member.name}")
        files.append(read_dbn(member))
    definitions = [found for file in files for found in file.definitions]
    contents, notes = _contents([file for file in files if not file.definitions])
    built = [_tape(content, definitions, progress) for content in contents]
    return Imported(
        tapes=tuple(tape for tape, _ in built),
        provenance=Provenance(source=f"Databento, {', '.join(_schemas(files))}"),
        notes=(*notes, *(note for _, found in built for note in found)),
    )


def _schemas(files: Sequence[DbnFile]) -> list[str]:
    return sorted({f"{file.dataset} {file.schema}" for file in files})


def _contents(files: Sequence[DbnFile]) -> tuple[list[_Content], list[str]]:
    """The files' records by symbol and venue, and what was not read."""
    notes = []
    found: dict[tuple[str, str, int], _Content] = {}
    for file in sorted(files, key=_first_time):
        if file.schema not in LEVELS and file.schema != "trades":
            notes.append(f"{file.name} is not read: no tape row holds {file.schema}")
            continue
        for symbol, publisher, records in by_symbol(file):
            venue = file.dataset.partition(".")[0]
            content = found.setdefault(
                (symbol, venue, publisher), _Content(symbol, venue)
            )
            content.records.setdefault(file.schema, []).append(records)
    if not found:
        message = "the files hold no book and no trades"
        raise DataError(message, hint="; ".join(notes) or _NOTHING_HINT)
    return _by_publisher(found), notes


_NOTHING_HINT = f"expected one of the schemas {', '.join(LEVELS)} or trades"


def _first_time(file: DbnFile) -> tuple[int, str]:
    times = file.records["ts_recv"]
    return int(times[0]) if len(times) else 0, file.name


def _by_publisher(found: Mapping[tuple[str, str, int], _Content]) -> list[_Content]:
    """Contents whose venue is told apart by the publisher where there are several."""
    symbols = [(symbol, venue) for symbol, venue, _ in found]
    return [
        content
        if symbols.count((symbol, venue)) == 1
        else _Content(symbol, f"{venue}:{publisher}", content.records)
        for (symbol, venue, publisher), content in found.items()
    ]


def _tape(
    content: _Content,
    definitions: Sequence[Definition],
    progress: Callable[[str], None],
) -> tuple[Tape, list[str]]:
    progress(f"building {content.symbol} at {content.venue}")
    notes: list[str] = []
    frame = _frame(content, notes)
    notes.extend(silence_notes(content.symbol, frame))
    defined = _definition_of(content.symbol, definitions)
    if defined is not None and defined.symbol != content.symbol:
        notes.append(
            f"{content.symbol}: tick and multiplier are those of {defined.symbol}, "
            f"a contract of the same product"
        )
    tick = defined.tick if defined else None
    multiplier = defined.multiplier if defined else None
    instrument = Instrument(
        symbol=content.symbol,
        venue=content.venue,
        tick=tick or common_step(*_prices(content)),
        lot=LOT,
        multiplier=multiplier or 1.0,
        currency=defined.currency if defined else "USD",
        depth=_depth(content),
        expiry=_expiry(content.symbol, defined, notes),
        guessed=tuple(
            name
            for name, value in (("tick", tick), ("multiplier", multiplier))
            if value is None
        ),
    )
    return Tape(instrument, frame, orders=_orders(content)), notes


def _expiry(symbol: str, defined: Definition | None, notes: list[str]) -> str:
    if defined is None or defined.symbol != symbol or not defined.expiry:
        return ""
    notes.append(f"{symbol}: expires {defined.expiry}")
    return defined.expiry


def _orders(content: _Content) -> pl.DataFrame | None:
    if "mbo" not in content.records:
        return None
    return order_messages(content.symbol, np.concatenate(content.records["mbo"]))


def _frame(content: _Content, notes: list[str]) -> pl.DataFrame:
    """The tape's rows; what is remarkable is added to the notes."""
    book = _book_schema(content)
    parts = []
    trades = [np.concatenate(r) for s, r in content.records.items() if s == "trades"]
    if book is not None:
        records = np.concatenate(content.records[book])
        made = order_rows if book == "mbo" else book_rows
        parts.append(made(content.symbol, records, book, notes))
        trades = [_not_in(content, records, book, given, notes) for given in trades]
    parts += [trade_rows(content.symbol, given, notes) for given in trades]
    return merged(parts)


def _book_schema(content: _Content) -> str | None:
    """The one schema the book is from."""
    books = [schema for schema in content.records if schema in LEVELS]
    if len(books) > 1:
        message = f"{content.symbol} has its book in {' and in '.join(sorted(books))}"
        raise DataError(message, hint="import one of them at a time")
    return books[0] if books else None


def _not_in(
    content: _Content, book: Records, schema: str, trades: Records, notes: list[str]
) -> Records:
    """The trades of times at which the book's own file has none."""
    if "action" not in (book.dtype.names or ()):
        return trades
    first, last = book["ts_recv"][0], book["ts_recv"][-1]
    twice = (trades["ts_recv"] >= first) & (trades["ts_recv"] <= last)
    others: Records = trades[~twice]
    count = int(np.count_nonzero(twice))
    if count:
        notes.append(
            f"{content.symbol}: {count:,} rows of the schema trades are left out, as "
            f"{schema} has the trades of that time"
        )
    return others


def _definition_of(symbol: str, definitions: Sequence[Definition]) -> Definition | None:
    """The instrument's definition, else that of another delivery of its product."""
    for found in definitions:
        if found.symbol == symbol:
            return found
    for found in definitions:
        if found.asset and re.fullmatch(re.escape(found.asset) + _DELIVERY, symbol):
            return found
    return None


def _prices(content: _Content) -> Iterator[pl.Series]:
    for arrays in content.records.values():
        for records in arrays:
            yield from prices_of(records)


def _depth(content: _Content) -> int | None:
    book = _book_schema(content)
    return LEVELS[book] if book is not None else 1
