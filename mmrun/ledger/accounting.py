"""The account: average cost, cash, and where the net P&L came from.

On every run, and printed: the edge at each fill, then what the mid did to the position.

    net = spread + inventory - fees + rebates
    spread    = Σ side·size·(mid at the fill - price)·multiplier
    inventory = Σ position before·Δmid·multiplier, over every change of the mid
    net       = cash + position·final mid·multiplier - fees + rebates

Spread, fees, rebates and net come from the fills; inventory is what the engine summed
row by row. The two sides therefore meet only if the engine marked every position with
the mids it booked the fills against.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from mmrun.ledger.entries import Entries


#: The attribution holds when its relative residual is below this.
TOLERANCE = 1e-9


class Position(NamedTuple):
    """A position at average cost."""

    size: float = 0.0  #: instrument units; short is negative
    cost: float = 0.0  #: average price paid or received; 0 when flat
    realized: float = 0.0  #: price units times size so far, before fees

    def after(self, signed_size: float, price: float) -> Position:
        """The position after a fill.

        Same direction: the cost becomes the weighted mean. Opposite: the part that
        closes is realised against the cost, which stays. Through zero: what is left
        costs the fill's price. Flat: no cost.
        """
        size = self.size + signed_size
        if self.size * signed_size >= 0.0:
            paid = self.size * self.cost + signed_size * price
            return Position(size, paid / size if size else 0.0, self.realized)
        closed = math.copysign(min(abs(signed_size), abs(self.size)), self.size)
        realized = self.realized + closed * (price - self.cost)
        if size * self.size > 0.0:
            return Position(size, self.cost, realized)
        return Position(size, price if size else 0.0, realized)

    def unrealized(self, mid: float) -> float:
        """Price units times size that closing at `mid` would realise."""
        return self.size * (mid - self.cost) if self.size else 0.0


#: What a run starts with.
FLAT = Position()


def positions(book: Entries, start: Position = FLAT) -> Iterator[Position]:
    """The position at the start, then the one after each fill."""
    fills = zip(book.signed_size.tolist(), book.price.tolist(), strict=True)
    return accumulate(fills, lambda held, fill: held.after(*fill), initial=start)


def open_position(book: Entries) -> Position:
    """The last position, its `realized` counted from the fill that opened it.

    The cost depends on no fill before the last one that took the position to zero or
    through it, so only the fills from there on are walked.
    """
    held = np.concatenate(([0.0], book.position))
    turns = np.flatnonzero(np.sign(held[1:]) != np.sign(held[:-1]))
    if not len(turns):
        return FLAT
    start = int(turns[-1])
    left = float(held[start + 1])
    opened = Position(left, float(book.price[start]) if left else 0.0)
    return deque(positions(book.since(start + 1), opened), maxlen=1).pop()


@dataclass(frozen=True, slots=True)
class Attribution:
    """Net P&L and its parts; money in quote currency."""

    net: float  #: cash + position·final mid - fees + rebates
    spread: float  #: edge against the mid at each fill
    inventory: float  #: what holding a position through mid moves made
    fees: float  #: costs paid, positive
    rebates: float  #: rebates received, positive
    scale: float  #: what the residual is compared with

    @property
    def residual(self) -> float:
        """(net - parts) / scale; 0 when nothing was traded, NaN without a mid.

        The scale is the largest magnitude among net, the four parts and the gross
        traded edge Σ |size·(mid - price)|·multiplier: the last keeps a run whose
        terms happen to cancel from being judged against nearly nothing.
        """
        parts = math.fsum((self.spread, self.inventory, -self.fees, self.rebates))
        gap = self.net - parts
        return gap / self.scale if self.scale else gap

    @property
    def holds(self) -> bool:
        """True when the parts add up to the net within `TOLERANCE`; NaN does not."""
        return abs(self.residual) < TOLERANCE


@dataclass(frozen=True, slots=True)
class Statement:
    """The account at the end of a run; money in quote currency."""

    position: float  #: Σ side·size, instrument units
    cash: float  #: -Σ side·size·price·multiplier, fees not included
    cost: float  #: average price of the open position; 0 when flat
    realized: float  #: average cost, before fees
    unrealized: float
    attribution: Attribution


def statement(
    book: Entries, *, final_mid: float, inventory_pnl: float = 0.0
) -> Statement:
    """Close the account of a run's fills.

    Args:
        book: the fills, in time order.
        final_mid: the mid that marks what is left; not read when the run ends flat.
        inventory_pnl: money, Σ position·Δmid·multiplier as the engine summed it.

    Returns:
        The statement. Sums over fills are exactly rounded (`math.fsum`). What is
        realised is what is not unrealised: the two always make gross P&L.
    """
    last = open_position(book)
    position = math.fsum(book.signed_size)
    cash = math.fsum(book.cash)
    mark = position * final_mid * book.multiplier if position else 0.0
    unrealized = last.unrealized(final_mid) * book.multiplier
    return Statement(
        position=position,
        cash=cash,
        cost=last.cost,
        realized=cash + mark - unrealized,
        unrealized=unrealized,
        attribution=_attribution(book, cash + mark, inventory_pnl),
    )


def _attribution(book: Entries, gross: float, inventory_pnl: float) -> Attribution:
    fees = math.fsum(book.fee[book.fee > 0.0])
    rebates = math.fsum(-book.fee[book.fee < 0.0])
    net = math.fsum((gross, -fees, rebates))
    edge = book.edge
    parts = (math.fsum(edge), inventory_pnl, fees, rebates)
    gross_edge = float(np.abs(edge).sum())
    scale = max(abs(term) for term in (net, *parts, gross_edge))
    return Attribution(net, *parts, scale)
