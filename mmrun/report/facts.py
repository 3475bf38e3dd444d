"""What is true of a run beside what happened in it: assumptions, versions, hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmrun.market.sessions import TradingDay


#: Which mid stands beside a print; markouts and the split of P&L depend on it.
TIE_RULE = "mid of the last quote before a trade; a book row's own mid"
#: The parts of latency, in the order a request meets them.
LATENCIES = ("feed", "order", "cancel", "response")


def _no_latency() -> dict[str, float]:
    return dict.fromkeys(LATENCIES, 0.0)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was read and not quoted: a reference, or a venue that formulas name."""

    name: str  #: as formulas have it
    symbol: str
    venues: tuple[str, ...]
    rows: int  #: up to the last row of what is quoted, those before its first too


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The head and the assumptions of a report."""

    strategy: str
    symbol: str
    venue: str  #: of several, all: "OANDA, FXCM"
    absent_venues: tuple[str, ...] = ()  #: the strategy's that the data does not have
    watched: tuple[Watched, ...] = ()
    currency: str
    timezone: str  #: the dataset's: reports say times in it
    days: tuple[TradingDay, ...]  #: at least one, in time order
    multiplier: float = 1.0  #: money per price unit and size unit
    inverse: bool = False  #: contracts worth an amount of money: profits are in coin
    fill_model: str
    latency: Mapping[str, float] = field(default_factory=_no_latency)  #: seconds
    trade_sign_policy: str
    tie_rule: str = TIE_RULE
    fee_terms: str  #: fees as a reader would say them: "maker -0.1bps, taker 0.3bps"
    input_terms: str = "none"  #: columns of the user's own, and what was done with them
    engine_version: str
    strategy_hash: str
    data_hash: str
    seed: int
