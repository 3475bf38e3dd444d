"""The public API as a typed program sees it; checked by mypy, never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import polars as pl

import mmrun
from mmrun.engine.quote import Quote
from mmrun.plan.plan import Plan
from mmrun.problems import Problem
from mmrun.report.run import Run


def replays() -> None:
    """A run, its figures and its frames."""
    run = mmrun.run("mine.yaml", Path("data"), set={"edge": 0.7}, fills="touch")

    mmrun.run("mine.yaml", inputs={"alpha": "alpha.csv:mean", "theo": pl.DataFrame()})
    assert_type(run, Run)
    assert_type(run.summary, dict[str, Any])
    assert_type(run.fills, pl.DataFrame)
    assert_type(run.orders, pl.DataFrame)
    assert_type(run.decisions, pl.DataFrame)
    assert_type(run.equity, pl.DataFrame)
    assert_type(run.timing, dict[str, float])
    assert_type(run.report(width=100), str)
    assert_type(run._repr_html_(), str)
    assert_type(run.save("runs/mine"), Path)


def quotes() -> None:
    """Quotes in a market; a side may have no price."""
    quotes = mmrun.quote("mine.yaml", bid=149.99, ask=150.01, inventory=500)

    assert_type(quotes, list[Quote])
    assert_type(quotes[0].bid, float | None)
    assert_type(quotes[0].bid_rule, str | None)
    assert_type(pl.DataFrame(quotes), pl.DataFrame)


def compiles_and_checks() -> None:
    """A plan, or what is wrong with the file."""
    assert_type(mmrun.load("mine.yaml", set={"edge": "0.7"}), Plan)
    assert_type(mmrun.check(Path("mine.yaml")), tuple[Problem, ...])


def failures() -> None:
    """What goes wrong has one base, and a strategy's errors carry their problems."""
    try:
        mmrun.run("mine.yaml")
    except mmrun.StrategyError as error:
        assert_type(error.problems, tuple[Problem, ...])
    except mmrun.MmrunError as error:
        assert_type(error.exit_code, int)
