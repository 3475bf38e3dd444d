"""Several quotes a side: what a deeper level is, and a formula at one level.

`deeper` says once, with the name `level` in it, what the levels after the first quote;
`at_level` puts a number in its place. Level 0 is the quote as the file gives it. A
formula that does not read `level` is one and the same tree at every level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mmrun.lang.mentions import QUOTE_FIELDS
from mmrun.lang.names import level
from mmrun.lang.nodes import Expr
from mmrun.lang.scope import compose
from mmrun.lang.walk import is_level, postorder
from mmrun.plan.passes import Roots, rewrite
from mmrun.plan.plan import OUTPUTS
from mmrun.strategy.spec import Levels


def output_name(field: str, level: int) -> str:
    """A quote field at a level, counted from 1 as in market names: `bid`, `bid_2`, ..."""
    return field if level == 0 else f"{field}_{level + 1}"


def output_names(count: int) -> tuple[str, ...]:
    """The quote fields of all levels, level by level."""
    return tuple(output_name(name, k) for k in range(count) for name in OUTPUTS)


def deeper(fields: Roots, step: Expr, levels: Levels) -> dict[str, Expr]:
    """The quote fields of a level after the first, with `level` in them.

    A price that reads `level` is what its formula says; any other stands `level * step`
    further out. A size that does not is `size_factor ** level` as large.
    """
    found = dict(fields)
    offset = compose("mul", (level(), step), step.type, step)
    factor = Expr("const", value=levels.size_factor)
    share = compose("pow", (factor, level()), factor.type, factor)
    for name, op in (("bid", "sub"), ("ask", "add")):
        if not varies(fields[name], fields):
            found[name] = _changed(op, fields[name], offset)
    for name in ("bid_size", "ask_size"):
        if not varies(fields[name], fields) and levels.size_factor != 1.0:
            found[name] = _changed("mul", fields[name], share)
    return found


def _changed(op: str, field: Expr, by: Expr) -> Expr:
    return compose(op, (field, by), field.type, field)


def varies(root: Expr, fields: Roots) -> bool:
    """Whether a formula gives other values at other levels."""
    return _reads(root, _varying(fields))


def _varying(fields: Roots) -> frozenset[str]:
    """The quote fields that read `level`, or the last value of one that does."""
    found: frozenset[str] = frozenset()
    while True:
        more = frozenset(n for n in QUOTE_FIELDS if _reads(fields[n], found))
        if more == found:
            return found
        found = more


def _reads(root: Expr, varying: frozenset[str]) -> bool:
    return any(
        is_level(node) or (node.op == "prev" and node.name in varying)
        for node in postorder([root])
    )


def at_level(roots: Roots, number: int, fields: Roots) -> Mapping[str, Expr]:
    """Formulas at one level: `level` is its number, `prev(fair)` its own last value."""
    varying = _varying(fields)

    def change(node: Expr) -> Expr:
        if is_level(node):
            return replace(node, op="const", name="", value=float(number))
        if node.op == "prev" and node.name in varying:
            return replace(node, name=output_name(node.name, number))
        return node

    return rewrite(roots, change)
