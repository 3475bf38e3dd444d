"""What commands import: the quick ones stay quick by importing little."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mmrun


ROOT = Path(__file__).parent.parent
SLOW_LIBRARIES = ("pandas", "numba", "llvmlite", "numexpr", "numpy", "polars")
STRATEGY = str(ROOT / "strategies" / "inventory_skew.yaml")


def _imported(*arguments: str) -> set[str]:
    """The top-level packages a command imported, by Python's own account."""
    command = [sys.executable, "-X", "importtime", "-m", "mmrun", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(re.findall(r"\|\s+(\w+)[\w.]*$", done.stderr, re.MULTILINE))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["check", STRATEGY],
        ["show", STRATEGY],
        ["schema"],
        ["completion", "bash"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_quick_commands_import_no_slow_library(arguments: list[str]) -> None:
    """A command that computes nothing imports no library that computes."""
    imported = _imported(*arguments)

    assert "mmrun" in imported
    assert imported.isdisjoint(SLOW_LIBRARIES)


def test_tests_import_neither_compilers_nor_frames() -> None:
    """States and tapes run in plain Python, on numpy's arrays alone."""
    imported = _imported("test", STRATEGY)

    assert "numpy" in imported
    assert imported.isdisjoint(set(SLOW_LIBRARIES) - {"numpy"} | {"pandas"})


def test_a_command_on_data_does_import_them() -> None:
    """The account of imports sees slow libraries where they are used."""
    example = Path(mmrun.__file__).parent / "example"

    imported = _imported("data", "show", str(example))

    assert {"numpy", "polars"} <= imported


def test_public_names_are_one_sorted_list() -> None:
    """`mmrun.__all__` is sorted and every name in it is there."""
    names = mmrun.__all__

    assert list(names) == sorted(names)
    assert all(hasattr(mmrun, name) for name in names)


def test_nothing_public_is_left_out_of_the_list() -> None:
    """What is public in `mmrun` by its name, modules aside, is in `mmrun.__all__`."""
    modules = {path.stem for path in Path(mmrun.__file__).parent.iterdir()}

    public = {name for name in dir(mmrun) if not name.startswith("_")}

    assert public - modules - {"annotations", "TYPE_CHECKING"} <= set(mmrun.__all__)
