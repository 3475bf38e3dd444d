"""Prices and the tick grid."""

from __future__ import annotations

import numpy as np
import pytest

from mmrun.market.grid import from_ticks, on_grid


@pytest.mark.parametrize("tick", [0.01, 0.0001, 0.25, 0.05, 1e-8, 5.0])
def test_whole_ticks_are_on_the_grid(tick):
    """A price made of ticks is found on the grid at any usual tick."""
    prices = from_ticks(np.arange(1, 50_000), tick)

    assert on_grid(prices, tick).all()


def test_prices_between_ticks_are_off_the_grid():
    """Half a cent is not a cent, and a missing price is nowhere."""
    prices = np.array([100.005, 100.0049, np.nan, 100.0])

    assert on_grid(prices, 0.01).tolist() == [False, False, False, True]


def test_decimal_prices_are_the_nearest_floats():
    """Ticks of a cent give the float a person would write."""
    assert from_ticks(np.array([15_001, 29, 57]), 0.01).tolist() == [150.01, 0.29, 0.57]
