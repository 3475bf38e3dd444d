"""Bybit: the archive's order books (JSON lines) and trades (CSV).

    YYYY-MM-DD_SYMBOL_ob500.data[.zip]   a snapshot, then what changes
    SYMBOLYYYY-MM-DD.csv[.gz]            trades of contracts, times in seconds
    SYMBOL_YYYY-MM-DD.csv[.gz]           trades of the spot market, times in ms

Books become `clear` and `depth` rows at the matching engine's time (`cts`; the time of
publication `ts` in older files), UTC. Update ids (`u`) count by one: where one is
missing the book is not known until the next snapshot, so it is cleared after a `gap`
status row and the changes up to there are left out. Trades carry the aggressor's side and
stand before changes of the book of the same time. Tick and lot are guessed; contracts
settled in coin (XRPUSD) are inverse, of 1 USD.

Source: Bybit's API reference (orderbook, public trade) and its files. The layout of the
trade files is known from public code, not from a file seen here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from mmrun.importers.bybit_book import Messages, book_rows, read_messages
from mmrun.importers.bybit_trades import read_trades
from mmrun.importers.headed import HeadedFile
from mmrun.importers.rows import Imported
from mmrun.importers.sources import members_of
from mmrun.importers.steps import common_step
from mmrun.importers.streams import merged, silence_notes
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.writer import Tape


VENUE = "BYBIT"
SUFFIXES = (".data", ".data.gz", ".csv", ".csv.gz")
_INVERSE = re.compile(r"(?P<coin>[A-Z0-9]+)USD([FGHJKMNQUVXZ]\d\d)?\Z")


@dataclass(frozen=True, slots=True)
class _Content:
    """What the files hold of one symbol."""

    books: list[Messages] = field(default_factory=list)
    trades: list[pl.DataFrame] = field(default_factory=list)


def read(
    sources: Sequence[Path], progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Read books and trades of any symbols and days.

    Args:
        sources: `.data`, `.csv` and `.csv.gz` files, zips and directories of them.
        progress: told what is being read.

    Raises:
        DataError: a file is damaged or of another format, holds several symbols, or a
            book starts without a snapshot and never gets one.
    """
    contents: dict[str, _Content] = {}
    notes: list[str] = []
    for member in members_of(sources, SUFFIXES):
        progress(f"reading {member.name}")
        data = member.read()
        if member.base.lower().endswith(".csv"):
            file = HeadedFile(member.name, data)
            symbol, trades = read_trades(file, member.base, notes)
            contents.setdefault(symbol, _Content()).trades.append(trades)
        else:
            messages = read_messages(member.name, data, progress)
            contents.setdefault(messages.symbol, _Content()).books.append(messages)
    tapes = [_tape(name, contents[name], notes) for name in sorted(contents)]
    return Imported(
        tapes=tuple(tapes),
        provenance=Provenance(source="Bybit, archived books and trades"),
        notes=tuple(notes),
    )


def _tape(symbol: str, content: _Content, notes: list[str]) -> Tape:
    parts = [book_rows(symbol, content.books, notes)] if content.books else []
    parts += sorted(content.trades, key=lambda frame: frame["ts"][0])
    frame = merged(parts)
    notes.extend(silence_notes(symbol, frame))
    inverse = _INVERSE.match(symbol)
    levels = {messages.levels for messages in content.books}
    instrument = Instrument(
        symbol=symbol,
        venue=VENUE,
        tick=common_step(frame["price"]),
        lot=common_step(frame["size"]),
        inverse=inverse is not None,
        currency=inverse["coin"] if inverse else _quote_currency(symbol),
        depth=max(levels) if levels else 1,
        guessed=("tick", "lot"),
    )
    return Tape(instrument, frame)


def _quote_currency(symbol: str) -> str:
    found = re.search(r"(USDT|USDC|PERP|EUR|BTC|ETH)\Z", symbol)
    return {"PERP": "USDC"}.get(found[0], found[0]) if found else "USDT"
