"""Tests of columns by numexpr."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmrun.engine.columns import MAX_INPUTS, compile_program, use_threads
from mmrun.plan.program import Instruction, Program


def line(op: str, *args: int) -> Instruction:
    return Instruction(op, args)


def const(value: float) -> Instruction:
    return Instruction("const", (), value)


def test_a_formula_of_columns_and_params() -> None:
    """Params are 0-d arrays; the rest are the block's rows."""
    half_spread = Program(("mid", "base"), (line("mul", 0, 1),), (2,))
    out = np.empty(3)

    compile_program(half_spread).run(
        [np.array([100.0, 101.0, np.nan]), np.array(0.5)], out
    )

    np.testing.assert_array_equal(out, [50.0, 50.5, np.nan])


def test_conditions_stay_raw_inside() -> None:
    """A condition chooses between values and is never a number itself."""
    capped = Program(
        ("x",),
        (
            const(2.0),
            const(0.0),
            line("gt", 0, 1),
            line("lt", 0, 2),
            line("or", 3, 4),
            line("not", 5),
            line("select", 6, 0, 1),
        ),
        (7,),
    )
    out = np.empty(4)

    compile_program(capped).run([np.array([1.0, 3.0, -1.0, math.nan])], out)

    np.testing.assert_array_equal(out, [1.0, 2.0, 2.0, np.nan])


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (Program(("x", "y"), (), (1,)), [3.0, 4.0]),
        (Program(("x", "y"), (const(-0.0),), (2,)), [-0.0, -0.0]),
        (Program(("x", "p"), (line("neg", 0), line("exp", 1)), (3,)), [1.0, 1.0]),
    ],
    ids=["an input", "a constant", "params only"],
)
def test_what_does_not_compute_fills_the_block(
    program: Program, expected: list[float]
) -> None:
    """A bare input is copied; a constant or a formula of params is repeated."""
    inputs = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    if program.inputs[1] == "p":
        inputs[1] = np.array(0.0)
    out = np.empty(2)

    compile_program(program).run(inputs, out)

    assert out.tobytes() == np.array(expected).tobytes()


def test_signed_zeros_are_two_constants() -> None:
    """1/-0.0 is minus infinity beside 1/0.0."""
    lines = (const(0.0), const(-0.0), line("div", 0, 1), line("div", 0, 2))
    below = Program(("one",), (*lines, line("sub", 4, 3), line("abs", 5)), (5,))
    out = np.empty(2)

    compile_program(below).run([np.ones(2)], out)

    assert out.tolist() == [-math.inf, -math.inf]


def test_division_by_a_constant_is_division() -> None:
    """x/10 differs from x*0.1 in one result of three; it must be the quotient."""
    xs = np.random.default_rng(0).normal(size=1000)
    out = np.empty(1000)

    compile_program(Program(("x",), (const(10.0), line("div", 0, 1)), (2,))).run(
        [xs], out
    )

    assert out.tolist() == [x / 10.0 for x in xs.tolist()]
    assert out.tolist() != [x * 0.1 for x in xs.tolist()]


def test_halves_round_to_even() -> None:
    """Rounding keeps the sign of zero."""
    out = np.empty(5)

    compile_program(Program(("x",), (line("rint", 0),), (1,))).run(
        [np.array([0.5, 1.5, 2.5, -0.5, -1.5])], out
    )

    assert out.tobytes() == np.array([0.0, 2.0, 2.0, -0.0, -2.0]).tobytes()


def test_shared_values_cost_once() -> None:
    """Sixty squarings of one value are sixty lines, not 2^60."""
    squarings = tuple(line("mul", i, i) for i in range(60))
    out = np.empty(2)

    compile_program(Program(("x",), squarings, (60,))).run([np.array([1.0, 2.0])], out)

    assert out.tolist() == [1.0, math.inf]


def test_registers_are_used_again() -> None:
    """A long chain needs no more places than are alive at once."""
    chain = tuple(line("add", i, 0) for i in range(400))
    out = np.empty(1)

    compile_program(Program(("x",), chain, (400,))).run([np.array([0.5])], out)

    assert out.tolist() == [200.5]


def test_inputs_count_only_where_they_matter() -> None:
    """As many inputs as numexpr takes may decide a value; others are not handed on."""
    names = tuple(f"x{i}" for i in range(MAX_INPUTS + 1))
    few = [line("add", 0, 1)]
    few += [line("add", len(names) + i, i + 2) for i in range(MAX_INPUTS - 2)]
    most = Program(names, tuple(few), (len(names) + len(few) - 1,))
    every = (*few, line("add", len(names) + len(few) - 1, MAX_INPUTS))
    out = np.empty(1)

    compile_program(most).run([np.ones(1)] * len(names), out)

    assert out.tolist() == [MAX_INPUTS]
    with pytest.raises(ValueError, match="depends on 64 inputs; numexpr takes 63"):
        compile_program(Program(names, every, (len(names) + len(every) - 1,)))


def test_too_many_constants_are_refused() -> None:
    """More values than numexpr has places for are an error, not a crash."""
    lines: list[Instruction] = []
    for i in range(300):
        lines += [const(i + 0.5), line("add", 2 * i, 2 * i + 1)]

    with pytest.raises(ValueError, match="needs more than 255 values"):
        compile_program(Program(("x",), tuple(lines), (len(lines),)))


def test_a_column_is_one_output() -> None:
    """Several outputs are several programs."""
    with pytest.raises(ValueError, match="one output, not 2"):
        compile_program(Program(("x",), (), (0, 0)))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(1), r"shape \(1,\) beside a block of 3 rows"),
        (np.ones(3, np.float32), "float64, not float32"),
        (np.array(1), "float64, not int64"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(array: np.ndarray, message: str) -> None:
    """What numexpr would stretch or cast in silence is an error."""
    program = compile_program(Program(("x", "y"), (line("add", 0, 1),), (2,)))

    with pytest.raises(ValueError, match=message):
        program.run([np.ones(3), array], np.empty(3))


def test_an_empty_block_stays_empty() -> None:
    """No rows, no result, no error."""
    out = np.empty(0)

    compile_program(Program(("x",), (line("neg", 0),), (1,))).run([np.empty(0)], out)

    assert len(out) == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_do_not_change_a_column(threads: int) -> None:
    """The bytes are those of one thread."""
    xs = np.random.default_rng(1).normal(size=100_000)
    program = compile_program(Program(("x",), (line("exp", 0), line("tanh", 1)), (2,)))
    alone, out = np.empty_like(xs), np.empty_like(xs)
    use_threads(1)
    program.run([xs], alone)

    use_threads(threads)
    program.run([xs], out)
    use_threads(1)

    assert out.tobytes() == alone.tobytes()
