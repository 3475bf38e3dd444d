"""What is wrong with a test file: its code, place and remedy, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmrun.problems import UsageError
from mmrun.testing.read import read_tests
from mmrun.testing.run import Ran


Runner = Callable[..., Ran]
GIVEN = "given: {bid: 149.95, ask: 150.05, flow: 0}"
EXPECT = "expect: [{at: 1ms, bid: 1}]"
HEAD = 3  #: lines before the tests


def found(ran: Ran) -> list[tuple[str, int, int, str]]:
    """(code, line within the tests, column, first hint) of every problem."""
    problems = (*ran.problems, *(p for r in ran.results for p in r.problems))
    return [
        (p.code, p.span.line - HEAD, p.span.column, (p.hints or ("",))[0])
        for p in problems
        if p.span
    ]


@pytest.mark.parametrize(
    ("row", "column", "hint"),
    [
        ("0ms quot N 1x1 2x1", 11, "did you mean 'quote'?"),
        ("0ms trade N sel 1x1", 19, "did you mean 'sell'?"),
        ("0ms trade N sell 1", 24, ""),
        ("0ms trade N sell", 19, ""),
        ("0 quote N 1x1 2x1", 7, ""),
        ("5bps quote N 1x1 2x1", 7, ""),
        ("0ms quote N 1x1", 19, ""),
        ("0ms quote N 1x1 2y1", 23, ""),
        ("0ms quote N 1x1 2x1 evry 10ms x5", 27, ""),
        ("0ms quote N 1x1 2x1 every 10ms 5", 38, ""),
        ("0ms quote N 1x1 2x1 every 10ms x5 x6", 41, ""),
        ("0ms quote N 1x1 2x1 every 10ms x999999", 7, ""),
        ("0ms status N halted", 20, "did you mean 'halt'?"),
        ("0ms quote 7 1x1 2x1", 17, ""),
        ("0ms", 7, ""),
        ("0ms inptu alpha 1", 11, "did you mean 'input'?"),
        ("0ms input", 11, ""),
        ("0ms input alpha", 17, ""),
        ("0ms input alpha 1 2", 25, ""),
        ("31d quote N 1x1 2x1", 7, ""),
    ],
)
def test_a_line_of_a_tape_that_is_no_row(
    run_tests: Runner, row: str, column: int, hint: str
) -> None:
    """The caret stands at the word that is wrong."""
    ran = run_tests(f"  - name: t\n    tape: |\n      {row}\n    {EXPECT}\n")

    assert found(ran) == [("MM602", 3, column, hint)]


@pytest.mark.parametrize(
    ("lines", "column"),
    [
        (["given: {mid: 1}", "problems: []"], 5),
        (["expect: {bid: 1}"], 5),
        ([GIVEN, "expect: [{bid: 1}]"], 5),
        (["tape: |", "  0ms clock N", "expect: {bid: 1}"], 14),
        (["tape: |", "  0ms clock N", "expect: [{at: 1ms}]"], 15),
        ([GIVEN, "expect: {bid: 1, at: 1ms}"], 22),
        ([GIVEN, "expect: {fills: []}"], 14),
        ([GIVEN, "fills: touch", "expect: {bid: 1}"], 5),
    ],
)
def test_keys_that_do_not_go_together(
    run_tests: Runner, lines: list[str], column: int
) -> None:
    """A state or a tape, and times with a tape alone."""
    ran = run_tests("  - name: t\n" + "".join(f"    {line}\n" for line in lines))

    assert {(code, at) for code, _, at, _ in found(ran)} == {("MM603", column)}


@pytest.mark.parametrize(
    ("given", "expect", "problem"),
    [
        ("flwo: 0", "bid: 1", ("MM604", 2, 39, "did you mean 'flow'?")),
        ("half: 1", "bid: 1", ("MM604", 2, 39, "set it with `set`")),
        ("flow: 0, inventory: 5s", "bid: 1", ("MM605", 2, 59, "")),
        ("flow: abc", "bid: 1", ("MM605", 2, 45, "")),
        ("flow: 0", "bdi: 1", ("MM604", 3, 14, "did you mean 'bid'?")),
        ("flow: 0", "laod: 1", ("MM604", 3, 14, "did you mean 'load'?")),
        ("flow: 0", "rule: stael", ("MM604", 3, 20, "did you mean 'stale'?")),
        ("flow: 0", "bid: 5s", ("MM605", 3, 19, "")),
        ("flow: 0", "venue: NYSE, bid: 1", ("MM607", 3, 21, "")),
    ],
)
def test_names_and_values_that_the_strategy_does_not_have(
    run_tests: Runner, given: str, expect: str, problem: tuple[str, int, int, str]
) -> None:
    """The name or the value is pointed at, with what was meant."""
    ran = run_tests(
        f"  - name: t\n    given: {{bid: 149.95, ask: 150.05, {given}}}\n"
        f"    expect: {{{expect}}}\n"
    )

    assert found(ran) == [problem]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (["expect: [{at: 99999999d, bid: 1}]"], (4, 19)),
        (["latency: {order: 31d}", "expect: [{at: 1ms, bid: 1}]"], (4, 22)),
    ],
)
def test_times_beyond_a_tape_s_length(
    run_tests: Runner, lines: list[str], place: tuple[int, int]
) -> None:
    """What would take years, or no integer holds, is refused at the value."""
    text = "".join(f"    {line}\n" for line in lines)
    ran = run_tests(f"  - name: t\n    tape: |\n      0ms clock N\n{text}")

    assert found(ran) == [("MM605", *place, "")]


def test_all_that_is_wrong_is_said_at_once(run_tests: Runner) -> None:
    """Schema, tape and names of tests are reported together, by place."""
    ran = run_tests(
        f"  - name: t\n    {GIVEN}\n    expct: {{bid: 1}}\n"
        f"  - name: u\n    tape: |\n      0ms quot N\n    {EXPECT}\n"
        f"  - name: v\n    {GIVEN}\n    expect: {{bid: 1}}\n"
        f"  - name: v\n    {GIVEN}\n    expect: {{bid: 1}}\n"
    )

    assert [code for code, *_ in found(ran)] == ["MM110", "MM602", "MM606"]


def test_a_tape_of_another_venue(run_tests: Runner) -> None:
    """A strategy that names its venues is played on those."""
    strategy = (
        "mmrun: 1\nquote: {half_spread: 5bps, size: 1}\nvenues: {IEX: {}}\nrisk: none\n"
    )
    ran = run_tests(
        f"  - name: t\n    tape: |\n      0ms clock NASDAQ\n    {EXPECT}\n",
        strategy=strategy,
    )

    assert found(ran) == [("MM607", 3, 17, "")]


def test_the_strategy_is_not_there(tmp_path: Path) -> None:
    """A test file that names no file says so at the name."""
    path = tmp_path / "a.test.yaml"
    path.write_text("mmrun: 1\nstrategy: b.yaml\ntests: [{name: a, problems: []}]\n")

    _, problems = read_tests(path)

    assert [(p.code, p.span.line, p.span.column) for p in problems if p.span] == [
        ("MM601", 2, 11)
    ]


def test_a_test_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is a usage error."""
    with pytest.raises(UsageError, match="cannot read the test file"):
        read_tests(tmp_path / "none.test.yaml")
