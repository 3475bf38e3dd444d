"""A run day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from mmrun.engine.records import Recording
from mmrun.market.sessions import TradingDay
from mmrun.report.daily import daily
from mmrun.report.facts import RunFacts
from mmrun.report.html import fragment
from mmrun.report.summary import summarize
from mmrun.report.tables import frame
from mmrun.report.terminal import render


S = 1_000_000_000


def days(recording: Recording, *seconds: float) -> tuple[TradingDay, ...]:
    """Days from 2026-03-02 on that start so many seconds after the run."""
    first = date(2026, 3, 2)
    start = recording.totals.first_ts
    return tuple(
        TradingDay(first + timedelta(days=n), start + round(second * S))
        for n, second in enumerate(seconds)
    )


def test_the_worked_example_split_after_its_third_second(recording: Recording) -> None:
    """P&L stood at 4.70 after the third second; two fills came later."""
    rows = daily(recording, days(recording, 0, 3.5), 11.83)

    assert [row["date"] for row in rows] == ["2026-03-02", "2026-03-03"]
    assert [row["net_pnl"] for row in rows] == pytest.approx([4.7, 11.83 - 4.7])
    assert [row["fills"] for row in rows] == [3, 2]


@pytest.mark.parametrize("cuts", [(0,), (0, 60), (-5, 0, 1, 7000, 20_000), (0, 10**6)])
def test_days_add_up_to_the_run(
    day: Recording, facts: RunFacts, cuts: tuple[int, ...]
) -> None:
    """Wherever days begin, their P&L and fills sum to those of the run."""
    summary = summarize(day, replace(facts, days=days(day, *cuts)))

    assert sum(row["net_pnl"] for row in summary["daily"]) == pytest.approx(
        summary["net_pnl"]
    )
    assert sum(row["fills"] for row in summary["daily"]) == summary["fills"]


def test_a_day_that_cannot_be_marked_has_no_pnl(recording: Recording) -> None:
    """Without a mid at its end a day's net P&L is null, and the fills are counted."""
    rows = daily(recording, days(recording, 0, 3.5), float("nan"))

    assert [row["net_pnl"] for row in rows] == [pytest.approx(4.7), None]


def test_a_report_of_some_days_lists_them(day: Recording, facts: RunFacts) -> None:
    """Two days are two lines, with the figures of the summary."""
    summary = summarize(day, replace(facts, days=days(day, 0, 12_000)))

    text = render(summary, frame("equity", day), 80, color=False)

    first, second = summary["daily"]
    lines = [line.split() for line in text.splitlines()]
    for row in (first, second):
        figure = f"{row['net_pnl']:+.2f}"
        assert [row["date"], figure, str(row["fills"]), "fills"] in lines


def test_a_report_of_many_days_names_the_worst_and_the_best(
    day: Recording, facts: RunFacts
) -> None:
    """Of a year a page has room for two days."""
    cuts = np.linspace(0, 20_000, 40).tolist()
    summary = summarize(day, replace(facts, days=days(day, *cuts)))

    text = render(summary, frame("equity", day), 80, color=False)

    ranked = sorted(summary["daily"], key=lambda row: row["net_pnl"])
    assert "of 40 gained; the worst and the best" in text
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if "of 40 gained" in line)
    assert lines[at + 1].strip().startswith(ranked[0]["date"])
    assert lines[at + 2].strip().startswith(ranked[-1]["date"])


def test_a_notebook_shows_the_same_days(day: Recording, facts: RunFacts) -> None:
    """The fragment's table has the lines of the page."""
    summary = summarize(day, replace(facts, days=days(day, 0, 12_000)))

    html = fragment(summary, frame("equity", day))

    assert "Days, net USD" in html
    assert all(f">{row['date']}<" in html for row in summary["daily"])


def test_a_report_says_times_in_the_time_zone_of_the_dataset(
    day: Recording, facts: RunFacts
) -> None:
    """14:30 UTC is 9:30 in New York in March's first week."""
    summary = summarize(day, replace(facts, timezone="America/New_York"))

    text = render(summary, frame("equity", day), 80, color=False)

    assert "2026-03-02 09:30:00 to 15:59:00 EST" in text.splitlines()[0]
    assert "09:30:00" in text.split("Assumptions")[0].splitlines()[-2]
    assert "times       America/New_York" in text
