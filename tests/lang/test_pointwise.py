"""What pointwise operations mean at the edges of floats."""

from __future__ import annotations

import math

import pytest

from mmrun.lang.pointwise import POINTWISE


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("div", (1.0, 0.0), INF),
        ("div", (-1.0, 0.0), -INF),
        ("div", (1.0, -0.0), -INF),
        ("div", (0.0, 0.0), NAN),
        ("div", (NAN, 0.0), NAN),
        ("exp", (1000.0,), INF),
        ("exp", (-1000.0,), 0.0),
        ("log", (0.0,), -INF),
        ("log", (-0.0,), -INF),
        ("log", (-1.0,), NAN),
        ("log", (INF,), INF),
        ("sqrt", (-1.0,), NAN),
        ("sqrt", (-0.0,), -0.0),
        ("floor", (-0.5,), -1.0),
        ("floor", (-0.0,), -0.0),
        ("floor", (INF,), INF),
        ("floor", (NAN,), NAN),
        ("floor", (1e300,), 1e300),
        ("ceil", (-0.5,), -0.0),
        ("ceil", (0.2,), 1.0),
        ("round", (0.5,), 0.0),
        ("round", (1.5,), 2.0),
        ("round", (2.5,), 2.0),
        ("round", (-0.5,), -0.0),
        ("round", (4503599627370495.5,), 4503599627370496.0),
        ("sign", (-0.0,), 0.0),
        ("sign", (-INF,), -1.0),
        ("sign", (NAN,), NAN),
        ("abs", (-0.0,), 0.0),
        ("neg", (0.0,), -0.0),
        ("mod", (5.0, 3.0), 2.0),
        ("mod", (-5.0, 3.0), 1.0),
        ("mod", (5.0, 0.0), NAN),
        ("min", (0.0, -0.0), 0.0),
        ("min", (-0.0, 0.0), -0.0),
        ("min", (1.0, NAN), NAN),
        ("min", (NAN, 1.0), NAN),
        ("min", (3.0, 1.0, 2.0), 1.0),
        ("max", (-0.0, 0.0), -0.0),
        ("max", (1.0, 3.0, 2.0), 3.0),
        ("max", (NAN, 1.0), NAN),
        ("clip", (5.0, 0.0, 3.0), 3.0),
        ("clip", (-5.0, 0.0, 3.0), 0.0),
        ("clip", (5.0, 4.0, 3.0), 3.0),
        ("clip", (NAN, 0.0, 3.0), NAN),
        ("pow", (3.0, 2.0), 9.0),
        ("pow", (2.0, -2.0), 0.25),
        ("pow", (0.0, -1.0), INF),
        ("pow", (-0.0, -1.0), -INF),
        ("pow", (4.0, 0.5), 2.0),
        ("pow", (-1.0, 0.5), NAN),
        ("pow", (-8.0, 1.5), NAN),
        ("pow", (0.0, -0.5), INF),
        ("pow", (-1e200, 9.0), -INF),
        ("pow", (1e200, 2.5), INF),
        ("pow", (7.0, 0.0), 1.0),
        ("lt", (NAN, 1.0), NAN),
        ("ne", (NAN, NAN), NAN),
        ("eq", (0.0, -0.0), 1.0),
        ("missing", (NAN,), 1.0),
        ("missing", (INF,), 0.0),
        ("coalesce", (NAN, 2.0), 2.0),
        ("coalesce", (1.0, 2.0), 1.0),
        ("if", (NAN, 1.0, 2.0), NAN),
        ("if", (1.0, 1.0, NAN), 1.0),
        ("if", (0.0, NAN, 2.0), 2.0),
    ],
)
def test_edges(op: str, args: tuple[float, ...], expected: float) -> None:
    """IEEE 754 holds, the sign of zero included, and missing spreads as it should."""
    value = POINTWISE[op](*args)

    assert repr(value) == repr(expected)


TRUE, FALSE, MISSING = 1.0, 0.0, NAN


@pytest.mark.parametrize(
    ("left", "right", "conjunction", "disjunction"),
    [
        (TRUE, TRUE, TRUE, TRUE),
        (TRUE, FALSE, FALSE, TRUE),
        (FALSE, FALSE, FALSE, FALSE),
        (TRUE, MISSING, MISSING, TRUE),
        (FALSE, MISSING, FALSE, MISSING),
        (MISSING, MISSING, MISSING, MISSING),
    ],
)
def test_three_valued_logic(
    left: float, right: float, conjunction: float, disjunction: float
) -> None:
    """`missing and false` is false, `missing or true` is true, in either order."""
    for a, b in ((left, right), (right, left)):
        assert repr(POINTWISE["and"](a, b)) == repr(conjunction)
        assert repr(POINTWISE["or"](a, b)) == repr(disjunction)


def test_powers_up_to_eight_are_products_from_the_left() -> None:
    """`x**3` is (x*x)*x, not what pow gives."""
    x = 1.1

    assert POINTWISE["pow"](x, 3.0) == x * x * x
    assert POINTWISE["pow"](x, 8.0) == x * x * x * x * x * x * x * x
    assert POINTWISE["pow"](x, -3.0) == 1.0 / (x * x * x)
    assert POINTWISE["pow"](x, 9.0) == math.pow(x, 9.0)
