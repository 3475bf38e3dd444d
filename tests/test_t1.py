"""Task T1: the same fills, inventory and P&L as the engines it was measured in."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrun.cli import run as mmrun


@pytest.fixture(scope="module")
def peerbench(shared_data: Path) -> Iterator[Path]:
    """The folder with the task in other engines, importable."""
    folder = shared_data.parent / "peerbench"
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def run_t1(
    peerbench: Path,
    repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Makes a tape, imports it and runs T1 on it; gives the tape's path and summary."""

    def run(rows: int, seed: int) -> tuple[Path, dict[str, Any]]:
        tape = tmp_path / "l1.parquet"
        importlib.import_module("make_data").make(rows, seed).write_parquet(tape)
        table_map = repository / "benchmarks/t1.map.yaml"
        data = tmp_path / "data"
        arguments = ["import", "table", str(tape), "--map", str(table_map)]
        assert mmrun([*arguments, "-o", str(data)]) == 0
        capsys.readouterr()
        arguments = ["run", str(repository / "benchmarks/t1.yaml"), "--data", str(data)]
        arguments += ["--fills", "hftbacktest", "-o", str(tmp_path / "run"), "--json"]
        assert mmrun(arguments) == 0
        return tape, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("seed", [3, 11])
def test_equals_a_plain_python_loop_on_other_tapes(
    peerbench: Path, run_t1: Any, seed: int
) -> None:
    """On 60,000 rows the fills, inventory and P&L are those of a hand-written loop."""
    tape, summary = run_t1(60_000, seed)

    loop = importlib.import_module("t1_py")
    columns = (
        "ts",
        "kind",
        "bid",
        "bid_size",
        "ask",
        "ask_size",
        "price",
        "size",
        "side",
    )
    loaded = importlib.import_module("common").load(tape)
    rows = [loaded[name].tolist() for name in columns]
    fills, inventory, pnl, _ = loop.tidy(rows, 0.4, 0.5)
    assert summary["fills"] == fills > 1_000
    assert summary["final_inventory"] == inventory
    assert summary["net_pnl"] == pytest.approx(pnl, abs=5e-5)


def test_equals_hftbacktest_on_a_million_rows(run_t1: Any) -> None:
    """Seed 7: 33,073 fills, inventory -100 and 11,888.9006, as hftbacktest has them."""
    _, summary = run_t1(1_000_000, 7)

    assert summary["fills"] == 33_073
    assert summary["final_inventory"] == -100
    assert round(summary["net_pnl"], 4) == 11_888.9006
    assert summary["orders"] == 301_425
