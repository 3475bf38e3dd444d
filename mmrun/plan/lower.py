"""Lowering: a checked tree becomes a straight-line `Program` of primitives.

A boolean is a pair of raw booleans while inside a program, *is true* and *is false*;
when neither holds it is missing. That gives three-valued logic from two-valued
instructions: `a and b` is true when both are true, false when either is false.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mmrun.lang.nodes import Expr
from mmrun.plan.program import Instruction, Program


Leaf = Callable[[Expr], str | None]

_SAME = {"neg", "add", "sub", "mul", "div", "pow", "abs", "sqrt", "exp", "log", "tanh"}
_SAME |= {"floor", "ceil"}
_RENAMED = {"round": "rint"}
#: Comparison: the primitives for *is true* and for *is false*, NaN giving neither.
_COMPARED = {
    "lt": ("lt", "ge"),
    "le": ("le", "gt"),
    "gt": ("gt", "le"),
    "ge": ("ge", "lt"),
}


@dataclass(slots=True)
class _Builder:
    """Instructions so far; equal ones share a register."""

    inputs: list[str] = field(default_factory=list)
    lines: list[tuple[str, tuple[int, ...], float]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    truths: dict[int, tuple[int, int]] = field(default_factory=dict)
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def emit(self, op: str, *args: int, value: float = 0.0) -> int:
        """The register of an instruction; inputs have negative ones until the end."""
        key = (op, args, value.hex())
        if key not in self.known:
            self.lines.append((op, args, value))
            self.known[key] = len(self.lines) - 1
        return self.known[key]

    def read(self, name: str) -> int:
        """The register of an input: -1 for the first, -2 for the second, and so on."""
        if name not in self.inputs:
            self.inputs.append(name)
        return -1 - self.inputs.index(name)

    def program(self, outputs: Sequence[int]) -> Program:
        """The finished program, registers renumbered: inputs first."""
        count = len(self.inputs)

        def place(register: int) -> int:
            return -1 - register if register < 0 else count + register

        return Program(
            tuple(self.inputs),
            tuple(
                Instruction(op, tuple(place(a) for a in args), value)
                for op, args, value in self.lines
            ),
            tuple(place(register) for register in outputs),
        )


def lower(roots: Sequence[Expr], leaf: Leaf, *, inputs: Sequence[str] = ()) -> Program:
    """The program that computes `roots` in order.

    `leaf` gives the input's name for a node that is read rather than computed, None
    for one to be computed here. `inputs` fixes the first inputs, read or not.
    """
    builder = _Builder(inputs=list(inputs))
    outputs = [_number(root, leaf, builder) for root in roots]
    return builder.program(outputs)


def _number(node: Expr, leaf: Leaf, b: _Builder) -> int:
    """The float64 register of a node."""
    if id(node) not in b.numbers:
        b.numbers[id(node)] = _compute(node, leaf, b)
    return b.numbers[id(node)]


def _compute(node: Expr, leaf: Leaf, b: _Builder) -> int:
    name = leaf(node)
    if name is not None:
        return b.read(name)
    if node.op == "const":
        return b.emit("const", value=node.value)
    if node.type.kind == "bool" and node.op != "if":
        true, false = _truth(node, leaf, b)
        return b.emit("select", true, _const(b, 1.0), _unless(b, false, 0.0))
    if node.op == "if":
        true, false = _truth(node.args[0], leaf, b)
        then, otherwise = (_number(arg, leaf, b) for arg in node.args[1:])
        missing = b.emit("select", false, otherwise, _const(b, math.nan))
        return b.emit("select", true, then, missing)
    args = [_number(arg, leaf, b) for arg in node.args]
    if node.op in _SAME:
        return b.emit(node.op, *args)
    if node.op in _RENAMED:
        return b.emit(_RENAMED[node.op], *args)
    return _SPELLED[node.op](b, *args)


def _const(b: _Builder, value: float) -> int:
    return b.emit("const", value=value)


def _unless(b: _Builder, false: int, value: float) -> int:
    return b.emit("select", false, _const(b, value), _const(b, math.nan))


def _truth(node: Expr, leaf: Leaf, b: _Builder) -> tuple[int, int]:
    """The registers *is true* and *is false* of a boolean node."""
    if id(node) not in b.truths:
        b.truths[id(node)] = _decide(node, leaf, b)
    return b.truths[id(node)]


def _decide(node: Expr, leaf: Leaf, b: _Builder) -> tuple[int, int]:
    if leaf(node) is not None or node.op in {"const", "if", "coalesce"}:
        value = (
            _number(node, leaf, b) if node.op != "coalesce" else _rest(node, leaf, b)
        )
        return b.emit("eq", value, _const(b, 1.0)), b.emit("eq", value, _const(b, 0.0))
    if node.op in {"and", "or", "not"}:
        return _connect(node, leaf, b)
    args = [_number(arg, leaf, b) for arg in node.args]
    if node.op == "missing":
        return b.emit("ne", args[0], args[0]), b.emit("eq", args[0], args[0])
    if node.op in _COMPARED:
        true, false = _COMPARED[node.op]
        return b.emit(true, *args), b.emit(false, *args)
    same = b.emit("eq", *args)
    apart = b.emit("or", b.emit("lt", *args), b.emit("gt", *args))
    return (same, apart) if node.op == "eq" else (apart, same)


def _rest(node: Expr, leaf: Leaf, b: _Builder) -> int:
    first, second = (_number(arg, leaf, b) for arg in node.args)
    return _coalesce(b, first, second)


def _connect(node: Expr, leaf: Leaf, b: _Builder) -> tuple[int, int]:
    pairs = [_truth(arg, leaf, b) for arg in node.args]
    if node.op == "not":
        return pairs[0][1], pairs[0][0]
    true, false = pairs[0]
    join, split = ("and", "or") if node.op == "and" else ("or", "and")
    for other_true, other_false in pairs[1:]:
        true = b.emit(join, true, other_true)
        false = b.emit(split, false, other_false)
    return true, false


def _least(b: _Builder, x: int, y: int) -> int:
    """NaN beside anything is NaN; of equals the first."""
    rest = b.emit("select", b.emit("ne", x, x), x, y)
    return b.emit("select", b.emit("le", x, y), x, rest)


def _greatest(b: _Builder, x: int, y: int) -> int:
    rest = b.emit("select", b.emit("ne", x, x), x, y)
    return b.emit("select", b.emit("ge", x, y), x, rest)


def _sign(b: _Builder, x: int) -> int:
    zero = _const(b, 0.0)
    still = b.emit("select", b.emit("eq", x, x), zero, x)
    down = b.emit("select", b.emit("lt", x, zero), _const(b, -1.0), still)
    return b.emit("select", b.emit("gt", x, zero), _const(b, 1.0), down)


def _coalesce(b: _Builder, x: int, y: int) -> int:
    return b.emit("select", b.emit("eq", x, x), x, y)


def _modulo(b: _Builder, x: int, y: int) -> int:
    whole = b.emit("floor", b.emit("div", x, y))
    return b.emit("sub", x, b.emit("mul", y, whole))


#: Operations spelled with several primitives.
_SPELLED: dict[str, Callable[..., int]] = {
    "min": _least,
    "max": _greatest,
    "sign": _sign,
    "coalesce": _coalesce,
    "mod": _modulo,
}
