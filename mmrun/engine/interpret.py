"""A primitive program read by plain Python, one row at a time.

Takes a `Program` and the values of its inputs, gives the values of its outputs, bit
for bit what numexpr columns and LLVM residuals give (any NaN equals any NaN). Python
raises where IEEE 754 has a value, and returns integers from floor, ceil and round: the
functions here are what puts that right, and nothing else.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrun.plan.program import Instruction, Program


#: Where every double is a whole number, 2^52.
_WHOLE = 4503599627370496.0


def interpret(program: Program, values: Sequence[float]) -> list[float]:
    """The program's outputs for one value of each input, in order.

    Raises:
        ValueError: the number of values is not the number of inputs.
    """
    registers = [float(value) for value in values]
    if len(registers) != len(program.inputs):
        msg = f"{len(program.inputs)} inputs, {len(registers)} values"
        raise ValueError(msg)
    for instruction in program.instructions:
        registers.append(_step(instruction, registers))
    return [registers[output] for output in program.outputs]


@dataclass(frozen=True, slots=True)
class InterpretedColumn:
    """A column computed row by row: what `columns.ColumnProgram` is, without numexpr."""

    program: Program

    def run(
        self, inputs: Sequence[NDArray[np.float64]], out: NDArray[np.float64]
    ) -> None:
        """Fill `out`; each input is of its length or 0-d (a param)."""
        rows = [np.broadcast_to(column, len(out)).tolist() for column in inputs]
        values = zip(*rows, strict=True) if rows else [()] * len(out)
        for row, given in enumerate(values):
            out[row] = interpret(self.program, given)[0]


def python_residual(program: Program) -> Callable[[NDArray[np.float64]], None]:
    """The program as a function of a register array, laid out as `engine.residual` says.

    For kernels that run uncompiled: `jit.call_residual` takes it in an address's place.
    """
    first, last = len(program.inputs), len(program.inputs) + len(program.outputs)

    def run(registers: NDArray[np.float64]) -> None:
        registers[first:last] = interpret(program, registers[:first].tolist())

    return run


def _step(instruction: Instruction, registers: list[float]) -> float:
    if instruction.op == "const":
        return float(instruction.value)
    return _PRIMITIVES[instruction.op](*(registers[i] for i in instruction.args))


def _div(a: float, b: float) -> float:
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _sqrt(a: float) -> float:
    return math.nan if a < 0.0 else math.sqrt(a)


def _exp(a: float) -> float:
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


def _log(a: float) -> float:
    if a == 0.0:
        return -math.inf
    return math.nan if a < 0.0 else math.log(a)


def _pow(a: float, b: float) -> float:
    """C's `pow`: Python's, with infinities for what overflows and for 0 to below 0."""
    try:
        return math.pow(a, b)
    except (OverflowError, ValueError):
        if a < 0.0 and not b.is_integer():
            return math.nan
        odd = b.is_integer() and math.fmod(b, 2.0) != 0.0
        return math.copysign(math.inf, a) if odd else math.inf


def _whole(rounded: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding to integers as one of doubles: keeps -0, infinities and NaN."""

    def function(a: float) -> float:
        if not abs(a) < _WHOLE:
            return a
        return math.copysign(float(rounded(a)), a)

    return function


def _select(condition: float, then: float, otherwise: float) -> float:
    return then if condition else otherwise


_PRIMITIVES: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _div,
    "neg": operator.neg,
    "abs": operator.abs,
    "sqrt": _sqrt,
    "exp": _exp,
    "log": _log,
    "tanh": math.tanh,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "rint": _whole(round),
    "pow": _pow,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": operator.and_,
    "or": operator.or_,
    "not": operator.not_,
    "select": _select,
}
