"""Fills of several quotes a side, beside a plain slow loop, in every fill model.

Targets do not move: an order is there from the row after which it does not cross, until it
has filled, and then anew. The loop knows orders as a list, sorts it for every row, and
shares nothing with the engine.
"""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mmrun import api
from mmrun.engine.assumptions import FillModel
from mmrun.engine.run import Conditions, drive
from mmrun.feeds.replay import TapeFeed
from mmrun.market.instrument import Instrument
from mmrun.market.tape import BATCH_COLUMNS, Batch, Kind
from mmrun.plan.plan import Plan


BID, ASK = 10_000, 10_004  #: ticks of a hundredth: level 0's targets
SIZE = 10.0
Fill = tuple[int, int, int, int, float]  #: row, side (1 buys), level, ticks, size


@dataclass(frozen=True)
class Quote:
    """Best prices in ticks, with what is displayed there."""

    bid: int
    ask: int
    bid_size: float
    ask_size: float


@dataclass(frozen=True)
class Trade:
    """A print; `side` is 1 where a buyer was the aggressor."""

    price: int
    size: float
    side: int


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    bid = draw(st.integers(BID - 4, BID + 5))
    ask = bid + draw(st.integers(1, 5))
    sizes = st.sampled_from([1.0, 4.0, 15.0, 40.0])
    return Quote(bid, ask, draw(sizes), draw(sizes))


TRADES = st.builds(
    Trade,
    price=st.integers(BID - 4, ASK + 4),
    size=st.sampled_from([0.5, 3.0, 10.0, 12.0, 35.0]),
    side=st.sampled_from([1, -1]),
)
TAPES = st.builds(
    lambda first, rest: [first, *rest],
    quotes(),
    st.lists(st.one_of(quotes(), TRADES), min_size=1, max_size=25),
)
LADDERS = st.tuples(st.integers(2, 4), st.integers(0, 2), st.sampled_from([0.5, 1, 2]))


# ---- the slow loop


@dataclass
class Order:
    """An order of ours."""

    side: int
    level: int
    price: int
    left: float
    ahead: float  #: nan: not known
    row: int  #: at which it joined

    @property
    def priority(self) -> tuple[int, int, int]:
        return -self.side * self.price, self.row, self.level


@dataclass
class Slow:
    """What happens to a ladder, row by row."""

    model: str
    count: int
    step: int
    factor: float
    book: Quote | None = None
    free: dict[int, float] = field(default_factory=dict)  #: by side of the book
    taken: set[int] = field(default_factory=set)
    orders: list[Order] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)

    def run(self, tape: list[Quote | Trade]) -> list[Fill]:
        for row, event in enumerate(tape):
            self.orders.sort(key=lambda order: order.priority)
            if isinstance(event, Quote):
                self.move(row, event)
            else:
                self.print(row, event)
            self.orders = [order for order in self.orders if order.left > 0]
            self.requote(row)
        return self.fills

    def fill(self, row: int, order: Order, size: float) -> None:
        if size > 0:
            order.left -= size
            self.fills.append((row, order.side, order.level, order.price, size))

    def move(self, row: int, new: Quote) -> None:
        for side, price, size in (
            (1, new.bid, new.bid_size),
            (-1, new.ask, new.ask_size),
        ):
            old = self.book and (self.book.bid if side > 0 else self.book.ask)
            shown = self.book and (
                self.book.bid_size if side > 0 else self.book.ask_size
            )
            if side in self.taken and old == price:
                grown = size - (shown or 0.0)
                free = self.free[side]
                self.free[side] = free + grown if grown > 0 else min(free, size)
            else:
                self.taken.discard(side)
                self.free[side] = size
        self.book = new
        for order in self.orders:
            if self.crosses(order.side, order.price):
                if self.model == "hftbacktest":
                    self.fill(row, order, order.left)
                elif part := min(order.left, self.free[-order.side]):
                    self.free[-order.side] -= part
                    self.taken.add(-order.side)
                    self.fill(row, order, part)
        for order in self.orders:
            shown = self.displayed(order.side, order.price)
            if math.isnan(order.ahead) or shown < order.ahead:
                order.ahead = shown

    def print(self, row: int, trade: Trade) -> None:
        left = trade.size
        for order in self.orders:
            if order.side == trade.side or left <= 0:
                continue
            through = order.side * (order.price - trade.price)  # ticks
            size = order.left if self.model == "hftbacktest" else min(order.left, left)
            if self.model == "through":
                size = size if through >= 1 else 0.0
            elif self.model == "touch":
                size = size if through >= 0 else 0.0
            elif through < 0 or (through == 0 and math.isnan(order.ahead)):
                size = 0.0
            elif through == 0:
                beyond = left - order.ahead
                order.ahead = max(order.ahead - left, 0.0)
                whole = self.model == "hftbacktest"
                size = (
                    min(order.left, order.left if whole else beyond)
                    if beyond > 0
                    else 0.0
                )
            self.fill(row, order, size)
            if self.model != "hftbacktest":
                left -= size

    def requote(self, row: int) -> None:
        for side, first in ((1, BID), (-1, ASK)):
            for level in range(self.count):
                price = first - side * level * self.step
                size = math.floor(SIZE * self.factor**level + 1e-9)
                known = [o for o in self.orders if (o.side, o.level) == (side, level)]
                if self.crosses(side, price):
                    self.orders = [order for order in self.orders if order not in known]
                elif not known and size:
                    ahead = self.displayed(side, price)
                    self.orders.append(Order(side, level, price, size, ahead, row))

    def crosses(self, side: int, price: int) -> bool:
        assert self.book is not None
        return price >= self.book.ask if side > 0 else price <= self.book.bid

    def displayed(self, side: int, price: int) -> float:
        """What the best level's book shows at a price; it knows nothing behind."""
        assert self.book is not None
        touch = self.book.bid if side > 0 else self.book.ask
        if price == touch:
            return self.book.bid_size if side > 0 else self.book.ask_size
        behind = side * (touch - price) > 0
        return math.nan if behind and self.model != "hftbacktest" else 0.0


# ---- the engine


@cache
def plan_of(count: int, step: int, factor: float) -> Plan:
    text = f"""
mmrun: 1
quote:
  bid: {BID / 100}
  ask: {ASK / 100}
  size: {SIZE}
  post_only: skip
  levels: {{count: {count}, step: {step}tick, size_factor: {factor}}}
risk: none
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ladder.yaml"
        path.write_text(text, encoding="utf-8")
        return api.build(path)


def batch(tape: list[Quote | Trade]) -> Batch:
    columns = {name: np.full(len(tape), np.nan) for name in BATCH_COLUMNS}
    for name in ("kind", "side", "status", "venue"):
        columns[name] = np.zeros(len(tape), np.int8)
    columns["ts"] = np.arange(len(tape)) * 1_000_000
    for row, event in enumerate(tape):
        if isinstance(event, Quote):
            values = {
                "kind": Kind.QUOTE,
                "bid": event.bid / 100,
                "ask": event.ask / 100,
            }
            values |= {"bid_size": event.bid_size, "ask_size": event.ask_size}
        else:
            values = {"kind": Kind.TRADE, "price": event.price / 100}
            values |= {"size": event.size, "side": event.side}
        for name, value in values.items():
            columns[name][row] = value
    return Batch(**columns)


def by_engine(
    plan: Plan, tape: list[Quote | Trade], model: str, rows: int
) -> list[Fill]:
    instrument = Instrument(symbol="ACME", venue="X", tick=0.01, lot=1.0, depth=1)
    feed = TapeFeed(batch(tape), (instrument,), rows=rows, heartbeat_ns=0)
    conditions = Conditions(model=FillModel(model))  # type: ignore[arg-type]
    return [
        (
            int(each["ts"]) // 1_000_000,
            int(each["side"]),
            int(each["level"]),
            round(float(each["price"]) * 100),
            float(each["size"]),
        )
        for each in drive(plan, feed, conditions).fills
    ]


@pytest.mark.parametrize("model", ["queue", "through", "touch", "hftbacktest"])
@given(tape=TAPES, ladder=LADDERS, rows=st.sampled_from([1, 7, 65_536]))
@settings(deadline=None, max_examples=40 if os.environ.get("CI") else 20)
def test_a_ladder_fills_as_in_the_slow_loop(
    model: str, tape: list[Quote | Trade], ladder: tuple[int, int, float], rows: int
) -> None:
    """Which orders fill, by how much and in which order, in any batches."""
    expected = Slow(model, *ladder).run(tape)

    assert by_engine(plan_of(*ladder), tape, model, rows) == expected
