"""Checks of a whole tape: what single rows do not show.

A `Sketch` keeps of each piece what these checks need, little beside the rows: delays
sampled, sizes as quantiles of stretches, the mid of each minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from mmrun.market.check_finding import Finding, Place, length
from mmrun.market.check_piece import Piece
from mmrun.market.grid import on_grid
from mmrun.market.manifest import Provenance, TapeFile
from mmrun.market.tape import FloatColumn, Kind


MINUTE_NS = 60 * 10**9
STRETCH_ROWS = 8_192
LEAST_SIZES = 100  #: a stretch with fewer says nothing about units
MAX_DELAY_NS = 10**9  #: a feed is not that slow
_SAMPLES = 2_048  #: delays kept of a piece
_QUANTILES = (0.1, 0.5, 0.9)
_NEAR = 0.15  #: in log10: how near to a power of ten is one
_QUICKEST = 0.001  #: a few rows have times that were put in
_SATURDAY = 5  #: of `date.weekday`


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sizes of some thousand rows of one kind: three quantiles."""

    place: Place
    quantiles: FloatColumn


@dataclass(slots=True)
class Sketch:
    """What is kept of a tape."""

    delays: list[FloatColumn] = field(default_factory=list)
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    mids: dict[int, float] = field(default_factory=dict)  #: by minute since 1970

    def add(self, piece: Piece) -> None:
        """Add a piece."""
        known = piece.delay_ns[~np.isnan(piece.delay_ns)]
        self.delays.append(known[:: max(1, len(known) // _SAMPLES)])
        for kind in ("quote", "depth", "trade"):
            self.stretches.setdefault(kind, []).extend(_stretches(piece, kind))
        mid = (piece.ended.bid + piece.ended.ask) / 2
        whole = np.flatnonzero(~np.isnan(mid))
        minutes = piece.ended.ts[whole] // MINUTE_NS
        last = np.flatnonzero(np.diff(minutes, append=-1))
        kept = minutes[last].tolist(), mid[whole[last]].tolist()
        self.mids.update(zip(*kept, strict=True))

    @property
    def delay_ns(self) -> float | None:
        """The median of recv_ts - ts; None without receive times."""
        found = np.concatenate([np.zeros(0), *self.delays])
        return float(np.median(found)) if len(found) else None

    @property
    def quickest_ns(self) -> float:
        """What hardly any delay is below: the offset of the clocks, if they differ."""
        return float(np.quantile(np.concatenate(self.delays), _QUICKEST))


def _stretches(piece: Piece, kind: str) -> Iterator[Stretch]:
    column = piece.bid_size if kind == "quote" else piece.size
    mine = piece.is_kind(Kind[kind.upper()])
    for start in range(0, len(column), STRETCH_ROWS):
        part = slice(start, start + STRETCH_ROWS)
        sizes = column[part][mine[part]]
        sizes = sizes[sizes > 0]
        if len(sizes) >= LEAST_SIZES:
            yield Stretch(piece.place(start), np.quantile(sizes, _QUANTILES))


def size_jumps(sketch: Sketch) -> Iterator[Finding]:
    """Sizes that all turn ten, hundred ... times as large, or as small."""
    for kind, stretches in sketch.stretches.items():
        jumps = list(_jumps(stretches))
        if jumps:
            place, power = jumps[0][0].place, jumps[0][1]
            times = f"{10 ** abs(power):,} times {'larger' if power > 0 else 'smaller'}"
            yield Finding(
                code="MM571",
                severity="warning",
                message=f"sizes of {kind} rows jump {len(jumps):,} times by a power of ten, first to {times}",
                hint="are there lots and shares, or contracts and coins, in one source?",
                count=len(jumps),
                of=len(stretches) - 1,
                first=place,
            )


def _jumps(stretches: Sequence[Stretch]) -> Iterator[tuple[Stretch, int]]:
    """Stretches of another unit than before; one that holds the jump is passed over."""
    settled = None
    for before, stretch in pairwise(stretches):
        power = _power_of_ten(stretch.quantiles / before.quantiles)
        if not power and settled is not None:
            power = _power_of_ten(stretch.quantiles / settled.quantiles)
        if power:
            yield stretch, power
        settled = None if power else before


def _power_of_ten(ratios: FloatColumn) -> int:
    """The power by which all of them are, 0 for none."""
    exponents = np.log10(ratios)
    power = round(float(np.median(exponents)))
    return power if np.all(np.abs(exponents - power) < _NEAR) else 0


def receive_clock(sketch: Sketch) -> Iterator[Finding]:
    """A median delay that no feed has."""
    delay = sketch.delay_ns
    if delay is not None and (delay < 0 or delay > MAX_DELAY_NS):
        word = "before" if delay < 0 else "after"
        yield Finding(
            code="MM551",
            severity="warning",
            message=f"half of the rows were received {length(abs(delay))} or more {word} they happened",
            hint=f"one clock is off: `--clock-offset {_shift(sketch.quickest_ns)}` at import makes the quickest row's delay zero",
        )


def _shift(delay_ns: float) -> str:
    return f"{math.ceil(-delay_ns / 1e6)}ms"


def shifted(provenance: Provenance) -> Iterator[Finding]:
    """What the importer already did to receive times."""
    if provenance.clock_offset_ns:
        way = "later" if provenance.clock_offset_ns > 0 else "earlier"
        yield Finding(
            code="MM552",
            severity="note",
            message=f"every receive time was made {length(abs(provenance.clock_offset_ns))} {way} at import",
        )


def days(files: Sequence[TapeFile]) -> Iterator[Finding]:
    """Dates without rows between the first and the last, and days without a book."""
    dates = {date.fromisoformat(file.date) for file in files}
    missing = _between(dates)
    if missing:
        named = ", ".join(day.isoformat() for day in missing[:5])
        more = ", ..." if len(missing) > 5 else ""
        yield Finding(
            code="MM513",
            severity="note",
            message=f"{len(missing):,} days between the first and the last have no rows: {named}{more}",
            hint="holidays, or files that were not given?",
            count=len(missing),
            of=len(missing) + len(dates),
        )
    bare = [file for file in files if not {"quote", "depth"} & file.rows.keys()]
    if bare:
        yield Finding(
            code="MM514",
            severity="warning",
            message=f"{len(bare):,} of {len(files):,} days have no row of the book, the first is {bare[0].date}",
            hint="import quotes or depth beside the trades: without a book nothing is quoted",
            count=len(bare),
            of=len(files),
            first=Place(bare[0].path, 1, bare[0].first_ts),
        )


def _between(dates: set[date]) -> list[date]:
    """Missing dates; Saturdays and Sundays only where some other weekend has rows."""
    span = (max(dates) - min(dates)).days
    every = (min(dates) + timedelta(days=n) for n in range(span))
    weekends = any(day.weekday() >= _SATURDAY for day in dates)
    return [
        day
        for day in every
        if day not in dates and (weekends or day.weekday() < _SATURDAY)
    ]


def mixed_book(files: Sequence[TapeFile]) -> Iterator[Finding]:
    """Quote rows, which are the whole book, among depth rows."""
    both = [file for file in files if {"quote", "depth"} <= file.rows.keys()]
    if both:
        yield Finding(
            code="MM531",
            severity="warning",
            message=f"{len(both):,} of {len(files):,} days hold quote and depth rows: each quote empties the book behind the touch",
            hint="import one of the two",
            count=len(both),
            of=len(files),
            first=Place(both[0].path, 1, both[0].first_ts),
        )


def finest_step(values: FloatColumn, step: float) -> float | None:
    """The largest part of a step that all values are whole numbers of, if any.

    >>> finest_step(np.array([1.2345, 1.2340]), 0.001)
    0.0005
    """
    for power in range(9):
        for part in (1, 2, 4, 5):
            found = float(f"{step / 10**power / part:.12g}")
            if np.all(on_grid(values, found)):
                return found
    return None
