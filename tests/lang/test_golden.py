"""What formulas mean, or what is wrong with them, as text a trader can review.

A case is a formula (`half_spread: 5bps` when it stands in that field) and below `---`
its unit, stage and meaning, or for each problem its code, the text it points at, the
message and the remedies.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrun.lang.check import Scope, check
from mmrun.lang.codes import CODES
from mmrun.lang.names import FIELDS
from mmrun.lang.parse import parse
from mmrun.lang.place import formula
from mmrun.lang.scope import describe
from mmrun.lang.show import show_expr
from mmrun.problems import Problem


FOLDER = Path(__file__).parents[1] / "golden" / "lang"


def blocks(name: str) -> list[tuple[str, str]]:
    """The cases of a golden file."""
    text = (FOLDER / name).read_text(encoding="utf-8").rstrip("\n")
    return [
        (given, expected)
        for given, _, expected in (
            b.partition("\n---\n") for b in text.split("\n===\n")
        )
    ]


def outcome(given: str, scope: Scope) -> str:
    """What a case's lower part says."""
    field, colon, rest = given.partition(": ")
    field, text = (field, rest) if colon and field in FIELDS else ("", given)
    written = formula(text)
    node, problems = parse(written)
    if node is not None:
        expr, problems = check(node, written, scope, field=field)
        if expr is not None:
            names = {id(bound): name for name, bound in scope.bindings.items()}
            meaning = show_expr(expr, names)
            lines = [f"{describe(expr.type)}, {expr.stage.name.lower()}: {meaning}"]
            return "\n".join(lines + [told(p, text) for p in problems])
    return "\n".join(told(problem, text) for problem in problems)


def told(problem: Problem, text: str) -> str:
    """A problem in lines: code, text, message, remedies."""
    assert problem.span is not None
    assert problem.code in CODES
    at = text[problem.span.column - 1 : problem.span.end_column - 1] or "end"
    lines = [f"{problem.code} at {at}: {problem.message}"]
    return "\n".join(lines + [f"  {hint}" for hint in problem.hints])


@pytest.mark.parametrize(("given", "expected"), blocks("check.case"))
def test_check(scope: Scope, given: str, expected: str) -> None:
    """Each formula has the unit and the meaning, or the problem, that its case says."""
    actual = outcome(given, scope)

    assert actual == expected


@pytest.mark.parametrize(("given", "expected"), blocks("syntax.case"))
def test_syntax(scope: Scope, given: str, expected: str) -> None:
    """Each syntax error points at its place and says what was expected there."""
    actual = outcome(given, scope)

    assert actual == expected
