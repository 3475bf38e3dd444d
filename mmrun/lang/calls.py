"""Calls: arguments bound to a function's signature, each read by its kind.

`RESULTS` holds the unit rules that the rows of `functions.FUNCTIONS` name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches

from mmrun.lang.functions import FUNCTIONS, OTHER_WORDS, Function, Parameter
from mmrun.lang.meet import BARE, CONDITION, meet, number
from mmrun.lang.names import NAMES
from mmrun.lang.nodes import Call, Expr, Name, Node, Number, Stage, Ticks, Type
from mmrun.lang.parse import QUOTE_FIELDS
from mmrun.lang.scope import Context, Operand, compose, constant, describe
from mmrun.units import PRICE, RATIO, SIZE, TIME, Dimension


Reader = Callable[[Context, Node], Expr | None]
Bound = list[tuple[Parameter, Node]]

MAX_WINDOW = 1e9  #: seconds (31 years) or ticks: nanoseconds of it fit an int64
_ROOT_TIME = Dimension(time=1)
_ROWS = {"trade": Ticks.TRADE, "quote": Ticks.BOOK}


def check_call(context: Context, call: Call, read: Reader) -> Expr | None:
    """Check a call.

    Args:
        context: Where problems go.
        call: The call as written.
        read: Checks a node of the same formula.

    Returns:
        The checked node, or None after a problem (MM301 to MM305, MM32x, MM390).
    """
    function = FUNCTIONS.get(call.name)
    if function is None:
        _unknown(context, call)
        return None
    if not function.supported:
        context.error("MM390", f"{call.name}() is not supported yet", call)
        return None
    bound = _bind(context, call, function)
    if bound is None:
        return None
    return _SPECIAL.get(call.name, _plain)(context, call, function, bound, read)


def _unknown(context: Context, call: Call) -> None:
    name = call.name
    if "." in name:
        message = f"{name}(): names of a venue or another instrument are not supported"
        context.error("MM390", f"{message} yet", call)
        return
    if name in context.scope.bindings or name in NAMES:
        context.error(
            "MM302", f"{name} is not a function", call, f"write {name} * (...)"
        )
        return
    close = get_close_matches(name.lower(), FUNCTIONS, n=1)
    hints = [OTHER_WORDS[name]] if name in OTHER_WORDS else []
    hints += [f"did you mean {FUNCTIONS[match].signature}?" for match in close]
    context.error("MM301", f"unknown function {name}()", call, *hints[:1])


def _bind(context: Context, call: Call, function: Function) -> Bound | None:
    """Arguments beside their parameters, in signature order."""
    parameters = list(function.parameters)
    if parameters and parameters[-1].many:
        parameters += parameters[-1:] * (len(call.arguments) - len(parameters))
    trouble = _trouble(call, parameters)
    if trouble is not None:
        _misfit(context, call, function, trouble)
        return None
    named = {parameter.name: parameter for parameter in parameters}
    bound = list(zip(parameters, call.arguments, strict=False))
    bound += [(named[name], node) for name, node in call.keywords]
    return sorted(bound, key=lambda pair: parameters.index(pair[0]))


def _trouble(call: Call, parameters: list[Parameter]) -> str | None:
    """Why a call's arguments do not fit, or None."""
    if len(call.arguments) > len(parameters):
        return "too many arguments"
    taken = {parameter.name for parameter in parameters[: len(call.arguments)]}
    named = {parameter.name for parameter in parameters if not parameter.many}
    for name, _ in call.keywords:
        if name not in named or name in taken:
            return _keyword_trouble(name, named)
        taken.add(name)
    left_out = [p for p in parameters if p.name not in taken and not p.optional]
    return f"{left_out[0].name} is not given" if left_out else None


def _keyword_trouble(name: str, named: set[str]) -> str:
    if name in named:
        return f"{name} is given twice"
    close = get_close_matches(name, sorted(named), n=1)
    meant = f", did you mean {close[0]}?" if close else ""
    return f"it has no argument {name}{meant}"


def _misfit(context: Context, call: Call, function: Function, trouble: str) -> None:
    hint = f"{function.signature}, such as {function.example}"
    context.error("MM303", f"{call.name}(): {trouble}", call, hint)


def _plain(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """A call whose arguments are all values or window lengths."""
    operands = []
    for parameter, node in bound:
        expr = _ARGUMENTS[parameter.kind](context, call, node, read)
        operands.append(Operand(node, expr) if expr is not None else None)
    given = [operand for operand in operands if operand is not None]
    if len(given) < len(bound):
        return None
    given += [_default(p, call) for p in function.parameters[len(bound) :] if p.default]
    return _result(context, call, function, given)


def _default(parameter: Parameter, call: Call) -> Operand:
    return Operand(call, constant(parameter.default or 0.0, BARE, call))


def _result(
    context: Context, call: Call, function: Function, operands: list[Operand]
) -> Expr | None:
    found = RESULTS[function.result](context, call, operands)
    if found is None:
        return None
    args, kind = found
    expr = compose(function.name, args, kind, call)
    stage, ticks = max(function.stage, expr.stage), expr.ticks | function.ticks
    return replace(expr, stage=stage, ticks=ticks)


# ---- arguments by kind


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
    return _market_data(context, call, node, expr)


def _any_series(context: Context, call: Call, node: Node, read: Reader) -> Expr | None:
    return _market_data(context, call, node, read(context, node))


def _market_data(
    context: Context, call: Call, node: Node, expr: Expr | None
) -> Expr | None:
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
        return "is computed"
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


_ARGUMENTS: dict[str, Callable[[Context, Call, Node, Reader], Expr | None]] = {
    "any": _any,
    "number": _number,
    "series": _series,
    "any_series": _any_series,
    "window": _window,
    "time": _time,
    "decay": _decay,
}


# ---- functions whose arguments are not all values


def _prev(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """`prev(x)`: `lag(x, 1)` of market data, else the value at the last quote."""
    del function
    node = bound[0][1]
    if isinstance(node, Name) and node.name in QUOTE_FIELDS:
        return replace(NAMES[node.name].leaf(call.start, call.end), op="prev")
    expr = read(context, node)
    if expr is not None and expr.stage is Stage.STATE:
        return compose("prev", (expr,), expr.type, call)
    series = _market_data(context, call, node, expr)
    if series is None:
        return None
    lag = compose("lag", (series, constant(1.0, BARE, call)), series.type, call)
    return replace(lag, stage=Stage.DATA)


def _sample(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """`sample(x, trade)`: the sampled rows are its ticks, and in `name`."""
    del function
    rows = _row_kind(context, call, bound[1][1])
    series = _any_series(context, call, bound[0][1], read)
    if rows is None or series is None:
        return None
    sampled = compose("sample", (series,), series.type, call)
    return replace(sampled, name=rows, ticks=_ROWS[rows])


def _age(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """`age(quote)`: a market leaf of that name."""
    del read
    rows = _row_kind(context, call, bound[0][1])
    if rows is None:
        return None
    leaf = compose("market", (), Type(dimension=TIME), call)
    return replace(
        leaf, name=f"age({rows})", stage=function.stage, ticks=function.ticks
    )


def _row_kind(context: Context, call: Call, node: Node) -> str | None:
    if isinstance(node, Name) and node.name in _ROWS:
        return node.name
    found = context.text(node)
    hint = FUNCTIONS[call.name].example
    context.error(
        "MM303", f"{call.name}(): expected trade or quote, found {found}", node, hint
    )
    return None


def _ewma(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    if len(bound) != 2:
        trouble = "it takes a half-life or a decay, one of them"
        _misfit(context, call, function, trouble)
        return None
    return _plain(context, call, function, bound, read)


_SPECIAL = {"prev": _prev, "sample": _sample, "age": _age, "ewma": _ewma}


# ---- result types

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
    "size": _fixed(Type(dimension=SIZE)),
    "time": _fixed(Type(dimension=TIME)),
}
