"""The Python door: what a notebook and a script get from `mmrun.run`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import mmrun
from mmrun.report.run import Run


STRATEGY = Path(__file__).parent.parent / "strategies" / "inventory_skew.yaml"


@pytest.fixture(scope="module")
def run() -> Run:
    """A run on the example market."""
    return mmrun.run(STRATEGY)


def test_the_same_run_shows_the_same_page(run: Run) -> None:
    """Two runs of the same inputs are the same bytes in a notebook."""
    assert run._repr_html_() == mmrun.run(str(STRATEGY))._repr_html_()


def test_a_prompt_shows_one_line(run: Run) -> None:
    """At a prompt a run is its name and its result, not its arrays."""
    shown = repr(run)

    assert shown.startswith(f"<Run inventory_skew/{run.manifest['id']}: net ")
    assert shown.endswith(f"{run.summary['fills']} fills>")


def test_frames_agree_with_the_summary(run: Run) -> None:
    """The frames are of the run that the summary counts."""
    values = run.summary
    resting = run.orders.filter(pl.col("event").is_in(["new", "replace"]))

    assert run.fills.height == values["fills"]
    assert run.fills["size"].sum() == values["fill_volume"]
    assert resting.height == values["orders"]
    assert run.equity["inventory"][-1] == values["final_inventory"]
    assert set(run.decisions["side"]) == {"bid", "ask"}


def test_settings_are_plain_values() -> None:
    """A param by name and any value by its path, numbers or texts."""
    few = mmrun.run(STRATEGY, set={"clip": 10, "risk.max_inventory": "50"})

    assert few.summary["max_abs_inventory"] <= 50
    assert few.fills["size"].max() <= 10


def test_quotes_make_a_frame() -> None:
    """A list of quotes is rows of a frame, a side without a price null."""
    quotes = mmrun.quote(STRATEGY, bid=149.99, ask=150.01, names={"sigma": "0.03"})

    frame = pl.DataFrame(quotes)
    assert frame.select("bid", "ask").row(0) == (149.97, 150.03)
    assert frame["bid_rule"].to_list() == [None]


def test_a_plan_shows_one_line() -> None:
    """At a prompt a plan says what it computes ahead and how much is left for each row."""
    shown = repr(mmrun.load(STRATEGY))

    assert shown.startswith("<Plan inventory_skew: columns c0, c1")
    assert "residual of " in shown
    assert "\n" not in shown
