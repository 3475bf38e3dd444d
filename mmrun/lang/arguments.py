"""Arguments of calls, each read by the kind its parameter has."""

from __future__ import annotations

from collections.abc import Callable

from mmrun.lang.meet import BARE, number
from mmrun.lang.nodes import Call, Expr, Node, Number, Stage, Type
from mmrun.lang.scope import Context, Operand, describe
from mmrun.units import TIME


#: Checks a node of the formula; None after a problem.
Reader = Callable[[Context, Node], Expr | None]

MAX_WINDOW = 1e9  #: seconds (31 years) or ticks: nanoseconds of it fit an int64


def _any(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    del call
    return read(context, node)


def _number(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    del call
    expr = read(context, node)
    if expr is None or not number(context, Operand(node, expr)):
        return None
    return expr


def _series(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    expr = _number(context, call, node, read)
    return market_data(context, call, node, expr)


def any_series(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    """Read an argument that must be market data, a number or a condition."""
    return market_data(context, call, node, read(context, node))


def market_data(
    context: Context, call: Call, node: Node, expr: Expr | None
) -> Expr | None:
    """An argument that is market data; own state and what never changes is reported."""
    if expr is None or expr.stage is Stage.DATA:
        return expr
    text = context.text(node)
    if expr.stage is Stage.STATE:
        found = f"{text} depends on own state"
        hint = f"prev({text}) is its value at the last quote evaluation"
    else:
        found, hint = f"{text} never changes", f"write {text} alone"
    context.error(
        "MM304", f"{call.name}() looks back over market data; {found}", node, hint
    )
    return None


def _window(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    return _length(context, call, node, read, counts=True)


def _time(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    return _length(context, call, node, read, counts=False)


def _length(
    context: Context, call: Call, node: Node, read: Reader, *, counts: bool
) -> Expr | None:
    """A window length: a literal or a param, a time or a whole count of ticks."""
    expr = read(context, node)
    if expr is None:
        return None
    trouble = _length_trouble(expr, counts=counts)
    if trouble is None:
        return expr
    text, wanted = (
        context.text(node),
        "a time or a count of ticks" if counts else "a time",
    )
    hints = []
    if isinstance(node, Number) and expr.type.bare and not counts:
        hints = [f"write {text}s"]
    message = (
        f"{call.name}(): a window is {wanted}, a literal or a param; {text} {trouble}"
    )
    context.error("MM305", message, node, *hints)
    return None


def _length_trouble(expr: Expr, *, counts: bool) -> str | None:
    timed = expr.type.dimension == TIME and expr.type.kind == "number"
    if expr.op not in {"const", "param"}:
        return "is negative" if expr.op == "neg" else "is computed"
    if not timed and not (expr.type.bare and counts):
        return f"is a {describe(expr.type)}"
    if expr.op == "param":
        return None
    if not 0.0 < expr.value <= MAX_WINDOW:
        return f"is not between 0 and {MAX_WINDOW:,.0f}"
    return None if timed or expr.value.is_integer() else "is not whole"


def _decay(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    expr = read(context, node)
    if expr is None:
        return None
    plain = expr.type in {BARE, Type()}
    inside = expr.op == "param" or (expr.op == "const" and 0.0 <= expr.value < 1.0)
    if plain and inside:
        return expr
    message = (
        f"{call.name}(): decay is a number from 0 to below 1, a literal or a param"
    )
    context.error("MM305", message, node, "write decay=0.94")
    return None


#: Parameter kind to how its argument is read.
ARGUMENTS: dict[str, Callable[[Context, Call, Node, Reader], Expr | None]] = {
    "any": _any,
    "number": _number,
    "series": _series,
    "any_series": any_series,
    "window": _window,
    "time": _time,
    "decay": _decay,
}
