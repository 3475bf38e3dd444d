"""Test results as text for people, and as the object that `test --json` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmrun.problems import Problem
from mmrun.testing.coverage import Coverage
from mmrun.testing.failure import Failure
from mmrun.testing.run import Ran, Result


OUTCOMES = ("passed", "failed", "broken")


def failure_lines(failures: Sequence[Failure]) -> Iterator[str]:
    """Failures of a test with their places, and once for each moment what is behind."""
    said: set[tuple[str, str]] = set()
    for failure in failures:
        at = f" at {failure.at}" if failure.at else ""
        yield f"{failure.key}{at}: expected {failure.expected}, got {failure.got}"
        span = failure.place.span()
        yield f"    {span.file}:{span.line}:{span.column}"
        for behind in failure.behind:
            if (failure.at, behind.title) not in said:
                said.add((failure.at, behind.title))
                yield f"    {behind.title}"
                yield from (f"      {line}" for line in behind.lines)


def problem_line(problem: Problem) -> str:
    """A problem on one line."""
    span = problem.span
    where = f"{span.file}:{span.line}:{span.column}: " if span else ""
    return f"{where}{problem.code} {problem.message}"


def counted(results: Sequence[Result]) -> str:
    """`3 passed, 1 failed`."""
    counts = Counter(result.outcome for result in results)
    said = [f"{counts[name]} {name}" for name in OUTCOMES if counts[name]]
    return ", ".join(said) or "nothing selected"


def failed_lines(ran: Ran) -> Iterator[str]:
    """Every failed test of a file with its failures."""
    for result in ran.results:
        if result.outcome == "failed":
            place = result.test.place
            yield f"{place.file}:{place.line}: {result.test.name}"
            yield from (f"  {line}" for line in failure_lines(result.failures))


def coverage_lines(coverage: Mapping[Path, Coverage]) -> Iterator[str]:
    """Each strategy's part of rules and branches, and what was missed."""
    for path, covered in coverage.items():
        total, missed = len(covered.points), covered.missed
        share = f"{total - len(missed)} of {total} rules and branches"
        yield f"{path}  {covered.percent:.0f}%  {share}"
        yield from (f"  {point}" for point in missed)


def as_object(ran: Sequence[Ran], coverage: Mapping[Path, Coverage] | None) -> Any:
    """What `test --json` prints; `version` first."""
    results = [result for file in ran for result in file.results]
    counts = Counter(result.outcome for result in results)
    found: dict[str, Any] = {
        "version": 1,
        "tests": len(results),
        **{name: counts[name] for name in OUTCOMES},
        "files": [_file(file) for file in ran],
    }
    if coverage is not None:
        found["coverage"] = [
            {
                "strategy": str(path),
                "percent": covered.percent,
                "points": len(covered.points),
                "missed": [str(point) for point in covered.missed],
            }
            for path, covered in coverage.items()
        ]
    return found


def _file(ran: Ran) -> dict[str, Any]:
    return {
        "file": str(ran.path),
        "strategy": None if ran.strategy is None else str(ran.strategy),
        "problems": [problem_line(problem) for problem in ran.problems],
        "results": [_result(result) for result in ran.results],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.test.name,
        "line": result.test.place.line,
        "outcome": result.outcome,
        "failures": [_failure(failure) for failure in result.failures],
        "problems": [problem_line(problem) for problem in result.problems],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    span = failure.place.span()
    return {
        "key": failure.key,
        "at": failure.at or None,
        "expected": failure.expected,
        "got": failure.got,
        "line": span.line,
        "column": span.column,
        "behind": [asdict(behind) for behind in failure.behind],
    }
