"""Tests of residual formulas as machine code."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest

from mmrun.engine.interpret import interpret, python_residual
from mmrun.engine.residual import Residual, compile_residual
from mmrun.plan.program import Instruction, Program


def line(op: str, *args: int) -> Instruction:
    return Instruction(op, args)


def const(value: float) -> Instruction:
    return Instruction("const", (), value)


def call(residual: Residual, registers: list[float]) -> list[float]:
    """The registers after the machine code ran."""
    array = np.array(registers)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(residual.address)(array.ctypes.data)
    return array.tolist()


SKEW = Program(
    ("fair", "inventory"),
    (const(0.01), line("mul", 1, 2), line("sub", 0, 3)),
    (4, 0, 3),
)


def test_outputs_follow_the_inputs() -> None:
    """Inputs stay where they are; outputs come behind them in order."""
    registers = call(compile_residual(SKEW), [100.0, 5.0, -1.0, -1.0, -1.0, 42.0])

    assert registers == [100.0, 5.0, 99.95, 100.0, 0.05, 42.0]


def test_plain_python_has_the_same_layout() -> None:
    """The stand-in for uncompiled kernels fills the same registers."""
    registers = np.array([100.0, 5.0, -1.0, -1.0, -1.0])

    python_residual(SKEW)(registers)

    assert registers.tolist() == call(compile_residual(SKEW), [100.0, 5.0, 0, 0, 0])


@pytest.mark.parametrize("op", ["exp", "log", "tanh"])
def test_functions_are_those_of_math(op: str) -> None:
    """libm is called, for constants too: nothing is folded by another library."""
    xs = np.random.default_rng(3).uniform(0.01, 20.0, 300).tolist()
    varying = compile_residual(Program(("x",), (line(op, 0),), (1,)))
    fixed = [
        compile_residual(Program((), (const(x), line(op, 0)), (1,))) for x in xs[:20]
    ]

    assert [call(varying, [x, 0.0])[1] for x in xs] == [*map(getattr(math, op), xs)]
    assert [call(f, [0.0])[0] for f in fixed] == [*map(getattr(math, op), xs[:20])]


@pytest.mark.parametrize("exponent", [2.0, 0.5, -1.0, 0.25, 3.0, 1.5, -0.5])
def test_powers_are_pow(exponent: float) -> None:
    """A constant exponent does not turn pow into a product or a root."""
    power = compile_residual(
        Program(("x",), (const(exponent), line("pow", 0, 1)), (2,))
    )
    xs = np.random.default_rng(4).uniform(0.0, 3.0, 300).tolist()

    assert [call(power, [x, 0.0])[1] for x in xs] == [math.pow(x, exponent) for x in xs]


def test_sums_and_products_are_not_contracted() -> None:
    """a*b + c rounds twice: no fused multiply-add."""
    a = 1.0 + 2.0**-30
    fused = Program(("a", "b", "c"), (line("mul", 0, 1), line("add", 3, 2)), (4,))

    result = call(compile_residual(fused), [a, a, -1.0, 0.0])[3]

    assert result == a * a - 1.0
    assert result != 2.0**-29 + 2.0**-60


def test_the_order_of_additions_is_kept() -> None:
    """(1e16 + 1) - 1e16 is 0 in doubles and stays 0."""
    lines = (const(1e16), line("add", 1, 0), line("sub", 2, 1))

    assert call(compile_residual(Program(("x",), lines, (3,))), [1.0, 9.0])[1] == 0.0


def test_an_unknown_number_of_values_is_refused() -> None:
    """The plain reading takes one value for each input."""
    with pytest.raises(ValueError, match="2 inputs, 1 values"):
        interpret(SKEW, [1.0])
