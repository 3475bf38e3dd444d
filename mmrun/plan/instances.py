"""One tree for each venue of what reads `venue.…`: formulas made definite.

An *axis* is what a formula's value can differ by within one evaluation: the venue being
quoted. `instantiate` takes roots by name and gives those that depend on the axis once
for each of its values, as `NASDAQ.bid`; what does not depend on it stays one tree, and
is computed once. Where the axis has one value there is nothing to tell apart: the names
stay, and at one venue `venue.mid` is `mid`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mmrun.lang.names import QUOTED, VENUE_NAMES, joined, split
from mmrun.lang.nodes import Expr
from mmrun.lang.sources import renamed, source_of
from mmrun.lang.walk import postorder
from mmrun.plan.passes import Roots, rewrite


@dataclass(frozen=True, slots=True)
class Axis:
    """Values that a formula can differ by, one of them in force at a time."""

    values: tuple[str, ...]
    reads: Callable[[Expr], bool]  #: whether a node depends on it by itself
    at: Callable[[Expr, str], Expr]  #: the node where a value is in force


def venue_axis(venues: Sequence[str]) -> Axis:
    """The venue being quoted; of no or one venue, its names are those of all."""
    if len(venues) > 1:
        return Axis(tuple(venues), _reads_quoted, _at_one)
    return Axis(tuple(venues) or ("",), _reads_quoted, _at_only)


def _reads_quoted(node: Expr) -> bool:
    return source_of(node) == QUOTED


def _at_one(node: Expr, venue: str) -> Expr:
    return renamed(node, lambda source: venue if source == QUOTED else source)


def _at_only(node: Expr, venue: str) -> Expr:
    """What the one venue has is what all have, but for what no one but a venue has."""
    if split(node.name)[1] in VENUE_NAMES:
        return _at_one(node, venue or QUOTED)
    return renamed(node, lambda s: "" if s in {QUOTED, venue} else s)


def instantiate(roots: Roots, axis: Axis) -> Roots:
    """The roots with a tree for each value of an axis that they depend on."""
    if len(axis.values) == 1:
        return rewrite(roots, lambda node: axis.at(node, axis.values[0]))
    apart = _dependent(roots, axis)
    found = {name: root for name, root in roots.items() if name not in apart}
    several = {name: roots[name] for name in roots if name in apart}
    for value in axis.values:
        here = rewrite(several, partial(_at, axis=axis, value=value, apart=apart))
        found |= {joined(value, name): root for name, root in here.items()}
    return found


def _at(node: Expr, *, axis: Axis, value: str, apart: frozenset[str]) -> Expr:
    """The node at a value; `prev(fair)` is that of the same value, where fair differs."""
    if node.op == "prev" and node.name in apart:
        return replace(node, name=joined(value, node.name))
    return axis.at(node, value)


def by_venue(roots: Roots) -> frozenset[str]:
    """The roots that may be another at each venue that is quoted."""
    return _dependent(roots, venue_axis(()))


def _dependent(roots: Roots, axis: Axis) -> frozenset[str]:
    """The roots that read the axis, or through `prev(fair)` a root that does."""
    nodes = {name: postorder([root]) for name, root in roots.items()}
    apart = {name for name in roots if any(map(axis.reads, nodes[name]))}
    while True:
        more = {
            name
            for name in roots
            if any(node.op == "prev" and node.name in apart for node in nodes[name])
        }
        if more <= apart:
            return frozenset(apart)
        apart |= more


def at_value(roots: Mapping[str, Expr], name: str, value: str) -> Expr:
    """The root of that name where a value is in force."""
    return roots.get(joined(value, name)) or roots[name]


def blocks(
    roots: Roots, names: Sequence[str], values: Sequence[str]
) -> tuple[dict[str, Expr], ...]:
    """The named roots, by name: once, or once for each value where one depends on it."""
    depends = any(joined(v, name) in roots for v in values for name in names)
    chosen = values if depends else values[:1] or ("",)
    return tuple({n: at_value(roots, n, value) for n in names} for value in chosen)


def shown_outputs(
    roots: Roots, names: Sequence[str], values: Sequence[str]
) -> Iterator[str]:
    """For every root of `blocks`, in order, its name among the roots."""
    for value in values if len(blocks(roots, names, values)) > 1 else ("",):
        for name in names:
            yield joined(value, name) if joined(value, name) in roots else name
