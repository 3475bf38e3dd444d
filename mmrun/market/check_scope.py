"""Checks of what a tape can be used for: how long, with which trades, sizes and spreads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmrun.market.check_finding import Finding, Place, Seen, Tally, length, percent
from mmrun.market.check_piece import Piece
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile
from mmrun.market.tape import Kind


SHORT_NS = 3_600 * 10**9  #: less says little of a strategy
_WIDE = 6  #: powers of two above the usual spread: from 64 times on


@dataclass(slots=True)
class Spreads:
    """Spreads by their power of two in ticks, and the widest with their places."""

    counts: dict[int, int] = field(default_factory=dict)
    widest: Tally = field(default_factory=Tally)

    def add(self, piece: Piece) -> None:
        """Add the touches at the ends of a piece's times."""
        spread = piece.ended.ask - piece.ended.bid
        there = np.flatnonzero((spread > 0) & np.isfinite(spread))
        powers = np.floor(np.log2(spread[there] / piece.instrument.tick) + 1e-9)
        for power, count in zip(*np.unique(powers, return_counts=True), strict=True):
            self.counts[int(power)] = self.counts.get(int(power), 0) + int(count)
        widest = there[np.argsort(-spread[there], kind="stable")[:1]]
        rows = piece.ended.row[widest] - piece.start
        self.widest.add(Seen(rows, len(there), spread[widest]), piece.place)

    def usual(self) -> int | None:
        """The power of two that half of the spreads do not exceed."""
        half = sum(self.counts.values()) / 2
        seen = 0
        for power in sorted(self.counts):
            seen += self.counts[power]
            if seen >= half:
                return power
        return None


@dataclass(slots=True)
class Scope:
    """What is kept of a tape for these checks."""

    quotes: int = 0
    sized: int = 0  #: quotes of which a size is known
    spreads: Spreads = field(default_factory=Spreads)

    def add(self, piece: Piece) -> None:
        """Add a piece."""
        known = ~np.isnan(piece.bid_size) | ~np.isnan(piece.ask_size)
        self.quotes += int(piece.is_kind(Kind.QUOTE).sum())
        self.sized += int(known.sum())
        self.spreads.add(piece)


def wide_spreads(scope: Scope, instrument: Instrument) -> Iterator[Finding]:
    """Times at which the spread is far wider than usual."""
    usual = scope.spreads.usual()
    if usual is None:
        return
    counts, widest = scope.spreads.counts, scope.spreads.widest
    wide = sum(count for power, count in counts.items() if power >= usual + _WIDE)
    if wide:
        amount, place = widest.worst[0]
        below = instrument.tick * 2.0 ** (usual + 1)
        yield Finding(
            code="MM532",
            severity="note",
            message=(
                f"at {wide:,} of {widest.of:,} times ({percent(wide / widest.of)}) the spread is over 32 times the usual one, "
                f"which is below {below:.6g}; the widest is {amount:.6g}"
            ),
            hint="wild outside trading hours? quote within a `session`; `price_collar` keeps quotes near the mid",
            count=wide,
            of=widest.of,
            worst=((amount, place),),
        )


def no_sizes(scope: Scope, files: Sequence[TapeFile]) -> Iterator[Finding]:
    """Quotes without sizes."""
    if scope.quotes and not scope.sized:
        yield Finding(
            code="MM533",
            severity="note",
            message=f"none of {scope.quotes:,} quotes has a size: orders fill only where the market crosses or trades through them",
            count=scope.quotes,
            of=scope.quotes,
            first=Place(files[0].path, 1, files[0].first_ts),
        )


def no_trades(files: Sequence[TapeFile]) -> Iterator[Finding]:
    """A book alone."""
    if not any("trade" in file.rows for file in files):
        yield Finding(
            code="MM534",
            severity="note",
            message="there are no trades: orders fill only where the market crosses them, and trade formulas have no value",
            hint="if the source has trades, import their files with these",
        )


def little(files: Sequence[TapeFile]) -> Iterator[Finding]:
    """A span that is too short for statistics."""
    traded = any("trade" in file.rows for file in files)
    if sum(file.book_times for file in files) == 1 and not traded:
        yield Finding(
            code="MM518",
            severity="warning",
            message="the book is shown once and never changes: nothing can happen to a quote",
            hint="a snapshot and nothing else? import what follows it together with it",
        )
    span = max(f.last_ts for f in files) - min(f.first_ts for f in files)
    if span < SHORT_NS:
        yield Finding(
            code="MM517",
            severity="note",
            message=f"all there is are {length(span)}: enough to try a strategy, too little for statistics",
        )


def guessed(instrument: Instrument) -> Iterator[Finding]:
    """Facts that the source does not state."""
    if instrument.guessed:
        shown = [f"{n} {getattr(instrument, n):.12g}" for n in instrument.guessed]
        remedy = " ".join(f"--instrument {name}=..." for name in instrument.guessed)
        yield Finding(
            code="MM573",
            severity="note",
            message=f"guessed at import from the numbers: {' and '.join(shown)}",
            hint=f"state what the venue says: {remedy}",
        )
