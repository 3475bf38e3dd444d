"""numexpr columns, LLVM residuals and plain Python are three readings of one program."""

from __future__ import annotations

import ctypes
import math
import struct

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn

from mmrun.engine.columns import compile_program
from mmrun.engine.interpret import interpret, python_residual
from mmrun.engine.residual import compile_residual
from mmrun.plan.program import Instruction, Program


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 10.0, 0.1, 1e-310, -5e-324, 709.9]
SPECIAL += [math.inf, -math.inf, math.nan, 2.0**52 + 0.5, -(2.0**53), 1.8e308 / 4, 3e-5]
FLOATS = st.one_of(st.sampled_from(SPECIAL), st.floats(-200.0, 200.0), st.floats())

#: Primitive: kinds of its operands, kind of its result.
SIGNATURES = {
    **dict.fromkeys(("add", "sub", "mul", "div", "pow"), ("ff", "f")),
    **dict.fromkeys(("neg", "abs", "sqrt", "exp", "log", "tanh"), ("f", "f")),
    **dict.fromkeys(("floor", "ceil", "rint"), ("f", "f")),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), ("ff", "b")),
    **dict.fromkeys(("and", "or"), ("bb", "b")),
    "not": ("b", "b"),
    "select": ("bff", "f"),
    "const": ("", "f"),
}


def bits(value: float) -> bytes:
    """The bytes of a double; every NaN counts as one."""
    return b"nan" if math.isnan(value) else struct.pack("d", value)


@st.composite
def programs(draw: DrawFn) -> Program:
    """A well-typed program of up to five inputs and thirty lines."""
    inputs = tuple(f"x{i}" for i in range(draw(st.integers(1, 5))))
    registers = {"f": list(range(len(inputs))), "b": list[int]()}
    instructions: list[Instruction] = []
    for _ in range(draw(st.integers(0, 30))):
        usable = [
            op for op, (args, _) in SIGNATURES.items() if all(map(registers.get, args))
        ]
        op = draw(st.sampled_from(usable))
        kinds, kind = SIGNATURES[op]
        args = tuple(draw(st.sampled_from(registers[k])) for k in kinds)
        value = draw(FLOATS) if op == "const" else 0.0
        registers[kind].append(len(inputs) + len(instructions))
        instructions.append(Instruction(op, args, value))
    outputs = draw(st.lists(st.sampled_from(registers["f"]), min_size=1, max_size=3))
    return Program(inputs, tuple(instructions), tuple(outputs))


@st.composite
def programs_with_rows(draw: DrawFn) -> tuple[Program, list[list[float]]]:
    """A program and some rows of values for its inputs."""
    program = draw(programs())
    row = st.lists(FLOATS, min_size=len(program.inputs), max_size=len(program.inputs))
    return program, draw(st.lists(row, min_size=1, max_size=9))


@given(programs_with_rows())
@settings(deadline=None)
def test_columns_agree_with_plain_python(
    example: tuple[Program, list[list[float]]],
) -> None:
    """A column holds, bit for bit, what the program gives row by row."""
    program, rows = example
    table = [np.array(column) for column in zip(*rows, strict=True)]
    out = np.empty(len(rows))

    for k, output in enumerate(program.outputs):
        one = Program(program.inputs, program.instructions, (output,))
        compile_program(one).run(table, out)

        expected = [interpret(program, row)[k] for row in rows]
        assert [*map(bits, out.tolist())] == [*map(bits, expected)]


@given(programs_with_rows(), st.data())
@settings(deadline=None)
def test_a_param_is_a_column_of_one_value(
    example: tuple[Program, list[list[float]]], data: st.DataObject
) -> None:
    """A 0-d input gives the same bytes as an array that repeats it."""
    program, rows = example
    one = Program(program.inputs, program.instructions, program.outputs[:1])
    fixed = data.draw(st.lists(st.booleans(), min_size=len(program.inputs)))
    rows = [
        [rows[0][i] if fixed[i] else value for i, value in enumerate(row)]
        for row in rows
    ]
    table = [np.array(column) for column in zip(*rows, strict=True)]
    mixed = [c[0:1].reshape(()) if fixed[i] else c for i, c in enumerate(table)]
    expected, actual = np.empty(len(rows)), np.empty(len(rows))

    compile_program(one).run(table, expected)
    compile_program(one).run(mixed, actual)

    assert [*map(bits, actual.tolist())] == [*map(bits, expected.tolist())]


@given(programs_with_rows())
@settings(deadline=None)
def test_residuals_agree_with_plain_python(
    example: tuple[Program, list[list[float]]],
) -> None:
    """Machine code leaves, bit for bit, what the program gives."""
    program, rows = example
    residual = compile_residual(program)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(residual.address)
    plain = python_residual(program)

    for row in rows:
        registers = np.array(row + [7.0] * len(program.outputs))
        slow = registers.copy()
        function(registers.ctypes.data)
        plain(slow)

        expected = [*row, *interpret(program, row)]
        assert [*map(bits, registers.tolist())] == [*map(bits, expected)]
        assert [*map(bits, slow.tolist())] == [*map(bits, expected)]


@given(programs_with_rows())
@settings(deadline=None)
def test_constants_are_not_folded_to_something_else(
    example: tuple[Program, list[list[float]]],
) -> None:
    """A program whose inputs are written as constants gives the same bytes."""
    program, rows = example
    constants = tuple(Instruction("const", (), value) for value in rows[0])
    folded = Program((), constants + program.instructions, program.outputs)
    residual = compile_residual(folded)
    registers = np.zeros(len(folded.outputs))

    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(residual.address)(registers.ctypes.data)

    expected = [*map(bits, interpret(program, rows[0]))]
    assert [*map(bits, registers.tolist())] == expected
    assert [*map(bits, interpret(folded, []))] == expected
