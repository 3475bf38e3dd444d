"""Sample values of a strategy's formulas: the last of ten minutes in a made-up market.

The market is arithmetic, without chance: quotes every two seconds around 10,000 ticks
that climb and fall, trades between them, and now and then one that goes through our quotes,
so that windows have filled and there is an inventory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.bind import ticks_per_unit
from mmrun.lang.names import QUOTED
from mmrun.market.tape import BATCH_COLUMNS, Batch, FloatColumn, IntColumn, Kind
from mmrun.plan.compile import Checked
from mmrun.testing.scripted import conditions_for, run_tape, watched_instruments
from mmrun.testing.shown import sizes
from mmrun.testing.trace import Values, trace


Whole = IntColumn
T = TypeVar("T", bound=np.generic)

SECONDS = 600
SAMPLE_VENUE = "SAMPLE"
#: What the values are of, in a line.
SAMPLE = "sample values: after ten minutes of a made-up market around 10,000 ticks"


def sample_values(checked: Checked) -> tuple[Values, ...]:
    """By level the value of every node at the sample market's end; NaN is missing."""
    venues = checked.strategy.venues
    venue = venues[0].name if venues else SAMPLE_VENUE
    traced = trace(checked, [venue])
    conditions = conditions_for(checked.strategy, FillModel(), Latency())
    end_ns = SECONDS * 1_000_000_000
    others = [name for name in traced.plan.sources if name not in {QUOTED, venue}]
    tape = several_times(sample_tape(*sizes(checked.strategy)), 1 + len(others))
    watched = watched_instruments(checked.strategy, others)
    run_tape(traced, tape, [venue], [end_ns], conditions, watched)
    return traced.last.get(venue, ({},) * checked.levels)


def several_times(batch: Batch, count: int) -> Batch:
    """The same rows at so many venues, one after the other at each time."""
    repeated = (np.repeat(getattr(batch, name), count) for name in BATCH_COLUMNS)
    venue = np.tile(np.arange(count, dtype=np.int8), len(batch))
    return replace(Batch(*repeated), venue=venue)


def sample_tape(tick: float, lot: float) -> Batch:
    """A quote every two seconds and a trade a second after it; times from 0 ns."""
    n: Whole = np.arange(SECONDS // 2, dtype=np.int64)
    mid = 10_000 + _wave(n, 97, 80) + _wave(n, 13, 12)  # ticks
    half = 1 + n % 3 // 2
    buys = n % 7 < 4
    through = np.where(n % 50 == 25, 40, 0)
    paid = np.where(buys, mid + half + through, mid - half - through)
    size = np.where(through > 0, 2_000, 50 + n * 29 % 200)
    none = np.full(len(n), np.nan)
    zero = np.zeros_like(n)
    return Batch(
        ts=_alternate(n * 2_000_000_000, (2 * n + 1) * 1_000_000_000),
        kind=_alternate(zero + Kind.QUOTE, zero + Kind.TRADE).astype(np.int8),
        bid=_alternate(_prices(mid - half, tick), none),
        bid_size=_alternate(_sizes(300 + n * 37 % 500, lot), none),
        ask=_alternate(_prices(mid + half, tick), none),
        ask_size=_alternate(_sizes(300 + n * 53 % 500, lot), none),
        price=_alternate(none, _prices(paid, tick)),
        size=_alternate(none, _sizes(size, lot)),
        side=_alternate(zero, np.where(buys, 1, -1)).astype(np.int8),
        status=_alternate(zero, zero).astype(np.int8),
        venue=_alternate(zero, zero).astype(np.int8),
    )


def _alternate(at_quotes: NDArray[T], at_trades: NDArray[T]) -> NDArray[T]:
    """One of the first, one of the second, in turn."""
    return np.column_stack((at_quotes, at_trades)).ravel()


def _prices(ticks: Whole, tick: float) -> FloatColumn:
    per_unit = ticks_per_unit(tick)
    return ticks / per_unit if per_unit else ticks.astype(np.float64) * tick


def _sizes(lots: Whole, lot: float) -> FloatColumn:
    return lots.astype(np.float64) * lot


def _wave(n: Whole, period: int, height: int) -> Whole:
    """A triangle between -height/2 and height/2, in whole steps."""
    phase = n % period
    rising: Whole = np.minimum(phase, period - phase) * 2 * height // period
    return rising - height // 2
