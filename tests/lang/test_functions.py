"""The tables of functions and names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.lang.check import Scope, check
from mmrun.lang.evaluate import MARKET
from mmrun.lang.flow import FLOWS
from mmrun.lang.functions import FUNCTIONS, OTHER_WORDS, OWN
from mmrun.lang.names import NAMES, RESERVED_NAMES
from mmrun.lang.nodes import Expr, Ticks
from mmrun.lang.parse import parse
from mmrun.lang.place import formula
from mmrun.lang.pointwise import POINTWISE
from mmrun.lang.series import SERIES
from mmrun.strategy.rules import names as rule


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_example_checks(scope: Scope, name: str) -> None:
    """The example of a function is a formula that uses it."""
    written = formula(FUNCTIONS[name].example)
    node, _ = parse(written)
    assert node is not None

    expr, problems = check(node, written, scope)

    assert problems == ()
    assert expr is not None
    assert f"{name}(" in written.text


def test_every_function_has_a_meaning() -> None:
    """The evaluator knows each, as pointwise, as carried state, or as it is given."""
    elsewhere = {"prev", "age", "depth"} | OWN

    assert set(FUNCTIONS) <= set(POINTWISE) | set(SERIES) | set(FLOWS) | elsewhere
    assert set(SERIES) | set(FLOWS) | elsewhere <= set(FUNCTIONS)


def test_inputs_and_windows_are_told_apart(read: Callable[..., Expr]) -> None:
    """`split` gives what is observed, and how far back."""
    mean = read("mean(mid, 5s)")
    flow = read("trade_imbalance(1s)")
    sample = read("sample(mid, trade)")

    inputs, windows = FUNCTIONS["mean"].split(mean.args)
    assert [leaf.name for leaf in inputs] == ["mid"]
    assert [window.value for window in windows] == [5.0]
    inputs, windows = FUNCTIONS["trade_imbalance"].split(flow.args)
    assert [leaf.name for leaf in inputs] == ["last_size", "last_side"]
    assert [window.value for window in windows] == [1.0]
    inputs, windows = FUNCTIONS["sample"].split(sample.args)
    assert (len(inputs), windows, sample.ticks) == (1, (), Ticks.TRADE)


def test_over_time_marks_what_carries_state() -> None:
    """Kernels exist for these and for no others."""
    over_time = {name for name, row in FUNCTIONS.items() if row.over_time}

    assert over_time == set(SERIES) | set(FLOWS)


def test_other_words_lead_to_functions_that_exist() -> None:
    """What other languages call it is not a name here."""
    assert not set(OTHER_WORDS) & set(FUNCTIONS)
    for hint in OTHER_WORDS.values():
        if hint.startswith("did you mean"):
            assert hint.removeprefix("did you mean ").rstrip("?") in FUNCTIONS


def test_derived_market_names_say_what_they_follow_from() -> None:
    """The table and the evaluator agree on the parts."""
    derived = {name: row.parts for name, row in NAMES.items() if row.parts}

    assert derived == {name: parts for name, (_, parts) in MARKET.items()}


def test_reserved_names_are_those_the_strategy_file_refuses() -> None:
    """A let cannot bear a name that formulas already know."""
    assert RESERVED_NAMES == rule.RESERVED_NAMES
