"""A strategy with its tests in a folder of their own, run as `mmrun test` runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmrun.testing.run import Ran, run_file


STRATEGY = """\
mmrun: 1
name: plain
params:
  half: {value: 5, unit: bps, range: [1, 50]}
let:
  load: inventory / max_inventory
  flow: trade_imbalance(1s)
quote:
  fair: mid
  half_spread: max(half, 1tick)
  reservation: fair - 10bps * load
  size: 100 if abs(flow) < 0.9 else 50
risk:
  max_inventory: 1000
"""

GIVEN = "given: {bid: 149.95, ask: 150.05, flow: 0}"


@pytest.fixture
def run_tests(tmp_path: Path) -> Callable[..., Ran]:
    """Runs the tests of a text: entries of `tests:`, indented by two."""

    def run(tests: str, *, strategy: str = STRATEGY, keyword: str = "") -> Ran:
        (tmp_path / "plain.yaml").write_text(strategy, encoding="utf-8")
        path = tmp_path / "plain.test.yaml"
        head = "mmrun: 1\nstrategy: plain.yaml\ntests:\n"
        path.write_text(head + tests, encoding="utf-8")
        return run_file(path, keyword, None)

    return run
