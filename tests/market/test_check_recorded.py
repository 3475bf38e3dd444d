"""Every defect that the README of a recorded set names is found, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmrun.cli import run as mmrun
from mmrun.market.check import Report, check_dataset, refuse_hopeless
from mmrun.market.check_finding import Finding
from mmrun.market.dataset import Dataset, load_dataset
from mmrun.problems import DataError


HOUR_NS = 3_600 * 10**9

Recorded = Callable[[str, str], Dataset]


@pytest.fixture(scope="module")
def recorded(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Dataset]:
    """Imports a recorded set by the format's name."""

    def imported(format_name: str, source: str) -> Dataset:
        target = tmp_path_factory.mktemp("recorded") / "ds"
        arguments = ["import", format_name, str(shared_data / source)]
        assert mmrun([*arguments, "-o", str(target)]) == 0
        return load_dataset(target)

    return imported


def found(report: Report, code: str, venue: str) -> Finding:
    """The finding of a code at a venue ("" for between venues)."""
    (finding,) = [f for f in report.findings if (f.code, f.venue) == (code, venue)]
    return finding


def test_lobster_days_have_hidden_executions_and_no_fault(recorded: Recorded) -> None:
    """Executions between ticks are legal; nothing is crossed, locked or one-sided."""
    report = check_dataset(recorded("lobster", "lobster-2012-06-21"))

    assert {f.code for f in report.findings} <= {"MM512", "MM524", "MM532"}
    off_tick = {f.symbol: f.count for f in report.findings if f.code == "MM524"}
    assert off_tick == {"AAPL": 372, "AMZN": 63}


def test_fxcm_crosses_itself_and_not_oanda(recorded: Recorded) -> None:
    """10.9 % crossed is hopeless, 11.4 % locked; between the dealers it is rare."""
    dataset = recorded("lean", "lean-eurusd-2venues")

    report = check_dataset(dataset)

    crossed, locked = (found(report, code, "FXCM") for code in ("MM521", "MM522"))
    assert (crossed.severity, crossed.count, crossed.of) == ("error", 18_285, 167_466)
    assert (report.hopeless, locked.count) == (True, 19_051)
    assert found(report, "MM512", "OANDA").count == 1_562  # rows that share a ms
    assert found(report, "MM560", "").share < 0.005
    for venue in ("FXCM", "OANDA"):
        assert found(report, "MM533", venue).of == found(report, "MM533", venue).count
        assert found(report, "MM534", venue)
    assert not {"MM521", "MM522"} & {
        f.code for f in report.findings if f.venue == "OANDA"
    }
    assert "MM553" not in {
        f.code for f in report.findings
    }  # the importer moved a clock
    fxcm, oanda = dataset.instruments
    refuse_hopeless(dataset, oanda)
    with pytest.raises(DataError, match=r"18,285 of 167,466 times \(10.9 %\)"):
        refuse_hopeless(dataset, fxcm)


def test_ibm_is_two_sided_after_import_and_wild_outside_hours(
    recorded: Recorded,
) -> None:
    """Crossed shares are the README's; trades carry no side and silences are long."""
    report = check_dataset(recorded("lean", "lean-us-equity-nbbo"))

    crossed = found(report, "MM521", "NBBO")
    assert crossed.severity == "note"
    assert 0.0003 < crossed.share < 0.0005
    assert found(report, "MM520", "NBBO").count == 1  # before the first ask
    assert found(report, "MM541", "NBBO").share == 1.0
    assert found(report, "MM540", "NBBO").share < 0.05
    assert found(report, "MM511", "NBBO").severity == "note"
    wild = found(report, "MM532", "NBBO")  # "ask up to 186" outside hours
    assert wild.worst[0][0] > 2.5
    assert report.count("error") + report.count("warning") == 0


def test_es_is_silent_for_22_hours_and_crossed_before_the_open(
    recorded: Recorded,
) -> None:
    """Both are found with their places, as is trading from 23:00 alone."""
    pytest.importorskip("databento_dbn")
    source = "databento-es-futures/esh4-glbx-mdp3-20231225.mbo.dbn.zst"

    report = check_dataset(recorded("databento", source))

    silence, crossed = (found(report, code, "GLBX") for code in ("MM511", "MM521"))
    assert silence.severity == "warning"
    assert 22 * HOUR_NS <= silence.worst[0][0] < 22.1 * HOUR_NS
    assert (crossed.severity, crossed.count) == ("warning", 891)
    assert not report.hopeless
    assert found(report, "MM573", "GLBX")  # tick and multiplier, without definitions


def test_four_minutes_of_es_are_little(recorded: Recorded) -> None:
    """MBP-1 and trades cover four minutes; definitions leave nothing to guess."""
    pytest.importorskip("databento_dbn")

    report = check_dataset(recorded("databento", "databento-es-futures"))

    (little,) = [f for f in report.findings if f.code == "MM517"]
    assert (little.symbol, little.message[:23]) == ("ESU4", "all there is are 3 min ")
    assert "MM573" not in {f.code for f in report.findings}


def test_binance_was_received_before_it_happened(recorded: Recorded) -> None:
    """The recorder's clock, 1.27 s slow, is told at all three venues."""
    report = check_dataset(recorded("binance", "binance-btc-3venues"))

    slow = {f.venue for f in report.findings if f.code == "MM551"}
    early = [f for f in report.findings if f.code == "MM550"]
    assert len(slow) == len(early) == 3
    assert all(1.2e9 < f.worst[0][0] < 1.35e9 for f in early)
    outside = [f.share for f in report.findings if f.code == "MM540"]
    assert [0.33 < share < 0.5 for share in outside] == [True] * 3
    assert sum(f.code == "MM517" for f in report.findings) == 3  # 5.7 minutes
    early = {f.venue: f.count for f in report.findings if f.code == "MM530"}
    assert early.keys() == slow  # depth before the snapshot
    assert not {"MM510", "MM515", "MM521"} & {f.code for f in report.findings}
    assert not report.hopeless


def test_the_clock_offset_that_is_told_is_the_right_one(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """README: shift by about 1.275 s; then next to nothing is received too early."""
    source = str(shared_data / "binance-btc-3venues/spot")
    target = str(tmp_path / "ds")

    code = mmrun(
        ["import", "binance", source, "-o", target, "--clock-offset", "1275ms"]
    )

    report = check_dataset(load_dataset(tmp_path / "ds"))
    early = [f for f in report.findings if f.code == "MM550"]
    assert code == 0
    assert "MM551" not in {f.code for f in report.findings}
    assert all(f.share is not None and f.share < 0.05 for f in early)
    assert found(report, "MM552", "BINANCE")
