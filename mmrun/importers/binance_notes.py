"""What an import from Binance found, a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from mmrun.importers.binance_book import BookRows, Gap
from mmrun.importers.binance_clock import Delay
from mmrun.importers.binance_record import SPOT, Recording
from mmrun.market.instrument import Instrument


_MOST = 5  #: moments named one by one
_MEANT_NS = 10**6  #: a clock ahead or behind by less is not worth a word


@dataclass(frozen=True, slots=True)
class ChosenTrades:
    """Trades that meet orders, and how many others there were."""

    rows: pl.DataFrame  #: in order of time
    aggregates: int
    repeated: int
    off_market: int


@dataclass(slots=True)
class Found:
    """What was found in the parts of a recording so far."""

    counts: Counter[str] = field(default_factory=Counter)
    untimed: int = 0  #: book messages without a time of the exchange
    delays: list[Delay] = field(default_factory=list)
    trades: Counter[str] = field(default_factory=Counter)
    has_book: bool = False
    goes_on: bool = False
    starts: list[int] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    early: int = 0
    repeated: int = 0

    def add_messages(self, recording: Recording, delay: Delay | None) -> None:
        """Add a part as it was read."""
        self.counts.update(recording.counts)
        self.untimed += int(recording.books["ts"].is_null().sum())
        self.delays += [delay] if delay else []

    def add_trades(self, trades: ChosenTrades) -> None:
        """Add which trades of a part were chosen."""
        for name in ("aggregates", "repeated", "off_market"):
            self.trades[name] += getattr(trades, name)

    def add_book(self, book: BookRows) -> None:
        """Add a part of the book."""
        self.has_book = True
        self.goes_on |= book.goes_on
        self.starts += book.starts
        self.gaps += book.gaps
        self.early += book.early
        self.repeated += book.repeated


def on_all(recording: Recording, found: Found, instrument: Instrument) -> Iterator[str]:
    """All that is worth a sentence."""
    yield on_messages(found)
    yield from on_book(found) if found.has_book else on_quotes(found)
    yield from on_trades(found)
    yield from on_clock(found)
    yield from on_times(recording, found)
    yield from on_contract(recording, instrument.multiplier, instrument.currency)


def on_messages(found: Found) -> str:
    """How much was read."""
    counts = [f"{count:,} {name}" for name, count in found.counts.items() if count]
    return f"read {', '.join(counts)} messages"


def on_clock(found: Found) -> Iterator[str]:
    """What receive times say about the recorder's clock."""
    if not found.delays:
        return
    medians = sorted(delay.median for delay in found.delays)
    delay = Delay(
        lowest=min(delay.lowest for delay in found.delays),
        median=medians[len(medians) // 2],
        highest=max(delay.highest for delay in found.delays),
    )
    shown = (
        f"messages were received {_seconds(delay.median)} after they were sent "
        f"({_seconds(delay.lowest)} to {_seconds(delay.highest)}); recv_ts is as recorded"
    )
    if delay.lowest < -_MEANT_NS:
        behind = _seconds(-delay.lowest)
        shown += f", by a clock that was slow by {behind} or more (--clock-offset)"
    yield shown


def on_times(recording: Recording, found: Found) -> Iterator[str]:
    """Which times are not the exchange's own."""
    if recording.market is SPOT and found.untimed:
        yield (
            f"{found.untimed:,} best quotes and snapshots bear no exchange time; they were given "
            "the latest that receive times and update ids allow"
        )


def on_trades(found: Found) -> Iterator[str]:
    """Trades that were left out."""
    reasons = {
        "aggregates": "aggregate trades were left out: the single trades are there",
        "repeated": "trades were left out: their id came before",
        "off_market": "trades were left out: no size, or not of the market (X)",
    }
    for name, reason in reasons.items():
        if found.trades[name]:
            yield f"{found.trades[name]:,} {reason}"


def on_book(book: Found) -> Iterator[str]:
    """Where the book begins, and where it is broken."""
    if book.goes_on:
        yield "the book goes on from the recording before"
    if book.starts:
        starts = _moments(tuple(book.starts))
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


def on_quotes(found: Found) -> Iterator[str]:
    """What there is without a snapshot."""
    counts = found.counts
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
