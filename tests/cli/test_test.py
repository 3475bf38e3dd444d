"""`mmrun test` from the command line: exit codes, output, files it writes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mmrun.cli import run


ROOT = Path(__file__).parent.parent.parent
STRATEGY = """\
mmrun: 1
params: {half: {value: 5, unit: bps}}
quote:
  half_spread: max(half, 2tick)
  size: 100 if inventory <= 0 else 50
risk: {max_inventory: 1000, price_collar: 5pct}
"""
TESTS = """\
mmrun: 1
strategy: plain.yaml
tests:
  - name: Flat it quotes at 5bps.     # a remark
    given: {mid: 150}
    expect: {bid: 149.9, ask: 150.08} # both sides
  - name: Long it quotes less.
    given: {mid: 150, inventory: 10}
    expect:
      bid_size: 40                    # a size
      rule: none
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a strategy and its tests, of which the first fails and the second."""
    monkeypatch.chdir(tmp_path)
    Path("plain.yaml").write_text(STRATEGY)
    Path("plain.test.yaml").write_text(TESTS)
    return tmp_path


def test_every_shipped_strategy_passes_its_tests(capsys):
    """All strategies have tests beside them that pass and leave no branch out."""
    strategies = str(ROOT / "strategies")
    files = [f for f in Path(strategies).rglob("*.yaml") if ".test." not in f.name]

    code = run(["test", strategies, "--coverage", "--fail-under", "100", "--json"])
    found = json.loads(capsys.readouterr().out)

    assert code == 0
    assert len(found["files"]) == len(files)
    assert found["passed"] == found["tests"] > 20


def test_a_failed_test_gives_exit_code_1(capsys):
    """Place, name, expected and got, and the values behind."""
    assert run(["test"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(
        "plain.test.yaml  2 failed\n"
        "  plain.test.yaml:4: Flat it quotes at 5bps.\n"
        "    bid: expected 149.9, got 149.92\n"
        "        plain.test.yaml:6:19\n"
    )


def test_json_is_one_object(capsys):
    """`version` first, counts, and each failure with place and what is behind it."""
    run(["test", "plain.yaml", "--json"])
    found = json.loads(capsys.readouterr().out)
    failure = found["files"][0]["results"][1]["failures"][0]
    assert list(found)[:2] == ["version", "tests"]
    assert (failure["key"], failure["expected"], failure["got"]) == (
        "bid_size",
        "40",
        "50",
    )
    assert failure["line"] == 10
    assert failure["behind"][0]["title"] == "bid_size"


def test_update_writes_what_was_shown_and_keeps_the_rest(capsys):
    """Only the values that differ change; remarks and layout stay; then all passes."""
    assert run(["test", "--update"]) == 0
    assert Path("plain.test.yaml").read_text() == TESTS.replace(
        "149.9,", "149.92,"
    ).replace(" 40 ", " 50 ")
    assert "2 expected values written" in capsys.readouterr().err
    assert run(["test"]) == 0


def test_update_writes_fills_and_problems(capsys):
    """Lists are written on one line, where they stood."""
    Path("plain.test.yaml").write_text(
        "mmrun: 1\nstrategy: plain.yaml\ntests:\n"
        "  - name: a\n    tape: |\n      0ms quote N 149.95x1 150.05x1\n"
        "      1ms trade N sell 149.91x100\n"
        "    expect:\n      - at: 1s\n        fills:\n"
        "          - side: sell\n          - side: buy\n        inventory: 1\n"
        "  - name: b\n    set: {half: 5s}\n    problems: []  # none\n"
    )

    assert run(["test", "--update"]) == 0
    text = Path("plain.test.yaml").read_text()
    assert (
        "        fills:\n"
        "          [{at: 1ms, side: buy, price: 149.92, size: 100}]\n"
        "        inventory: 100\n"
    ) in text
    assert "problems: [MM" in text
    assert text.endswith("]  # none\n")
    capsys.readouterr()


def test_junit_holds_a_case_a_test():
    """CI servers see names, failures with their text, and counts."""
    run(["test", "--junit", "out.xml", "-k", "long"])
    suite = ET.parse("out.xml").getroot()[0]
    (case,) = suite
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert case.get("name") == "Long it quotes less."
    assert case[0].get("message") == "bid_size: expected 40, got 50"
    assert "inventory" in (case[0].text or "")


def test_junit_shows_a_file_that_cannot_be_read():
    """A broken file is an error in the report, not a silence."""
    Path("plain.test.yaml").write_text("mmrun: 1\n")
    assert run(["test", "--junit", "out.xml"]) == 1
    suite = ET.parse("out.xml").getroot()[0]
    assert (suite.get("errors"), suite[0][0].tag) == ("1", "error")


def test_coverage_names_what_no_test_has_reached(capsys):
    """An arm of a formula by its place, a rule by its key; a threshold can fail."""
    run(["test", "--update"])
    capsys.readouterr()

    code = run(["test", "--coverage", "--fail-under", "80"])
    out, err = capsys.readouterr()

    assert code == 1
    assert "plain.yaml  50%  3 of 6 rules and branches" in out
    assert "plain.yaml:4:16: max(half, 2tick) never gave 2tick" in out
    assert "risk.max_inventory never acted" in out
    assert "risk.price_collar never acted" in out
    assert "covered less than 80%" in err
    assert run(["test", "--coverage", "--fail-under", "50"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-k", "nothing like it"], 5),
        (["elsewhere"], 2),
        (["elsewhere.test.yaml"], 2),
        (["other.yaml"], 5),
        (["empty"], 5),
    ],
)
def test_nothing_selected_and_missing_paths(capsys, arguments, code):
    """5 when no test was selected, 2 when a path is not there."""
    Path("other.yaml").write_text(STRATEGY)
    Path("empty").mkdir()
    assert run(["test", *arguments]) == code
    assert capsys.readouterr().err.startswith("mmrun: ")


def test_problems_of_a_test_file_are_shown_with_carets(capsys):
    """A misspelt key: exit code 1, the caret, and what was meant."""
    Path("plain.test.yaml").write_text(TESTS.replace("given:", "gvien:", 1))
    assert run(["test"]) == 1
    out = capsys.readouterr().out
    assert "plain.test.yaml:5:5: error[MM110] unknown key 'gvien'" in out
    assert "^^^^^ help: did you mean 'given'?" in out


def test_settings_of_the_command_line_come_before_a_test_s(capsys):
    """-s holds for all tests; what a test sets itself wins, its problems at its `set`."""
    Path("plain.test.yaml").write_text(
        "mmrun: 1\nstrategy: plain.yaml\ntests:\n"
        "  - {name: a, given: {mid: 150}, expect: {half_spread: 0.15}}\n"
        "  - {name: b, set: {half: 20}, given: {mid: 150}, expect: {half_spread: 0.3}}\n"
        "  - {name: c, set: {hafl: 20}, given: {mid: 150}, expect: {half_spread: 0.3}}\n"
    )

    assert run(["test", "-s", "half=10"]) == 1
    out = capsys.readouterr().out
    assert "2 passed, 1 broken" in out
    assert "plain.test.yaml:6:21: error[MM123]" in out


def test_check_looks_at_test_files_too(capsys):
    """A test file that is named is checked as one."""
    assert run(["check", "plain.test.yaml"]) == 0
    Path("plain.test.yaml").write_text(TESTS.replace("given:", "gvien:", 1))
    assert run(["check", "plain.test.yaml"]) == 1
    assert "did you mean 'given'?" in capsys.readouterr().out


def test_update_keeps_line_breaks_as_they_are():
    """A file of another system's line breaks is edited at the right places."""
    Path("plain.test.yaml").write_bytes(TESTS.replace("\n", "\r\n").encode())

    assert run(["test", "--update"]) == 0
    text = Path("plain.test.yaml").read_bytes().decode()
    assert "{bid: 149.92, ask: 150.08} # both sides\r\n" in text
    assert "bid_size: 50 " in text


def test_a_report_that_cannot_be_written_is_a_usage_error(capsys):
    """A folder that is not there is said."""
    assert run(["test", "--junit", "nowhere/out.xml"]) == 2
    assert "cannot write 'nowhere/out.xml'" in capsys.readouterr().err


def test_what_only_a_test_s_setting_has_is_not_counted(capsys):
    """A rule that a test sets, and the file does not have, is none of its rules."""
    Path("plain.test.yaml").write_text(
        "mmrun: 1\nstrategy: plain.yaml\ntests:\n"
        "  - {name: a, set: {risk.allow_short: false}, given: {mid: 150},"
        " expect: {ask_rule: no_short}}\n"
    )

    assert run(["test", "--coverage"]) == 0
    assert "of 6 rules and branches" in capsys.readouterr().out


def test_inputs_are_given_by_their_names(capsys):
    """A column of one's own has its default, or what a test gives."""
    Path("plain.yaml").write_text(
        "mmrun: 1\ninputs: {alpha: {unit: bps, default: 0bps}}\nrisk: none\n"
        "quote: {fair: mid + alpha, half_spread: 10bps, size: 1}\n"
    )
    Path("plain.test.yaml").write_text(
        "mmrun: 1\nstrategy: plain.yaml\ntests:\n"
        "  - {name: a, given: {mid: 100}, expect: {fair: 100, bid: 99.9}}\n"
        "  - {name: b, given: {mid: 100, alpha: 10bps}, expect: {fair: 100.1, bid: 100}}\n"
    )

    assert run(["test"]) == 0
    assert "2 passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("half", "counted"),
    [("5bps", "50%  1 of 2"), ("5bps * (1 + level)", "100%  0 of 0")],
)
def test_the_branches_of_a_step_count_where_it_is_used(half, counted, capsys):
    """A step that no side uses has none."""
    Path("plain.yaml").write_text(
        "mmrun: 1\nrisk: none\n"
        f"quote: {{half_spread: {half}, size: 1, "
        "levels: {count: 2, step: 'max(1tick, spread / 4)'}}\n"
    )
    Path("plain.test.yaml").write_text(
        "mmrun: 1\nstrategy: plain.yaml\ntests:\n"
        "  - {name: a, given: {bid: 99, ask: 101}, expect: {rule: none}}\n"
    )

    assert run(["test", "--coverage"]) == 0
    assert f"{counted} rules and branches" in capsys.readouterr().out
