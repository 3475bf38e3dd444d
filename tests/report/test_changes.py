"""What is said to have changed between two runs."""

from __future__ import annotations

from dataclasses import replace

from mmrun.engine.records import Recording
from mmrun.report.changes import Figure, changed_figures, changed_settings
from mmrun.report.facts import RunFacts
from mmrun.report.summary import summarize


def test_names_values_that_are_new_gone_or_other() -> None:
    """Every value is named by its path, with what it was and what it is."""
    before = (
        "params: {edge: 1bps}\nlet: {load: inventory / 2}\nsession: {open: '09:30'}"
    )
    now = "params: {edge: 2bps, lean: 1}\nsession: {open: '09:30'}"

    assert changed_settings(before, now) == [
        "params.edge: 1bps -> 2bps",
        "let.load: inventory / 2 -> -",
        "params.lean: - -> 1",
    ]


def test_the_same_run_has_no_changed_figure(
    recording: Recording, facts: RunFacts
) -> None:
    """A run compared with itself differs in nothing."""
    summary = summarize(recording, facts)

    assert changed_figures(summary, dict(summary)) == ()


def test_a_figure_that_gets_a_value_is_a_change(
    idle: Recording, recording: Recording, facts: RunFacts
) -> None:
    """No value before and a number now is said; hashes and texts are not figures."""
    before = summarize(idle, facts)
    now = summarize(recording, replace(facts, strategy_hash="other"))

    found = {figure.name: figure for figure in changed_figures(before, now)}

    volume = now["fill_volume"]
    assert found["fill_volume"] == Figure("fill_volume", "size", 0.0, volume)
    assert found["spread_capture_bps"].before is None
    assert "strategy_hash" not in found


def test_time_not_quoted_is_compared_by_side_and_rule(
    recording: Recording, facts: RunFacts
) -> None:
    """A rule that held a side back in one run alone has a row."""
    before = summarize(recording, facts)
    now = before | {"unquoted_time_s": {"bid": {"halt": 2.5}, "ask": {}}}

    names = [figure.name for figure in changed_figures(before, now)]

    assert names[0:2] == ["bid stale, s", "bid halt, s"]
