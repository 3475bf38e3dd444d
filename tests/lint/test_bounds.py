"""What names and functions can be: for all of the language's table, held by sampling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from mmrun.lang.check import Scope, check
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import NAMES
from mmrun.lang.nodes import Ticks
from mmrun.lang.parse import parse
from mmrun.lang.place import formula
from mmrun.lang.pointwise import POINTWISE
from mmrun.lint import bounds
from mmrun.lint.intervals import ANYTHING, Interval
from mmrun.lint.ranges import Ranges, Structure


#: `age(quote)` and `depth(bid, 5tick)` are names to the checker.
AS_NAMES = {"age", "depth"}
WINDOWED = sorted(FUNCTIONS.keys() - POINTWISE.keys() - AS_NAMES)


def expr_of(text):
    written = formula(text)
    tree, _ = parse(written)
    expr, problems = check(tree, written, Scope(units_off=True))
    assert expr is not None, problems
    return expr


def range_of(text):
    return Ranges(Structure(), lambda _: None).of(expr_of(text))


@pytest.mark.parametrize("name", [*NAMES, *WINDOWED])
def test_a_name_or_function_has_bounds_or_is_said_to_have_none(name):
    """Nothing of the language is unknown to the linter by oversight."""
    known = bounds.NAMES.keys() | bounds.FUNCTIONS.keys() | {"zscore"}

    assert (name in known) != (name in bounds.UNBOUNDED)


def test_nothing_else_has_bounds():
    """What was taken out of the language is taken out of the bounds."""
    named = bounds.NAMES.keys() | bounds.FUNCTIONS.keys() | bounds.UNBOUNDED

    of_rows = {"age(quote)", "age(trade)"}
    assert named - NAMES.keys() - set(WINDOWED) - {"tick", "lot"} == of_rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth(bid, 5tick)", (0, math.inf)),
        ("bid_2", (1e-9, math.inf)),
        ("ask_size_3", (1e-9, math.inf)),
        ("age(trade)", (0, math.inf)),
        ("zscore(mid, 5min)", (-math.inf, math.inf)),
        ("ret(mid, 5s)", (-1, math.inf)),
        ("std(queue_imbalance, 5s)", (0, 2)),
        ("ewm_std(mid, 5s)", (0, math.inf)),
        ("vpin(bucket=100)", (0, 1)),
        ("ofi(5s)", (-math.inf, math.inf)),
    ],
)
def test_known_bounds(text, expected):
    """What a market maker knows of a measure."""
    found = range_of(text)

    assert (found.low, found.high) == expected


def test_a_score_of_few_observations_is_bounded():
    """Of 26 observations none is further than 5 deviations from their mean."""
    found = range_of("zscore(mid, 26)")

    assert found.high == pytest.approx(5.0)
    assert found.low == -found.high


def test_a_log_return_is_bounded_where_its_series_is():
    """From 1 to 3 the logarithm moves by log 3 at most."""
    found = range_of("log_ret(2 + queue_imbalance, 5s)")

    assert found.low == pytest.approx(-math.log(3))
    assert found.high == pytest.approx(math.log(3))


DATA = [
    row.example
    for row in FUNCTIONS.values()
    if row.category in {"over_time", "order_flow"} and "fair" not in row.example
]
EXAMPLES = sorted({*DATA, "zscore(mid, 3)", "std(queue_imbalance, 4)", "log_ret(mid)"})
rows = st.lists(
    st.fixed_dictionaries(
        {
            "bid": st.floats(1, 1e3),
            "width": st.floats(0, 10),
            "bid_size": st.floats(1, 1e3),
            "ask_size": st.floats(1, 1e3),
            "last_price": st.floats(1, 1e3),
            "last_size": st.floats(1, 1e3),
            "last_side": st.sampled_from([-1.0, 0.0, 1.0]),
            "after": st.integers(1, 400_000_000_000),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20)
@pytest.mark.parametrize("text", EXAMPLES)
@given(tape=rows)
def test_what_a_function_gives_lies_in_its_bounds(text, tape):
    """Whatever the market does, in a dozen rows of it; running sums are rounded."""
    expr, interval, now = expr_of(text), range_of(text), 0
    evaluator = Evaluator({"x": expr})
    for row in tape:
        now += row["after"]
        market = {k: v for k, v in row.items() if k not in {"after", "width"}}
        market["ask"] = row["bid"] + row["width"]
        value = evaluator.step(
            Row(now, Ticks.BOOK | Ticks.TRADE, market=market, params={"tick": 0.01})
        )["x"]
        rounding = 1e-9 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
        within = interval.low - rounding <= value <= interval.high + rounding
        assert math.isnan(value) or within


def test_a_missing_score_is_no_score():
    """Of one observation the deviation is 0, and the score missing: any bounds hold."""
    assert range_of("zscore(mid, 1)") == Interval(0.0, 0.0) != ANYTHING
