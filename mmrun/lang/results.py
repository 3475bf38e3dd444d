"""The unit rules of functions: arguments, converted where they meet, to a result type."""

from __future__ import annotations

from collections.abc import Callable

from mmrun.lang.meet import CONDITION, meet
from mmrun.lang.nodes import Call, Expr, Type
from mmrun.lang.scope import Context, Operand, describe
from mmrun.units import PRICE, RATIO, SIZE, TIME, Dimension


_ROOT_TIME = Dimension(time=1)
_Found = tuple[tuple[Expr, ...], Type] | None


def _fixed(kind: Type) -> Callable[[Context, Call, list[Operand]], _Found]:
    def result(context: Context, call: Call, operands: list[Operand]) -> _Found:
        del context, call
        return tuple(operand.expr for operand in operands), kind

    return result


def _same(context: Context, call: Call, operands: list[Operand]) -> _Found:
    return _fixed(operands[0].expr.type)(context, call, operands)


def _meet(context: Context, call: Call, operands: list[Operand]) -> _Found:
    return meet(context, call, operands, conditions=call.name == "coalesce")


def _root(context: Context, call: Call, operands: list[Operand]) -> _Found:
    kind = operands[0].expr.type
    half = kind.dimension.power(1)
    if half is None:
        text = context.text(operands[0].node)
        message = f"sqrt({text}): the root of {describe(kind)} has no unit"
        if not context.unit_error("MM324", message, call):
            return None
    root = Type(dimension=half or RATIO, bare=kind.bare)
    return _fixed(root)(context, call, operands)


def _ratio_of_ratio(context: Context, call: Call, operands: list[Operand]) -> _Found:
    kind = operands[0].expr.type
    if kind.dimension != RATIO:
        text = context.text(operands[0].node)
        message = f"{call.name}() takes a ratio; {text} is {describe(kind)}"
        hint = f"divide it by something of its unit: {call.name}({text} / ...)"
        if not context.unit_error("MM322", message, operands[0].node, hint):
            return None
    return _fixed(Type())(context, call, operands)


def _return(context: Context, call: Call, operands: list[Operand]) -> _Found:
    price = operands[0].expr.type.dimension == PRICE
    return _fixed(Type(relative=price))(context, call, operands)


def _per_root_time(context: Context, call: Call, operands: list[Operand]) -> _Found:
    dimension = operands[0].expr.type.dimension.over(_ROOT_TIME)
    return _fixed(Type(dimension=dimension))(context, call, operands)


#: The unit rules of `functions.Result`: arguments, converted, and the result's type.
RESULTS: dict[str, Callable[[Context, Call, list[Operand]], _Found]] = {
    "same": _same,
    "meet": _meet,
    "root": _root,
    "ratio_of_ratio": _ratio_of_ratio,
    "plain": _fixed(Type()),
    "condition": _fixed(CONDITION),
    "return": _return,
    "per_root_time": _per_root_time,
    "price": _fixed(Type(dimension=PRICE)),
    "size": _fixed(Type(dimension=SIZE)),
    "time": _fixed(Type(dimension=TIME)),
    "price_per_size": _fixed(Type(dimension=PRICE.over(SIZE))),
    "per_time": _fixed(Type(dimension=RATIO.over(TIME))),
    "relative": _fixed(Type(relative=True)),
}
