"""Tapes that start from an inventory, and inputs that are given or said by lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.testing.run import Ran


Runner = Callable[..., Ran]
STRATEGY = """\
mmrun: 1
name: plain
inputs:
  alpha: {unit: bps, stale_after: 5s, default: 0bps}
  shift: {unit: tick, default: 0tick}
let:
  held: inventory
  paid: average_cost
  gain: unrealized_pnl
  total: net_pnl
  old: inventory_age
quote:
  half_spread: 5bps
  fair: mid + alpha + shift
  reservation: fair - 10bps * (held / max_inventory)
  size: 100
risk:
  max_inventory: 1000
"""
TAPE = """\
  - name: t
{given}
    fills: touch
    tape: |
      0ms quote N 99.99x300 100.01x200
{lines}
    expect:
      - {{{expect}}}
"""


@pytest.fixture
def play(run_tests: Runner) -> Callable[..., Ran]:
    """Runs one test of a tape."""

    def run(expect: str, *, given: str = "", lines: str = "      9ms clock N") -> Ran:
        given = f"    given: {{{given}}}" if given else "    # nothing given"
        text = TAPE.format(given=given, lines=lines, expect=expect)
        return run_tests(text, strategy=STRATEGY)

    return run


def passed(ran: Ran) -> bool:
    (result,) = ran.results
    assert not result.problems, result.problems
    return result.outcome == "passed"


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("", "inventory: 0, held: 0, paid: none, gain: 0, old: 0"),
        ("inventory: 500", "inventory: 500, held: 500, paid: 100, gain: 0, total: 0"),
        ("inventory: 500", "old: 0.009, bid: 99.90, ask: 100.00"),
        ("inventory: -5lot", "inventory: -5, paid: 100"),
        ("inventory: 500, average_cost: 99", "paid: 99, gain: 500, total: 500"),
        ("inventory: -10, average_cost: 99", "gain: -10, total: -10, bid_size: 100"),
        ("inventory: 1000", "bid: none, bid_rule: max_inventory, ask_size: 100"),
    ],
)
def test_a_tape_starts_from_an_inventory(
    play: Callable[..., Ran], given: str, expect: str
) -> None:
    """Had at the first mid unless said; limits, P&L and age are of it."""
    assert passed(play(f"at: 1s, {expect}", given=given))


def test_fills_are_booked_on_what_was_there(play: Callable[..., Ran]) -> None:
    """A sale of a part realizes, and what is left keeps its cost."""
    ran = play(
        "at: 1s, inventory: 400, paid: 99, gain: 400, total: 500",
        given="inventory: 500, average_cost: 99",
        lines="      9ms trade N buy 100.5x100",
    )

    assert passed(ran), ran.results[0].failures


@pytest.mark.parametrize(
    ("given", "lines", "expect"),
    [
        ("alpha: 10bps", "      9ms clock N", "at: 1s, fair: 100.1"),
        ("alpha: 0.001", "      9ms clock N", "at: 1s, fair: 100.1"),
        ("shift: 3tick", "      9ms clock N", "at: 1s, fair: 100.03"),
        ("alpha: 10bps", "      9ms clock N", "at: 6s, fair: 100"),
        ("", "      2s input alpha 10bps", "at: 1s, fair: 100"),
        ("", "      2s input alpha 10bps", "at: 3s, fair: 100.1"),
        ("alpha: 5bps", "      2s input alpha 10bps", "at: 1s, fair: 100.05"),
        ("", "      2s input alpha 10bps every 4s x3", "at: 12s, fair: 100.1"),
        ("shift: 1tick", "      1s input shift -2tick", "at: 2s, fair: 99.98"),
    ],
)
def test_a_tape_has_inputs(
    play: Callable[..., Ran], given: str, lines: str, expect: str
) -> None:
    """From the open on, or from a line's time; they get old as in a run."""
    ran = play(expect + ", ask_rule: none", given=given, lines=lines)

    assert not [f for f in ran.results[0].failures if f.key == "fair"], ran.results
    assert not ran.results[0].problems


@pytest.mark.parametrize(
    ("given", "lines", "problem"),
    [
        ("bid: 99", "      9ms clock N", ("MM604", 13)),
        ("alhpa: 1bps", "      9ms clock N", ("MM604", 13)),
        ("alpha: 5s", "      9ms clock N", ("MM605", 20)),
        ("inventory: x", "      9ms clock N", ("MM605", 24)),
        ("average_cost: 99", "      9ms clock N", ("MM604", 13)),
        ("", "      9ms input alhpa 1bps", ("MM604", 17)),
        ("", "      9ms input alpha 1s", ("MM605", 23)),
    ],
)
def test_what_a_tape_cannot_start_from(
    play: Callable[..., Ran], given: str, lines: str, problem: tuple[str, int]
) -> None:
    """A name that is none of inventory, its cost and inputs, or a value that is none."""
    ran = play("at: 1s, bid: 1", given=given, lines=lines)

    found = [*ran.problems, *(p for r in ran.results for p in r.problems)]
    assert [(p.code, p.span.column) for p in found if p.span] == [problem]


def test_without_a_quote_the_cost_must_be_said(run_tests: Runner) -> None:
    """A tape of trades has no mid that an inventory could be had at."""
    text = TAPE.replace("quote N 99.99x300 100.01x200", "trade N buy 100x1")
    given = "    given: {inventory: 5}"
    ran = run_tests(
        text.format(given=given, lines="      9ms clock N", expect="at: 1s, bid: none"),
        strategy=STRATEGY,
    )

    (problem,) = ran.results[0].problems
    assert "give `average_cost` too" in problem.message


def test_a_failing_tape_shows_inputs_and_inventory(play: Callable[..., Ran]) -> None:
    """What stands behind a quote has the values that were given."""
    ran = play("at: 1s, fair: 5", given="inventory: 500, alpha: 10bps")

    lines = [line for b in ran.results[0].failures[0].behind for line in b.lines]
    assert any("alpha" in line and "0.001" in line for line in lines), lines
