"""Which test files are meant by the paths of a command line; how files are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mmrun.problems import NothingSelectedError, UsageError


SUFFIX = ".test.yaml"


def test_files(path: Path) -> list[Path]:
    """A test file, the one beside a strategy, or all below a directory, sorted.

    Raises:
        UsageError: the path is not there.
        NothingSelectedError: it has no tests.
    """
    if not path.exists():
        message = f"there is no file or directory '{path}'"
        raise UsageError(message)
    if path.is_dir():
        found = list(_below(path))
    elif path.name.endswith(SUFFIX):
        found = [path]
    else:
        beside = path.with_name(path.name.removesuffix(".yaml") + SUFFIX)
        found = [beside] if beside.exists() else []
    if not found:
        message = f"no tests for '{path}': test files are named *{SUFFIX}"
        raise NothingSelectedError(message)
    return found


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent) / n for n in sorted(names) if n.endswith(SUFFIX))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there as a whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        message = f"cannot write '{path}': {error.strerror}"
        raise UsageError(message) from error
    finally:
        partial.unlink(missing_ok=True)
