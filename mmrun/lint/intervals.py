"""Intervals of floats: what an operation can give, from what its operands can be.

An `Interval` holds every value between two bounds, both included, infinities too. It
says nothing of missing: any value may be missing besides. The law, held by sampling:

    x in X, y in Y  =>  op(x, y) in OP(X, Y), or missing

where `op` is the operation of `lang.pointwise` and OP that of `OPERATIONS`. It holds to
the last bit, as IEEE operations are monotone and are done here at the bounds; what
libm computes is widened by some units in the last place. One exception: zero at the end
of a divisor's interval has the sign of the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mmrun.lang import pointwise


_LIBM = 4  #: units in the last place that exp, log, tanh and pow may be off


@dataclass(frozen=True, slots=True)
class Interval:
    """The floats from `low` to `high`; none of them where `low` is above `high`."""

    low: float
    high: float

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies in it: the value is always missing."""
        return self.low > self.high

    @property
    def is_point(self) -> bool:
        """Whether it is one value."""
        return self.low == self.high

    def holds(self, value: float) -> bool:
        """Whether the value lies in it."""
        return self.low <= value <= self.high

    def meet(self, other: Interval) -> Interval:
        """What lies in both."""
        return Interval(max(self.low, other.low), min(self.high, other.high))


NOTHING = Interval(math.inf, -math.inf)
ANYTHING = Interval(-math.inf, math.inf)
CONDITION = Interval(0.0, 1.0)
TRUE, FALSE = Interval(1.0, 1.0), Interval(0.0, 0.0)


def point(value: float) -> Interval:
    """One value; nothing for NaN."""
    return NOTHING if math.isnan(value) else Interval(value, value)


def hull(*intervals: Interval) -> Interval:
    """The smallest interval around all."""
    low = min(each.low for each in intervals)
    return Interval(low, max(each.high for each in intervals))


def _around(values: Iterable[float]) -> Interval:
    """The smallest interval around those values that are not NaN."""
    known = [value for value in values if not math.isnan(value)]
    return Interval(min(known), max(known)) if known else NOTHING


def _corners(op: Callable[[float, float], float]) -> Callable[..., Interval]:
    """An operation that is monotone in each operand, the other held."""

    def corners(a: Interval, b: Interval) -> Interval:
        if a.is_empty or b.is_empty:
            return NOTHING
        ends = [op(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        return _around(ends)

    return corners


def _rising(op: Callable[[float], float], ulps: int = 0) -> Callable[..., Interval]:
    """A monotone operation of one operand."""

    def rising(a: Interval) -> Interval:
        if a.is_empty:
            return NOTHING
        return _widened(_around((op(a.low), op(a.high))), ulps)

    return rising


def _widened(a: Interval, ulps: int) -> Interval:
    if a.is_empty:
        return a
    low, high = a.low, a.high
    for _ in range(ulps):
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return Interval(low, high)


add = _corners(lambda x, y: x + y)
subtract = _corners(lambda x, y: x - y)
multiply = _corners(lambda x, y: _zero_for_nan(x * y))


def _zero_for_nan(value: float) -> float:
    """Of 0*inf and inf/inf at the bounds, 0 is what the values inside give."""
    return 0.0 if math.isnan(value) else value


def negate(a: Interval) -> Interval:
    """`-x`."""
    return Interval(-a.high, -a.low)


def divide(a: Interval, b: Interval) -> Interval:
    """`x / y`."""
    if a.is_empty or b.is_empty:
        return NOTHING
    if b.low < 0.0 < b.high or b == FALSE:
        return FALSE if a == FALSE else ANYTHING
    bounds = (b.low or 0.0, b.high or -0.0)
    return _around(
        _zero_for_nan(pointwise.divide(x, y)) for x in (a.low, a.high) for y in bounds
    )


def _modulo(a: Interval, b: Interval) -> Interval:
    if a.is_point and b.is_point:
        return point(pointwise.modulo(a.low, b.low))
    return NOTHING if a.is_empty or b.is_empty else ANYTHING


def power(a: Interval, exponent: Interval) -> Interval:
    """`x ** n` for a constant exponent."""
    n = exponent.low
    if a.is_empty or not exponent.is_point:
        return NOTHING if a.is_empty else ANYTHING
    if n < 0.0 and n.is_integer():
        base = power(a, point(-n))
        if n % 2.0 == 1.0 and a.low < 0.0 and base.holds(0.0):
            return ANYTHING  # what is near 0 may have become 0, of either sign
        found = divide(TRUE, base)
        return found.meet(Interval(0.0, math.inf)) if n % 2.0 == 0.0 else found
    ends = [pointwise.power(x, n) for x in (a.low, a.high)]
    if not n.is_integer():  # of what is below 0 only -inf has such a power
        ends += [
            pointwise.power(max(x, 0.0), n) for x in (a.low, a.high) if a.high >= 0.0
        ]
    if n % 2.0 == 0.0 and a.holds(0.0):
        ends.append(pointwise.power(0.0, n))
    exact = n in range(2, 9) or n in (0.0, 0.5, 1.0)
    return _widened(_around(ends), 0 if exact else _LIBM)


def _compare(less: Callable[[float, float], bool]) -> Callable[..., Interval]:
    """`x < y` or `x <= y`."""

    def compare(a: Interval, b: Interval) -> Interval:
        if a.is_empty or b.is_empty:
            return NOTHING
        return Interval(float(less(a.high, b.low)), float(less(a.low, b.high)))

    return compare


_below = _compare(lambda x, y: x < y)
_not_above = _compare(lambda x, y: x <= y)


def _equal(a: Interval, b: Interval) -> Interval:
    if a.is_empty or b.is_empty:
        return NOTHING
    same = a.is_point and a == b
    return Interval(float(same), float(not a.meet(b).is_empty))


def inverted(a: Interval) -> Interval:
    """`not x`."""
    return subtract(TRUE, a)


def _both(a: Interval, b: Interval) -> Interval:
    """`and`: false beside missing is false."""
    outcomes = [0.0] if a.holds(0.0) or b.holds(0.0) else []
    return _around(outcomes + [1.0] * (a.holds(1.0) and b.holds(1.0)))


def _either(a: Interval, b: Interval) -> Interval:
    """`or`: true beside missing is true."""
    outcomes = [1.0] if a.holds(1.0) or b.holds(1.0) else []
    return _around(outcomes + [0.0] * (a.holds(0.0) and b.holds(0.0)))


def choose(condition: Interval, then: Interval, otherwise: Interval) -> Interval:
    """`then if condition else otherwise`."""
    left = then if condition.high > 0.0 else NOTHING
    return hull(left, otherwise if condition.holds(0.0) else NOTHING)


def _absolute(a: Interval) -> Interval:
    if a.is_empty:
        return NOTHING
    low = 0.0 if a.holds(0.0) else min(abs(a.low), abs(a.high))
    return Interval(low, max(abs(a.low), abs(a.high)))


def _root(a: Interval) -> Interval:
    return _rising(pointwise.sqrt)(a.meet(Interval(0.0, math.inf)))


def _logarithm(a: Interval) -> Interval:
    return _rising(pointwise.log, _LIBM)(a.meet(Interval(0.0, math.inf)))


def _smallest(*operands: Interval) -> Interval:
    if any(each.is_empty for each in operands):
        return NOTHING
    return Interval(min(a.low for a in operands), min(a.high for a in operands))


def _largest(*operands: Interval) -> Interval:
    if any(each.is_empty for each in operands):
        return NOTHING
    return Interval(max(a.low for a in operands), max(a.high for a in operands))


#: `Expr.op` to what it can give, operands in the order of `Expr.args`.
OPERATIONS: dict[str, Callable[..., Interval]] = {
    "neg": negate,
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "div": divide,
    "mod": _modulo,
    "pow": power,
    "not": inverted,
    "and": _both,
    "or": _either,
    "lt": _below,
    "le": _not_above,
    "gt": lambda a, b: _below(b, a),
    "ge": lambda a, b: _not_above(b, a),
    "eq": _equal,
    "ne": lambda a, b: inverted(_equal(a, b)),
    "if": choose,
    "abs": _absolute,
    "sign": _rising(pointwise.sign),
    "sqrt": _root,
    "exp": lambda a: _rising(pointwise.exp, _LIBM)(a).meet(Interval(0.0, math.inf)),
    "log": _logarithm,
    "tanh": lambda a: _rising(math.tanh, _LIBM)(a).meet(Interval(-1.0, 1.0)),
    "floor": _rising(pointwise.floor),
    "ceil": _rising(pointwise.ceil),
    "round": _rising(pointwise.rint),
    "min": _smallest,
    "max": _largest,
    "clip": lambda x, low, high: _smallest(_largest(x, low), high),
    "missing": lambda _: CONDITION,
    "coalesce": hull,
}
