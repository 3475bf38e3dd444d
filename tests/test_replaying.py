"""Runs over sessions and days, end to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mmrun import api
from mmrun.cli import run as mmrun
from mmrun.feeds.replay import Replay
from mmrun.importers.synth import MarketModel, make
from mmrun.market.dataset import load_dataset
from mmrun.market.writer import Tape, write_dataset
from mmrun.problems import DataError, NothingSelectedError, UsageError


Synth = Callable[..., Path]


@pytest.fixture(scope="module")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """A made-up market of some minutes from a start in New York on."""

    def make(start: str, minutes: float) -> Path:
        target = tmp_path_factory.mktemp("synth") / "ACME"
        arguments = ["-o", str(target), "--start", start, "--minutes", str(minutes)]
        assert mmrun(["data", "synth", *arguments]) == 0
        return target

    return make


def test_an_early_close_ends_the_session(synth: Synth, repository: Path) -> None:
    """On the day after Thanksgiving nothing rests after 1 p.m."""
    market = synth("2013-11-29T12:50", 20)

    run = api.run(
        repository / "strategies/inventory_skew.yaml",
        market,
        set={"session.calendar": "XNYS"},
    )

    assert run.summary["session_s"] == pytest.approx(600, abs=1)
    last = run.orders.filter(event="cancel")["ts"].max()
    assert f"{last:%H:%M:%S.%f}" == "18:00:00.000000"


def test_a_tape_of_a_holiday_is_said_to_hold_no_session(
    synth: Synth, repository: Path
) -> None:
    """Nothing could be quoted: that is no run of zeros but a wrong choice of days."""
    market = synth("2013-11-28T10:00", 1)

    with pytest.raises(NothingSelectedError, match="XNYS has no session from"):
        api.run(
            repository / "strategies/inventory_skew.yaml",
            market,
            set={"session.calendar": "XNYS"},
        )


@pytest.mark.parametrize("days", ["2013-10-8", "2013-10-07..", "..", "monday", ""])
def test_days_are_dates(days: str, repository: Path) -> None:
    """What is no date is said, rather than compared as text."""
    with pytest.raises(UsageError, match="expected dates, as 2013-10-07"):
        api.run(repository / "strategies/inventory_skew.yaml", days=days)


def test_days_go_forward(repository: Path) -> None:
    """A range that ends before it starts is a slip."""
    with pytest.raises(UsageError, match="expected the earlier date first"):
        api.run(
            repository / "strategies/inventory_skew.yaml",
            days="2024-03-05..2024-03-04",
        )


def test_a_weekend_between_two_days_is_no_time_to_quote(
    tmp_path: Path, repository: Path
) -> None:
    """Ten minutes on Friday and ten on Monday, summer time in between, are two sessions."""
    made = [
        make(MarketModel(start=start, minutes=10), np.random.default_rng(7), "made up")
        for start in ("2024-03-08T09:30", "2024-03-11T09:30")
    ]
    frame = pl.concat([market.tapes[0].frame for market in made])
    tape = Tape(made[0].tapes[0].instrument, frame)
    write_dataset(tmp_path / "ACME", [tape], made[0].provenance)
    hours = '{timezone: America/New_York, open: "09:30", close: "16:00"}'

    run = api.run(
        repository / "strategies/inventory_skew.yaml",
        tmp_path / "ACME",
        set={"session": hours},
    )

    days = run.summary["daily"]
    assert [row["date"] for row in days] == ["2024-03-08", "2024-03-11"]
    assert all(row["fills"] for row in days)
    # Friday's tape ends at 9:40, its session at 16:00; Monday's ends the run.
    assert run.summary["session_s"] == pytest.approx(6.5 * 3600 + 660, abs=2)


@pytest.fixture(scope="module")
def ibm(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two consecutive days of IBM, 04:00 to 20:00 New York."""
    target = tmp_path_factory.mktemp("lean") / "IBM"
    source = shared_data / "lean-us-equity-nbbo"
    assert mmrun(["import", "lean", str(source), "-o", str(target)]) == 0
    return target


def test_two_days_in_one_run_by_calendar_or_by_hours(
    ibm: Path, repository: Path
) -> None:
    """NYSE's hours on two ordinary days are 9:30 to 16:00, and the inventory is carried."""
    strategy = repository / "strategies/inventory_skew.yaml"
    hours = '{timezone: America/New_York, open: "09:30", close: "16:00"}'

    by_calendar = api.run(strategy, ibm, set={"session.calendar": "XNYS"})
    by_hours = api.run(strategy, ibm, set={"session": hours})
    first = api.run(
        strategy, ibm, set={"session.calendar": "XNYS"}, days="2013-10-07..2013-10-07"
    )

    assert by_calendar.fills.equals(by_hours.fills)
    assert by_calendar.equity.equals(by_hours.equity)
    assert by_calendar.summary["session_s"] == 2 * 6.5 * 3600
    assert [row["date"] for row in by_calendar.summary["daily"]] == [
        "2013-10-07",
        "2013-10-08",
    ]
    assert first.summary["daily"] == by_calendar.summary["daily"][:1]
    assert first.summary["final_inventory"] != 0
    carried = by_calendar.equity.filter(pl.col("ts").dt.date() == date(2013, 10, 8))
    assert carried["inventory"][0] == first.summary["final_inventory"]


def test_without_sessions_days_are_those_of_utc(ibm: Path, repository: Path) -> None:
    """After-hours trading until 20:00 New York reaches midnight UTC, and a day more."""
    run = api.run(repository / "strategies/inventory_skew.yaml", ibm)

    dates = [row["date"] for row in run.summary["daily"]]

    assert dates == ["2013-10-07", "2013-10-08", "2013-10-09"]
    assert "04:00:05 to 2013-10-08 20:00:55 EDT" in run.report()


SIMPLE = """\
mmrun: 1
name: simple
quote: {half_spread: 1tick, size: 10}
risk: {max_inventory: 1000}
"""


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up markets of ten minutes beside each other, as venues X and Y."""
    tapes = []
    for venue, seed in (("X", 7), ("Y", 8)):
        model = MarketModel(start="2024-03-08T09:30", minutes=10)
        market = make(model, np.random.default_rng(seed), "made up")
        made = market.tapes[0]
        instrument = replace(made.instrument, venue=venue)
        tapes.append(Tape(instrument, made.frame))
    target = tmp_path_factory.mktemp("twice") / "ACME"
    write_dataset(target, tapes, market.provenance)
    return target


@pytest.mark.parametrize(
    ("venues", "order", "fees"),
    [
        ("", ["X", "Y"], "none"),
        ("venues: {Y: {}, X: {}}\n", ["Y", "X"], "maker 0bps, taker 0bps"),
        (
            "venues: {X: {maker_fee: 1bps}, Y: {maker_rebate: 1bps}}\n",
            ["X", "Y"],
            "X: maker 1bps, taker 0bps; Y: maker rebate 1bps, taker 0bps",
        ),
    ],
)
def test_venues_are_the_strategys_in_its_order_or_all(
    tmp_path: Path, twice: Path, venues: str, order: list[str], fees: str
) -> None:
    """Without `venues` all of the data without fees, else those named, each its fees."""
    (tmp_path / "s.yaml").write_text(SIMPLE + venues)

    summary = api.run(tmp_path / "s.yaml", twice).summary

    assert [row["venue"] for row in summary["venues"]] == order
    assert all(row["fills"] for row in summary["venues"])
    assert summary["fee_terms"] == fees
    assert "absent_venues" not in summary


def test_a_venue_of_the_data_that_is_not_named_takes_no_part(
    tmp_path: Path, twice: Path
) -> None:
    """One of two is a run on one; a third, not in the data, is said."""
    (tmp_path / "s.yaml").write_text(SIMPLE + "venues: {Z: {}, Y: {}}\n")

    run = api.run(tmp_path / "s.yaml", twice)

    assert (run.summary["venue"], run.summary["absent_venues"]) == ("Y", ["Z"])
    assert "venues" not in run.summary
    assert set(run.orders["venue"]) == {"Y"}
    assert "not in the data, without part in the run: Z" in run.report()


def test_the_rows_of_all_venues_are_replayed_by_time(
    tmp_path: Path, twice: Path
) -> None:
    """The files' rows as polars sorts them: by time, of one time in venue order."""
    dataset = load_dataset(twice)
    frames = [
        pl.read_parquet(twice / file.path, columns=["ts"]).with_columns(
            venue=pl.lit("XY".index(file.venue))
        )
        for file in dataset.files
    ]

    batches = list(Replay(dataset, heartbeat_ns=0, rows=1000).batches())

    expected = pl.concat(frames).sort("ts", "venue", maintain_order=True)
    found = [np.concatenate([getattr(b, n) for b in batches]) for n in ("ts", "venue")]
    assert found[0].tolist() == expected["ts"].cast(pl.Int64).to_list()
    assert found[1].tolist() == expected["venue"].to_list()


@pytest.fixture(scope="module")
def with_spy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ACME at venues X and Y, and beside it SPY at ARCA, ten minutes of each."""
    tapes = []
    for symbol, venue, seed in (("ACME", "X", 7), ("ACME", "Y", 8), ("SPY", "ARCA", 9)):
        model = MarketModel(start="2024-03-08T09:30", minutes=10)
        market = make(model, np.random.default_rng(seed), "made up")
        made = market.tapes[0]
        instrument = replace(made.instrument, symbol=symbol, venue=venue)
        tapes.append(Tape(instrument, made.frame))
    target = tmp_path_factory.mktemp("with_spy") / "data"
    write_dataset(target, tapes, market.provenance)
    return target


READS_SPY = """\
mmrun: 1
name: reads_spy
references: {spy: {symbol: SPY}}
venues: {X: {}}
quote: {half_spread: 1tick, fair: "mid + 0.1 * delta(spy.mid, 1s)", size: 10}
risk: {max_inventory: 1000}
"""


def test_a_reference_is_in_the_summary_and_no_row_of_it_an_event(
    tmp_path: Path, with_spy: Path
) -> None:
    """Which symbol at which venue, and how many rows; the run counts its own."""
    (tmp_path / "s.yaml").write_text(READS_SPY)
    (tmp_path / "plain.yaml").write_text(SIMPLE + "venues: {X: {}}\n")

    run = api.run(tmp_path / "s.yaml", with_spy, symbol="ACME")
    plain = api.run(tmp_path / "plain.yaml", with_spy, symbol="ACME")

    (row,) = run.summary["references"]
    assert (row["name"], row["symbol"], row["venues"]) == ("spy", "SPY", ["ARCA"])
    assert row["rows"] > 100
    for key in ("events", "quotes", "trades", "span_s", "session_s"):
        assert run.summary[key] == plain.summary[key]
    assert "references" not in plain.summary
    assert f"spy is SPY at ARCA, {row['rows']:,} rows" in run.report()


def test_a_venue_that_formulas_name_is_read_beside_those_quoted(
    tmp_path: Path, with_spy: Path
) -> None:
    """It is said, as references are."""
    text = READS_SPY.replace("delta(spy.mid, 1s)", "(Y.mid - mid)")
    (tmp_path / "s.yaml").write_text(text)

    run = api.run(tmp_path / "s.yaml", with_spy, symbol="ACME")

    (row,) = run.summary["references"]
    assert (row["name"], row["symbol"], row["venues"]) == ("Y", "ACME", ["Y"])
    assert run.summary["venue"] == "X"


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            ("symbol: SPY", "symbol: SPX"),
            "has no symbol 'SPX', which the reference spy is",
            "did you mean 'SPY'?",
        ),
        (
            ("delta(spy.mid, 1s)", "Z.mid"),
            "has no ACME at 'Z', whose names formulas read",
            "it has X, Y",
        ),
    ],
)
def test_what_is_read_and_not_there_is_said(
    tmp_path: Path, with_spy: Path, change: tuple[str, str], message: str, hint: str
) -> None:
    """Before anything runs."""
    (tmp_path / "s.yaml").write_text(READS_SPY.replace(*change))

    with pytest.raises(DataError, match=message) as error:
        api.run(tmp_path / "s.yaml", with_spy, symbol="ACME")

    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("", ""), []),
        (
            ("symbol: SPY", "symbol: SPX"),
            [
                "MM454 the data has no SPX: it has ACME and SPY",
                "MM452 the data has no X: SPY is at ARCA",
            ],
        ),
        (
            ("delta(spy.mid, 1s)", "(Z.mid - spy.mid)"),
            ["MM452 the data has no Z: ACME is at X and Y"],
        ),
    ],
)
def test_check_says_what_the_data_lacks(
    tmp_path: Path, with_spy: Path, change: tuple[str, str], found: list[str]
) -> None:
    """At its place, and without a trial run; a reference is not checked as if quoted."""
    (tmp_path / "s.yaml").write_text(READS_SPY.replace(*change))

    problems = api.check(tmp_path / "s.yaml", data=with_spy)

    errors = [p for p in problems if p.severity == "error"]
    assert [f"{p.code} {p.message}" for p in errors] == found
