"""Calls: arguments bound to a function's signature, each read by its kind.

`arguments.ARGUMENTS` reads arguments, `results.RESULTS` holds the unit rules that the
rows of `functions.FUNCTIONS` name.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from mmrun.lang.arguments import (
    ARGUMENTS,
    MAX_COUNT,
    Reader,
    any_series,
    known_value,
    market_data,
)
from mmrun.lang.functions import FUNCTIONS, OTHER_WORDS
from mmrun.lang.meet import BARE
from mmrun.lang.mentions import QUOTE_FIELDS
from mmrun.lang.names import NAMES, depth_name, heard_at, joined, split
from mmrun.lang.nodes import Call, Expr, Name, Node, Number, Stage, Ticks, Type
from mmrun.lang.results import RESULTS
from mmrun.lang.scope import Context, Operand, compose, constant
from mmrun.lang.signatures import Function, Parameter
from mmrun.lang.whose import CALLED, check_function, refuse_rows
from mmrun.units import SIZE, TIME, parse_literal


Bound = list[tuple[Parameter, Node]]

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
    function = FUNCTIONS.get(split(call.name)[1])
    if function is None:
        _unknown(context, call)
        return None
    if not check_function(context, call, function):
        return None
    bound = _bind(context, call, function)
    if bound is None:
        return None
    return _SPECIAL.get(function.name, _plain)(context, call, function, bound, read)


def _unknown(context: Context, call: Call) -> None:
    name = call.name
    source, rest = split(name)
    if name in context.scope.bindings or name in NAMES:
        context.error(
            "MM302", f"{name} is not a function", call, f"write {name} * (...)"
        )
        return
    close = get_close_matches(rest.lower(), CALLED if source else FUNCTIONS, n=1)
    if source:
        hints = [f"did you mean {joined(source, match)}?" for match in close]
        context.error("MM301", f"unknown function {name}()", call, *hints)
        return
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
    for parameter, node in _with_defaults(bound, function, call):
        expr = ARGUMENTS[parameter.kind](context, call, node, read)
        operands.append(Operand(node, expr) if expr is not None else None)
    given = [operand for operand in operands if operand is not None]
    if len(given) < len(operands):
        return None
    return _result(context, call, function, given)


def _with_defaults(bound: Bound, function: Function, call: Call) -> Bound:
    """The arguments, and the defaults of what was left out, in signature order."""
    given = {parameter.name for parameter, _ in bound}
    left_out = [
        (parameter, Number(quantity, call.start, call.end))
        for parameter in function.parameters
        if parameter.name not in given
        and (quantity := parse_literal(parameter.default)) is not None
    ]
    parameters = list(function.parameters)
    return sorted([*bound, *left_out], key=lambda pair: parameters.index(pair[0]))


def _result(
    context: Context, call: Call, function: Function, operands: list[Operand]
) -> Expr | None:
    found = RESULTS[function.result](context, call, operands)
    if found is None:
        return None
    args, kind = found
    expr = compose(function.name, args, kind, call)
    source = split(call.name)[0]
    ticks, hears = heard_at(source, function.ticks)
    return replace(
        expr,
        name=source,
        stage=max(function.stage, expr.stage),
        ticks=expr.ticks | ticks,
        hears=expr.hears | hears,
    )


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
    series = market_data(context, call, node, expr)
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
    series = any_series(context, call, bound[0][1], read)
    if rows is None or series is None:
        return None
    sampled = compose("sample", (series,), series.type, call)
    return replace(sampled, name=rows, ticks=_ROWS[rows], hears=frozenset())


def _age(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """`age(quote)`: a market leaf of that name."""
    del read
    rows = _row_kind(context, call, bound[0][1])
    if rows is None:
        return None
    leaf = compose("market", (), Type(dimension=TIME), call)
    name = joined(split(call.name)[0], f"age({rows})")
    return replace(leaf, name=name, stage=function.stage, ticks=function.ticks)


def _row_kind(context: Context, call: Call, node: Node) -> str | None:
    if isinstance(node, Name) and node.name in _ROWS:
        return node.name
    if isinstance(node, Name) and split(node.name)[1] in _ROWS:
        refuse_rows(context, call, node)
        return None
    found = context.text(node)
    hint = FUNCTIONS[split(call.name)[1]].example
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


def _depth(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """`depth(bid, 5tick)`: a market leaf of that name."""
    (_, side), (_, within) = bound
    expr = read(context, within)
    if not isinstance(side, Name) or side.name not in {"bid", "ask"}:
        message = f"depth(): expected bid or ask, found {context.text(side)}"
        context.error("MM303", message, side, function.example)
        return None
    quantity = within.quantity if isinstance(within, Number) else None
    if quantity is None or quantity.unit is None or quantity.unit.of != "tick":
        text = context.text(within)
        message = f"depth(): expected ticks as a literal, found {text}"
        context.error("MM303", message, within, function.example)
        return None
    if expr is None or quantity.number % 1 or not 0 <= quantity.number <= MAX_COUNT:
        message = f"depth(): ticks are whole and from 0 to {MAX_COUNT:,}"
        context.error("MM305", message, within, function.example)
        return None
    kind = Type(dimension=SIZE)
    leaf = compose("market", (), kind, call)
    source = split(call.name)[0]
    name = joined(source, depth_name(side.name, int(quantity.number)))
    ticks, hears = heard_at(source, function.ticks)
    return replace(leaf, name=name, stage=function.stage, ticks=ticks, hears=hears)


def _kyle_lambda(
    context: Context, call: Call, function: Function, bound: Bound, read: Reader
) -> Expr | None:
    """`kyle_lambda(5min, bar=1s)`: the window holds two bars at least."""
    expr = _plain(context, call, function, bound, read)
    lengths = [known_value(context, arg) for arg in expr.args] if expr else []
    if None in lengths or not lengths:
        return expr
    window, bar = (length or 0.0 for length in lengths)
    if 2 * bar <= window <= MAX_COUNT * bar:
        return expr
    message = (
        f"kyle_lambda(): the window holds {window / bar:,.6g} bars; "
        f"from 2 to {MAX_COUNT:,} are possible"
    )
    context.error("MM305", message, call, function.example)
    return None


_SPECIAL = {
    "prev": _prev,
    "sample": _sample,
    "age": _age,
    "depth": _depth,
    "ewma": _ewma,
    "ewm_std": _ewma,
    "kyle_lambda": _kyle_lambda,
}
