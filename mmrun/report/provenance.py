"""Where a run came from: versions, hashes, the commit its strategy stood at."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any


#: Packages whose version can change a run's bytes.
PACKAGES = (
    "mmrun",
    "exchange_calendars",
    "numpy",
    "numexpr",
    "numba",
    "llvmlite",
    "polars",
)
_ID_LENGTH = 12


def versions() -> dict[str, str]:
    """Python's version and those of the packages that computed the run."""
    return {"python": platform.python_version()} | {n: version(n) for n in PACKAGES}


def text_hash(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def run_id(summary: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    """A hash of what went into a run: equal runs have equal ids."""
    keys = ("engine_version", "strategy_hash", "data_hash", "seed")
    said = [summary[key] for key in keys]
    said += [summary["fill_model"], sorted(summary["latency"].items())]
    said += sorted(scope.items())
    return text_hash(repr(said))[:_ID_LENGTH]


def git_state(file: Path) -> dict[str, Any]:
    """The commit of the repository a file is in, and whether the tree is dirty."""
    folder = file.resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit.strip(), "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where there is no git, or no repository with a commit."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(  # noqa: S603
        [git, "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
