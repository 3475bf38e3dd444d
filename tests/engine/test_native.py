"""Kernels in machine code take their arguments apart as their compiler does."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest

from mmrun.engine.jit import compiled, kernel
from mmrun.engine.native import Code, read_code


pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="looks at compiled code"
)


CODE = Code("int64", ("NRT_Free",), b"not really\nobject code")


class Pair(NamedTuple):
    """Two arrays of different types, and a number."""

    xs: Any
    codes: Any
    scale: float


@kernel
def weighed(pair: Any, start: int, grid: Any) -> float:
    total = 0.0
    for i in range(start, len(pair.xs)):
        total += pair.xs[i] * pair.codes[i] * pair.scale * grid[1, i]
    return total


@kernel
def any_above(xs: Any, bound: float) -> bool:
    above = False
    for i in range(len(xs)):
        above |= xs[i] > bound
    return bool(above)


@kernel
def scaled(count: int, by: float) -> float:
    return count * by


@kernel
def summed(xs: Any) -> float:
    total = 0.0
    for i in range(len(xs)):
        total += xs[i]
    return total


@kernel
def cleared(xs: Any) -> None:
    for i in range(len(xs)):
        xs[i] = 0.0


def test_tuples_matrices_and_numbers_arrive_as_they_are():
    """Each element of a named tuple, both lines of a matrix, an offset."""
    xs, codes = np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3], np.int8)
    grid = np.array([[0.0, 0.0, 0.0], [1.0, 10.0, 100.0]])

    found = compiled(weighed)(Pair(xs, codes, 0.5), 1, grid)

    assert found == (2 * 2 * 10 + 3 * 3 * 100) * 0.5


def test_what_a_kernel_returns_has_its_python_type():
    """A truth value is one, nothing is None."""
    xs = np.array([1.0, 2.0])

    assert compiled(any_above)(xs, 1.5) is True
    assert compiled(any_above)(xs, 2.5) is False
    assert compiled(cleared)(xs) is None
    assert xs.tolist() == [0.0, 0.0]


def test_each_kind_of_argument_has_code_of_its_own():
    """Other element types, strides and numbers are compiled for, and told apart."""
    run = compiled(any_above)

    answers = [
        run(np.array([2], np.int64), 1.0),
        run(np.array([2.0]), 1.0),
        run(np.array([0.0, 9.0, 2.0])[::2], 1.0),
        run(np.array([2.0]), 1),
    ]

    assert answers == [True] * 4
    assert len(run.forms) >= 4  # type: ignore[attr-defined]


def test_an_array_that_may_not_be_written_takes_the_code_of_one_that_may():
    """A mapped file's columns and fresh ones are one kind."""
    run = compiled(any_above)
    fixed = np.array([2.0])
    fixed.flags.writeable = False
    run(np.array([2.0]), 1.0)
    forms = len(run.forms)  # type: ignore[attr-defined]

    assert run(fixed, 1.0) is True
    assert len(run.forms) == forms  # type: ignore[attr-defined]


def test_a_call_with_another_array_reads_that_array():
    """What was taken apart for the last call is not used for the next."""
    run = compiled(any_above)
    low, high = np.array([1.0]), np.array([9.0])

    assert [run(a, 5.0) for a in (low, high, low, high)] == [False, True, False, True]


def test_an_array_with_the_identity_of_one_that_is_gone_is_looked_at_anew():
    """Nothing that is remembered of an array outlives it."""
    run, places, found = compiled(summed), set(), []

    for value in range(200):
        xs = np.full(value, 1.0)
        places.add(id(xs))
        found.append(run(xs))
        del xs

    assert found == list(range(200))
    assert len(places) < 200  # or nothing was tested


def test_a_view_reads_what_is_in_its_array_now():
    """An array that is known is read again, not what it held."""
    run = compiled(summed)
    xs = np.zeros(5)
    view = xs[1:3]
    before = run(view)
    xs[:] = 1.0

    assert (before, run(view), run(xs)) == (0.0, 2.0, 5.0)


def test_arrays_that_lie_oddly_are_read_as_they_lie():
    """A column of a matrix, values from the end, what may not be written, nothing."""
    run = compiled(summed)
    grid, fixed = np.arange(12.0).reshape(3, 4), np.arange(5.0)
    fixed.flags.writeable = False
    given = [grid[:, 1], np.arange(6.0)[::-2], fixed, fixed[1:], np.zeros(0)]

    assert [run(xs) for xs in given] == [15.0, 9.0, 10.0, 10.0, 0.0]


def test_numbers_of_numpy_come_as_plain_ones_do():
    """A count that a sum gave, a quotient of an array's values."""
    run = compiled(scaled)

    assert run(np.int64(3), np.float64(0.5)) == run(3, 0.5) == 1.5


def test_threads_may_call_a_kernel_at_once():
    """What one call hands over is not changed by the next while its kernel runs."""
    run = compiled(summed)
    arrays = [np.full(50_000, float(k)) for k in range(4)]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda k: run(arrays[k % 4]), range(100)))

    assert found == [k % 4 * 50_000.0 for k in range(100)]


def test_code_is_read_as_it_was_written():
    """Name, result, symbols and the binary, line feeds in it included."""
    assert read_code(CODE.to_bytes()) == CODE


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"no code\n",
        b"[]\n",
        CODE.to_bytes()[:-1],
        CODE.to_bytes() + b" ",
        CODE.to_bytes().replace(b"object", b"0bject"),
    ],
)
def test_a_damaged_file_is_no_code(damaged):
    """What does not fit its checksum is compiled again."""
    assert read_code(damaged) is None
