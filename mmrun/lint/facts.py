"""What rules are told of the data a strategy is checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A replay in which every touch of a quote fills it: no model fills more."""

    events: int
    fills: int
    half_spread: float | None  #: half of the median own ask less the median own bid
    quoted: float  #: share of the session with a quote on either side
    unquoted_s: Mapping[str, float]  #: seconds without a quote by rule, both sides


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """One symbol of a dataset; medians and shares are of its first day."""

    symbol: str
    venues: tuple[str, ...]  #: that the symbol is on
    symbols: tuple[str, ...] = ()  #: that the dataset has
    tick: float
    lot: float
    mid: float | None  #: median
    spread: float | None  #: median
    off_tick: Mapping[
        float, float
    ]  #: for each tick asked for, the share of quotes off it
    trial: Trial | None  #: None where the strategy cannot run on it

    @property
    def name(self) -> str:
        """`ACME at NASDAQ`."""
        return f"{self.symbol} at {' and '.join(self.venues)}"
