"""Arguments of calls, each read by the kind its parameter has."""

from __future__ import annotations

import math
from collections.abc import Callable

from mmrun.lang.meet import BARE, number
from mmrun.lang.nodes import Call, Expr, Node, Number, Stage, Type
from mmrun.lang.scope import Context, Operand, describe
from mmrun.units import SIZE, TIME


#: Checks a node of the formula; None after a problem.
Reader = Callable[[Context, Node], Expr | None]

MAX_WINDOW = 1e9  #: seconds (31 years): nanoseconds of it fit an int64
MAX_TICKS = 1e7  #: a lag holds them all
MAX_COUNT = 10_000  #: bars or buckets: they are gone through whenever one is full


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
    trouble = _length_trouble(context, expr, counts=counts)
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


def _length_trouble(context: Context, expr: Expr, *, counts: bool) -> str | None:
    timed = expr.type.dimension == TIME and expr.type.kind == "number"
    if expr.op not in {"const", "param"}:
        return "is negative" if expr.op == "neg" else "is computed"
    if not timed and not (expr.type.bare and counts):
        return f"is a {describe(expr.type)}"
    value, most = known_value(context, expr), MAX_WINDOW if timed else MAX_TICKS
    if value is None:
        return None
    is_now = f"is {value:g}, " if expr.op == "param" else "is "
    if not 0.0 < value <= most:
        return f"{is_now}not between 0 and {most:,.0f}"
    return None if timed or value.is_integer() else f"{is_now}not whole"


def known_value(context: Context, expr: Expr) -> float | None:
    """What a literal or a param is worth; None of what is not known yet."""
    if expr.op == "const":
        return expr.value
    return context.scope.values.get(expr.name) if expr.op == "param" else None


def _said(context: Context, node: Node, expr: Expr) -> str:
    """An argument as written, a param with its value."""
    value = known_value(context, expr)
    of = f", which is {value:g}" if expr.op == "param" and value is not None else ""
    return context.text(node) + of


def _decay(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    expr = read(context, node)
    if expr is None:
        return None
    value, known = known_value(context, expr), expr.op in {"const", "param"}
    inside = known and (value is None or 0.0 <= value < 1.0)
    if expr.type in {BARE, Type()} and inside:
        return expr
    message = (
        f"{call.name}(): decay is a number from 0 to below 1, a literal or a param, "
        f"found {_said(context, node, expr)}"
    )
    context.error("MM305", message, node, "write decay=0.94")
    return None


def _count(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    expr = read(context, node)
    if expr is None:
        return None
    value, known = known_value(context, expr), expr.op in {"const", "param"}
    fits = value is None or (value.is_integer() and 1.0 <= value <= MAX_COUNT)
    if expr.type in {BARE, Type()} and known and fits:
        return expr
    message = (
        f"{call.name}(): expected a whole number from 1 to {MAX_COUNT:,}, a literal or "
        f"a param, found {_said(context, node, expr)}"
    )
    context.error("MM305", message, node)
    return None


def _bucket(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    expr = read(context, node)
    if expr is None:
        return None
    sized = expr.type == BARE or expr.type == Type(dimension=SIZE)
    fixed = expr.stage <= Stage.PARAM
    value = known_value(context, expr)
    if sized and fixed and (value is None or 0.0 < value < math.inf):
        return expr
    text = context.text(node)
    found = f"is a {describe(expr.type)}" if not sized else "is not above 0"
    found = found if fixed else "changes"
    message = f"{call.name}(): a bucket is a size fixed for the run; {text} {found}"
    context.error(
        "MM305", message, node, "write 1000, 10lot or a param of `unit: size`"
    )
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
    "count": _count,
    "bucket": _bucket,
}
