"""What an import from Binance found, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from mmrun.importers.binance_book import BookRows
from mmrun.importers.binance_clock import Delay
from mmrun.importers.binance_record import SPOT, Recording


_MOST = 5  #: moments named one by one
_MEANT_NS = 10**6  #: a clock ahead or behind by less is not worth a word


@dataclass(frozen=True, slots=True)
class ChosenTrades:
    """Trades that meet orders, and how many others there were."""

    rows: pl.DataFrame  #: in order of time
    aggregates: int
    repeated: int
    off_market: int


def on_messages(recording: Recording) -> str:
    """How much was read."""
    counts = [f"{count:,} {name}" for name, count in recording.counts.items() if count]
    return f"read {', '.join(counts)} messages"


def on_clock(delay: Delay | None) -> Iterator[str]:
    """What receive times say about the recorder's clock."""
    if delay is None:
        return
    shown = (
        f"messages were received {_seconds(delay.median)} after they were sent "
        f"({_seconds(delay.lowest)} to {_seconds(delay.highest)}); recv_ts is as recorded"
    )
    if delay.lowest < -_MEANT_NS:
        behind = _seconds(-delay.lowest)
        shown += f", by a clock that was slow by {behind} or more (--clock-offset)"
    yield shown


def on_times(recording: Recording) -> Iterator[str]:
    """Which times are not the exchange's own."""
    untimed = int(recording.books["ts"].is_null().sum())
    if recording.market is SPOT and untimed:
        yield (
            f"{untimed:,} best quotes and snapshots bear no exchange time; they were given "
            "the latest that receive times and update ids allow"
        )


def on_trades(trades: ChosenTrades) -> Iterator[str]:
    """Trades that were left out."""
    reasons = {
        "aggregate trades were left out: the single trades are there": trades.aggregates,
        "trades were left out: their id came before": trades.repeated,
        "trades were left out: no size, or not of the market (X)": trades.off_market,
    }
    yield from (f"{count:,} {reason}" for reason, count in reasons.items() if count)


def on_book(book: BookRows) -> Iterator[str]:
    """Where the book begins, and where it is broken."""
    if book.goes_on:
        yield "the book goes on from the recording before"
    if book.starts:
        starts = _moments(book.starts)
        yield f"the whole book is known from {starts} on, by a snapshot"
    if book.early:
        yield f"{book.early:,} depth messages stand before a snapshot and were not needed"
    if book.repeated:
        yield f"{book.repeated:,} depth messages were left out: their updates were known"
    for gap in book.gaps[:_MOST]:
        yield (
            f"update ids {gap.expected} to {gap.found - 1} are missing at "
            f"{_moment(gap.ts)}: the book was cleared until the next snapshot"
        )
    if len(book.gaps) > _MOST:
        yield f"{len(book.gaps) - _MOST:,} more such gaps"


def on_quotes(recording: Recording) -> Iterator[str]:
    """What there is without a snapshot."""
    counts = recording.counts
    if counts["depth"]:
        yield (
            f"{counts['depth']:,} depth messages were left out: there is no snapshot they "
            "could begin at"
        )
    if not counts["ticker"]:
        yield "there is no book, only trades; import their quotes with them"


def on_contract(
    recording: Recording, multiplier: float, currency: str
) -> Iterator[str]:
    """Units that surprise."""
    if recording.market.inverse:
        yield (
            f"sizes are contracts of {multiplier:g} USD; the contract is inverse, its "
            f"profits are in {currency}"
        )


def _seconds(time_ns: int) -> str:
    return f"{time_ns / 1e9:.3f} s"


def _moments(times: tuple[int, ...]) -> str:
    shown = ", ".join(_moment(ts) for ts in times[:_MOST])
    more = len(times) - _MOST
    return f"{shown} and {more:,} times more" if more > 0 else shown


def _moment(ts: int) -> str:
    when = datetime.fromtimestamp(ts // 10**9, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S}.{ts // 10**6 % 1000:03d} UTC"
