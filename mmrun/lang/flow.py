"""What the functions of several inputs mean: order flow, and those over bars.

As in `lang.series`, a class holds the state of one node of a formula and has one method:

    step(now, bits, inputs, windows) -> value

`bits` say what the row is where the function ticks, and are 0 where it does not;
`inputs` are the values in force at the row, in the order of the function's `reads`;
`windows` are its other arguments. A trade is known when it has a size and a side.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from mmrun.lang.nodes import Ticks
from mmrun.lang.pointwise import divide, floor, log, sqrt
from mmrun.lang.windows import Window, window_ns


Values = tuple[float, ...]
FOUR_LOG_2 = 2.772588722239781


class Flow(Protocol):
    """The carried state of one such function."""

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row."""
        ...


def _known_trade(size: float, side: float) -> bool:
    return not math.isnan(size) and abs(side) == 1.0


class SignedVolume:
    """`signed_volume(w)`: size bought less size sold; unsigned trades are left out."""

    def __init__(self) -> None:
        self.window = Window(timed=True, sums=2)

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row."""
        size, side = inputs
        known = bits and _known_trade(size, side)
        self.window.advance(now, (side * size, size) if known else None, windows[0])
        return self.value()

    def value(self) -> float:
        """What the sums say."""
        return self.window.totals[0]


class Imbalance(SignedVolume):
    """`trade_imbalance(w)`: 0 when no trade of known side is in the window."""

    def value(self) -> float:
        """Signed volume over volume."""
        signed, total = self.window.totals
        return 0.0 if total == 0.0 else signed / total


class _Weighted(Window):
    """Sums of (x - shift)*weight and of weights, so that a mean keeps its digits."""

    def terms(self, values: Values) -> Values:
        """The weighted deviation from the shift, and the weight."""
        return ((values[0] - self.shift) * values[1], values[1])


class Vwap:
    """`vwap(w)`: missing when nothing traded."""

    def __init__(self) -> None:
        self._window = _Weighted(timed=True, sums=2)

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row."""
        whole = bits and not any(map(math.isnan, inputs))
        self._window.advance(now, inputs if whole else None, windows[0])
        total, weight = self._window.totals
        if not self._window or weight == 0.0:
            return math.nan
        return self._window.shift + total / weight


class Ofi:
    """`ofi(w)`: the sum of changes at the touch, as Cont, Kukanov & Stoikov (2014).

    At an unchanged price both indicators of a side hold, which gives the change of its
    size. A row that shows one side alone is passed over.
    """

    def __init__(self) -> None:
        self._window = Window(timed=True)
        self._before: Values | None = None

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row."""
        change = None
        if bits and not any(map(math.isnan, inputs)):
            if self._before is not None:
                change = (_change(self._before, inputs),)
            self._before = inputs
        self._window.advance(now, change, windows[0])
        return self._window.totals[0]


def _change(before: Values, after: Values) -> float:
    """The event e of one row."""
    old_bid, old_bid_size, old_ask, old_ask_size = before
    bid, bid_size, ask, ask_size = after
    bought = (bid_size if bid >= old_bid else 0.0) - (
        old_bid_size if bid <= old_bid else 0.0
    )
    sold = (ask_size if ask <= old_ask else 0.0) - (
        old_ask_size if ask >= old_ask else 0.0
    )
    return bought - sold


class Vpin:
    """`vpin(bucket, buckets)`: over the last full buckets; missing until so many are."""

    def __init__(self) -> None:
        self._imbalances: deque[float] = deque()
        self._filled = 0.0
        self._signed = 0.0
        self._value = math.nan

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row."""
        del now
        (size, side), (bucket, buckets) = inputs, windows
        if bits and _known_trade(size, side) and 0.0 < size < math.inf:
            if size < bucket - self._filled:
                self._filled += size
                self._signed += side * size
            else:
                self._fill(size, side, bucket, int(buckets))
        return self._value

    def _fill(self, size: float, side: float, bucket: float, buckets: int) -> None:
        """Fill the bucket and as many more as the trade does; the rest opens one."""
        room = bucket - self._filled
        self._imbalances.append(abs(self._signed + side * room))
        rest = size - room
        whole = floor(rest / bucket)
        self._imbalances += [bucket] * int(min(whole, float(buckets)))
        while len(self._imbalances) > buckets:
            self._imbalances.popleft()
        self._filled = max(rest - whole * bucket, 0.0)
        self._signed = side * self._filled
        if len(self._imbalances) == buckets:
            total = 0.0
            for imbalance in self._imbalances:
                total += imbalance
            self._value = total / (buckets * bucket)


class Parkinson:
    """`parkinson(x, bar, bars)`: the ranges of the last complete bars of the clock.

    A bar opens at the value in force, so one without an observation has no range.
    """

    def __init__(self) -> None:
        self._squares: deque[float] = deque()
        self._first_at: int | None = None
        self._bar = 0
        self._latest = self._high = self._low = math.nan
        self._total = 0.0

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row; missing until all the bars have passed."""
        bar_ns, bars = max(window_ns(windows[0]), 1), int(windows[1])
        if self._first_at is not None and now // bar_ns > self._bar:
            self._close(now // bar_ns - self._bar, bars)
            self._bar = now // bar_ns
        (x,) = inputs
        if bits and not math.isnan(x):
            self._observe(now, x, bar_ns)
        if self._first_at is None or now - self._first_at < bar_ns * bars:
            return math.nan
        return sqrt(self._total / bars / FOUR_LOG_2)

    def _observe(self, now: int, x: float, bar_ns: int) -> None:
        if self._first_at is None:
            self._first_at, self._bar = now, now // bar_ns
            self._high = self._low = x
        self._high, self._low = max(self._high, x), min(self._low, x)
        self._latest = x

    def _close(self, passed: int, bars: int) -> None:
        """End the bar, and those that passed without a row."""
        # Of 0, which has no logarithm, as of a bar that passed without a row.
        still = self._high == self._low
        reach = 0.0 if still else log(divide(self._high, self._low))
        self._squares.append(reach * reach)
        self._squares += [0.0] * min(passed - 1, bars)
        while len(self._squares) > bars:
            self._squares.popleft()
        self._high = self._low = self._latest
        self._total = 0.0
        for square in self._squares:
            self._total += square


class KyleLambda:
    """`kyle_lambda(w, bar)`: the slope of changes of mid on signed volume, by bars."""

    def __init__(self) -> None:
        self._bars: deque[tuple[float, float]] = deque()  #: volume, change of mid
        self._first_at: int | None = None
        self._bar = 0
        self._latest = self._opened = math.nan
        self._signed = 0.0
        self._slope = math.nan

    def step(self, now: int, bits: Ticks, inputs: Values, windows: Values) -> float:
        """The value at one row; missing until the window has passed."""
        span_ns, bar_ns = window_ns(windows[0]), max(window_ns(windows[1]), 1)
        if self._first_at is not None and now // bar_ns > self._bar:
            self._close(now // bar_ns - self._bar, max(span_ns // bar_ns, 1))
            self._bar = now // bar_ns
        mid, size, side = inputs
        if bits & Ticks.BOOK and not math.isnan(mid):
            if self._first_at is None:
                self._first_at, self._bar, self._opened = now, now // bar_ns, mid
            self._latest = mid
        started = self._first_at is not None
        if bits & Ticks.TRADE and started and _known_trade(size, side):
            self._signed += side * size
        if self._first_at is None or now - self._first_at < span_ns:
            return math.nan
        return self._slope

    def _close(self, passed: int, bars: int) -> None:
        """End the bar, and those that passed without a row."""
        still = self._latest == self._opened
        self._bars.append((self._signed, 0.0 if still else self._latest - self._opened))
        self._bars += [(0.0, 0.0)] * min(passed - 1, bars)
        while len(self._bars) > bars:
            self._bars.popleft()
        self._opened, self._signed = self._latest, 0.0
        self._slope = _slope(self._bars, bars)


def _slope(pairs: deque[tuple[float, float]], bars: int) -> float:
    """Ordinary least squares with an intercept; missing where nothing varies."""
    first = pairs[0][0]
    if len(pairs) < bars or all(volume == first for volume, _ in pairs):
        return math.nan
    volumes = changes = 0.0
    for volume, change in pairs:
        volumes += volume
        changes += change
    mean_volume, mean_change = volumes / bars, changes / bars
    both = squares = 0.0
    for volume, change in pairs:
        away = volume - mean_volume
        both += away * (change - mean_change)
        squares += away * away
    return both / squares if squares else math.nan


#: Functions of several inputs or windows.
FLOWS: dict[str, type[Flow]] = {
    "trade_imbalance": Imbalance,
    "signed_volume": SignedVolume,
    "vwap": Vwap,
    "ofi": Ofi,
    "vpin": Vpin,
    "parkinson": Parkinson,
    "kyle_lambda": KyleLambda,
}
