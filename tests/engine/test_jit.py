"""Tests of the door to numba."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrun.engine.interpret import python_residual
from mmrun.engine.jit import (
    ResidualCall,
    call_residual,
    compiled,
    inlined,
    kernel,
    uncompiled,
)
from mmrun.engine.residual import compile_residual
from mmrun.plan.program import Instruction, Program


SCALE = 3.0
POSITION = np.dtype([("inventory", "f8"), ("fills", "i8")], align=True)
DOUBLE = Program(("x",), (Instruction("add", (0, 0)),), (1,))


@inlined
def scaled(x: float) -> float:
    return x / SCALE


@kernel
def total(xs: Any) -> float:
    result = 0.0
    for i in range(len(xs)):
        result += scaled(xs[i])
    return result


@kernel
def book(state: Any, sizes: Any) -> None:
    own = state[0]
    for i in range(len(sizes)):
        own.inventory += sizes[i]
        own.fills += 1


@kernel
def doubled_sum(xs: Any, residual: ResidualCall, registers: Any) -> float:
    result = 0.0
    for i in range(len(xs)):
        registers[0] = xs[i]
        call_residual(residual, registers)
        result += registers[1]
    return result


def test_a_kernel_stays_a_python_function() -> None:
    """Marking changes nothing about the function itself."""
    assert type(total) is type(test_a_kernel_stays_a_python_function)
    assert total(np.array([3.0, 6.0])) == 3.0


def test_both_modes_agree_in_one_process() -> None:
    """A kernel that calls another gives the same bits compiled and not."""
    xs = np.array([0.1, 0.2, 0.7, 1e300, 5e-324])

    fast = compiled(total)(xs)

    assert fast == uncompiled(total)(xs)
    assert fast == compiled(total)(xs)


def test_only_kernels_are_compiled() -> None:
    """An unmarked function is refused by name."""

    def helper(x: float) -> float:
        return x

    with pytest.raises(
        TypeError, match=r"helper is not a kernel; mark it with @kernel"
    ):
        compiled(helper)


def test_uncompiled_kernels_follow_ieee() -> None:
    """Dividing by zero is an infinity, not a warning."""

    @kernel
    def inverse(xs: Any) -> float:
        return 1.0 / xs[0]

    assert uncompiled(inverse)(np.zeros(1)) == np.inf


@pytest.mark.parametrize("mode", [compiled, uncompiled])
def test_records_are_changed_in_place(mode: Any) -> None:
    """A kernel writes to the fields of a record array by name."""
    state = np.zeros(1, POSITION).view(np.recarray)

    mode(book)(state, np.array([2.0, -5.0]))

    assert state[0].inventory == -3.0
    assert state[0].fills == 2


def test_a_formula_is_called_by_address_or_as_python() -> None:
    """All three ways to call a residual from a kernel give one result."""
    residual = compile_residual(DOUBLE)
    xs = np.array([1.5, -4.0])

    by_machine = compiled(doubled_sum)(xs, residual.address, np.zeros(2))
    by_address = uncompiled(doubled_sum)(xs, residual.address, np.zeros(2))
    by_python = uncompiled(doubled_sum)(xs, python_residual(DOUBLE), np.zeros(2))

    assert by_machine == by_address == by_python == -5.0


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="counts compiled versions"
)
def test_an_edited_formula_needs_no_new_kernel() -> None:
    """The same compiled kernel runs another formula's address."""
    double = compile_residual(DOUBLE)
    negate = compile_residual(Program(("x",), (Instruction("neg", (0,)),), (1,)))
    run = compiled(doubled_sum)
    run(np.ones(1), double.address, np.zeros(2))
    versions = len(run.forms)  # type: ignore[attr-defined]

    result = run(np.ones(3), negate.address, np.zeros(2))

    assert result == -3.0
    assert len(run.forms) == versions  # type: ignore[attr-defined]


HELPERS = """
from mmrun.engine.jit import kernel

@kernel
def step(x):
    return x + {constant}
"""
SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from mmrun.engine.jit import call_residual, compiled, kernel
from helpers import step
assert "numba" not in sys.modules

@kernel
def walk(n, residual, registers):
    x = 0.0
    for _ in range(n):
        x = step(x)
    registers[0] = x
    call_residual(residual, registers)
    return registers[1]

import ctypes
import numpy as np
formula = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_double))
def f(registers):
    registers[1] = 10.0 * registers[0]
callback = formula(f)
address = ctypes.cast(callback, ctypes.c_void_p).value
cold = []
run = compiled(walk, on_cold=cold.append)
result = run(4, address, np.zeros(2))
print(result, "numba" in sys.modules, cold)
"""


def in_new_process(folder: Path, cache: Path, constant: float) -> str:
    """What the script prints: the result, whether numba came, what was compiled."""
    (folder / "helpers.py").write_text(HELPERS.format(constant=constant))
    script = folder / "main.py"
    script.write_text(textwrap.dedent(SCRIPT.format(folder=str(folder))))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    environment["NUMBA_DISABLE_JIT"] = "0"
    environment["PYTHONPATH"] = f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-B", str(script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_second_process_loads_from_the_cache(tmp_path: Path) -> None:
    """Compiled and announced once, then without the compiler; an edited callee shows."""
    cache = tmp_path / "cache"

    first = in_new_process(tmp_path, cache, 1.0)
    second = in_new_process(tmp_path, cache, 1.0)
    edited = in_new_process(tmp_path, cache, 2.0)
    back = in_new_process(tmp_path, cache, 1.0)

    assert first == "40.0 True ['walk']"
    assert second == "40.0 False []"
    assert edited == "80.0 True ['walk']"
    assert back == "40.0 False []"


def test_a_folder_that_cannot_be_written_means_no_cache(tmp_path: Path) -> None:
    """Kernels compile in every process and say so each time."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    first = in_new_process(tmp_path, blocked, 1.0)
    second = in_new_process(tmp_path, blocked, 1.0)

    assert first == second == "40.0 True ['walk']"


def test_importing_the_engine_modules_does_not_import_numba() -> None:
    """The door opens when a kernel is compiled, not before."""
    code = (
        "import sys, mmrun.engine.jit, mmrun.engine.series, mmrun.engine.columns,"
        "mmrun.engine.residual; print(sorted({'numba', 'numexpr', 'llvmlite'}"
        "& set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )

    assert done.stdout.strip() == "[]"
