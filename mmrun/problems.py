"""What is wrong with a user's file is a value; what the program cannot do is raised.

A check returns `Problem`s; all of them are shown at once, sorted by place. Only
`mmrun.api` and the commands turn a list that holds an error into an exception:

    MmrunError                 exit code
    ├── StrategyError          1   the file has problems; carries them
    ├── UsageError             2   an argument is wrong, a strategy file is not there
    ├── DataError              3   market data is bad or missing
    └── NothingSelectedError   5   the selection matched nothing
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a text file; lines and columns count characters from 1.

    `end_column` is the column just after the last character.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: where it is, what was found, and what to do about it."""

    code: str  #: stable, `MM` and three digits; a code is never reused
    message: str  #: finding and expectation in one sentence
    span: Span | None = None  #: None when there is no text to point at
    hints: tuple[str, ...] = ()  #: remedies, the likeliest first
    severity: Severity = "error"
    snippet: str = ""  #: the source line at `span.line`, without its line break
    marks: tuple[Span, ...] = ()  #: the parts of `span` that do not go together


class Place(Protocol):
    """A scalar of a user's file: knows where each of its characters stands."""

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The span of characters `start` to `end` (exclusive) of the scalar's text."""
        ...

    def line_text(self, line: int) -> str:
        """The source line with that number (from 1), for a snippet."""
        ...


def problem_at(
    place: Place,
    code: str,
    message: str,
    *,
    hints: tuple[str, ...] = (),
    severity: Severity = "error",
    start: int = 0,
    end: int | None = None,
) -> Problem:
    """Make a `Problem` that points at characters `start` to `end` of a scalar."""
    span = place.span(start, end)
    return Problem(code, message, span, hints, severity, place.line_text(span.line))


def errors_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that stop a run, in the order given."""
    return tuple(p for p in problems if p.severity == "error")


def sorted_by_place(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by file, line, column and code, each once."""
    floor = Span("", 0, 0, 0, 0)
    return tuple(
        sorted(
            dict.fromkeys(problems), key=lambda p: (p.span or floor, p.code, p.message)
        )
    )


#: Problems of one file that are shown.
MOST_SHOWN = 50


def foremost(
    problems: Iterable[Problem],
) -> tuple[tuple[Problem, ...], dict[str, int]]:
    """At most 50 problems a file, in the order given, and how many more by file.

    Where there are too many, errors come before warnings.
    """
    ordered = tuple(problems)
    left: dict[str, int] = {}
    kept: set[int] = set()
    for index, problem in sorted(
        enumerate(ordered), key=lambda pair: pair[1].severity != "error"
    ):
        file = problem.span.file if problem.span else ""
        left[file] = left.get(file, MOST_SHOWN) - 1
        if left[file] >= 0:
            kept.add(index)
    shown = tuple(p for index, p in enumerate(ordered) if index in kept)
    return shown, {file: -count for file, count in left.items() if count < 0}


class MmrunError(Exception):
    """What the program cannot do, said to the user in a sentence."""

    exit_code = 4


class StrategyError(MmrunError):
    """A user's file has problems."""

    exit_code = 1

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted_by_place(problems)
        count = len(errors_in(self.problems))
        super().__init__(f"{count} problem{'' if count == 1 else 's'} found")


class UsageError(MmrunError):
    """An argument is wrong or names a file that is not there."""

    exit_code = 2


class DataError(MmrunError):
    """Market data is missing, truncated or cannot be right."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class NothingSelectedError(MmrunError):
    """The selection matched nothing."""

    exit_code = 5
