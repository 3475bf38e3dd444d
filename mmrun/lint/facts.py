"""What rules are told of the data a strategy is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A replay in which every touch of a quote fills it: no model fills more."""

    events: int
    fills: int
    half_spreads: Mapping[str, float]  #: by venue: half of median own ask less bid
    quoted: float  #: share of the session with a quote on either side
    unquoted_s: Mapping[str, float]  #: seconds without a quote by rule, both sides
    defaults: tuple[str, ...] = ()  #: inputs that are not given: their default held


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFacts:
    """The symbol at one venue, over the days that were looked at."""

    venue: str
    tick: float
    lot: float
    mid: float | None  #: median
    spread: float | None  #: median
    off_tick: Mapping[
        float, float
    ]  #: for each tick asked for, the share of quotes off it


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """One symbol of a dataset: its first days, at the venues that a run would quote."""

    symbol: str
    symbols: tuple[str, ...]  #: that the dataset has
    venues: tuple[str, ...]  #: that the symbol is on
    quoted: tuple[VenueFacts, ...]  #: those that the strategy quotes, if any; else all
    trial: Trial | None  #: None where the strategy cannot run on it

    @property
    def name(self) -> str:
        """`ACME at NASDAQ`."""
        return f"{self.symbol} at {' and '.join(each.venue for each in self.quoted)}"
