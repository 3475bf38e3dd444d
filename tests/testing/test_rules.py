"""Tests of strategies with rules: what is in force, what is unknown, what is covered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from mmrun.testing.coverage import Coverage
from mmrun.testing.report import failure_lines
from mmrun.testing.run import Ran, run_file


Runner = Callable[..., Ran]

#: The strategy and the tests of the page of the format, as they stand there.
GUARDED = """\
mmrun: 1
let:
  load: inventory / max_inventory
  flow: trade_imbalance(1s)
quote:
  fair: mid
  half_spread: 5bps
  reservation: fair - 10bps * load
  size: 100
toxicity:
  one_sided_flow:
    when: abs(flow) > 0.7 and trades(1s) >= 5
    then: pull
    hold: 2s
  picked_off:
    when: own_markout(5s, over=30min, min_fills=20) < -1bps
    then: {widen: 2}
risk:
  max_inventory: 1000
  max_drawdown: {limit: 50, then: reduce_only}
"""
AS_WRITTEN = """\
  - name: A long book quotes both sides lower.
    given: {bid: 149.95, ask: 150.05, inventory: 500}
    expect: {bid: 149.85, ask: 150.00}
  - name: One-sided flow pulls both sides, and two seconds after it has passed they come back.
    tape: |
      0ms     quote NASDAQ 149.95x300 150.05x200
      10ms    trade NASDAQ buy 150.05x100   every 10ms x5
    expect:
      - {at: 9ms,  bid: 149.92, ask: 150.08}
      - {at: 60ms, bid: none, ask: none, rule: one_sided_flow}
      - {at: 4.5s, bid: 149.92, ask: 150.08}
"""
STATE = (
    "  - name: state\n    given: {{bid: 149.95, ask: 150.05, {}}}\n    expect: {{{}}}\n"
)


def outcomes(ran: Ran) -> list[str]:
    assert ran.problems == ()
    return [result.outcome for result in ran.results]


def test_the_example_of_the_format_passes(run_tests: Runner) -> None:
    """As it is written."""
    ran = run_tests(AS_WRITTEN, strategy=GUARDED)

    assert outcomes(ran) == ["passed", "passed"]


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("flow: 0.8, 'trades(1s)': 6", "rule: one_sided_flow, bid_size: 0"),
        ("flow: 0.8, 'trades(1s)': 4", "rule: none"),
        ("flow: 0.8", "rule: none"),
        ("'trades(1s)': 6", "rule: none, flow: 0"),
        ("'own_markout(5s,30min,20)': -2bps", "bid: 149.85, ask: 150.15"),
        ("drawdown: 50, inventory: -70", "ask_rule: max_drawdown, bid_size: 70"),
    ],
)
def test_a_state_has_the_rules_that_what_is_given_meets(
    run_tests: Runner, given: str, expect: str
) -> None:
    """What a rule needs and is not given is unknown, and the rule not met."""
    ran = run_tests(STATE.format(given, expect), strategy=GUARDED)

    assert outcomes(ran) == ["passed"]


def test_a_failure_shows_the_condition_as_the_rule_saw_it(run_tests: Runner) -> None:
    """Each part with its value, what is unknown said so."""
    text = STATE.format("flow: 0.8", "rule: one_sided_flow")

    ran = run_tests(text, strategy=GUARDED)

    lines = [" ".join(x.split()) for x in failure_lines(ran.results[0].failures)]
    assert lines[0] == "rule: expected one_sided_flow, got none"
    assert "toxicity.one_sided_flow, which is unknown" in lines
    assert "abs(flow) > 0.7 1 condition" in lines
    assert "trades(1s) missing ratio" in lines


def test_a_rule_in_force_is_shown_where_none_was_expected(run_tests: Runner) -> None:
    """On a tape too, with the values of the row, quotes not being evaluated."""
    text = AS_WRITTEN.replace(
        "bid: none, ask: none, rule: one_sided_flow", "rule: none"
    )

    ran = run_tests(text, strategy=GUARDED)

    lines = [" ".join(x.split()) for x in failure_lines(ran.results[1].failures)]
    assert lines[0] == "rule at 60ms: expected none, got one_sided_flow"
    assert "trades(1s) 5 ratio" in lines


def test_a_rule_of_another_name_is_refused(run_tests: Runner) -> None:
    """With the likeliest that the strategy has."""
    ran = run_tests(STATE.format("flow: 0", "rule: one_sided"), strategy=GUARDED)

    (problem,) = ran.results[0].problems
    assert problem.code == "MM604"
    assert problem.hints == ("did you mean 'one_sided_flow'?",)


def test_coverage_is_of_rules_and_their_thresholds(
    run_tests: Runner, tmp_path: Path
) -> None:
    """A condition that has held and cleared, each comparison that was true and false."""
    run_tests(AS_WRITTEN, strategy=GUARDED)
    coverage: defaultdict[Path, Coverage] = defaultdict(Coverage)

    run_file(tmp_path / "plain.test.yaml", "", coverage)

    (covered,) = coverage.values()
    assert [str(point).rpartition("/")[2] for point in covered.missed] == [
        "risk.max_drawdown never held",
        "risk.max_inventory never acted",
        "toxicity.picked_off never cleared",
        "toxicity.picked_off never held",
    ]
    assert len(covered.points) == 11


def test_a_threshold_that_is_never_passed_is_told(
    run_tests: Runner, tmp_path: Path
) -> None:
    """By its place in the file."""
    run_tests(
        STATE.format("flow: 0.8, 'trades(1s)': 9", "rule: one_sided_flow"),
        strategy=GUARDED,
    )
    coverage: defaultdict[Path, Coverage] = defaultdict(Coverage)

    run_file(tmp_path / "plain.test.yaml", "", coverage)

    (covered,) = coverage.values()
    missed = [str(point).rpartition("/")[2] for point in covered.missed]
    assert "plain.yaml:12:11: abs(flow) > 0.7 never gave false" in missed
    assert "plain.yaml:12:31: trades(1s) >= 5 never gave false" in missed
