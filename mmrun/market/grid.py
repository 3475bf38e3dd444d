"""Prices against the tick grid, with the tolerance the engine uses.

A price is on the grid if `|x/tick - n| <= max(1e-9, 4 * 2**-52 * |n|)` with
`n = rint(x/tick)`: decimal prices are not binary fractions, and at tick 0.0001 exact
comparison would misplace most of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mmrun.market.tape import FloatColumn


ABSOLUTE_TOLERANCE = 1e-9
RELATIVE_TOLERANCE = 4 * 2.0**-52

#: Ticks of a side of the book that holds nothing.
NO_BID = -(1 << 60)
NO_ASK = 1 << 60


def on_grid(prices: FloatColumn, tick: float) -> NDArray[np.bool_]:
    """Whether each price is a whole number of ticks; NaN is not."""
    steps = prices / tick
    nearest = np.rint(steps)
    tolerance = np.maximum(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * np.abs(nearest))
    found: NDArray[np.bool_] = np.abs(steps - nearest) <= tolerance
    return found


def placed(
    prices: FloatColumn,
    tick: float,
    away: Callable[[FloatColumn], FloatColumn],
    *,
    asked: NDArray[np.bool_] | bool = True,
) -> FloatColumn:
    """Prices as numbers of ticks; what is not asked for may be anything.

    Args:
        prices: in price units.
        tick: the price step.
        away: where prices are, in ticks, that are not on the grid (NaN among them).
        asked: which prices matter; True for all.
    """
    steps = prices / tick
    nearest = np.rint(steps)
    steps -= nearest
    np.abs(steps, out=steps)
    odd = ~(steps <= ABSOLUTE_TOLERANCE) & asked
    if odd.any():
        strange = prices[odd]
        found = away(strange / tick)
        nearest[odd] = np.where(on_grid(strange, tick), nearest[odd], found)
    return nearest


def from_ticks(ticks: NDArray[np.int64], tick: float) -> FloatColumn:
    """Prices of whole numbers of ticks, correctly rounded where 1/tick is whole."""
    per_unit = round(1 / tick) if tick < 1 else 0
    if per_unit and abs(per_unit * tick - 1) <= ABSOLUTE_TOLERANCE:
        return ticks / float(per_unit)
    return np.asarray(ticks, np.float64) * tick
