"""The import rule: a room imports only from rooms beneath it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


ROOT = Path(__file__).parent.parent
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def test_imports_follow_the_data_flow() -> None:
    """All contracts on imports in pyproject.toml hold."""
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
