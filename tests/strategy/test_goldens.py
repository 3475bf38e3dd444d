"""Bad strategy files and what is said of them.

The first lines of a `*.bad.yaml` are its expected problems, by place:
`# LINE:COLUMN CODE beginning of the message | first hint`, with `FILE:` before the line
for another file; lines `# -s NAME=VALUE` are overrides. Files of `golden/strategy` are
read as for a run, those of `golden/lint` are linted too.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from mmrun import api, lint, strategy
from mmrun.documents import load_schema, read_document
from mmrun.lang import codes
from mmrun.lint.data_rules import RULES as DATA_RULES
from mmrun.plan import graph, one_for_all
from mmrun.problems import errors_in


GOLDEN = Path(__file__).parent.parent / "golden" / "strategy"
LINT = GOLDEN.parent / "lint"
FILES = sorted(path.name for path in GOLDEN.glob("*.bad.yaml"))
LINTED = sorted(path.name for path in LINT.glob("*.bad.yaml"))
EXPECTED = re.compile(
    r"# (?:(?P<file>\S+?|<-s #\d+>):)?(?P<place>\d+:\d+) (?P<code>MM\d{3}) (?P<message>.*)"
)


def expectations(path):
    """Overrides, and (file, line:column, code, message, hint) of each problem."""
    overrides, expected = [], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        match = EXPECTED.match(line)
        if line.startswith("# -s "):
            overrides.append(line.removeprefix("# -s "))
        elif match:
            name = match["file"] or path.name
            message, _, hint = match["message"].partition(" | ")
            expected.append((name, match["place"], match["code"], message, hint))
        else:
            return overrides, expected
    return overrides, expected


def say_the_same(problems, expected):
    """Whether these are the expected problems, no more and no fewer."""
    found = [(p.span.file, f"{p.span.line}:{p.span.column}", p.code) for p in problems]
    assert expected
    assert found == [e[:3] for e in expected]
    for problem, (_, _, _, message, hint) in zip(problems, expected, strict=True):
        assert problem.message.startswith(message)
        assert (*problem.hints, "")[0] == hint


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_has_exactly_its_problems(name, monkeypatch):
    """Every problem has its place, code, message and hint, and there are no others."""
    monkeypatch.chdir(GOLDEN)
    overrides, expected = expectations(Path(name))

    checked, problems = api.read(Path(name), overrides)

    say_the_same(problems, expected)
    assert (checked is None) == bool(errors_in(problems))


@pytest.mark.parametrize("name", LINTED)
def test_a_file_is_warned_of_exactly_so(name, monkeypatch):
    """Every warning has its place, code, message and hint, and there are no others."""
    monkeypatch.chdir(LINT)
    overrides, expected = expectations(Path(name))

    problems = api.check(Path(name), overrides)

    say_the_same(problems, expected)


def test_every_code_has_a_bad_file():
    """No check of a strategy file is without a file that fails it."""
    said = {e[2] for name in FILES for e in expectations(GOLDEN / name)[1]}
    said |= {e[2] for name in LINTED for e in expectations(LINT / name)[1]}
    codes_of_data = {rule.ID for rule in DATA_RULES}  # their manuals' examples fail

    known = {
        *strategy.CODES,
        *codes.CODES,
        *graph.CODES,
        *one_for_all.CODES,
        *lint.CODES,
    }

    assert known - codes_of_data - said == set()


READABLE = [name for name in FILES if read_document(GOLDEN / name)[0] is not None]


@pytest.mark.parametrize("name", READABLE)
def test_draft_7_editors_say_the_same_of_a_file(name):
    """The schema gives one verdict under draft-07 and 2020-12."""
    document, _ = read_document(GOLDEN / name)
    schema = load_schema("strategy")

    old = Draft7Validator(schema).iter_errors(document.data)
    new = Draft202012Validator(schema).iter_errors(document.data)

    assert sorted(e.message for e in old) == sorted(e.message for e in new)


def test_the_corpus_is_of_some_size():
    """A folder that lost its files does not pass for one that has no problems."""
    assert len(FILES) + len(LINTED) >= 150
