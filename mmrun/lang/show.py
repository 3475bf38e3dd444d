"""Trees to text: canonical, with no parentheses but the needed ones.

`parse(show(tree))` is `tree` but for its offsets, and the text of a checked tree reads
back as the same tree. What a let stands for can be shown by its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import joined
from mmrun.lang.nodes import (
    Binary,
    Call,
    Conditional,
    Expr,
    Name,
    Node,
    Number,
    Type,
    Unary,
)
from mmrun.lang.parse import COMPARISONS, MINUS_POWER, NOT_POWER, POWERS
from mmrun.lang.sources import source_of
from mmrun.lang.walk import postorder
from mmrun.units import TIME, UNITS, Quantity


_ATOM = 10  #: binds tighter than every operator
_LONGEST = 2_000  #: characters; a longer text is cut, since shared lets multiply
_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "pow": "**",
    "and": "and", "or": "or",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
}  # fmt: skip


class Text(NamedTuple):
    """Text, and how tightly its outermost operator binds."""

    text: str
    power: int = _ATOM

    def inside(self, minimum: int) -> str:
        """The text as an operand that must bind at least so tightly."""
        return self.text if self.power >= minimum else f"({self.text})"


def show(node: Node | Expr) -> str:
    """The canonical text of a tree, as written or checked."""
    return show_expr(node) if isinstance(node, Expr) else _node(node).text


def show_expr(root: Expr, names: Mapping[int, str] | None = None) -> str:
    """The text of a checked tree.

    Args:
        root: The tree.
        names: Names to show instead of what they stand for, by `id` of the node.

    Returns:
        A formula; cut with an ellipsis after 2,000 characters.
    """
    return expr_texts([root], names)[id(root)]


def expr_texts(
    roots: list[Expr], names: Mapping[int, str] | None = None
) -> dict[int, str]:
    """The text of every node that the roots reach, by `id`."""
    texts: dict[int, Text] = {}
    for node in postorder(roots):
        name = (names or {}).get(id(node))
        args = [texts[id(arg)] for arg in node.args]
        shown = Text(name) if name is not None else _expr(node, args)
        texts[id(node)] = Text(_cut(shown.text), shown.power)
    return {key: text.text for key, text in texts.items()}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def show_number(quantity: Quantity) -> str:
    """A literal, without exponent where that is short, its unit glued on."""
    return _decimal(quantity.number) + (quantity.unit.name if quantity.unit else "")


def _decimal(number: Decimal) -> str:
    if number == 0:
        return "0"
    plain = -18 < number.adjusted() < 18
    text = f"{number:f}" if plain else f"{number:e}"
    head, e, exponent = text.partition("e")
    if "." in head:
        head = head.rstrip("0").rstrip(".")
    return head + e + exponent


# ---- trees as written


def _node(node: Node) -> Text:
    match node:
        case Number():
            return Text(show_number(node.quantity))
        case Name():
            return Text(node.name)
        case Unary():
            return _prefixed(node.op, _node(node.operand))
        case Binary():
            return _infix(node.op, _node(node.left), _node(node.right))
        case Conditional():
            parts = (node.condition, node.then, node.otherwise)
            return _conditional(*map(_node, parts))
        case Call():
            arguments = [show(argument) for argument in node.arguments]
            arguments += [f"{name}={show(value)}" for name, value in node.keywords]
            return Text(f"{node.name}({', '.join(arguments)})")


def _prefixed(op: str, operand: Text) -> Text:
    if op == "not":
        return Text(f"not {operand.inside(NOT_POWER)}", NOT_POWER)
    return Text(f"-{operand.inside(MINUS_POWER)}", MINUS_POWER)


def _infix(op: str, left: Text, right: Text) -> Text:
    power = POWERS[op]
    if op == "**":
        return Text(f"{left.inside(_ATOM)} ** {right.inside(MINUS_POWER)}", power)
    tighter = power + 1
    first = left.inside(tighter if op in COMPARISONS else power)
    return Text(f"{first} {op} {right.inside(tighter)}", power)


def _conditional(condition: Text, then: Text, otherwise: Text) -> Text:
    power = POWERS["if"]
    first, second = then.inside(power + 1), condition.inside(power + 1)
    return Text(f"{first} if {second} else {otherwise.text}", power)


# ---- checked trees


def _expr(node: Expr, args: list[Text]) -> Text:
    if node.op == "const":
        return _constant(node.value, node.type)
    if node.name and node.args and _is_pointwise(node.op):
        return Text(node.name)
    if node.op in _SYMBOLS:
        return _in_ticks(node, args) or _infix(_SYMBOLS[node.op], *args)
    if node.op in {"neg", "not"}:
        return _prefixed("not" if node.op == "not" else "-", args[0])
    if node.op == "if":
        return _conditional(*args)
    if node.op == "prev" and node.name:
        return Text(f"prev({node.name})")
    return _leaf_or_call(node, args)


def _is_pointwise(op: str) -> bool:
    return op not in FUNCTIONS or FUNCTIONS[op].category == "pointwise"


def _leaf_or_call(node: Expr, args: list[Text]) -> Text:
    if node.op not in FUNCTIONS:
        return Text(node.name)
    arguments = [arg.text for arg in args]
    if node.op == "sample":
        arguments.append(node.name)
    if node.op in {"ewma", "ewm_std"} and node.args[1].type.dimension != TIME:
        arguments[1] = f"decay={arguments[1]}"
    name = joined(source_of(node), node.op)
    return Text(f"{name}({', '.join(arguments)})")


def _in_ticks(node: Expr, args: list[Text]) -> Text | None:
    """`2tick` for the product that it became."""
    unit = node.args[-1]
    if node.op != "mul" or unit.op != "param" or unit.name not in {"tick", "lot"}:
        return None
    if node.args[0].op == "const":
        return Text(args[0].text + unit.name)
    return args[0]


def _constant(value: float, kind: Type) -> Text:
    """The shortest literal of exactly this value, in bps or seconds by its type."""
    if not math.isfinite(value):
        return Text(repr(value))
    if value < 0:
        return _prefixed("-", _constant(-value, kind))
    unit = "bps" if kind.relative else "s" if kind.dimension == TIME else ""
    if unit == "bps":
        return Text(_shortest(value, unit))
    return Text(_decimal(Decimal(repr(value))) + unit)


def _shortest(value: float, unit: str) -> str:
    scaled = Decimal(value) / Decimal(float(UNITS[unit].scale))
    for digits in range(1, 18):
        number = Decimal(f"{scaled:.{digits}g}")
        if Quantity(number, UNITS[unit]).value == value:
            return _decimal(number) + unit
    return _decimal(scaled) + unit
