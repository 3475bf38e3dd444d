"""The unit rules of binary operators, in one table."""

from __future__ import annotations

import math
from collections.abc import Callable

from mmrun.lang.meet import BARE, CONDITION, condition, meet, meet_in_sum, number
from mmrun.lang.nodes import Binary, Expr, Type
from mmrun.lang.scope import Context, Operand, constant, describe
from mmrun.lang.walk import constant_value, is_of_level
from mmrun.units import RATIO, Dimension


MAX_POWER = 8  #: of values with a unit

_Found = tuple[tuple[Expr, ...], Type] | None


def _sum(context: Context, node: Binary, left: Operand, right: Operand) -> _Found:
    return meet_in_sum(context, node, left, right)


def _remainder(context: Context, node: Binary, left: Operand, right: Operand) -> _Found:
    return meet(context, node, (left, right))


def _compare(context: Context, node: Binary, left: Operand, right: Operand) -> _Found:
    found = meet(context, node, (left, right))
    return (found[0], CONDITION) if found else None


def _logic(context: Context, node: Binary, left: Operand, right: Operand) -> _Found:
    del node
    good = [condition(context, operand) for operand in (left, right)]
    return ((left.expr, right.expr), CONDITION) if all(good) else None


def _product(context: Context, node: Binary, left: Operand, right: Operand) -> _Found:
    good = [number(context, operand) for operand in (left, right)]
    if not all(good):
        return None
    a, b = left.expr.type, right.expr.type
    combine = Dimension.times if node.op == "*" else Dimension.over
    dimension = combine(a.dimension, b.dimension)
    # A ratio of a relative price stays one; relative by relative does not, and neither
    # does a number over one.
    relative = a.relative if node.op == "/" else a.relative or b.relative
    one_sided = not (a.relative and b.relative) and dimension == RATIO
    kind = Type(
        dimension=dimension, relative=relative and one_sided, bare=a.bare and b.bare
    )
    return (left.expr, right.expr), kind


def _power(context: Context, node: Binary, left: Operand, right: Operand) -> _Found:
    exponent = constant_value(right.expr)
    if not number(context, left) or not number(context, right):
        return None
    if is_of_level(right.expr) and {*map(_dimension, (left, right))} == {RATIO}:
        return (left.expr, right.expr), Type()
    text = context.text(node.right)
    if exponent is None or not math.isfinite(exponent):
        trouble = "not constant" if exponent is None else "infinite"
        message = f"an exponent is a constant number; {text} is {trouble}"
        context.error("MM324", message, node.right, "x * x, sqrt(x) or exp(y * log(x))")
        return None
    dimension = _raised(left.expr.type.dimension, exponent)
    if right.expr.type.dimension != RATIO or dimension is None:
        base = describe(left.expr.type)
        message = f"{base} to the power {text} has no unit"
        if not context.unit_error(
            "MM324", message, node, "whole and half exponents do"
        ):
            return None
    kind = Type(dimension=dimension or RATIO, bare=left.expr.type.bare)
    return (left.expr, constant(exponent, BARE, node.right)), kind


def _dimension(operand: Operand) -> Dimension:
    return operand.expr.type.dimension


def _raised(dimension: Dimension, exponent: float) -> Dimension | None:
    if dimension == RATIO:
        return RATIO
    halves = exponent * 2
    if not halves.is_integer() or abs(exponent) > MAX_POWER:
        return None
    return dimension.power(int(halves))


#: Operator to the op of its `Expr` and its rule: converted operands and result type.
OPERATORS: dict[
    str, tuple[str, Callable[[Context, Binary, Operand, Operand], _Found]]
] = {
    "+": ("add", _sum),
    "-": ("sub", _sum),
    "%": ("mod", _remainder),
    "*": ("mul", _product),
    "/": ("div", _product),
    "**": ("pow", _power),
    "and": ("and", _logic),
    "or": ("or", _logic),
    "<": ("lt", _compare),
    "<=": ("le", _compare),
    ">": ("gt", _compare),
    ">=": ("ge", _compare),
    "==": ("eq", _compare),
    "!=": ("ne", _compare),
}
