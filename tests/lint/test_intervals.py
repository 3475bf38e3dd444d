"""Laws of intervals: whatever the operands are, the result lies where they say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from mmrun.lang.pointwise import POINTWISE
from mmrun.lint.intervals import (
    ANYTHING,
    CONDITION,
    NOTHING,
    OPERATIONS,
    Interval,
    point,
)


INF = math.inf
numbers = st.floats(allow_nan=False) | st.sampled_from(
    [0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, INF, -INF]
)
truths = st.sampled_from([0.0, 1.0])
#: Operands that are conditions, by the operation and the operand's place.
CONDITIONS = {"not": (0,), "and": (0, 1), "or": (0, 1), "if": (0,)}
ARITY = dict.fromkeys(("neg", "not", "abs", "sign", "sqrt", "exp", "log"), 1)
ARITY |= dict.fromkeys(("tanh", "floor", "ceil", "round", "missing"), 1)
ARITY |= {"if": 3, "clip": 3, "min": 3, "max": 3}
EXPONENTS = [-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 8.0, 9.0, 10.0]


@st.composite
def operands(draw, op):
    """For each operand its interval and a value in it, or missing."""
    pairs = []
    for place in range(ARITY.get(op, 2)):
        if op == "pow" and place == 1:
            value = draw(st.sampled_from(EXPONENTS))
            pairs.append((point(value), value))
            continue
        kind = truths if place in CONDITIONS.get(op, ()) else numbers
        low, value, high = sorted(draw(st.tuples(kind, kind, kind)))
        interval = Interval(low, high)
        if (op, place) in {("div", 1), ("pow", 0)} and value == 0.0:
            value = math.copysign(0.0, high if low == 0.0 else low)
        missing = draw(st.integers(0, 9)) == 0
        pairs.append((interval, math.nan if missing else value))
    return pairs


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@given(data=st.data())
def test_a_value_lies_in_its_interval(op, data):
    """What an operation gives lies in the interval of what its operands can be."""
    pairs = data.draw(operands(op))

    value = POINTWISE[op](*(value for _, value in pairs))

    interval = OPERATIONS[op](*(interval for interval, _ in pairs))
    assert math.isnan(value) or interval.holds(value)


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@given(data=st.data())
def test_a_wider_operand_gives_a_wider_interval(op, data):
    """Whoever knows less is told less."""
    narrow = [interval for interval, _ in data.draw(operands(op))]
    wide = [
        interval
        if (op, place) == ("pow", 1)
        else CONDITION
        if place in CONDITIONS.get(op, ())
        else ANYTHING
        for place, interval in enumerate(narrow)
    ]

    inside = OPERATIONS[op](*narrow)

    assert inside.meet(OPERATIONS[op](*wide)) == inside


def test_every_pointwise_operation_has_intervals():
    """No operation of the language is unknown to the linter."""
    assert OPERATIONS.keys() == POINTWISE.keys()


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("add", [(1, 2), (10, 20)], (11, 22)),
        ("sub", [(1, 2), (10, 20)], (-19, -8)),
        ("mul", [(-1, 2), (3, 4)], (-4, 8)),
        ("mul", [(0, 0), (-INF, INF)], (0, 0)),
        ("div", [(1, 2), (4, 8)], (0.125, 0.5)),
        ("div", [(1, 2), (0, 4)], (0.25, INF)),
        ("div", [(1, 2), (-1, 1)], (-INF, INF)),
        ("pow", [(-3, 2), (2, 2)], (0, 9)),
        ("pow", [(2, 4), (-1, -1)], (0.25, 0.5)),
        ("sqrt", [(-4, 9)], (0, 3)),
        ("abs", [(-3, 2)], (0, 3)),
        ("max", [(0, 5), (1, 2), (1, 9)], (1, 9)),
        ("clip", [(-9, 9), (-1, -1), (1, 1)], (-1, 1)),
        ("gt", [(1.1, 2), (0, 1)], (1, 1)),
        ("gt", [(0, 1), (1, 2)], (0, 0)),
        ("eq", [(0, 1), (2, 3)], (0, 0)),
        ("and", [(0, 1), (0, 0)], (0, 0)),
        ("or", [(1, 1), (0, 1)], (1, 1)),
        ("if", [(0, 1), (1, 2), (5, 6)], (1, 6)),
        ("if", [(1, 1), (1, 2), (5, 6)], (1, 2)),
    ],
)
def test_known_intervals(op, args, expected):
    """Bounds are as tight as the operation allows."""
    found = OPERATIONS[op](*(Interval(*map(float, arg)) for arg in args))

    assert (found.low, found.high) == expected


def test_the_root_of_what_is_below_zero_is_always_missing():
    """Nothing is left where every value is missing."""
    assert OPERATIONS["sqrt"](Interval(-2.0, -1.0)) == NOTHING


def test_a_power_that_vanishes_keeps_both_signs_of_its_inverse():
    """1e-300 cubed is 0, and its inverse infinite: not below what -1 gives."""
    found = OPERATIONS["pow"](Interval(-1.0, 1e-300), Interval(-3.0, -3.0))

    assert found.holds(POINTWISE["pow"](1e-300, -3.0))
    assert found.holds(-1.0)


def test_a_power_that_vanishes_below_zero_keeps_its_sign():
    """-1e-200 cubed is -0.0, and its inverse minus infinity."""
    found = OPERATIONS["pow"](Interval(-1e-200, 0.5), Interval(-3.0, -3.0))

    assert found.holds(POINTWISE["pow"](-1e-200, -3.0))
    assert found.holds(8.0)


def test_minus_infinity_has_a_broken_power():
    """IEEE 754 has (-inf) ** -0.5 as 0, and so has its interval."""
    found = OPERATIONS["pow"](Interval(-INF, 0.0), Interval(-0.5, -0.5))

    assert found.holds(POINTWISE["pow"](-INF, -0.5))
