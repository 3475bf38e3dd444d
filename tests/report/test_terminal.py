"""The report as a reader sees it, compared whole, and what it must never keep quiet."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mmrun.engine.records import FIRST_OWN, OwnRule, Recording
from mmrun.report.facts import RunFacts
from mmrun.report.summary import summarize
from mmrun.report.tables import frame
from mmrun.report.terminal import render


def report(
    recording: Recording, facts: RunFacts, *, width: int = 80, color: bool = False
) -> str:
    summary = summarize(recording, facts)
    return render(summary, frame("equity", recording), width, color=color)


@pytest.mark.parametrize(
    "which", ["recording", "split", "ladder", "day", "unfilled", "idle"]
)
def test_golden(
    which: str,
    request: pytest.FixtureRequest,
    facts: RunFacts,
    golden: Callable[[str, str], None],
) -> None:
    """Runs short and long, of two venues or levels, unfilled and empty read as written."""
    text = report(request.getfixturevalue(which), facts)

    golden(f"{which}.txt", text)


@pytest.fixture
def wide(split: Recording) -> Recording:
    """Two venues whose names leave a line no room for their figures."""
    return replace(split, venues=("A venue that is said by its whole name", "IEX"))


@pytest.mark.parametrize("width", [10, 80, 93, 100, 500])
@pytest.mark.parametrize(
    "which", ["recording", "split", "wide", "day", "unfilled", "idle"]
)
def test_lines_fit(
    which: str, width: int, request: pytest.FixtureRequest, facts: RunFacts
) -> None:
    """No line is wider than the page, which takes 80 to 100 columns."""
    text = report(request.getfixturevalue(which), facts, width=width)

    assert max(map(len, text.splitlines())) <= min(100, max(80, width))
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)


def test_colour_changes_no_word(day: Recording, facts: RunFacts) -> None:
    """Without its colours a coloured report is the plain one."""
    plain = report(day, facts)

    colored = report(day, facts, color=True)

    assert "\x1b[1m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain


def test_broken_books_are_said_at_the_top(
    recording: Recording, facts: RunFacts
) -> None:
    """When the parts do not make the net, the head and the identity both say it."""
    totals = replace(recording.totals, inventory_pnl=1.0)

    text = report(replace(recording, totals=totals), facts)

    assert "THE BOOKS DO NOT ADD UP" in "\n".join(text.splitlines()[:5])
    assert "DOES NOT HOLD: net = spread" in text


def test_unknown_net_is_not_a_number_shown(
    recording: Recording, facts: RunFacts
) -> None:
    """A net that no mid can mark is called unknown, and the books do not hold."""
    totals = replace(recording.totals, final_mid=float("nan"))

    text = report(replace(recording, totals=totals), facts)

    assert "net unknown USD" in text
    assert "THE BOOKS DO NOT ADD UP" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("queue", "conservative"),
        ("queue:log", "an estimate"),
        ("touch", "optimistic"),
        ("through:2", "conservative"),
        ("poisson:140,1.5", "drawn from an intensity"),
        ("hftbacktest", "for comparison"),
    ],
)
def test_fill_model_says_what_it_assumes(
    model: str, said: str, recording: Recording, facts: RunFacts
) -> None:
    """The third line names the fill model and how far to trust it."""
    text = report(recording, replace(facts, fill_model=model))

    assert text.splitlines()[2].startswith(f"fill model {model}, ")
    assert said in text.splitlines()[2]


def test_latency_is_listed(recording: Recording, facts: RunFacts) -> None:
    """Latency that is not zero is given part by part, in its own units."""
    latency = {"feed": 0.0005, "order": 0.002, "cancel": 0.002, "response": 0.0}

    text = report(recording, replace(facts, latency=latency))

    assert "feed 500us, order 2ms, cancel 2ms, response 0s" in text
    assert "all zero" not in text


def test_nothing_filled_for_want_of_signs(unfilled: Recording, facts: RunFacts) -> None:
    """Unsigned trades are named as a reason why nothing filled."""
    totals = replace(unfilled.totals, unknown_trades=unfilled.totals.trades)

    text = report(replace(unfilled, totals=totals), facts)

    assert "Of 170,000 trades 170,000 stayed unsigned and fill nobody." in " ".join(
        text.split()
    )


def test_venues_without_data_are_among_the_assumptions(
    recording: Recording, facts: RunFacts
) -> None:
    """What the strategy names and the data does not have is said to take no part."""
    text = report(recording, replace(facts, absent_venues=("IEX", "ARCA")))

    assert "venues      not in the data, without part in the run: IEX, ARCA" in text


def test_time_in_which_a_rule_had_no_value_is_told(
    recording: Recording, facts: RunFacts
) -> None:
    """By the rule's name; one that always had a value is not."""
    own = (OwnRule("picked_off", 0, 3_000_000_000), OwnRule("flow", 2, 0))
    rule_ns = np.pad(recording.totals.rule_ns, ((0, 0), (0, 2)))
    totals = replace(recording.totals, own_rules=own, rule_ns=rule_ns)

    text = " ".join(report(replace(recording, totals=totals), facts).split())

    assert (
        "the rule picked_off was not met for 3s (50.0%) in which its condition" in text
    )
    assert "the rule flow" not in text


def test_a_summary_counts_the_strategy_s_own_rules(
    recording: Recording, facts: RunFacts
) -> None:
    """How often each came into force, its time on each side, and its time unknown."""
    rule_ns = np.zeros((2, FIRST_OWN + 2), np.int64)
    rule_ns[0, FIRST_OWN] = 2_000_000_000
    own = (OwnRule("flow", 2, 0), OwnRule("picked_off", 0, 500_000_000))
    totals = replace(recording.totals, own_rules=own, rule_ns=rule_ns)

    summary = summarize(replace(recording, totals=totals), facts)

    assert summary["unquoted_time_s"] == {"bid": {"flow": 2.0}, "ask": {}}
    assert summary["rule_events"] == {"flow": 2, "picked_off": 0}
    assert summary["rule_unknown_s"] == {"picked_off": 0.5}
