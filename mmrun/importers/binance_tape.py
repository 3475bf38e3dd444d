"""Recordings of one symbol and market to its tape, a block of messages at a time.

Where a block ends is decided by update ids: what was received in its last seconds waits
for the next block, so that late messages find their place and the tape is that of the
whole file. The book goes on from block to block, and from a recording to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import polars as pl

from mmrun.importers import binance_notes as notes
from mmrun.importers.binance_book import BookReplay, book_rows, quote_rows, started
from mmrun.importers.binance_clock import delay_of, in_update_order
from mmrun.importers.binance_notes import ChosenTrades, Found
from mmrun.importers.binance_record import Recording, joined, money
from mmrun.importers.rows import in_order, tape_rows
from mmrun.importers.steps import common_step
from mmrun.importers.streams import merged
from mmrun.market.growing import Before, Tape
from mmrun.market.instrument import Instrument
from mmrun.market.seams import SEAM_NS
from mmrun.market.tape import Kind
from mmrun.problems import DataError


#: What stood in a symbol's book at a venue before a time (ns).
BookBefore = Callable[[str, str, int], Before | None]

LATE_NS = 5 * 10**9  #: no message comes later than that after one with a later id
_NO_SNAPSHOT_HINT = "record a REST snapshot (depth?limit=1000) with the stream"


@dataclass(slots=True)
class _Running:
    """What goes on from block to block."""

    has_snapshot: bool
    replay: BookReplay | None = None  #: None: best quotes alone
    waiting: Recording | None = None
    last_ts: int = 0  #: of the book rows so far


def tapes_of(
    blocks: Iterable[tuple[Recording, bool]],
    *,
    has_snapshot: bool,
    before: BookBefore,
) -> Iterator[tuple[Tape, list[str]]]:
    """Parts of the tape, one after the other; notes come with the last.

    Args:
        blocks: a recording's messages, each with whether it is the last.
        has_snapshot: whether there is one in any of them.
        before: tells the book that stood before the recording.

    Raises:
        DataError: there are no rows.
    """
    running = _Running(has_snapshot)
    found = Found()
    rows = 0
    for number, (block, is_last) in enumerate(blocks):
        found.add_messages(block, delay_of(block.books, block.trades))
        recording = joined([running.waiting, block]) if running.waiting else block
        books = in_update_order(recording.books, recording.trades)
        books = books.with_columns(pl.col("ts").clip(lower_bound=running.last_ts))
        if number == 0:
            running.replay = _replay(block, books, running, before)
        due = _due(recording, books, running, is_last=is_last)
        tape = _part(due, running, found)
        rows += len(tape.frame)
        if is_last and not rows:
            said = "; ".join(notes.on_all(due, found, tape.instrument))
            message = f"{block.name} gives no rows: {said}"
            raise DataError(message, hint=_NO_SNAPSHOT_HINT)
        yield tape, list(notes.on_all(due, found, tape.instrument)) if is_last else []


def _replay(
    block: Recording, books: pl.DataFrame, running: _Running, before: BookBefore
) -> BookReplay | None:
    """The book as it stands at the start; one of long ago is cleared."""
    if not block.counts["depth"]:
        return started(None) if running.has_snapshot else None
    ts = books["ts"][0]
    stood = before(block.symbol, block.market.venue, ts)
    if stood is not None and ts - stood.ts > SEAM_NS:
        stood = replace(stood, last_id=None)
    goes_on = stood is not None and stood.last_id is not None
    return started(stood) if running.has_snapshot or goes_on else None


def _due(
    recording: Recording, books: pl.DataFrame, running: _Running, *, is_last: bool
) -> Recording:
    """What can be put in order now, its books in order of update ids."""
    running.waiting = None
    if is_last:
        return replace(recording, books=books)
    sure = books.filter(pl.col("recv") <= books["recv"].max() - LATE_NS)  # type: ignore[operator]
    cut = sure["last"].max() if len(sure) else None
    now = books.filter(pl.col("last") <= cut) if cut is not None else books.head(0)
    end = now["ts"].max() if len(now) else running.last_ts
    is_due = recording.trades["ts"] <= end
    later = recording.books.join(now.select("line"), on="line", how="anti")
    running.waiting = replace(
        recording,
        books=later,
        levels=recording.levels.join(later.select("line"), on="line", how="semi"),
        trades=recording.trades.filter(~is_due),
    )
    running.last_ts = int(end)  # type: ignore[arg-type]
    return replace(recording, books=now, trades=recording.trades.filter(is_due))


def _part(due: Recording, running: _Running, found: Found) -> Tape:
    trades = _chosen(due.trades)
    found.add_trades(trades)
    instrument, last_id = _instrument(due), None
    if running.replay is not None:
        book = book_rows(due.books, due.levels, running.replay)
        found.add_book(book)
        rows, last_id = book.frame, book.last_id
        instrument = replace(instrument, depth=None)
    else:
        rows = quote_rows(due.books, due.levels)
    frame = merged([_trade_rows(trades.rows), rows])
    return Tape(instrument, frame, last_id=last_id)


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
