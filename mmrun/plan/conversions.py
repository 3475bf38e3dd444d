"""What the checker wrote into a formula beside what the user wrote, in sentences.

A relative price beside a price is taken of mid, ticks and lots are multiplied out, a
bare number takes the unit of what it meets (design/language.md, Types and units).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mmrun.lang.nodes import Expr
from mmrun.lang.scope import describe
from mmrun.lang.show import show_expr
from mmrun.units import RATIO


#: Operations whose operands have one unit; of `if` the branches.
_MEETING = frozenset(
    {"add", "sub", "mod", "min", "max", "clip", "coalesce", "if"}
    | {"lt", "le", "gt", "ge", "eq", "ne"}
)


def conversions(
    root: Expr, text: str, names: Mapping[int, str], bare_names: frozenset[str]
) -> tuple[str, ...]:
    """A sentence for each conversion in a formula, outermost first.

    Args:
        root: The checked formula.
        text: What the user wrote; "" if it is a default.
        names: Nodes, by `id`, that belong to other formulas, and their names.
        bare_names: Params and inputs without a unit.
    """
    found = []
    if _is_taken_whole(root, text, bare_names):
        unit = describe(root.type)
        found.append(f"{show_expr(root, names)}, a bare number, is taken as {unit}")
    for node in _own_nodes(root, names):
        found += _of_node(node, text, names)
    return tuple(dict.fromkeys(found))


def _own_nodes(root: Expr, names: Mapping[int, str]) -> Iterator[Expr]:
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in seen or (id(node) in names and node is not root):
            continue
        seen.add(id(node))
        yield node
        stack.extend(reversed(node.args))


def _of_node(node: Expr, text: str, names: Mapping[int, str]) -> Iterator[str]:
    if _is_of_mid(node):
        yield f"{show_expr(node.args[0], names)}, a relative price, is taken of mid"
    if node.op == "mul" and node.args[1].op == "param":
        unit = node.args[1].name
        if unit in {"tick", "lot"}:
            yield f"{show_expr(node, names)} is counted in the instrument's {unit}s"
    if node.op in _MEETING:
        yield from _met(node, text, names)


def _is_of_mid(node: Expr) -> bool:
    """Whether the checker wrote `* mid`: the product spans its first operand alone."""
    if node.op != "mul" or not node.args[0].type.relative:
        return False
    relative, other = node.args
    same_text = (node.start, node.end) == (relative.start, relative.end)
    return same_text and other.name == "mid"


def _met(node: Expr, text: str, names: Mapping[int, str]) -> Iterator[str]:
    args = node.args[1:] if node.op == "if" else node.args
    kinds = {arg.type for arg in args if not arg.type.bare}
    if any(kind.kind == "bool" for kind in kinds):
        return
    if any(_is_one(arg, text) for arg in args) and any(k.relative for k in kinds):
        yield f"{show_expr(node, names)} is a growth factor, a plain ratio"
    for arg in args:
        unit = next((k for k in kinds if k.dimension != RATIO), None)
        if unit is not None and (arg.type.bare or _is_plain_number(arg, text)):
            said = show_expr(arg, names)
            if arg.value != 0.0 or arg.op != "const":
                number = text[arg.start : arg.end] if arg.op == "const" else said
                yield f"{number}, a bare number, is taken as {describe(unit)}"


def _is_one(arg: Expr, text: str) -> bool:
    return arg.op == "const" and arg.value == 1.0 and _is_plain_number(arg, text)


def _is_plain_number(arg: Expr, text: str) -> bool:
    """Whether a constant was written without a unit."""
    written = text[arg.start : arg.end]
    return arg.op == "const" and bool(written) and not written[-1].isalpha()


def _is_taken_whole(root: Expr, text: str, bare_names: frozenset[str]) -> bool:
    """Whether the whole formula is a bare number that takes its field's unit."""
    if root.type.bare or root.type.dimension == RATIO:
        return False
    if root.op in {"param", "input"}:
        return root.name in bare_names
    if root.op == "const":
        return root.value != 0.0 and _is_plain_number(root, text)
    return bool(root.args) and all(arg.type.bare for arg in root.args)
