"""A made-up market: order flow into a small limit order book, seeded.

Not a model of any real market, but one in which a market maker's problems are there:

- a queue at each touch gains limit orders and loses cancels (in proportion to its
  length) and trades; when it empties the price moves, so a place in the queue matters;
- traders split large orders, so trade signs are autocorrelated;
- a hidden fair value wanders, and is moved by trades; the side it moves against is
  cancelled faster and traded against more: resting orders are picked off;
- trades excite further events for a second or so, and some answers follow within a
  millisecond: arrivals come in bursts.

Queues react as in Huang, Lehalle and Rosenbaum (2015), "Simulating and analyzing order
book data: the queue-reactive model"; excitation is an exponential kernel as in Hawkes
(1971). The figures are round numbers, fitted to nothing.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.importers.rows import Imported, in_order, tape_rows
from mmrun.market.grid import from_ticks
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.tape import Kind
from mmrun.market.writer import Tape


BID, ASK = 1, -1  #: sides of the book; better prices lie in the side's direction

_BLOCK = 2**15  #: random numbers drawn at a time
_MAX_LEAN_TICKS = 4.0  #: mispricing beyond which reactions do not grow


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketModel:
    """What is simulated; rates are per second, sizes in lots."""

    symbol: str = "ACME"
    venue: str = "NASDAQ"
    tick: float = 0.01
    lot: float = 1.0
    price: float = 150.0
    start: str = "2024-03-04T09:30"  #: in `timezone`
    timezone: str = "America/New_York"
    minutes: float = 40.0
    rate: float = 0.8  #: events a second for each unit of weight, while calm
    queue: int = 400  #: about the size displayed at a touch
    volatility_ticks: float = 0.8  #: of the fair value, per square root of a second

    trade: float = 0.55  #: weights of events in a calm market
    add: float = 1.0
    cancel: float = 0.9
    improve: float = 0.25  #: for each tick the spread is wider than one

    lean: float = 0.6  #: reaction to a tick of mispricing, in log rate
    impact_ticks: float = 0.25  #: on the fair value, of a trade as large as a queue
    excitation: float = 2.0  #: what a trade adds to the relative rate
    calm_s: float = 0.8  #: time in which excitation fades to 1/e
    answer: float = 0.3  #: chance that a trade is answered within a millisecond


def make(model: MarketModel, rng: np.random.Generator, source: str) -> Imported:
    """Simulate a market.

    Args:
        model: what to simulate.
        rng: where chance comes from; equal generators give equal tapes.
        source: the sentence for the manifest.
    """
    moment = datetime.fromisoformat(model.start)
    start = moment.replace(tzinfo=ZoneInfo(model.timezone))
    market = Market(model, rng)
    market.run(int(start.timestamp()) * 10**9)
    instrument = Instrument(
        symbol=model.symbol,
        venue=model.venue,
        tick=model.tick,
        lot=model.lot,
        timezone=model.timezone,
    )
    provenance = Provenance(source=source, licence="CC0-1.0", timezone=model.timezone)
    return Imported((Tape(instrument, market.rows()),), provenance)


class Market:
    """The book, the hidden state of its traders, and the rows they have caused."""

    def __init__(self, model: MarketModel, rng: np.random.Generator) -> None:
        """Start calm, one tick wide, the fair value in the middle."""
        self.model = model
        self._uniform = _blocks(rng.random)
        self._normal = _blocks(rng.standard_normal)
        self._exponential = _blocks(rng.standard_exponential)
        start = round(model.price / model.tick)
        self.touch = {BID: start, ASK: start + 1}
        self.queues: dict[int, dict[int, int]] = {
            side: {price: self._depth_size()} for side, price in self.touch.items()
        }
        self.fair = start + 0.5
        self._excited = 0.0
        self._sign = BID
        self._left_of_order = 0
        self._ts = 0
        self._count = 0
        self._quotes = [array("q") for _ in range(6)]
        self._trades = [array("q") for _ in range(5)]

    def run(self, start_ns: int) -> None:
        """Let the model's minutes pass."""
        self._ts = start_ns
        end_ns = start_ns + round(self.model.minutes * 60e9)
        self._record_quote()
        answering = False
        while True:
            events = self._weights()
            total = sum(weight for weight, _, _ in events)
            self._ts += self._wait_ns(total, answering=answering)
            if self._ts >= end_ns:
                return
            act, side = self._pick(events, total)
            act(side)
            traded = act == self._trade
            answering = traded and next(self._uniform) < self.model.answer

    def rows(self) -> pl.DataFrame:
        """All rows so far as a tape."""
        tick, lot = self.model.tick, self.model.lot
        order, ts, bid, bid_size, ask, ask_size = map(_numbers, self._quotes)
        quotes = {
            "ts": ts,
            "bid": from_ticks(bid, tick),
            "bid_size": bid_size * lot,
            "ask": from_ticks(ask, tick),
            "ask_size": ask_size * lot,
        }
        place, when, price, size, side = map(_numbers, self._trades)
        trades = {
            "ts": when,
            "price": from_ticks(price, tick),
            "size": size * lot,
            "side": side,
        }
        return in_order(
            [tape_rows(Kind.QUOTE, order, quotes), tape_rows(Kind.TRADE, place, trades)]
        )

    def _weights(self) -> list[tuple[float, Callable[[int], None], int]]:
        """How likely each event is now: weight, what happens, to which side."""
        model = self.model
        lean = model.lean * self._mispricing()
        up, down = math.exp(lean), math.exp(-lean)
        crowded = {side: self._size(side) / model.queue for side in (BID, ASK)}
        spare = self.touch[ASK] - self.touch[BID] - 1
        return [
            (model.trade, self._trade, BID),
            (model.add * up, self._add, BID),
            (model.add * down, self._add, ASK),
            (model.cancel * crowded[BID] * down, self._cancel, BID),
            (model.cancel * crowded[ASK] * up, self._cancel, ASK),
            (model.improve * spare * up, self._improve, BID),
            (model.improve * spare * down, self._improve, ASK),
        ]

    def _pick(
        self, events: list[tuple[float, Callable[[int], None], int]], total: float
    ) -> tuple[Callable[[int], None], int]:
        """One of the events, by weight."""
        left = next(self._uniform) * total
        for weight, act, side in events:
            left -= weight
            if left < 0:
                return act, side
        return events[0][1], events[0][2]

    def _wait_ns(self, total: float, *, answering: bool) -> int:
        """Time to the next event; meanwhile excitement fades and fair value wanders."""
        model = self.model
        wait_s = next(self._exponential) / (model.rate * total * (1 + self._excited))
        if answering:
            wait_s = min(wait_s, next(self._exponential) * 3e-4)
        self._excited *= math.exp(-wait_s / model.calm_s)
        self.fair += model.volatility_ticks * math.sqrt(wait_s) * next(self._normal)
        return 1_000 + int(wait_s * 1e9)  # a microsecond at least: no two at one time

    def _mispricing(self) -> float:
        """Fair value above the mid, ticks."""
        mispriced = self.fair - (self.touch[BID] + self.touch[ASK]) / 2
        return max(-_MAX_LEAN_TICKS, min(_MAX_LEAN_TICKS, mispriced))

    def _trade(self, _: int) -> None:
        """A taker buys or sells, mostly no more than the touch shows."""
        sign = self._next_sign()
        side = -sign
        left = self._order_size()
        if next(self._uniform) < 0.85:
            left = min(left, self._size(side))
        self.fair += self.model.impact_ticks * sign * left / self.model.queue
        self._excited += self.model.excitation
        while left:
            taken = min(left, self._size(side))
            self._record_trade(self.touch[side], taken, sign)
            self._remove(side, taken)
            left -= taken
        self._record_quote()

    def _add(self, side: int) -> None:
        self.queues[side][self.touch[side]] += self._order_size()
        self._record_quote()

    def _cancel(self, side: int) -> None:
        self._remove(side, min(self._order_size(), self._size(side)))
        self._record_quote()

    def _improve(self, side: int) -> None:
        self.touch[side] += side
        self.queues[side][self.touch[side]] = self._order_size()
        self._record_quote()

    def _remove(self, side: int, size: int) -> None:
        """Take size from a touch; an empty one gives way to the level behind it."""
        price = self.touch[side]
        self.queues[side][price] -= size
        if self.queues[side][price] == 0:
            del self.queues[side][price]
            gap = 1 if next(self._uniform) < 0.9 else 2
            self.touch[side] = price - side * gap
            self.queues[side].setdefault(self.touch[side], self._depth_size())

    def _next_sign(self) -> int:
        """The sign of the large order being worked; its length has a heavy tail."""
        if self._left_of_order <= 0:
            pull = 0.12 * self._mispricing()
            self._sign = BID if next(self._uniform) < 0.5 + pull else ASK
            length = (1 - next(self._uniform)) ** (-1 / 1.5)  # Pareto, exponent 1.5
            self._left_of_order = min(int(length), 200)
        self._left_of_order -= 1
        return self._sign

    def _order_size(self) -> int:
        """A round lot often, otherwise lognormal."""
        if next(self._uniform) < 0.35:
            return 100
        return max(1, round(70 * math.exp(0.9 * next(self._normal))))

    def _depth_size(self) -> int:
        """What stands behind a touch."""
        return max(1, round(self.model.queue * math.exp(0.5 * next(self._normal))))

    def _size(self, side: int) -> int:
        return self.queues[side][self.touch[side]]

    def _record_quote(self) -> None:
        bid, ask = self.touch[BID], self.touch[ASK]
        self._record(self._quotes, bid, self._size(BID), ask, self._size(ASK))

    def _record_trade(self, price: int, size: int, sign: int) -> None:
        self._record(self._trades, price, size, sign)

    def _record(self, columns: list[array[int]], *values: int) -> None:
        for column, value in zip(
            columns, (self._count, self._ts, *values), strict=True
        ):
            column.append(value)
        self._count += 1


def _blocks(draw: Callable[[int], NDArray[np.float64]]) -> Iterator[float]:
    """Numbers one by one, drawn in blocks."""
    while True:
        yield from draw(_BLOCK).tolist()


def _numbers(column: array[int]) -> NDArray[np.int64]:
    return np.array(column, np.int64)
