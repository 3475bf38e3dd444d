"""Tardis: normalised CSV files of crypto exchanges, one data type a file.

    trades                 trades, the aggressor's side
    incremental_book_L2    `clear` and `depth` rows: every change of the whole book
    book_snapshot_N        `clear` and `depth` rows: what changed between snapshots
    quotes, book_ticker    `quote` rows: the touch
    options_chain          `quote` rows of every option in it

What a file is, its header says; columns may stand in any order. Times are microseconds
UTC: `ts` is the exchange's `timestamp`, `recv_ts` Tardis' `local_timestamp`. Files are
in the order of receipt. A run of rows with `is_snapshot` is the whole book anew; what
stands before the first one belongs to a book that is not known and is left out.

Files of one exchange and symbol are one tape, trades first at equal times. Tick and lot
are guessed, as the files do not hold them; liquidations are trades the trades already
have, and derivative_ticker has no book and no trade: its prices can be inputs of a run.

Source: docs.tardis.dev, downloadable CSV files; the contracts of each exchange's API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mmrun.importers.headed import HeadedFile
from mmrun.importers.rows import Imported
from mmrun.importers.sources import members_of
from mmrun.importers.steps import common_step
from mmrun.importers.streams import merged, silence_notes
from mmrun.importers.tardis_files import NOT_READ, Content, Kind, read_file
from mmrun.importers.tardis_rows import ROWS, Stream
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.writer import Tape
from mmrun.problems import DataError


SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True, slots=True)
class Contract:
    """What a size of 1 is worth, where it is not one coin of the base currency."""

    exchange: str  #: a pattern
    symbol: str  #: a pattern
    multiplier: float
    inverse: bool
    currency: str | None  #: None: the first three letters of the symbol


#: Contracts of which the exchanges' documentation says what they are.
CONTRACTS = (
    Contract("bitmex", "XBTUSD|XBT[FGHJKMNQUVXZ]\\d\\d", 1.0, True, "BTC"),  # noqa: FBT003
    Contract("deribit", "(BTC|ETH)-(PERPETUAL|\\d+[A-Z]{3}\\d\\d)", 1.0, True, None),  # noqa: FBT003
    Contract("huobi-dm-swap", "BTC-USD", 100.0, True, "BTC"),  # noqa: FBT003
    Contract("huobi-dm-swap", ".*-USD", 10.0, True, None),  # noqa: FBT003
    Contract("binance-delivery", "BTCUSD_.*", 100.0, True, "BTC"),  # noqa: FBT003
    Contract("binance-delivery", ".*USD_.*", 10.0, True, None),  # noqa: FBT003
)


def read(
    sources: Sequence[Path], progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Read Tardis CSV files of any types, exchanges, symbols and days.

    Args:
        sources: `.csv` and `.csv.gz` files, zips and directories of them.
        progress: told what is being read.

    Raises:
        DataError: a file is damaged or no Tardis CSV, or its book is never known.
    """
    contents, notes = _contents(sources, progress)
    built = [_tape(*key, contents[key], progress) for key in sorted(contents)]
    kinds = sorted({content.kind for found in contents.values() for content in found})
    return Imported(
        tapes=tuple(tape for tape, _ in built),
        provenance=Provenance(source=f"Tardis, {', '.join(kinds)}"),
        notes=(*notes, *(note for _, notes in built for note in notes)),
    )


_Contents = dict[tuple[str, str], list[Content]]


def _contents(
    sources: Sequence[Path], progress: Callable[[str], None]
) -> tuple[_Contents, list[str]]:
    """The files' rows by exchange and symbol, and which files are not read."""
    found: _Contents = {}
    notes = []
    for member in members_of(sources, SUFFIXES):
        progress(f"reading {member.name}")
        kind, parts = read_file(HeadedFile(member.name, member.read()), member.base)
        if kind in NOT_READ:
            notes.append(f"{member.name} is not read: {kind} {NOT_READ[kind]}")
        for content in parts:
            found.setdefault((content.exchange, content.symbol), []).append(content)
    if not found:
        message = "the files hold no book and no trades"
        raise DataError(message, hint="; ".join(notes))
    return found, notes


def _tape(
    exchange: str,
    symbol: str,
    contents: Sequence[Content],
    progress: Callable[[str], None],
) -> tuple[Tape, list[str]]:
    progress(f"building {symbol} at {exchange}")
    notes: list[str] = []
    _check_one_book(symbol, contents)
    streams = [
        ROWS[kind](f"{symbol} {kind}", [c for c in contents if c.kind == kind], notes)
        for kind in Kind
        if any(content.kind == kind for content in contents)
    ]
    frame = merged([stream.rows for stream in streams])
    notes.extend(silence_notes(symbol, frame))
    return Tape(_instrument(exchange, symbol, contents, streams), frame), notes


def _check_one_book(symbol: str, contents: Sequence[Content]) -> None:
    """A book from two sources would be every change twice."""
    books = sorted({c.label for c in contents if c.kind != Kind.TRADES})
    if len(books) > 1:
        message = f"{symbol} has its book in {' and in '.join(books)}"
        hint = "import one of them at a time; incremental_book_L2 has all of it"
        raise DataError(message, hint=hint)


def _instrument(
    exchange: str, symbol: str, contents: Sequence[Content], streams: Sequence[Stream]
) -> Instrument:
    books = [stream.depth for stream in streams if stream.has_book]
    return Instrument(
        symbol=symbol,
        venue=exchange,
        tick=common_step(*_columns(contents, "price")),
        lot=common_step(*_columns(contents, "amount")),
        depth=books[0] if books else 1,
        guessed=("tick", "lot"),
        **_contract(exchange, symbol),
    )


def _contract(exchange: str, symbol: str) -> dict[str, Any]:
    for known in CONTRACTS:
        if re.fullmatch(known.exchange, exchange) and re.fullmatch(
            known.symbol, symbol
        ):
            return {
                "multiplier": known.multiplier,
                "inverse": known.inverse,
                "currency": known.currency or symbol[:3],
            }
    return {}


def _columns(contents: Sequence[Content], word: str) -> Iterator[pl.Series]:
    for content in contents:
        for name in content.frame.columns:
            if re.search(rf"(^|[._]){word}$", name):
                yield content.frame[name]
