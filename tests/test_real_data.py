"""The engine on recorded days: any split into batches gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mmrun import api
from mmrun.cli import run as mmrun
from mmrun.engine import bind
from mmrun.engine.assumptions import FillModel, Latency, ModelName
from mmrun.engine.jit import compiled
from mmrun.engine.records import Recording
from mmrun.engine.run import Conditions, drive
from mmrun.feeds.replay import Replay, TapeFeed
from mmrun.market.dataset import Dataset, load_dataset
from mmrun.market.tape import BATCH_COLUMNS, Batch


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


#: Strategies, and settings under which the rules of one act often.
SETTINGS: dict[str, dict[str, object]] = {
    "inventory_skew": {},
    "guarded": {
        "hurry": 2,
        "risk.max_inventory_age.limit": "5s",
        "risk.max_inventory_age.then": "flatten",
        "risk.max_daily_loss.limit": 30,
    },
}


@pytest.mark.parametrize(
    ("symbol", "latency", "strategy"),
    [
        ("AAPL", LATENCY, "inventory_skew"),
        ("AMZN", Latency(), "guarded"),
        pytest.param("AAPL", Latency(), "guarded", marks=pytest.mark.slow),
        pytest.param("AMZN", LATENCY, "inventory_skew", marks=pytest.mark.slow),
    ],
)
def test_batches_of_any_size_give_the_same_bytes(
    days: dict[str, Dataset],
    repository: Path,
    symbol: str,
    latency: Latency,
    strategy: str,
) -> None:
    """Fills, orders, decisions, equity and totals do not know the batches."""
    batch, instrument = head(days[symbol], 4_000)
    file = repository / f"strategies/{strategy}.yaml"
    plan = api.load(file, set=SETTINGS[strategy])
    conditions = Conditions(latency=latency, mode=compiled)

    recorded = [
        as_bytes(drive(plan, TapeFeed(batch, (instrument,), rows=rows), conditions))
        for rows in (1, 7, 1024, len(batch))
    ]

    assert recorded[0] == recorded[1] == recorded[2] == recorded[3]
    assert any(recorded[0][:-1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("symbol", "strategy"), [("AAPL", "inventory_skew"), ("AMZN", "guarded")]
)
def test_a_whole_day_in_batches_of_one_seven_4096_and_all(
    days: dict[str, Dataset], repository: Path, symbol: str, strategy: str
) -> None:
    """A whole recorded day gives the same bytes in any batches."""
    file = repository / f"strategies/{strategy}.yaml"
    plan = api.load(file, set=SETTINGS[strategy])
    conditions = Conditions(latency=LATENCY, mode=compiled)

    recorded = [
        as_bytes(drive(plan, Replay(days[symbol], rows=rows), conditions))
        for rows in (1, 7, 4096, 1 << 20)
    ]

    assert recorded[0] == recorded[1] == recorded[2] == recorded[3]


@pytest.mark.parametrize("fills", ["queue", "hftbacktest", "touch"])
@pytest.mark.parametrize("strategy", ["basic", "inventory_skew"])
def test_a_whole_day_passes_the_quick_loop_as_it_passes_the_steps(
    days: dict[str, Dataset],
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    fills: ModelName,
) -> None:
    """What `engine.plain` records on AAPL is what the steps for any row record."""
    plan = api.build(repository / f"strategies/{strategy}.yaml")
    conditions = Conditions(model=FillModel(fills), mode=compiled)

    plain = drive(plan, Replay(days["AAPL"]), conditions)
    monkeypatch.setattr(bind, "_rows_are_plain", lambda _: False)
    by_steps = drive(plan, Replay(days["AAPL"]), conditions)

    assert len(plain.orders) > 500
    assert as_bytes(plain) == as_bytes(by_steps)


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


@pytest.fixture(scope="module")
def euro(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """EUR/USD at FXCM and OANDA, a day and a night of quotes without sizes."""
    target = tmp_path_factory.mktemp("euro") / "EURUSD"
    source = shared_data / "lean-eurusd-2venues"
    call = ["import", "lean", str(source), "--crossed", "drop", "-o", str(target)]
    assert mmrun(call) == 0
    return load_dataset(target)


#: What suits lots of a currency rather than shares.
EURO = {"clip": 1000, "risk.max_inventory": 10_000}


@pytest.mark.parametrize(
    "sizes",
    [(97, 4096), pytest.param((1, 7), marks=pytest.mark.slow)],
    ids=["some", "few"],
)
@pytest.mark.parametrize("latency", [Latency(), LATENCY], ids=["instant", "latency"])
def test_two_venues_in_batches_of_any_size_give_the_same_bytes(
    euro: Dataset, repository: Path, sizes: tuple[int, ...], latency: Latency
) -> None:
    """The first hundred thousand rows of both venues, whole and cut."""
    replay = Replay(euro, rows=100_000, heartbeat_ns=0)
    pieces, held = [], 0
    for batch in replay.batches():
        pieces.append(batch)
        held += len(batch)
        if held >= 100_000:
            break
    batch = joined(pieces).rows(0, 100_000)
    plan = api.load(repository / "strategies/inventory_skew.yaml", set=EURO)
    conditions = Conditions(latency=latency, mode=compiled)

    recorded = [
        drive(plan, TapeFeed(batch, replay.instruments, rows=rows), conditions)
        for rows in (100_000, *sizes)
    ]

    whole, *cut = map(as_bytes, recorded)
    assert all(each == whole for each in cut)
    assert set(recorded[0].fills["venue"].tolist()) == {0, 1}


def joined(batches: list[Batch]) -> Batch:
    """Batches end to end."""
    columns = ([getattr(b, n) for b in batches] for n in BATCH_COLUMNS)
    return Batch(*map(np.concatenate, columns))


def test_the_books_add_up_over_two_venues(euro: Dataset, repository: Path) -> None:
    """P&L, fills, fees and time of a recorded day at FXCM and OANDA, against polars."""
    fees = {"FXCM": {"maker_fee": "0.2bps"}, "OANDA": {"maker_rebate": "0.1bps"}}

    run = api.run(
        repository / "strategies/inventory_skew.yaml",
        euro.path,
        set=EURO | {"venues": json.dumps(fees)},
    )

    summary = run.summary
    assert abs(summary["attribution_residual"]) < 1e-9
    value = pl.col("price") * pl.col("size")
    by_venue = run.fills.group_by("venue").agg(
        pl.len().alias("fills"), value.sum().alias("value"), pl.col("fee").sum()
    )
    found = {row["venue"]: row for row in summary["venues"]}
    assert {v: row["fills"] for v, row in found.items()} == dict(
        by_venue.select("venue", "fills").rows()
    )
    traded = dict(by_venue.select("venue", "value").rows())
    assert found["FXCM"]["fees"] == pytest.approx(0.2e-4 * traded["FXCM"])
    assert found["OANDA"]["rebates"] == pytest.approx(0.1e-4 * traded["OANDA"])
    assert found["FXCM"]["rebates"] == found["OANDA"]["fees"] == 0.0
    for row in (summary, *found.values()):
        for side in ("bid", "ask"):
            unquoted = sum(row["unquoted_time_s"][side].values())
            quoted = row[f"{side}_uptime"] * summary["session_s"]
            assert np.isclose(quoted + unquoted, summary["session_s"], rtol=1e-12)
