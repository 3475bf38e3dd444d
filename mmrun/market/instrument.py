"""What is traded at a venue: the facts a dataset states."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument at one venue."""

    symbol: str
    venue: str
    tick: float  #: smallest price step, quote currency
    lot: float  #: smallest size step
    multiplier: float = 1.0  #: money per price unit and size unit
    inverse: bool = False
    currency: str = "USD"
    timezone: str = "UTC"
    depth: int | None = 1  #: levels a side the tape knows; None: the whole book
    has_trade_side: bool = True  #: trades carry their aggressor side
    has_clock: bool = False  #: clock rows were recorded
    expiry: str = ""  #: last moment of trading, ISO 8601 UTC; empty: none, or not known
    guessed: tuple[str, ...] = ()  #: fields the source does not state
