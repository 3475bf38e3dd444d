"""The strategies that ship: clean, trading on the example, and the same as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrun import api
from mmrun.importers import lobster
from mmrun.market.writer import write_dataset
from mmrun.report.run import Run


ROOT = Path(__file__).parent.parent
STRATEGIES = sorted(
    path
    for path in (ROOT / "strategies").glob("*.yaml")
    if not path.name.endswith(".test.yaml")
)
EDITOR_LINE = "# yaml-language-server: $schema=../schemas/strategy.schema.json"
KEYS = (
    "net_pnl",
    "spread_pnl",
    "inventory_pnl",
    "fees",
    "rebates",
    "buy_fills",
    "sell_fills",
    "fill_volume",
    "spread_capture_bps",
    "orders",
    "cancels",
    "rejects",
    "final_inventory",
    "mean_abs_inventory",
    "max_abs_inventory",
    "max_drawdown",
    "quote_uptime",
    "time_at_touch",
    "events",
    "span_s",
)
# The last digits may differ between processors and library versions.
DIGITS = 10


@pytest.fixture(scope="module", params=STRATEGIES, ids=lambda path: path.stem)
def strategy(request: pytest.FixtureRequest) -> Path:
    """Each file of `strategies/`."""
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def example_run(strategy: Path) -> Run:
    """A run of the strategy on the example market."""
    return api.run(strategy)


@pytest.mark.parametrize(
    "path", [*STRATEGIES, ROOT / "benchmarks" / "t1.yaml"], ids=lambda path: path.stem
)
def test_checks_clean(path: Path) -> None:
    """A file that ships has neither errors nor warnings."""
    problems = api.check(path)

    assert problems == ()


def test_begins_with_the_editor_line(strategy: Path) -> None:
    """An editor finds the schema of a file that ships by its first line."""
    first_line = strategy.read_text(encoding="utf-8").splitlines()[0]

    assert first_line == EDITOR_LINE


def test_trades_on_both_sides(example_run: Run) -> None:
    """The example market fills bids and asks of every strategy that ships."""
    summary = example_run.summary

    assert summary["buy_fills"] >= 10
    assert summary["sell_fills"] >= 10


def test_same_figures_as_ever(
    request: pytest.FixtureRequest, strategy: Path, example_run: Run
) -> None:
    """On the example market a strategy's figures are the ones written down."""
    golden = ROOT / "tests" / "golden" / "strategies" / f"{strategy.stem}.txt"

    figures = _figures(example_run)

    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(figures, encoding="utf-8")
    assert figures == golden.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def aapl(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AAPL of 2012-06-21, whose market is 15 ticks wide."""
    (source,) = (shared_data / "lobster-2012-06-21").glob("*AAPL*.zip")
    imported = lobster.read((source,), lambda _: None)
    directory = tmp_path_factory.mktemp("aapl") / "dataset"
    write_dataset(directory, imported.tapes, imported.provenance)
    return directory


def test_trades_a_real_day(strategy: Path, aapl: Path) -> None:
    """On a recorded day there are hundreds of fills, most of the time two sides."""
    summary = api.run(strategy, aapl).summary

    assert summary["fills"] > 300
    assert summary["quote_uptime"] > 0.7
    assert summary["max_abs_inventory"] <= 1000


def test_leaning_keeps_positions_small(aapl: Path) -> None:
    """Leaning on the inventory holds less of it than the limit alone does."""
    leaning = api.run(ROOT / "strategies" / "inventory_skew.yaml", aapl).summary
    limited = api.run(
        ROOT / "strategies" / "inventory_skew.yaml", aapl, set={"skew_factor": 0}
    ).summary

    assert leaning["mean_abs_inventory"] < 0.5 * limited["mean_abs_inventory"]


def _figures(run: Run) -> str:
    """The key figures as text, one a line."""
    rows = [f"{key} {run.summary[key]:.{DIGITS}g}" for key in KEYS]
    return "\n".join([*rows, ""])
