"""Sample values of a strategy's formulas: the last of ten minutes in a made-up market.

The market is arithmetic, without chance: quotes every two seconds around 10,000 ticks
that climb and fall, trades between them, and now and then one that goes through our quotes,
so that windows have filled and there is an inventory.
"""

from __future__ import annotations

import numpy as np

from mmrun.engine.assumptions import FillModel, Latency
from mmrun.market.tape import Batch, Kind
from mmrun.plan.compile import Checked
from mmrun.testing.play import conditions_for, run_tape, sizes
from mmrun.testing.trace import Values, trace


SECONDS = 600
SAMPLE_VENUE = "SAMPLE"
#: What the values are of, in a line.
SAMPLE = "sample values: after ten minutes of a made-up market around 10,000 ticks"


def sample_values(checked: Checked) -> Values:
    """The value of every node at the sample market's end, by `id`; NaN is missing."""
    venues = checked.strategy.venues
    venue = venues[0].name if venues else SAMPLE_VENUE
    traced = trace(checked)
    conditions = conditions_for(checked.strategy, FillModel(), Latency())
    end_ns = SECONDS * 1_000_000_000
    run_tape(traced, sample_tape(*sizes(checked.strategy)), venue, [end_ns], conditions)
    return traced.last


def sample_tape(tick: float, lot: float) -> Batch:
    """A quote every two seconds and a trade a second after it; times from 0 ns."""
    n = np.arange(SECONDS // 2, dtype=np.int64)
    mid = 10_000 + _wave(n, 97, 30) + _wave(n, 13, 4)  # ticks
    half = 1 + n % 3 // 2
    buys = n % 7 < 4
    through = np.where(n % 50 == 25, 40, 0)
    paid = np.where(buys, mid + half + through, mid - half - through)
    count = 2 * len(n)

    def column(
        at_quotes: object, at_trades: object, dtype: type = np.float64
    ) -> object:
        values = np.empty(count, dtype)
        values[0::2], values[1::2] = at_quotes, at_trades
        return values

    nan = np.nan
    columns = {
        "ts": column(n * 2_000_000_000, (2 * n + 1) * 1_000_000_000, np.int64),
        "kind": column(Kind.QUOTE, Kind.TRADE, np.int8),
        "bid": column((mid - half) * tick, nan),
        "bid_size": column((300 + n * 37 % 500) * lot, nan),
        "ask": column((mid + half) * tick, nan),
        "ask_size": column((300 + n * 53 % 500) * lot, nan),
        "price": column(nan, paid * tick),
        "size": column(nan, np.where(through > 0, 2_000, 50 + n * 29 % 200) * lot),
        "side": column(0, np.where(buys, 1, -1), np.int8),
        "status": column(0, 0, np.int8),
    }
    return Batch(**columns)  # type: ignore[arg-type]


def _wave(n: np.ndarray, period: int, height: int) -> np.ndarray:  # type: ignore[type-arg]
    """A triangle between -height/2 and height/2, in whole steps."""
    phase = n % period
    return np.minimum(phase, period - phase) * 2 * height // period - height // 2
