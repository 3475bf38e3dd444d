"""What `mmrun data check` found: findings, and tallies that add up over pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from mmrun.market.instrument import Instrument
from mmrun.market.tape import FloatColumn, IntColumn


Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
WORST = 3  #: how many of the worst places a finding names


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a dataset."""

    file: str  #: relative to the dataset
    row: int  #: counted from 1
    ts: int  #: ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of thing that is odd or wrong in a tape, however often."""

    code: str
    severity: Severity
    message: str
    hint: str = ""  #: the remedy
    symbol: str = ""
    venue: str = ""  #: empty when it is about several
    count: int = 0
    of: int = 0  #: how many could have been
    first: Place | None = None
    worst: tuple[tuple[float, Place], ...] = ()  #: amounts with places, the worst first
    hopeless: bool = False  #: a run on it would mean nothing

    @property
    def share(self) -> float | None:
        """`count` of `of`; None when there is nothing to count in."""
        return self.count / self.of if self.of else None

    def at(self, instrument: Instrument) -> Finding:
        """The same, about an instrument."""
        return replace(self, symbol=instrument.symbol, venue=instrument.venue)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw in a piece of a tape."""

    rows: IntColumn  #: numbers of rows in the piece, rising
    of: int  #: how many could have been
    amounts: FloatColumn | None = None  #: how bad each is, above 0
    values: FloatColumn | None = None  #: what stands there, a few are kept


@dataclass(slots=True)
class Tally:
    """What a check saw so far; grows piece by piece, but not with the tape."""

    count: int = 0
    of: int = 0
    first: Place | None = None
    worst: list[tuple[float, Place]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)  #: some of them, for remedies

    def add(self, seen: Seen, place: Callable[[int], Place]) -> None:
        """Add a piece; `place` tells where its rows are."""
        self.of += seen.of
        if not len(seen.rows):
            return
        self.count += len(seen.rows)
        self.first = self.first or place(int(seen.rows[0]))
        if seen.amounts is not None:
            self._keep_worst(seen.rows, seen.amounts, place)
        if seen.values is not None and len(self.values) < 1_000:
            self.values += seen.values[:1_000].tolist()

    @property
    def share(self) -> float:
        """`count` of `of`, 0 of none."""
        return self.count / self.of if self.of else 0.0

    def _keep_worst(
        self, rows: IntColumn, amounts: FloatColumn, place: Callable[[int], Place]
    ) -> None:
        order = np.argsort(-amounts, kind="stable")[:WORST]
        found = [(float(amounts[i]), place(int(rows[i]))) for i in order]
        ranked = sorted([*self.worst, *found], key=lambda item: -item[0])
        self.worst = ranked[:WORST]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on something is said, or said louder."""

    max_crossed: float = 0.1  #: share of a venue's own times; above it is hopeless
    max_silence_ns: int = 60 * 10**9  #: as a strategy's stale_after
    long_silence_ns: int = 3_600 * 10**9  #: from here on no note but a warning


def percent(share: float) -> str:
    """A share for people, two digits that count.

    >>> percent(0.109), percent(0.00042), percent(0.0), percent(0.000001)
    ('10.9 %', '0.042 %', '0 %', '<0.01 %')
    """
    value = share * 100
    if 0.0 < value < 0.01:
        return "<0.01 %"
    return f"{value:.3g} %" if value >= 10 else f"{value:.2g} %"


def length(ns: float) -> str:
    """A length of time for people.

    >>> length(79_200e9), length(90e9), length(1.27e9), length(4e6), length(17)
    ('22 h 0 min', '1 min 30 s', '1.27 s', '4 ms', '17 ns')
    """
    seconds = ns / 1e9
    if seconds >= 3_600:
        return f"{seconds // 3_600:.0f} h {seconds % 3_600 // 60:.0f} min"
    if seconds >= 60:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    scales = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))
    for scale, unit in scales:
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{ns:.0f} ns"
