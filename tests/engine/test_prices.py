"""Prices to whole ticks and back, against exact fractions and Python's round."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings, strategies as st

from mmrun.engine.bind import ticks_per_unit
from mmrun.engine.jit import uncompiled
from mmrun.engine.prices import (
    half_ticks,
    price_of,
    quote_ticks,
    round_decimals,
    ticks_down,
    ticks_up,
)
from mmrun.engine.state import ASK, BID, INWARD, NEAREST, NEAREST_EVEN, OUTWARD


TICKS = ("0.0001", "0.01", "0.05", "0.25", "0.000001", "0.00000001", "1", "5")
ticks = st.sampled_from(TICKS).map(Fraction)


def nearest_float(exact: Fraction) -> float:
    return exact.numerator / exact.denominator


@settings(deadline=None)
@given(ticks, st.integers(1, 10**9))
def test_a_price_on_the_grid_is_its_own_tick(tick, count):
    """The float nearest to n ticks is n ticks, from below, from above and in halves."""
    price, step = nearest_float(count * tick), float(tick)

    found = (ticks_down(price, step), ticks_up(price, step), half_ticks(price, step))

    assert found == (count, count, 2 * count)


@settings(deadline=None)
@given(
    ticks, st.integers(1, 10**7), st.fractions(Fraction(1, 1000), Fraction(999, 1000))
)
def test_a_price_between_ticks_is_below_the_one_and_above_the_other(tick, count, part):
    """Down is the floor, up the ceiling, and a trade there is an odd half tick."""
    price, step = nearest_float((count + part) * tick), float(tick)

    found = (ticks_down(price, step), ticks_up(price, step), half_ticks(price, step))

    assert found == (count, count + 1, 2 * count + 1)


@settings(deadline=None)
@given(ticks, st.integers(-(10**9), 10**9))
def test_a_price_of_ticks_is_the_float_nearest_to_it(tick, count):
    """Where 1/tick or the tick is whole, no rounding but the last."""
    step = float(tick)

    price = price_of(count, step, ticks_per_unit(step))

    assert price == nearest_float(count * tick)


@pytest.mark.parametrize(
    ("price", "decimals"),
    [
        *[(149.925, 2), (150.075, 2), (0.005, 2), (0.015, 2), (0.025, 2), (2.675, 2)],
        *[(0.5, 0), (1.5, 0), (2.5, 0), (1.005, 2), (5.0025, 3), (1e-9, 2)],
    ],
)
def test_named_halves_round_as_python_rounds(price, decimals):
    """Halves to even on the binary value: 149.925 is a little more than a half."""
    rounded = round_decimals(price, 10.0**decimals)

    assert float(rounded) == round(price, decimals)


halves = st.builds(
    lambda count, decimals: (count * 5 / 10 ** (decimals + 1), decimals),
    st.integers(0, 10**9),
    st.integers(0, 6),
)
anywhere = st.tuples(st.floats(0.0, 1e6), st.integers(0, 6))


@settings(deadline=None, max_examples=500)
@given(halves | anywhere)
@example((0.005, 2))
@example((149.925, 2))
def test_rounding_to_decimals_is_pythons_round(case):
    """Any price to any decimals, halves above all."""
    price, decimals = case

    rounded = uncompiled(round_decimals)(price, 10.0**decimals)

    assert float(rounded) == round(price, decimals)


@settings(deadline=None)
@given(st.floats(-1e4, -1e-6), st.integers(0, 6))
def test_negative_prices_round_as_python_rounds(price, decimals):
    """With `allow_crossed` a quote may be below zero."""
    rounded = uncompiled(round_decimals)(price, 10.0**decimals)

    assert float(rounded) == round(price, decimals)


@pytest.mark.parametrize(
    ("mode", "bid", "ask"),
    [
        (OUTWARD, 14_992, 15_008),
        (INWARD, 14_993, 15_007),
        (NEAREST, 14_992, 15_008),
        (NEAREST_EVEN, 14_993, 15_007),
    ],
)
def test_half_ticks_by_mode(mode, bid, ask):
    """149.925 and 150.075 at a cent: the article's numbers and the corrected ones."""
    found = (
        quote_ticks(149.925, BID, mode, 0.01, 100.0),
        quote_ticks(150.075, ASK, mode, 0.01, 100.0),
    )

    assert found == (bid, ask)


@settings(deadline=None)
@given(st.floats(0.01, 1e6), st.sampled_from((BID, ASK)), st.sampled_from(TICKS))
def test_outward_is_never_nearer_to_the_market(price, side, tick):
    """A bid is at or below its formula, an ask at or above, by less than a tick."""
    step = float(tick)

    count = quote_ticks(price, side, OUTWARD, step, 1.0)

    away = (1 if side == ASK else -1) * (count - price / step)
    assert -max(1e-9, 1e-15 * price / step) <= away < 1


@settings(deadline=None)
@given(st.floats(0.01, 1e4), st.sampled_from((BID, ASK)))
def test_nearest_is_within_half_a_tick(price, side):
    """No grid price is nearer than the one chosen."""
    count = quote_ticks(price, side, NEAREST, 0.01, 1.0)

    assert abs(count - price / 0.01) <= 0.5 + 1e-9
