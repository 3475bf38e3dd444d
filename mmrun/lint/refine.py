"""What a condition says of the nodes it compares, where it holds or does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from mmrun.lang.nodes import Expr
from mmrun.lint.intervals import Interval


#: Node number to what its value lies in.
Facts = Mapping[int, Interval]

_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}
_SWAPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_DEEPEST = 20


def facts_of(
    condition: Expr,
    number: Callable[[Expr], int],
    interval: Callable[[Expr], Interval],
    *,
    holds: bool,
) -> Facts | None:
    """What is known where a condition holds, or does not.

    Args:
        condition: a checked condition.
        number: the number of a node.
        interval: what a node can be, whatever the condition says.
        holds: whether it holds; a missing condition chooses neither branch.

    Returns:
        Facts by node number; None where the condition cannot be so.
    """
    facts: dict[int, Interval] = {}
    for op, left, right in _comparisons(condition, holds=holds, depth=0):
        for node, other, how in ((left, right, op), (right, left, _SWAPPED[op])):
            known = interval(node).meet(facts.get(number(node), interval(node)))
            found = _narrowed(known, how, interval(other))
            if found.is_empty:
                return None
            if found != known:  # of a constant nothing is new
                facts[number(node)] = found
    return facts


def _comparisons(
    condition: Expr, *, holds: bool, depth: int
) -> list[tuple[str, Expr, Expr]]:
    """The comparisons that are all so where a condition is."""
    if depth > _DEEPEST:
        return []
    if condition.op == "not":
        return _comparisons(condition.args[0], holds=not holds, depth=depth + 1)
    if condition.op == ("and" if holds else "or"):
        return [
            found
            for part in condition.args
            for found in _comparisons(part, holds=holds, depth=depth + 1)
        ]
    if condition.op in _OPPOSITE:
        op = condition.op if holds else _OPPOSITE[condition.op]
        return [(op, condition.args[0], condition.args[1])]
    return []


def _narrowed(known: Interval, op: str, other: Interval) -> Interval:
    """What is left of an interval where it compares so with another."""
    if other.is_empty:
        return known
    match op:
        case "lt":
            return known.meet(
                Interval(-math.inf, math.nextafter(other.high, -math.inf))
            )
        case "le":
            return known.meet(Interval(-math.inf, other.high))
        case "gt":
            return known.meet(Interval(math.nextafter(other.low, math.inf), math.inf))
        case "ge":
            return known.meet(Interval(other.low, math.inf))
        case "eq":
            return known.meet(other)
        case _:
            return _without_point(known, other)


def _without_point(known: Interval, other: Interval) -> Interval:
    """An interval without one of its ends, where the other is that one value."""
    low, high = known.low, known.high
    if other.is_point and low == other.low:
        low = math.nextafter(low, math.inf)
    if other.is_point and high == other.low:
        high = math.nextafter(high, -math.inf)
    return Interval(low, high)
