"""The engine on recorded days: any split into batches gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmrun import api
from mmrun.cli import run as mmrun
from mmrun.engine.assumptions import Latency
from mmrun.engine.jit import compiled
from mmrun.engine.records import Recording
from mmrun.engine.run import Conditions, drive
from mmrun.feeds.replay import Replay, TapeFeed
from mmrun.market.dataset import Dataset, load_dataset
from mmrun.market.tape import Batch


LATENCY = Latency(
    feed_ns=500_000, order_ns=2_000_000, cancel_ns=1_000_000, response_ns=700_000
)


@pytest.fixture(scope="module")
def days(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Dataset]:
    """AAPL (quotes and trades) and AMZN (five levels as depth rows) of one day."""
    folder = shared_data / "lobster-2012-06-21"
    found = {}
    for symbol, levels in (("AAPL", 1), ("AMZN", 5)):
        source = folder / f"LOBSTER_SampleFile_{symbol}_2012-06-21_{levels}.zip"
        target = tmp_path_factory.mktemp("days") / symbol
        assert mmrun(["import", "lobster", str(source), "-o", str(target)]) == 0
        found[symbol] = load_dataset(target)
    return found


def head(dataset: Dataset, rows: int) -> tuple[Batch, Any]:
    """The first rows of a dataset, with its instrument."""
    replay = Replay(dataset, rows=rows, heartbeat_ns=0)
    return next(iter(replay.batches())), replay.instruments[0]


def as_bytes(recording: Recording) -> list[bytes]:
    """Everything that was recorded, column by column: padding between has no meaning."""
    tables = [recording.fills, recording.orders, recording.decisions, recording.equity]
    columns = [table[name].tobytes() for table in tables for name in table.dtype.names]
    return [*columns, repr(recording.totals).encode()]


@pytest.mark.parametrize("symbol", ["AAPL", "AMZN"])
@pytest.mark.parametrize("latency", [Latency(), LATENCY], ids=["instant", "latency"])
def test_batches_of_any_size_give_the_same_bytes(
    days: dict[str, Dataset], repository: Path, symbol: str, latency: Latency
) -> None:
    """Fills, orders, decisions, equity and totals do not know the batches."""
    batch, instrument = head(days[symbol], 4_000)
    plan = api.load(repository / "strategies/inventory_skew.yaml")
    conditions = Conditions(latency=latency, mode=compiled)

    recorded = [
        as_bytes(drive(plan, TapeFeed(batch, (instrument,), rows=rows), conditions))
        for rows in (1, 7, 1024, len(batch))
    ]

    assert recorded[0] == recorded[1] == recorded[2] == recorded[3]
    assert len(recorded[0][0]) > 0


@pytest.mark.slow
@pytest.mark.parametrize("symbol", ["AAPL", "AMZN"])
def test_a_whole_day_in_batches_of_one_seven_4096_and_all(
    days: dict[str, Dataset], repository: Path, symbol: str
) -> None:
    """A whole recorded day gives the same bytes in any batches."""
    plan = api.load(repository / "strategies/inventory_skew.yaml")
    conditions = Conditions(latency=LATENCY, mode=compiled)

    recorded = [
        as_bytes(drive(plan, Replay(days[symbol], rows=rows), conditions))
        for rows in (1, 7, 4096, 1 << 20)
    ]

    assert recorded[0] == recorded[1] == recorded[2] == recorded[3]


@pytest.mark.parametrize("symbol", ["AAPL", "AMZN"])
@pytest.mark.parametrize("fills", ["queue", "through", "touch"])
def test_the_books_add_up_on_a_recorded_day(
    days: dict[str, Dataset], repository: Path, symbol: str, fills: str
) -> None:
    """The attribution's residual is below 1e-9 and time is accounted for by rule.

    Quotes that follow the touch at once are never traded through: `through` fills
    none of them.
    """
    run = api.run(
        repository / "strategies/inventory_skew.yaml", days[symbol].path, fills=fills
    )

    summary = run.summary
    assert (summary["fills"] > 100) == (fills != "through")
    assert abs(summary["attribution_residual"]) < 1e-9
    for side in ("bid", "ask"):
        unquoted = sum(summary["unquoted_time_s"][side].values())
        quoted = summary[f"{side}_uptime"] * summary["session_s"]
        assert np.isclose(quoted + unquoted, summary["session_s"], rtol=1e-12)
