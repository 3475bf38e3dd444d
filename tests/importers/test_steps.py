"""Steps guessed from numbers."""

from __future__ import annotations

import polars as pl
import pytest

from mmrun.importers.steps import common_step


@pytest.mark.parametrize(
    ("numbers", "step"),
    [
        ([8531.5, 8532.0], 0.5),
        ([8531.5], 0.5),
        ([11657.08, 11657.07], 0.01),
        ([1.9531, 1.953], 0.0001),
        ([4800.25, 4800.5], 0.25),
        ([110.015625, 110.03125], 0.015625),
        ([0.001, 10.896, 4.0], 0.001),
        ([18640.0, 1190.0], 10.0),
        ([0.1 + 0.2, 0.6], 0.1),
        ([1234.12345677], 1e-8),
        ([7.0, None, float("nan"), 0.0], 1.0),
        ([], 1.0),
    ],
)
def test_the_step_is_the_largest_usual_one(numbers, step):
    """1, 2, 2.5 or 5 times a power of ten, or a binary fraction."""
    found = common_step(pl.Series(numbers, dtype=pl.Float64))

    assert found == pytest.approx(step, rel=1e-12)


def test_several_columns_have_one_step():
    """What fits the one and not the other does not fit."""
    assert common_step(pl.Series([1.0, 2.0]), pl.Series([0.5])) == 0.5
