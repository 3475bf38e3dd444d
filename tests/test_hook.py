"""The hook that other repositories install with pre-commit."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import yaml


ROOT = Path(__file__).parent.parent
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def test_pre_commit_takes_the_manifest() -> None:
    """The file is one that pre-commit can install from."""
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)]

    assert subprocess.run(command, check=False).returncode == 0


def test_the_hook_refuses_what_an_edit_broke(tmp_path: Path) -> None:
    """A base that loses its sizes breaks the strategy that extends it; others pass."""
    base, other = tmp_path / "base.yaml", tmp_path / ".pre-commit-config.yaml"
    base.write_text("mmrun: 1\nquote: {half_spread: 5bps, size: 100}\nrisk: none\n")
    (tmp_path / "mine.yaml").write_text("mmrun: 1\nextends: base.yaml\n")
    other.write_text("repos: []\n")

    assert _run_hook(tmp_path) == 0
    base.write_text("mmrun: 1\nquote: {half_spread: 5bps}\nrisk: none\n")
    assert _run_hook(tmp_path) == 1


def _run_hook(folder: Path) -> int:
    (hook,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    name, *arguments = shlex.split(hook["entry"])
    assert name == "mmrun"
    command = [sys.executable, "-m", "mmrun", *arguments]
    return subprocess.run(command, check=False, cwd=folder).returncode
