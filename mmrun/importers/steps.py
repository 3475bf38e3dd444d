"""Tick and lot of files that do not state them: the step all their numbers fit."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.market.grid import on_grid


MOST_DECIMALS = 12
_NICE = (1, 2, 5, 25)  #: times a power of ten: the steps venues use, and binary ones


def common_step(*columns: pl.Series) -> float:
    """The largest usual step of which all numbers are whole multiples.

    Usual are 1, 2, 2.5 and 5 times a power of ten and 1/2, 1/4, ... 1/1024 (bonds). A
    few numbers may fit a step that is too large; nothing in them could tell. Nulls and
    NaN are left out; 1 if no number other than 0 remains.
    """
    numbers = pl.concat([column.cast(pl.Float64) for column in columns])
    values = numbers.drop_nulls().drop_nans().unique().to_numpy()
    values = np.abs(values[values != 0])
    if not len(values):
        return 1.0
    decimals = _decimals(values)
    whole = np.rint(values * 10.0**decimals).astype(np.int64)
    divisor = int(np.gcd.reduce(whole))
    fitting = [step for step in _usual(decimals, divisor) if divisor % step == 0]
    return float(max(fitting) / 10**decimals)


def _decimals(values: NDArray[np.float64]) -> int:
    """How many decimals write all values."""
    for decimals in range(MOST_DECIMALS):
        if on_grid(values, 10.0**-decimals).all():
            return decimals
    return MOST_DECIMALS


def _usual(decimals: int, limit: int) -> list[int]:
    """Usual steps up to `limit`, in units of the last decimal."""
    powers = range(len(str(limit)) + 1)
    decimal = [nice * 10**power for power in powers for nice in _NICE]
    unit = 10**decimals
    binary = [unit >> k for k in range(1, 11) if unit % (1 << k) == 0]
    return [step for step in (*decimal, *binary) if step <= limit]
