"""Strategies written into a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmrun.strategy import Strategy, read_strategy


MINIMAL = "mmrun: 1\nname: plain\nquote: {half_spread: 5bps, size: 100}\nrisk: {max_inventory: 1000}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file and return its path."""

    def write_file(text: str = MINIMAL, name: str = "a.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def strategy(write: Callable[..., Path]) -> Callable[..., Strategy]:
    """Build a strategy from text, which must have no problems at all."""

    def build(text: str = MINIMAL, *overrides: str) -> Strategy:
        found, problems = read_strategy(write(text), overrides)
        assert problems == ()
        assert found is not None
        return found

    return build
