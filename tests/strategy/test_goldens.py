"""Bad strategy files and what is said of them.

The first lines of a `*.bad.yaml` are its expected problems, by place:
`# LINE:COLUMN CODE beginning of the message`, with `FILE:` before the line for another
file; lines `# -s NAME=VALUE` are overrides.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from mmrun import api, strategy
from mmrun.documents import load_schema, read_document
from mmrun.lang import codes
from mmrun.plan import graph
from mmrun.problems import errors_in


GOLDEN = Path(__file__).parent.parent / "golden" / "strategy"
FILES = sorted(path.name for path in GOLDEN.glob("*.bad.yaml"))
EXPECTED = re.compile(
    r"# (?:(?P<file>\S+?|<-s #\d+>):)?(?P<place>\d+:\d+) (?P<code>MM\d{3}) (?P<message>.*)"
)


def expectations(path):
    """Overrides, and (file, line:column, code, message) of each problem."""
    overrides, expected = [], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        match = EXPECTED.match(line)
        if line.startswith("# -s "):
            overrides.append(line.removeprefix("# -s "))
        elif match:
            name = match["file"] or path.name
            expected.append((name, match["place"], match["code"], match["message"]))
        else:
            return overrides, expected
    return overrides, expected


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_has_exactly_its_problems(name, monkeypatch):
    """Every problem has its place, code and message, and there are no others."""
    monkeypatch.chdir(GOLDEN)
    overrides, expected = expectations(Path(name))

    checked, problems = api.read(Path(name), overrides)

    found = [
        (p.span.file, f"{p.span.line}:{p.span.column}", p.code, p.message)
        for p in problems
    ]
    assert expected
    assert [f[:3] for f in found] == [e[:3] for e in expected]
    assert all(f[3].startswith(e[3]) for f, e in zip(found, expected, strict=True))
    assert (checked is None) == bool(errors_in(problems))


def test_every_code_has_a_bad_file():
    """No check of a strategy file is without a file that fails it."""
    said = {e[2] for name in FILES for e in expectations(GOLDEN / name)[1]}

    assert {*strategy.CODES, *codes.CODES, *graph.CODES} - said == set()


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
    assert len(FILES) >= 100
