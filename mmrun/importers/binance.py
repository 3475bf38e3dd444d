"""Binance: recorded websocket lines and public dumps of spot and both futures.

A file is of one symbol; each of Binance's markets is a venue, and several files of a
symbol and venue (days, or trades and books apart) are one tape:

    .csv .parquet   dumps                                        `binance_dump`
    anything else   lines `<receive time, ns> <JSON>`, gzip too  `binance_stream`

The tape is in exchange time; at one time trades stand before the book change they
caused. A recording with a snapshot gives `depth` rows of the whole book, with every
best quote in it (`binance_book`); without one its best quotes are `quote` rows. Spot
tells no time of its quotes: see `binance_clock`. Trades of insurance fund and
deleveraging, and those without size, meet no order and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from mmrun.importers import binance_notes as notes
from mmrun.importers.binance_book import book_rows, quote_rows
from mmrun.importers.binance_clock import delay_of, in_update_order
from mmrun.importers.binance_dump import read_dump
from mmrun.importers.binance_notes import ChosenTrades
from mmrun.importers.binance_record import FOLDERS, Recording, joined, money
from mmrun.importers.binance_stream import read_stream
from mmrun.importers.days import Unit, day_in
from mmrun.importers.rows import Imported, in_order, tape_rows
from mmrun.importers.sources import Member, members_of
from mmrun.importers.steps import common_step
from mmrun.importers.streams import merged
from mmrun.market.growing import Before
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.seams import SEAM_NS
from mmrun.market.tape import Kind
from mmrun.market.writer import Tape
from mmrun.problems import DataError


SUFFIXES = (".csv", ".parquet", ".gz", ".log", ".jsonl")
GOES_ON = True  #: a recording may go on from that of the day before, without a snapshot
#: What stood in a symbol's book at a venue before a time (ns).
_BookBefore = Callable[[str, str, int], Before | None]
_NO_SNAPSHOT_HINT = "record a REST snapshot (depth?limit=1000) with the stream"


def unit_of(path: Path) -> Unit:
    """The files of a day, symbol and market."""
    folders = [folder.lower() for folder in path.resolve().parent.parts]
    market = [folder for folder in folders if folder in FOLDERS][-1:]
    symbol = re.split(r"[_.\-]", path.name)[0].upper()
    return Unit(day_in(path)[0], "/".join([*market, symbol]))


def read(
    sources: Sequence[Path],
    progress: Callable[[str], None] = lambda _: None,
    *,
    before: _BookBefore = lambda _symbol, _venue, _ts: None,
) -> Imported:
    """Read recordings and dumps.

    Args:
        sources: files, zips of dumps, and directories of them.
        progress: told what is being read.
        before: tells the book that stood before, for recordings that go on from it.

    Raises:
        DataError: a file is missing, damaged or holds what cannot be right, or depth
            has no snapshot to begin at and nothing else is there.
    """
    files: dict[tuple[str, str], list[Recording]] = {}
    for member in members_of(sources, SUFFIXES):
        progress(f"reading {member.name}")
        found = _read_file(member, progress)
        files.setdefault((found.symbol, found.market.venue), []).append(found)
    recordings = [joined(files[key]) for key in sorted(files)]
    results = [_tape(recording, before, progress) for recording in recordings]
    titles = ", ".join(f"{r.market.title} {r.symbol}" for r in recordings)
    return Imported(
        tapes=tuple(tape for tape, _ in results),
        provenance=Provenance(source=f"Binance {titles}"),
        notes=tuple(
            f"{tape.instrument.symbol} at {tape.instrument.venue}: {note}"
            for tape, found in results
            for note in found
        ),
    )


def _read_file(member: Member, progress: Callable[[str], None]) -> Recording:
    if member.base.lower().endswith((".csv", ".parquet")):
        return read_dump(member)
    return read_stream(member, progress)


def _tape(
    recording: Recording, before: _BookBefore, progress: Callable[[str], None]
) -> tuple[Tape, list[str]]:
    progress(f"putting {recording.symbol} of {recording.market.title} in order")
    books = in_update_order(recording.books, recording.trades)
    trades = _chosen(recording.trades)
    instrument = _instrument(recording)
    start = _before(recording, books, before)
    last_id = None
    if recording.counts["snapshot"] or (start and start.last_id is not None):
        book = book_rows(books, recording.levels, start)
        rows, found, last_id = book.frame, [*notes.on_book(book)], book.last_id
        instrument = replace(instrument, depth=None)
    else:
        rows = quote_rows(books, recording.levels)
        found = [*notes.on_quotes(recording)]
    frame = merged([_trade_rows(trades.rows), rows])
    if frame.is_empty():
        message = f"{recording.name} gives no rows: {'; '.join(found)}"
        raise DataError(message, hint=_NO_SNAPSHOT_HINT)
    return Tape(instrument, frame, last_id=last_id), [
        notes.on_messages(recording),
        *found,
        *notes.on_trades(trades),
        *notes.on_clock(delay_of(recording.books, recording.trades)),
        *notes.on_times(recording),
        *notes.on_contract(recording, instrument.multiplier, instrument.currency),
    ]


def _instrument(recording: Recording) -> Instrument:
    levels, trades = recording.levels, recording.trades
    currency, multiplier = money(recording.market, recording.symbol)
    return Instrument(
        symbol=recording.symbol,
        venue=recording.market.venue,
        tick=common_step(levels["price"], trades["price"]),
        lot=common_step(levels["size"], trades["size"]),
        multiplier=multiplier,
        inverse=recording.market.inverse,
        currency=currency,
        depth=1,
        guessed=("tick", "lot"),
    )


def _before(
    recording: Recording, books: pl.DataFrame, before: _BookBefore
) -> Before | None:
    """The book before a recording of depth; without its id where it is long ago."""
    if not recording.counts["depth"]:
        return None
    ts = books["ts"][0]
    found = before(recording.symbol, recording.market.venue, ts)
    if found is None or ts - found.ts <= SEAM_NS:
        return found
    return replace(found, last_id=None)


def _chosen(trades: pl.DataFrame) -> ChosenTrades:
    """Single trades where they are there, each once, in order of time."""
    single = trades.filter(~pl.col("is_aggregate"))
    some = single if len(single) else trades
    once = some.unique("id", keep="first", maintain_order=True)
    good = once.filter(pl.col("is_market") & (pl.col("size") > 0))
    return ChosenTrades(
        rows=good.sort("ts", "id"),
        aggregates=len(trades) - len(some),
        repeated=len(some) - len(once),
        off_market=len(once) - len(good),
    )


def _trade_rows(trades: pl.DataFrame) -> pl.DataFrame:
    columns = {
        "ts": trades["ts"],
        "recv_ts": trades["recv"],
        "price": trades["price"],
        "size": trades["size"],
        "side": trades["side"],
    }
    return in_order(
        [tape_rows(Kind.TRADE, pl.int_range(len(trades), eager=True), columns)]
    )
