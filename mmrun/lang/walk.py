"""Walking `Expr` graphs: each node once, without recursion.

A graph can be as deep as its lets are many, and a let used twice is one object.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmrun.lang.nodes import Expr, Stage
from mmrun.lang.pointwise import POINTWISE


def postorder(roots: Iterable[Expr]) -> list[Expr]:
    """Every node that the roots reach, each once, operands before their users."""
    order: list[Expr] = []
    seen: set[int] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
    return order


def constant_value(root: Expr) -> float | None:
    """The value of a node that depends on nothing; None of any other."""
    if root.stage is not Stage.CONSTANT:
        return None
    values: dict[int, float] = {}
    for node in postorder([root]):
        values[id(node)] = (
            node.value
            if node.op == "const"
            else POINTWISE[node.op](*(values[id(arg)] for arg in node.args))
        )
    return values[id(root)]


def is_of_level(root: Expr) -> bool:
    """Whether a node depends on `level`, and on nothing else that is not constant."""
    leaves = [node for node in postorder([root]) if not node.args]
    known = [node for node in leaves if node.op == "const"]
    levels = [node for node in leaves if is_level(node)]
    return bool(levels) and len(known) + len(levels) == len(leaves)


def is_level(node: Expr) -> bool:
    """Whether a node is the name `level`."""
    return node.op == "state" and node.name == "level"
