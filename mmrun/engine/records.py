"""What the engine hands to the ledger: frozen arrays of one dtype each.

Times are ns since 1970 UTC of the exchange clock. Sides are +1 for buys and bids, -1
for sells and asks. Prices are quote currency, sizes the instrument's units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Rule(IntEnum):
    """Why a side is not quoted; QUOTED is resting at the venue."""

    QUOTED = 0
    NO_DATA = 1  #: no row evaluated yet
    SESSION = 2  #: outside trading hours
    HALT = 3
    AUCTION = 4
    STALE = 5  #: the venue was silent longer than risk.stale_after
    CROSSED_BOOK = 6
    MISSING = 7  #: a price or size is missing; the decision names the input
    NOT_FINITE = 8
    NOT_POSITIVE = 9  #: the price is at or below zero
    OWN_CROSSED = 10  #: own bid at or above own ask
    POST_ONLY = 11  #: would take liquidity (skip), or was rejected for it
    PRICE_COLLAR = 12
    MAX_INVENTORY = 13
    MAX_POSITION_VALUE = 14
    NO_SHORT = 15  #: allow_short is false
    MIN_SIZE = 16
    AFTER_FILL = 17  #: requote.after_fill
    FILLED = 18  #: the order filled and quotes were not evaluated since
    IN_FLIGHT = 19  #: sent, not yet at the venue
    FLATTEN = 20  #: session.flatten_before_close


#: Codes from here on are the strategy's own rules, in the order of `Strategy.guards`.
FIRST_OWN = len(Rule)


def rule_names(own: Iterable[str]) -> tuple[str, ...]:
    """What rules are called, by their codes; `own` are the strategy's own."""
    return (*(rule.name.lower() for rule in Rule), *own)


class Adjustment(IntFlag):
    """How a quote that rests differs from what its formula said.

    From bit OWN_BITS on stand the strategy's own rules that had a part in it.
    """

    NONE = 0
    POST_ONLY = 1  #: slid to one tick short of the opposite touch
    MAX_INVENTORY = 2  #: size clipped to headroom
    MAX_POSITION_VALUE = 4
    NO_SHORT = 8
    TOLERANCE = 16  #: left where it was: within requote.tolerance or min_life
    PLACE = 32  #: moved back to the venue's touch: quote.place


#: The bit of the first of the strategy's own rules in an adjustment.
OWN_BITS = 8


class OrderEvent(IntEnum):
    """What happened to an order, seen at the venue."""

    NEW = 1  #: rests (or takes, then rests)
    REPLACE = 2
    CANCEL = 3
    REJECT = 4
    REDUCE = 5  #: size cut in place, queue kept
    FILL = 6  #: partly filled
    FILLED = 7  #: nothing left


FILL = np.dtype(
    [
        ("ts", "i8"),
        ("order_id", "i8"),
        ("price", "f8"),
        ("size", "f8"),
        ("mid", "f8"),  # the mid in force, which also marks the inventory
        ("fee", "f8"),  # cost positive, rebate negative
        ("inventory", "f8"),  # after the fill
        ("known_ts", "i8"),  # when our side knew
        ("venue", "i1"),  # index into Recording.venues
        ("side", "i1"),
        ("taker", "i1"),
        ("level", "i1"),
    ],
    align=True,
)
ORDER = np.dtype(
    [
        ("ts", "i8"),  # at the venue
        ("sent_ts", "i8"),  # of the row that led to the request; of fills the fill's ts
        ("price", "f8"),
        ("size", "f8"),  # of the order (fills: the size filled)
        ("queue_ahead", "f8"),  # when it joined; NaN unknown
        ("order_id", "u4"),
        ("venue", "i1"),
        ("side", "i1"),  # ±(1 + level): one byte, for this log is long
        ("event", "i1"),  # OrderEvent
        ("rule", "i1"),  # Rule: why it was cancelled or rejected
    ],
    align=True,
)
DECISION = np.dtype(
    [
        ("ts", "i8"),
        ("price", "f8"),  # of the resting order; NaN when there is none
        ("size", "f8"),
        ("venue", "i1"),
        ("side", "i1"),
        ("level", "i1"),
        ("rule", "i1"),  # Rule, or one of the strategy's own
        ("adjustment", "i8"),  # Adjustment, and the strategy's own rules
        ("missing", "i2"),  # index into Recording.missing_names, -1 none
    ],
    align=True,
)
EQUITY = np.dtype(
    [
        ("ts", "i8"),  # grid time; the state after all rows up to and including it
        ("mid", "f8"),
        ("inventory", "f8"),
        ("net_pnl", "f8"),
        ("spread_pnl", "f8"),
        ("inventory_pnl", "f8"),
        ("fees", "f8"),
        ("rebates", "f8"),
        ("bid", "f8"),  # our resting prices, NaN when not quoted
        ("ask", "f8"),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True)
class OwnRule:
    """What became of one of the strategy's own rules."""

    name: str
    events: int  #: how many times it came into force
    unknown_ns: int  #: time in session in which its condition had no value


@dataclass(frozen=True, slots=True)
class Totals:
    """What the engine accumulated row by row; money in quote currency."""

    events: int  #: tape rows, clock rows not counted
    quotes: int  #: book rows
    trades: int
    first_ts: int
    last_ts: int  #: end of the accounted time: last row, clock rows included
    final_mid: float
    final_inventory: float
    cash: float  #: -Σ side·size·price·multiplier, fees not included
    spread_pnl: float
    inventory_pnl: float  #: Σ position·Δmid, summed at every change of the mid
    fees: float  #: costs, positive
    rebates: float  #: positive
    realized_pnl: float  #: average cost, before fees
    unrealized_pnl: float
    max_drawdown: float  #: positive, of net equity at every row
    max_abs_inventory: float
    abs_inventory_ns: float  #: ∫ |inventory| dt, size·ns
    #: [side (0 bid, 1 ask), Rule, then the strategy's own] ns; sums to the session. Of
    #: several levels a side is quoted while one of them rests, else by level 0's rule
    rule_ns: NDArray[np.int64]
    session_ns: int
    both_ns: int  #: both sides resting
    touch_ns: NDArray[np.int64]  #: [side] ns resting at the market's best price
    orders: int  #: new and replace requests accepted by the venue
    cancels: int
    rejects: int
    signed_trades: int  #: trades whose aggressor side the policy had to infer
    unknown_trades: int  #: trades that stayed unsigned
    venue_rule_ns: NDArray[np.int64]  #: [venue, side, Rule] as `rule_ns`, of each venue
    venue_both_ns: NDArray[np.int64]  #: [venue] ns with both sides resting there
    #: [level, side, Rule] ns, each level by itself; not counted of one level
    level_rule_ns: NDArray[np.int64]
    #: rows of each instrument that is read and not quoted, which are no events
    watched_rows: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(0, np.int64)
    )
    own_rules: tuple[OwnRule, ...] = ()  #: in the order of their codes


@dataclass(frozen=True, slots=True)
class Recording:
    """A run as it happened: structured arrays in time order, and the totals."""

    fills: NDArray[Any]  #: FILL
    orders: NDArray[Any]  #: ORDER
    decisions: NDArray[Any]  #: DECISION
    equity: NDArray[Any]  #: EQUITY
    totals: Totals
    missing_names: tuple[str, ...]  #: what a decision's `missing` indexes
    venues: tuple[str, ...]  #: what `venue` indexes

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of all rules by their codes."""
        return rule_names(rule.name for rule in self.totals.own_rules)
