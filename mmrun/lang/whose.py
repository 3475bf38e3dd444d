"""Dotted names: whether there is such a venue or reference, and whether it has that."""

from __future__ import annotations

import re
from difflib import get_close_matches

from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import NAMES, QUOTED, VENUE_NAMES, Named, joined, named, split
from mmrun.lang.nodes import Call, Name, Node
from mmrun.lang.scope import Context
from mmrun.lang.signatures import Function
from mmrun.lang.sources import SOURCED


#: Functions that may be called of a source: `venue.trades(1s)`, `spy.age(quote)`.
CALLED = SOURCED | {"age", "depth"}
#: A name of what is seen at each kind of row.
_SEEN_AT = {"trade": "last_price", "quote": "mid"}
_WORD = re.compile(r"[a-z_]+")
_COSTS = {"maker_cost": "maker_fee", "taker_cost": "taker_fee"}


def check_name(context: Context, node: Name) -> Named | None:
    """The row of a dotted name; None after a problem (MM301, MM302, MM306, MM390)."""
    source, rest = split(node.name)
    if not _known(context, node, source):
        return None
    row = named(node.name)
    if row is None:
        _unknown(context, node, source, rest)
        return None
    if not row.supported:
        context.error("MM390", f"{node.name} is not supported yet", node)
        return None
    if row.of == "venue" and not _quoted(context, node, source):
        return None
    return row if _has_price(context, node, source, rest) else None


def check_function(context: Context, call: Call, function: Function) -> bool:
    """Whether a function may be called of the source before its name, if there is one."""
    source, rest = split(call.name)
    if not source:
        return True
    if not _known(context, call, source):
        return False
    if rest not in CALLED:
        hint = f"what it looks at is: {_within(source, function)}"
        context.error("MM306", f"{rest}() is not of a venue", call, hint)
        return False
    return function.category != "own_fills" or _quoted(context, call, source)


def refuse_rows(context: Context, call: Call, rows: Name) -> None:
    """Report rows of a source, `NASDAQ.trade`, as an argument (MM301, MM303, MM306).

    `age` is called of its source; `sample` goes by the rows of all that is quoted.
    """
    source, kind = split(rows.name)
    if not _known(context, rows, source):
        return
    name = split(call.name)[1]
    if name in CALLED:
        message = f"{call.name}(): expected trade or quote, found {rows.name}"
        context.error("MM303", message, rows, f"write {joined(source, name)}({kind})")
        return
    message = f"{name}() goes by the rows of all that is quoted, not of {source} alone"
    own = f"mean({joined(source, _SEEN_AT[kind])}, 20)"
    hint = f"write {kind}, or look back over its own rows: {own}"
    context.error("MM306", message, rows, hint)


def _within(source: str, function: Function) -> str:
    """The function's example, its first market name of the source."""
    example = function.example
    words = (word for word in _WORD.findall(example) if word in NAMES)
    market = next((word for word in words if NAMES[word].of == "market"), "")
    return example.replace(market, joined(source, market), 1) if market else example


def _known(context: Context, node: Node, source: str) -> bool:
    """Whether a source can be one; a venue of the dataset alone is known with the data."""
    scope = context.scope
    names = [QUOTED, *(venue.name for venue in scope.venues), *scope.references]
    if source in names:
        return True
    lower = {name.lower(): name for name in names}
    if source[:1].isupper() and source.lower() not in lower:
        return True
    message = f"unknown venue or reference {source}"
    hint = "name another instrument under references; venues are upper case"
    if close := get_close_matches(source.lower(), lower, n=1):
        hint = f"did you mean {lower[close[0]]}?"
    elif source in scope.bindings or source in scope.pending or source in NAMES:
        message = f"{source} is neither a venue nor a reference"
        hint = "values have no attributes"
    context.error("MM301", message, node, hint)
    return False


def _unknown(context: Context, node: Name, source: str, rest: str) -> None:
    if rest in NAMES:
        what = NAMES[rest].group
        message = f"{rest} is not of a venue: it is a {what} of the whole strategy"
        message = message.replace("a own", "own")
        context.error("MM306", message, node, f"write {rest}")
    elif rest in FUNCTIONS:
        call = FUNCTIONS[rest].example
        called = (
            f"{source}.{call}" if rest in CALLED else _within(source, FUNCTIONS[rest])
        )
        context.error("MM302", f"{rest} is a function", node, f"call it: {called}")
    else:
        having = [name for name, row in NAMES.items() if row.of and row.supported]
        close = get_close_matches(rest.lower(), [*having, *VENUE_NAMES], n=1)
        hints = [f"did you mean {source}.{match}?" for match in close]
        context.error("MM301", f"unknown name {node.name}", node, *hints)


def _quoted(context: Context, node: Node, source: str) -> bool:
    """Whether there is own state of a source: it is quoted, as far as the file tells."""
    scope = context.scope
    if source in scope.references:
        message = f"{source} is a reference: it has market data alone"
        context.error("MM306", message, node, f"such as {source}.mid")
        return False
    quoted = {venue.name for venue in scope.venues}
    if source == QUOTED or not quoted or source in quoted:
        return True
    message = f"{source} is not quoted: it has market data alone"
    context.error("MM306", message, node, f"quote it: name {source} under venues")
    return False


def _has_price(context: Context, node: Name, source: str, rest: str) -> bool:
    """Whether a fee is so much a unit; one a fill is not."""
    fee = _COSTS.get(rest, "")
    flat = [
        venue.name
        for venue in context.scope.venues
        if fee and source in (QUOTED, venue.name) and getattr(venue, fee).unit == "flat"
    ]
    if flat:
        message = f"{flat[0]}'s {fee} is one a fill: it is no price a unit"
        hint = "write the fee in bps, /share or /contract, or leave the name out"
        context.error("MM306", message, node, hint)
    return not flat
