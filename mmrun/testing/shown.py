"""What a strategy shows at a moment of a test, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmrun.engine.quote import DEFAULT_LOT, DEFAULT_TICK
from mmrun.strategy.spec import Strategy
from mmrun.testing.trace import Values


@dataclass(frozen=True, slots=True)
class Side:
    """One side of our quotes: what rests, or the rule that keeps it away."""

    price: float | None
    size: float
    rule: str | None


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill of ours."""

    venue: str
    at_ns: int  #: from the tape's start
    side: str  #: buy or sell
    price: float
    size: float


@dataclass(frozen=True, slots=True)
class Rung:
    """Our quotes at one level."""

    bid: Side
    ask: Side
    values: Values  #: of the formulas' nodes, at the last evaluation


@dataclass(frozen=True, slots=True)
class Shown:
    """What a strategy shows at one moment at one venue; fills are those of all."""

    levels: tuple[Rung, ...]
    conditions: Values  #: of nodes of rules' conditions, as the rules saw them
    inventory: float = 0.0
    fills: tuple[Fill, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """A test's moments in order, by venue, and the rules that had a hand in them."""

    shown: tuple[Mapping[str, Shown], ...]
    acted: frozenset[str]


def sizes(strategy: Strategy) -> tuple[float, float]:
    """Tick and lot, as `mmrun quote` takes them."""
    venue = strategy.venues[0] if strategy.venues else None
    return (venue and venue.tick) or DEFAULT_TICK, (venue and venue.lot) or DEFAULT_LOT
