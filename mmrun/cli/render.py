"""Problems as text for people, lines for editors, and JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmrun.problems import Problem, Span, errors_in, foremost


_RED, _YELLOW, _CYAN, _BOLD, _PLAIN = (
    "\033[31m",
    "\033[33m",
    "\033[36m",
    "\033[1m",
    "\033[0m",
)
_WIDEST_SNIPPET = 120
_BEFORE_CARET = 40


def full(problems: Iterable[Problem], color: bool) -> str:
    """Each problem with its source line and a caret below what it is about.

    Args:
        problems: at most 50 of a file are shown, and how many more there are.
        color: whether to use ANSI colours.

    Returns:
        The text without a last line break; empty for no problems.
    """
    shown, more = foremost(problems)
    blocks = [_full(problem, _paint if color else _no_paint) for problem in shown]
    return "\n".join(part for part in (*blocks, and_more(more)) if part)


def concise(problems: Iterable[Problem]) -> str:
    """One line a problem: `file:line:column: CODE message`."""
    shown, more = foremost(problems)
    lines = [f"{_where(p.span)}{p.code} {_printable(p.message)}" for p in shown]
    return "\n".join(part for part in (*lines, and_more(more)) if part)


def as_json(problems: Sequence[Problem]) -> str:
    """The object `check --format json` prints; its shape is fixed, version 1.

    `diagnostics` holds at most 50 of a file, `omitted` says how many more there are;
    `errors` and `warnings` count all.
    """
    errors = len(errors_in(problems))
    shown, more = foremost(problems)
    return json.dumps(
        {
            "version": 1,
            "valid": errors == 0,
            "errors": errors,
            "warnings": len(problems) - errors,
            "omitted": sum(more.values()),
            "diagnostics": [_record(problem) for problem in shown],
        },
        indent=2,
    )


def and_more(more: Mapping[str, int]) -> str:
    """A line for each file that has more problems than are shown; "" for none."""
    return "\n".join(
        f"{_printable(file) or 'elsewhere'}: and {_count(count, 'more problem')}"
        for file, count in more.items()
    )


def counts(problems: Sequence[Problem], files: int) -> str:
    """`2 errors, 1 warning in 3 files`, or `ok`."""
    errors = len(errors_in(problems))
    parts = [
        _count(number, noun)
        for number, noun in ((errors, "error"), (len(problems) - errors, "warning"))
        if number
    ]
    return f"{', '.join(parts)} in {_count(files, 'file')}" if parts else "ok"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _full(problem: Problem, paint: Any) -> str:
    mark = _RED if problem.severity == "error" else _YELLOW
    label = paint(f"{problem.severity}[{problem.code}]", mark)
    head = paint(_where(problem.span).rstrip(), _BOLD)
    first = f"{head} {label} {_printable(problem.message)}".lstrip()
    return "\n".join([first, *_below(problem, paint, mark)])


def _below(problem: Problem, paint: Any, mark: str) -> list[str]:
    """The source line, the caret with the first hint, and the other hints."""
    hints = [paint(f"help: {_printable(hint)}", _CYAN) for hint in problem.hints]
    if problem.span is None or not problem.snippet.strip():
        return [f"    {hint}" for hint in hints]
    text, start, end = _window(problem.snippet, problem.span)
    number = f"{problem.span.line:>6}"
    margin = " " * len(number)
    below = _carets(text, start, end, problem)
    under = " " * (len(below) - len(below.lstrip())) + paint(below.lstrip(), mark)
    lines = [f"{number} | {text}", f"{margin} | {' '.join([under, *hints[:1]])}"]
    return lines + [f"{margin} | {hint}" for hint in hints[1:]]


def _carets(text: str, start: int, end: int, problem: Problem) -> str:
    """Carets below a span of a line, or below its marks where all stand there."""
    stretches = [(start, end)]
    if problem.span is not None and problem.marks:
        shift = problem.span.column - start
        marked = [(m.column - shift, m.end_column - shift) for m in problem.marks]
        lines = {n for m in problem.marks for n in (m.line, m.end_line)}
        whole = lines == {problem.span.line} and marked[-1][1] <= len(text)
        stretches = marked if whole else stretches
    under = ""
    for first, last in stretches:
        under += " " * (_width(text[:first]) - len(under))
        under += "^" * max(_width(text[first:last]), 1)
    return under


def _window(snippet: str, span: Span) -> tuple[str, int, int]:
    """The part of a source line around a span, and the span within it, from 0."""
    start = min(span.column - 1, len(snippet))
    end = span.end_column - 1 if span.end_line == span.line else len(snippet)
    cut = 0 if len(snippet) <= _WIDEST_SNIPPET else max(0, start - _BEFORE_CARET)
    text = _printable(snippet)[cut : cut + _WIDEST_SNIPPET]
    return text.rstrip(), start - cut, max(min(end, cut + len(text)), start) - cut


def _where(span: Span | None) -> str:
    return f"{_printable(span.file)}:{span.line}:{span.column}: " if span else ""


def _record(problem: Problem) -> dict[str, object]:
    span = problem.span
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "hints": list(problem.hints),
        "snippet": problem.snippet,
    }


def _printable(text: str) -> str:
    """The text with tabs as spaces and without what would move a cursor."""
    return "".join(
        char
        if char.isprintable()
        else " "
        if char == "\t"
        else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def _width(text: str) -> int:
    """Columns of a terminal the text takes up."""
    return sum(
        0
        if unicodedata.combining(c)
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def _paint(text: str, code: str) -> str:
    return f"{code}{text}{_PLAIN}" if text else text


def _no_paint(text: str, code: str) -> str:
    del code
    return text
