"""Problems for other programs: GitHub's annotations, SARIF and JUnit."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from sarif_pydantic import Sarif

from mmrun.cli import run
from mmrun.cli.annotations import github
from mmrun.cli.junit import junit
from mmrun.cli.sarif import sarif
from mmrun.problems import Problem, Span


KEY = Problem(
    "MM110",
    "unknown key 'untis'",
    Span("a b.yaml", 19, 5, 19, 10),
    ("did you mean 'unit'?",),
    "error",
    "    untis: bps",
)
OVER_LINES = Problem(
    "MM105", "50% <of>\nit", Span("b,c.yaml", 1, 1, 2, 3), (), "warning", "yes"
)
OVERRIDE = Problem("MM123", "unknown param 'x'", Span("<-s #1>", 1, 1, 1, 2))
NOWHERE = Problem("MM901", "no place\x1b", None)


def test_github_shows_a_problem_beside_its_line():
    """Columns include the last, and are left out where a problem goes over lines."""
    key = "::error file=a b.yaml,line=19,endLine=19,col=5,endColumn=9,title=MM110"

    assert github([OVER_LINES, KEY]).splitlines() == [
        f"{key}::unknown key 'untis'%0Ahelp: did you mean 'unit'?",
        "::warning file=b%2Cc.yaml,line=1,endLine=2,title=MM105::50%25 <of>%0Ait",
    ]


def test_github_is_told_of_what_is_not_shown():
    """Beyond fifty of a file there is a note."""
    many = [Problem("MM1", "m", Span("a", n, 1, n, 2)) for n in range(1, 53)]

    assert github(many).splitlines()[-1] == (
        "::notice title=mmrun check::2 more problems in a"
    )


@pytest.fixture
def log():
    return json.loads(sarif([KEY, OVERRIDE, KEY, OVER_LINES]))


def unknown_keys(model) -> list[str]:
    """Keys that SARIF's object model does not have, anywhere below."""
    if not hasattr(model, "model_extra"):
        return []
    found = list(model.model_extra or {})
    for name in type(model).model_fields:
        value = getattr(model, name)
        for each in value if isinstance(value, list) else [value]:
            found += unknown_keys(each)
    return found


def test_sarif_is_valid(log):
    """A model of the standard made by others reads it, and knows every key."""
    read = Sarif.model_validate(log)

    assert unknown_keys(read) == ["columnKind"]  # of the standard, section 3.14.17
    assert read.version == "2.1.0"
    assert [result.level.value for result in read.runs[0].results] == [
        "error",
        "error",
        "error",
        "warning",
    ]


def test_sarif_points_at_the_place(log):
    """Lines and columns count from 1, the end column is the one after the last."""
    first, override, _, last = log["runs"][0]["results"]

    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b.yaml"
    assert place["region"] == {
        "startLine": 19,
        "startColumn": 5,
        "endLine": 19,
        "endColumn": 10,
    }
    assert "locations" not in override
    region = last["locations"][0]["physicalLocation"]["region"]
    assert (region["endLine"], region["endColumn"]) == (2, 3)


def test_sarif_has_the_page_of_each_code(log):
    """Each code that occurs is a rule once, and results point at it."""
    (found,) = log["runs"]
    rules = found["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["MM105", "MM110", "MM123"]
    assert all(rule["help"]["text"] for rule in rules)
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_knows_a_problem_again(log):
    """What a scanner's history goes by depends on code, file and line, not on its number."""
    moved = Problem(
        KEY.code, KEY.message, Span("a b.yaml", 7, 5, 7, 10), (), "error", KEY.snippet
    )

    (after,) = json.loads(sarif([moved]))["runs"][0]["results"]

    before = log["runs"][0]["results"][0]
    assert after["partialFingerprints"] == before["partialFingerprints"]


def test_sarif_names_files_below_here_by_their_relative_path(tmp_path, monkeypatch):
    """A code scanner looks for files from the repository's root."""
    monkeypatch.chdir(tmp_path)
    below = Problem("MM110", "m", Span(str(tmp_path / "s" / "a.yaml"), 1, 1, 1, 2))

    (result,) = json.loads(sarif([below]))["runs"][0]["results"]

    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "s/a.yaml"


def test_junit_has_a_case_for_each_file():
    """A file with errors fails; what is only warned of is output."""
    text = junit({"a b.yaml": (KEY, NOWHERE), "b,c.yaml": (OVER_LINES,), "d.yaml": ()})

    root = ET.fromstring(text)

    suite = root.find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    bad, warned, good = suite.findall("testcase")
    assert [case.get("name") for case in (bad, warned, good)] == [
        "a b.yaml",
        "b,c.yaml",
        "d.yaml",
    ]
    assert bad.find("failure").get("type") == "MM110"
    assert "a b.yaml:19:5: error[MM110]" in bad.find("failure").text
    assert "MM105" in warned.find("system-out").text
    assert list(good) == []


@pytest.mark.parametrize("form", ["github", "sarif", "junit"])
def test_check_prints_each_format(form, tmp_path, monkeypatch, capsys):
    """Every format has the exit code of the findings, and is on stdout alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("mmrun: 1\nquote: {half_spread: 5bps, sise: 1}\n")

    assert run(["check", "a.yaml", "--format", form]) == 1
    captured = capsys.readouterr()
    assert "MM110" in captured.out
    assert captured.err == ""
