"""Where values meet: `+ - % min max clip coalesce if`, comparisons, fields.

What meets must have one unit. A bare number takes the unit of what it meets; 0 fits
everything; a relative price beside a price is taken of mid. Any other bare number
beside a relative price is refused, since 5 and 5bps are 10,000-fold apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmrun.lang.names import STEP, mid
from mmrun.lang.nodes import Expr, Name, Node, Number, Type, Unary
from mmrun.lang.scope import Context, Operand, compose, describe, describe_dimension
from mmrun.units import MONEY, PRICE, RATIO, SIZE, TIME, Dimension


BARE = Type(bare=True)
CONDITION = Type(kind="bool")
RELATIVE = Type(relative=True)
#: Fields in which a bare number would be one of several things.
_DISTANCES = frozenset({"half_spread", STEP})
_SPELLINGS = "write 5bps, 2tick, or 0.05 as a param with `unit: price`"
_AS_PRICE = "for a price write 2tick, or 0.05 as a param with `unit: price`"
#: What brings a value of a unit to another, by the quotient of the two.
_FACTORS: dict[Dimension, str] = {
    PRICE: "* mid",
    Dimension(price=-2): "/ mid",
    SIZE: "* max_inventory",
    Dimension(size=-2): "/ max_inventory",
    MONEY: "* mid * max_inventory",
    Dimension(time=1): "* sqrt(5s), the horizon it is meant for",
    Dimension(time=-1): "/ sqrt(5s)",
    TIME: "* 1s",
    Dimension(time=-2): "/ 1s",
}


def meet(
    context: Context,
    node: Node,
    operands: Sequence[Operand],
    *,
    conditions: bool = False,
) -> tuple[tuple[Expr, ...], Type] | None:
    """Bring operands to one unit.

    Args:
        context: Where problems go.
        node: What they meet in.
        operands: Numbers, or where `conditions` holds all conditions.
        conditions: Whether conditions may meet here.

    Returns:
        The operands, converted, and their common type; None after a problem.
    """
    kinds = {operand.expr.type.kind for operand in operands}
    exprs = tuple(operand.expr for operand in operands)
    if kinds == {"bool"} and conditions:
        return exprs, CONDITION
    if "bool" in kinds:
        for operand in operands:
            number(context, operand)
        return None
    with_unit = [operand for operand in operands if not operand.expr.type.bare]
    if not with_unit:
        return exprs, BARE
    return _with_units(context, node, operands, with_unit)


def meet_in_sum(
    context: Context, node: Node, left: Operand, right: Operand
) -> tuple[tuple[Expr, ...], Type] | None:
    """`meet` for `+` and `-`, where `1 + 10*vol` is a growth factor, a plain ratio."""
    for one, other in ((left, right), (right, left)):
        if is_literal(one.node, 1) and other.expr.type == RELATIVE:
            return (left.expr, right.expr), Type()
    return meet(context, node, (left, right))


def fit_field(
    context: Context, operand: Operand, expected: Type, field: str
) -> Expr | None:
    """Bring a whole formula to the type of its field; None after a problem."""
    found, what = operand.expr.type, field or "the formula"
    if found.kind != expected.kind:
        message = f"{what} is a {describe(expected)}, found a {describe(found)}"
        hint = "write x if condition else y" if found.kind == "bool" else "compare it"
        context.error("MM323", message, operand.node, hint)
        return None
    if found.bare and field in _DISTANCES and not is_literal(operand.node, 0):
        message = f"{context.text(operand.node)} is a bare number: {field} needs a unit"
        if not context.unit_error("MM321", message, operand.node, _SPELLINGS):
            return None
    if found.bare:
        return replace(operand.expr, type=expected)
    if found.relative and expected.dimension == PRICE:
        return of_mid(operand.expr)
    if found.dimension != expected.dimension and not _field_mismatch(
        context, operand, expected, what
    ):
        return None
    return operand.expr


def of_mid(relative: Expr) -> Expr:
    """A relative price as a price: times mid."""
    return compose("mul", (relative, mid()), Type(dimension=PRICE), relative)


def is_literal(node: Node, value: int) -> bool:
    """Whether a node is the bare literal `value`, whatever its sign."""
    if isinstance(node, Unary) and node.op == "-":
        return is_literal(node.operand, value)
    return (
        isinstance(node, Number)
        and node.quantity.unit is None
        and node.quantity.number == value
    )


def number(context: Context, operand: Operand) -> bool:
    """Whether an operand is a number; a condition is reported."""
    if operand.expr.type.kind == "number":
        return True
    message = f"{context.text(operand.node)} is a condition; a number is expected here"
    context.error("MM323", message, operand.node, "write 1 if condition else 0")
    return False


def condition(context: Context, operand: Operand) -> bool:
    """Whether an operand is a condition; a number is reported."""
    if operand.expr.type.kind == "bool":
        return True
    text = context.text(operand.node)
    found = describe(operand.expr.type)
    message = f"{text} is a {found}; a condition is expected here"
    context.error("MM323", message, operand.node, f"compare it: {text} > 0")
    return False


def _with_units(
    context: Context, node: Node, operands: Sequence[Operand], with_unit: list[Operand]
) -> tuple[tuple[Expr, ...], Type] | None:
    if not _no_bare_beside_relative(context, operands):
        return None
    dimensions = {operand.expr.type.dimension for operand in with_unit}
    plain = [operand for operand in with_unit if not operand.expr.type.relative]
    if len(dimensions) == 1:
        kind = Type(dimension=dimensions.pop(), relative=not plain)
        return tuple(_take(operand, kind) for operand in operands), kind
    if {operand.expr.type.dimension for operand in plain} == {PRICE}:
        kind = Type(dimension=PRICE)
        return tuple(_as_price(operand) for operand in operands), kind
    apart = plain if len({o.expr.type.dimension for o in plain}) > 1 else with_unit
    if not _mismatch(context, node, apart):
        return None
    return tuple(operand.expr for operand in operands), plain[0].expr.type


def _take(operand: Operand, kind: Type) -> Expr:
    """A literal with the unit of what it meets; a name stays the node it is bound to."""
    if operand.expr.type.bare and isinstance(operand.node, Number):
        return replace(operand.expr, type=kind)
    return operand.expr


def _as_price(operand: Operand) -> Expr:
    if operand.expr.type.relative:
        return of_mid(operand.expr)
    return _take(operand, Type(dimension=PRICE))


def _no_bare_beside_relative(context: Context, operands: Sequence[Operand]) -> bool:
    relative = [operand for operand in operands if operand.expr.type.relative]
    if not relative:
        return True
    beside, going_on = context.text(relative[0].node), True
    for operand in operands:
        if operand.expr.type.bare and not is_literal(operand.node, 0):
            text = context.text(operand.node)
            message = (
                f"{text} is a bare number beside {beside}, a relative price: "
                "is it bps, ticks or a price?"
            )
            hints = (_in_bps(operand.node), _AS_PRICE)
            going_on &= context.unit_error("MM321", message, operand.node, *hints)
    return going_on


def _in_bps(node: Node) -> str:
    if not isinstance(node, Number):
        named = isinstance(node, Name)
        return (
            "give the param `unit: bps`" if named else "write it in bps, such as 5bps"
        )
    bps = f"{float(node.quantity.number) * 10_000:.6g}"
    return f"write {node.quantity.number:f}bps, or {bps}bps if a fraction is meant"


def _mismatch(context: Context, node: Node, operands: Sequence[Operand]) -> bool:
    """Report the first operands whose units differ; whether to go on."""
    first = operands[0]
    other = next(
        operand
        for operand in operands
        if operand.expr.type.dimension != first.expr.type.dimension
    )
    texts = [context.text(operand.node) for operand in (first, other)]
    found = [describe(operand.expr.type) for operand in (first, other)]
    message = (
        f"{texts[0]} is {found[0]}, {texts[1]} is {found[1]}; they must have one unit"
    )
    hints = _remedies(texts[0], first.expr.type, texts[1], other.expr.type)
    apart = (first.node, other.node)
    return context.unit_error("MM320", message, node, *hints, apart=apart)


def _field_mismatch(
    context: Context, operand: Operand, expected: Type, what: str
) -> bool:
    text, found = context.text(operand.node), operand.expr.type
    message = f"{what}: expected {describe(expected)}, found {describe(found)} ({text})"
    hints = _to(text, found.dimension, expected.dimension)
    return context.unit_error("MM320", message, operand.node, *hints)


def _remedies(left: str, a: Type, right: str, b: Type) -> tuple[str, ...]:
    common = (
        *_common_factor(left, a.dimension, b.dimension),
        *_common_factor(right, b.dimension, a.dimension),
    )
    return common or _any_factor(right, b.dimension, a.dimension)


def _to(text: str, have: Dimension, want: Dimension) -> tuple[str, ...]:
    return _common_factor(text, have, want) or _any_factor(text, have, want)


def _common_factor(text: str, have: Dimension, want: Dimension) -> tuple[str, ...]:
    """How a value of one unit is brought to another, if that is commonly meant."""
    operand = text if text.isidentifier() or text.endswith(")") else f"({text})"
    if (have, want) == (RATIO, PRICE):
        return (f"write {operand} * 5bps or {operand} * mid",)
    factor = _FACTORS.get(want.over(have))
    return (f"write {operand} {factor}",) if factor and want != RATIO else ()


def _any_factor(text: str, have: Dimension, want: Dimension) -> tuple[str, ...]:
    factor = describe_dimension(want.over(have))
    return (f"multiply {text} by something in {factor}, or check the params' `unit:`",)
