"""Numbers, bars and charts: shapes that do not mislead."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mmrun.report.drawing import (
    amount,
    bar,
    chart,
    columns,
    decimals,
    duration,
    percent,
)


finite = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-6)


@pytest.mark.parametrize(
    ("value", "places"),
    [(0.0, 2), (12345.6, 2), (12.3, 2), (1.2, 3), (0.00012, 7), (1e-30, 8)],
)
def test_decimals(value: float, places: int) -> None:
    """Four significant digits of the largest value, between two and eight decimals."""
    assert decimals((value, 0.0)) == places


def test_decimals_pass_over_what_is_not_finite() -> None:
    """An unknown term does not decide how the others are shown."""
    assert decimals((math.nan, 1.2)) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-60.0, "-60"),
        (1e7, "10,000,000"),
        (85.126, "85.13"),
        (0.5, "0.5000"),
    ],
)
def test_amount(value: float, text: str) -> None:
    """Whole sizes are whole, others keep four digits."""
    assert amount(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (2e-9, "2ns"),
        (5e-6, "5us"),
        (0.25, "250ms"),
        (59.4, "59.4s"),
        (59.6, "1m 00s"),
        (3599.9, "1h 00m 00s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    """A time is said in the units one would use, and never as 60 of one."""
    assert duration(seconds) == text


def test_percent_of_a_trace() -> None:
    """A trace of time is not shown as none, nearly all not as all."""
    assert [percent(x) for x in (0.0, 1e-6, 0.9999, 1.0)] == [
        *("0.0%", "<0.1%", ">99.9%", "100.0%")
    ]


@settings(deadline=None)
@given(finite, finite, st.integers(10, 80))
def test_bars_fit_and_show(first: float, second: float, width: int) -> None:
    """A bar never leaves its room, starts at zero, and is empty only for zero."""
    low, high = min(0.0, first, second), max(0.0, first, second)

    bars = [bar(value, low, high, width) for value in (first, second)]

    for value, drawn in zip((first, second), bars, strict=True):
        assert len(drawn) <= width
        assert bool(drawn.strip()) == (value != 0.0)


def test_longer_bar_for_more() -> None:
    """Bars of one axis are as long as their values, to half a cell."""
    drawn = [bar(value, -10.0, 30.0, 40).strip() for value in (30.0, 10.0, -10.0, 0.4)]

    assert [len(cells) for cells in drawn] == [30, 10, 10, 1]
    assert drawn[3] == "▌"


def test_columns_keep_last_and_extremes() -> None:
    """A long series gives levels by their last point, sizes by their furthest."""
    series = np.array([0.0, 5.0, 1.0, -7.0, 2.0, np.nan])

    assert columns(series, 3, "last")[:2].tolist() == [5.0, -7.0]
    assert columns(series, 3, "extreme").tolist() == [5.0, -7.0, 2.0]


def test_columns_stretch_a_short_series() -> None:
    """Fewer points than columns repeat, in order."""
    assert columns(np.array([1.0, 2.0]), 4, "extreme").tolist() == [1, 1, 2, 2]


def test_columns_without_numbers_are_nan() -> None:
    """A stretch that holds no number has no value."""
    assert np.isnan(columns(np.full(4, np.nan), 2, "extreme")).all()


def test_chart_of_both_signs() -> None:
    """What is above zero grows upward, what is below hangs from the zero line."""
    drawn = chart(np.array([2.0, 1.0, 0.0, -1.0]), 3)

    assert drawn == [("high", "█   "), ("zero", "██  "), ("low", "   █")]


def test_chart_below_zero_only() -> None:
    """A losing run hangs from a zero line at the top."""
    drawn = chart(np.array([-1.0, -2.0]), 2)

    assert drawn == [("zero", "██"), ("low", " █")]


def test_chart_of_nothing() -> None:
    """A series of zeros is a line on the zero line."""
    assert chart(np.zeros(3), 5) == [("zero", "▁▁▁")]


@settings(deadline=None)
@given(st.lists(finite | st.just(math.nan), min_size=1, max_size=30), st.integers(2, 8))
def test_charts_fit_and_show(values: list[float], rows: int) -> None:
    """A chart keeps its rows and width, and every value not zero leaves a mark."""
    drawn = chart(np.array(values), rows)

    assert 1 <= len(drawn) <= rows
    assert {len(cells) for _, cells in drawn} == {len(values)}
    if any(value for value in values if not math.isnan(value)):
        assert [edge for edge, _ in drawn].count("zero") <= 1
        marked = [
            "".join(cell).strip() != ""
            for cell in zip(*(c for _, c in drawn), strict=True)
        ]
        largest = max(abs(v) for v in values if not math.isnan(v))
        assert all(
            mark == (not math.isnan(v) and v != 0.0)
            for mark, v in zip(marked, values, strict=True)
            if math.isnan(v) or v == 0.0 or abs(v) > largest * 1e-6
        )
