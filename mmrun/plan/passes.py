"""The rewrites a checked formula goes through, each a function, in one tuple.

A rewrite takes and gives `Roots`: expressions by name. Every rewrite keeps the meaning
bit for bit (tests evaluate before and after). Nothing is reassociated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mmrun.lang.names import heard_at, joined, split
from mmrun.lang.nodes import Expr, Stage, Ticks, Type
from mmrun.lang.pointwise import POINTWISE
from mmrun.lang.walk import postorder
from mmrun.units import PRICE


Roots = Mapping[str, Expr]
Pass = Callable[[Roots], Roots]


def rewrite(roots: Roots, change: Callable[[Expr], Expr]) -> Roots:
    """Apply `change` to every node, operands first; shared nodes once."""
    done: dict[int, Expr] = {}
    for node in postorder(roots.values()):
        args = tuple(done[id(arg)] for arg in node.args)
        same = all(a is b for a, b in zip(args, node.args, strict=True))
        done[id(node)] = change(node if same else replace(node, args=args))
    return {name: done[id(root)] for name, root in roots.items()}


def _market(source: str, name: str) -> Expr:
    ticks, hears = heard_at(source, Ticks.BOOK)
    return Expr(
        "market",
        name=joined(source, name),
        type=Type(dimension=PRICE),
        stage=Stage.DATA,
        ticks=ticks,
        hears=hears,
    )


def _derived(op: str, first: Expr, second: Expr) -> Expr:
    return replace(first, op=op, name="", args=(first, second))


def _spread(source: str) -> Expr:
    return _derived("sub", _market(source, "ask"), _market(source, "bid"))


def _weighted_mid(source: str) -> Expr:
    bid_size, ask_size = _market(source, "bid_size"), _market(source, "ask_size")
    above = _derived(
        "add",
        _derived("mul", _market(source, "ask"), bid_size),
        _derived("mul", _market(source, "bid"), ask_size),
    )
    return _derived("div", above, _derived("add", bid_size, ask_size))


def _queue_imbalance(source: str) -> Expr:
    bid_size, ask_size = _market(source, "bid_size"), _market(source, "ask_size")
    return _derived(
        "div",
        _derived("sub", bid_size, ask_size),
        _derived("add", bid_size, ask_size),
    )


#: Market names that are formulas of others (definitions: design/language.md, Names).
DERIVED = {
    "spread": _spread,
    "weighted_mid": _weighted_mid,
    "queue_imbalance": _queue_imbalance,
}


def expand_market_names(roots: Roots) -> Roots:
    """`spread` and its like become formulas of bid and ask."""

    def change(node: Expr) -> Expr:
        source, name = split(node.name)
        if node.op != "market" or name not in DERIVED:
            return node
        return replace(DERIVED[name](source), type=node.type)

    return rewrite(roots, change)


def fold_constants(roots: Roots) -> Roots:
    """A pointwise node of constants becomes the constant."""

    def change(node: Expr) -> Expr:
        if node.op not in POINTWISE or any(a.op != "const" for a in node.args):
            return node
        value = POINTWISE[node.op](*(arg.value for arg in node.args))
        return replace(node, op="const", args=(), value=value)

    return rewrite(roots, change)


#: Integer powers up to this become products (as `lang.pointwise.power` defines them).
MOST_FACTORS = 8


def expand_powers(roots: Roots) -> Roots:
    """`x**3` becomes `(x*x)*x`, `x**-2` `1/(x*x)`, `x**0.5` `sqrt(x)`."""

    def change(node: Expr) -> Expr:
        if node.op != "pow" or node.args[1].op != "const":
            return node
        base, exponent = node.args[0], node.args[1].value
        if exponent < 0.0 and exponent.is_integer():
            positive = _power(node, base, -exponent)
            return replace(node, op="div", args=(Expr("const", value=1.0), positive))
        return _power(node, base, exponent)

    return rewrite(roots, change)


def _power(node: Expr, base: Expr, exponent: float) -> Expr:
    if exponent == 0.5:
        return replace(node, op="sqrt", args=(base,))
    if exponent not in range(2, MOST_FACTORS + 1):
        return replace(node, args=(base, Expr("const", value=exponent)))
    product = base
    for _ in range(int(exponent) - 1):
        product = replace(node, op="mul", args=(product, base))
    return product


def nest_min_max(roots: Roots) -> Roots:
    """`min(a, b, c)` becomes `min(min(a, b), c)`; clip becomes a min of a max."""

    def change(node: Expr) -> Expr:
        if node.op == "clip":
            inner = replace(node, op="max", args=node.args[:2])
            return replace(node, op="min", args=(inner, node.args[2]))
        if node.op not in {"min", "max", "coalesce"}:
            return node
        nested = node.args[0]
        for arg in node.args[1:]:
            nested = replace(node, args=(nested, arg))
        return nested

    return rewrite(roots, change)


def share_subtrees(roots: Roots) -> Roots:
    """Equal subtrees become one object."""
    known: dict[tuple[object, ...], Expr] = {}

    def change(node: Expr) -> Expr:
        key = (
            node.op,
            tuple(id(arg) for arg in node.args),
            node.name,
            node.value.hex(),  # tells 0.0 from -0.0, and NaN from nothing
            node.type,  # 5 ticks are not 5 seconds
            node.ticks,
            node.hears,
        )
        return known.setdefault(key, node)

    return rewrite(roots, change)


PASSES: tuple[Pass, ...] = (
    expand_market_names,
    fold_constants,
    expand_powers,
    nest_min_max,
    share_subtrees,
)
