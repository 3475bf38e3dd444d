"""What each pointwise operation means for one row, in plain Python floats.

Missing is NaN, conditions are 0.0, 1.0 or NaN. Where Python raises, IEEE 754 holds:
1/0 is inf, 0/0 NaN, exp(1000) inf, sqrt(-1) NaN, log(0) -inf. The two compiled back
ends agree with these functions bit for bit (any NaN equals any NaN).
"""

from __future__ import annotations

import math
from collections.abc import Callable


_INFINITE_FROM = 2.0**52  #: floats from here on are whole numbers
_REPEATED = range(2, 9)  #: integer exponents that are repeated products


def divide(a: float, b: float) -> float:
    """IEEE division."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def modulo(a: float, b: float) -> float:
    """`a - b*floor(a/b)`."""
    return a - b * floor(divide(a, b))


def floor(x: float) -> float:
    """The whole number at or below; keeps -0.0, infinities and NaN."""
    return _whole(x, math.floor)


def ceil(x: float) -> float:
    """The whole number at or above; -0.5 gives -0.0, as in C."""
    return _whole(x, math.ceil)


def rint(x: float) -> float:
    """The nearest whole number, halves to even; -0.5 gives -0.0."""
    return _whole(x, round)


def _whole(x: float, rounding: Callable[[float], int]) -> float:
    if not abs(x) < _INFINITE_FROM:
        return x
    return math.copysign(float(rounding(x)), x)


def sign(x: float) -> float:
    """1.0, -1.0 or 0.0; NaN of NaN."""
    if math.isnan(x):
        return math.nan
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


def sqrt(x: float) -> float:
    """Square root; NaN below zero, -0.0 of -0.0."""
    return math.nan if x < 0.0 else math.sqrt(x)


def exp(x: float) -> float:
    """E to the power x; inf where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """Natural logarithm; -inf of 0, NaN below."""
    if x == 0.0:
        return -math.inf
    return math.nan if x < 0.0 else math.log(x)


def power(x: float, exponent: float) -> float:
    """`x ** exponent` for a constant exponent.

    Whole exponents 2 to 8 are products from the left, -n is 1/(x**n), 0.5 is the
    square root; the rest is C's pow.
    """
    if exponent < 0.0 and exponent.is_integer():
        return divide(1.0, power(x, -exponent))
    if exponent in _REPEATED:
        product = x
        for _ in range(int(exponent) - 1):
            product *= x
        return product
    return sqrt(x) if exponent == 0.5 else _pow(x, exponent)


def _pow(x: float, exponent: float) -> float:
    """C's pow: where Python raises, the value IEEE 754 gives."""
    negative = x < 0.0 and exponent % 2.0 == 1.0
    try:
        return math.pow(x, exponent)
    except OverflowError:
        return -math.inf if negative else math.inf
    except ValueError:
        return math.inf if x == 0.0 else math.nan


def smaller(a: float, b: float) -> float:
    """The smaller, the first where equal; NaN if either is."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return min(a, b)


def larger(a: float, b: float) -> float:
    """The larger, the first where equal; NaN if either is."""
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return max(a, b)


def clip(x: float, low: float, high: float) -> float:
    """`min(max(x, low), high)`."""
    return smaller(larger(x, low), high)


def both(a: float, b: float) -> float:
    """Three-valued `and`: false beside missing is false."""
    if a == 0.0 or b == 0.0:
        return 0.0
    return math.nan if math.isnan(a) or math.isnan(b) else 1.0


def either(a: float, b: float) -> float:
    """Three-valued `or`: true beside missing is true."""
    if a == 1.0 or b == 1.0:
        return 1.0
    return math.nan if math.isnan(a) or math.isnan(b) else 0.0


def negate(a: float) -> float:
    """Three-valued `not`."""
    return a if math.isnan(a) else float(a == 0.0)


def choose(condition: float, then: float, otherwise: float) -> float:
    """`then if condition else otherwise`; missing where the condition is."""
    if math.isnan(condition):
        return math.nan
    return then if condition != 0.0 else otherwise


def coalesce(x: float, y: float) -> float:
    """X, or y where x is missing."""
    return y if math.isnan(x) else x


def _compare(holds: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    def compare(a: float, b: float) -> float:
        return math.nan if math.isnan(a) or math.isnan(b) else float(holds(a, b))

    return compare


def _nested(step: Callable[[float, float], float]) -> Callable[..., float]:
    def fold(first: float, *rest: float) -> float:
        for value in rest:
            first = step(first, value)
        return first

    return fold


#: `Expr.op` to its meaning, arguments in the order of `Expr.args`.
POINTWISE: dict[str, Callable[..., float]] = {
    "neg": lambda x: -x,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": divide,
    "mod": modulo,
    "pow": power,
    "not": negate,
    "and": both,
    "or": either,
    "lt": _compare(lambda a, b: a < b),
    "le": _compare(lambda a, b: a <= b),
    "gt": _compare(lambda a, b: a > b),
    "ge": _compare(lambda a, b: a >= b),
    "eq": _compare(lambda a, b: a == b),
    "ne": _compare(lambda a, b: a != b),
    "if": choose,
    "abs": math.fabs,
    "sign": sign,
    "sqrt": sqrt,
    "exp": exp,
    "log": log,
    "tanh": math.tanh,
    "floor": floor,
    "ceil": ceil,
    "round": rint,
    "min": _nested(smaller),
    "max": _nested(larger),
    "clip": clip,
    "missing": lambda x: float(math.isnan(x)),
    "coalesce": coalesce,
}
