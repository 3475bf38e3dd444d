"""Ranges of whole formulas, held to what the language gives."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from mmrun.lang.check import Scope, check
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Ticks
from mmrun.lang.parse import parse
from mmrun.lang.place import formula
from mmrun.lint.intervals import ANYTHING, Interval
from mmrun.lint.ranges import Ranges, Structure


ATOMS = [
    "mid",
    "bid",
    "ask",
    "weighted_mid",
    "spread",
    "1tick",
    "5bps * mid",
    "0 * mid",
]
RATIOS = [
    "queue_imbalance",
    "last_side",
    "inventory / 100",
    "mid / spread",
    "1",
    "-0.5",
]
OPEN = Ranges(Structure(), lambda _: None)


def expr_of(text):
    written = formula(text)
    tree, problems = parse(written)
    assert tree is not None, problems
    expr, problems = check(tree, written, Scope(units_off=True))
    assert expr is not None, problems
    return expr


def grown(inner):
    ratio = st.sampled_from(RATIOS)
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-"), inner),
        st.builds("({}) * ({})".format, inner, ratio),
        st.builds("({}) / (1 + abs({}))".format, inner, ratio),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("abs({})".format, inner),
        st.builds("({} if {} > {} else {})".format, inner, ratio, ratio, inner),
        st.builds("({} if {} > 0 and {} < {} else 1tick)".format, inner, ratio, inner, inner),
    )  # fmt: skip


prices = st.recursive(st.sampled_from(ATOMS), grown, max_leaves=8)
rows = st.fixed_dictionaries(
    {
        "bid": st.floats(1, 1e4),
        "width": st.floats(0, 100),
        "bid_size": st.floats(0.1, 1e4),
        "ask_size": st.floats(0.1, 1e4),
        "last_side": st.sampled_from([-1.0, 0.0, 1.0]),
        "inventory": st.floats(-1e3, 1e3),
    }
)


@settings(max_examples=150)
@given(prices, rows)
def test_what_a_formula_gives_lies_in_its_range(text, row):
    """Sums, products and branches, looked at with their conditions, leave nothing out."""
    expr = expr_of(text)
    market = {name: row[name] for name in ("bid", "bid_size", "ask_size", "last_side")}
    market["ask"] = row["bid"] + row["width"]

    value = Evaluator({"x": expr}).step(
        Row(
            0,
            Ticks.BOOK,
            market=market,
            params={"tick": 0.01},
            states={"inventory": row["inventory"]},
        )
    )["x"]

    interval = Ranges(Structure(), lambda _: None).of(expr)
    rounding = 1e-6 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
    assert (
        math.isnan(value)
        or interval.low - rounding <= value <= interval.high + rounding
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(mid + 2tick) - mid - 2tick", (0, 0)),
        ("ask - bid - spread", (0, 0)),
        ("weighted_mid - bid", (0, math.inf)),
        ("ask - weighted_mid", (0, math.inf)),
        ("queue_imbalance * queue_imbalance", (0, 1)),
        ("clip(inventory / 100, -1, 1)", (-1, 1)),
        ("1 if spread >= 0 else 2", (1, 1)),
        ("trade_imbalance(1s) + 1", (0, 2)),
        ("exp(-abs(queue_imbalance)) > 1.1", (0, 0)),
    ],
)
def test_ranges_are_as_tight_as_a_market_maker_knows(text, expected):
    """What is in both terms cancels; sizes, imbalances and the spread have bounds."""
    found = OPEN.of(expr_of(text))

    assert (found.low, found.high) == expected


def test_a_branch_is_looked_at_under_its_condition():
    """A divisor that its condition keeps above 0 is."""
    ranges = Ranges(Structure(), lambda _: None)

    guarded = ranges.of(expr_of("1 / spread if spread > 2 else 1 / 2"))

    assert guarded == Interval(0.0, 0.5)
    assert all(not divisor.holds(0.0) for _, divisor in ranges.divisors.values())


def test_functions_over_time_look_back_beyond_what_is_known_now():
    """A price that is known now was another one before."""
    mid = {"mid": Interval(5.0, 5.0)}
    now = Ranges(Structure(), lambda node: mid.get(node.name), always=lambda _: None)

    assert now.of(expr_of("mid")) == mid["mid"]
    assert now.of(expr_of("delta(mid, 1s)")) == ANYTHING
