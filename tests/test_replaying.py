"""Runs over sessions and days, end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmrun import api
from mmrun.cli import run as mmrun
from mmrun.problems import NothingSelectedError


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
