"""A test file from beginning to end.

1. Read it                                   lives in `read`.
For each test that is selected
2. read its strategy as its `set` leaves it  lives in `api`.
3. play it                                   lives in `play`.
4. compare moment by moment                  lives in `compare`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from mmrun import api
from mmrun.plan.compile import Checked
from mmrun.problems import Problem, errors_in, sorted_by_place
from mmrun.testing.compare import compare, compare_problems
from mmrun.testing.coverage import Coverage
from mmrun.testing.failure import Failure
from mmrun.testing.play import play
from mmrun.testing.read import read_tests
from mmrun.testing.spec import Test


#: What problems of -s give as their file.
_OVERRIDE = re.compile(r"<-s #([0-9]+)>\Z")


@dataclass(frozen=True, slots=True)
class Result:
    """One test's outcome: passed where it has neither failures nor problems."""

    test: Test
    failures: tuple[Failure, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def outcome(self) -> str:
        """`passed`, `failed`, or `broken` where it could not be tried."""
        if errors_in(self.problems):
            return "broken"
        return "failed" if self.failures else "passed"


@dataclass(slots=True)
class Ran:
    """A test file's results; none, and its problems, where it could not be read."""

    path: Path
    results: list[Result] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    strategy: Path | None = None


def run_file(
    path: Path,
    keyword: str,
    coverage: Mapping[Path, Coverage] | None,
    overrides: tuple[str, ...] = (),
) -> Ran:
    """Run the tests of a file whose names hold the keyword, whatever its case.

    Args:
        path: the test file.
        keyword: "" for all tests.
        coverage: where to note what was reached, by strategy; None: nowhere.
        overrides: what -s says, before each test's `set`.

    Raises:
        UsageError: the file is not there.
    """
    file, problems = read_tests(path)
    if file is None:
        return Ran(path, problems=problems)
    read = cache(api.read)
    own = Coverage() if coverage is None else coverage[file.strategy]
    plain, _ = read(file.strategy, overrides)
    if plain is not None:
        own.declare(plain)
    results = [
        run_test(
            test,
            *read(file.strategy, (*overrides, *test.overrides)),
            coverage=own,
            before=len(overrides),
        )
        for test in file.tests
        if keyword.lower() in test.name.lower()
    ]
    return Ran(path, results, problems, file.strategy)


def run_test(
    test: Test,
    checked: Checked | None,
    problems: tuple[Problem, ...],
    *,
    coverage: Coverage,
    before: int = 0,
) -> Result:
    """Run one test of a strategy as it was read, `before` settings being of others."""
    failures: tuple[Failure, ...] = ()
    if test.problems is not None:
        failures = compare_problems(test.problems, problems)
        if not test.moments:
            return Result(test, failures)
    if checked is None:
        return Result(test, failures, _placed(test, problems, before))
    seen = coverage.watch(checked)
    played, wrong = play(checked, test, seen)
    if played is None:
        return Result(test, failures, wrong)
    coverage.mark(checked.strategy, played.acted)
    for moment, shown in zip(test.moments, played.shown, strict=True):
        more, found = compare(checked, test, moment, shown)
        failures, wrong = failures + more, wrong + found
    return Result(test, failures, sorted_by_place(wrong))


def _placed(
    test: Test, problems: tuple[Problem, ...], before: int
) -> tuple[Problem, ...]:
    """The problems, those of settings at the settings: at the name, or at the value.

    `before` is how many settings of the command line come before the test's.
    """
    settings = list(test.settings.items())
    found = []
    for problem in problems:
        span = problem.span
        match = _OVERRIDE.match(span.file) if span else None
        index = int(match[1]) - 1 - before if match else -1
        if span and index >= 0:
            name, (key, value) = settings[index]
            place = key if span.column <= len(name) else value.place
            span = place.span()
            problem = replace(problem, span=span, snippet=place.line_text(span.line))
        found.append(problem)
    return tuple(found)
