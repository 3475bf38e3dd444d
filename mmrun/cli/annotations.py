"""Problems as workflow commands, which GitHub shows beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mmrun.problems import Problem, foremost


_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github(problems: Iterable[Problem]) -> str:
    """One command a problem, errors first: GitHub shows the first ten of a kind."""
    shown, more = foremost(problems)
    ordered = sorted(shown, key=lambda problem: problem.severity != "error")
    lines = [_command(problem) for problem in ordered]
    for file, count in more.items():
        text = f"{count} more problem{'' if count == 1 else 's'} in {file}"
        lines.append(f"::notice title=mmrun check::{_escaped(text, _DATA)}")
    return "\n".join(lines)


def _command(problem: Problem) -> str:
    properties = {**dict(_place(problem)), "title": problem.code}
    told = ",".join(f"{k}={_escaped(v, _PROPERTY)}" for k, v in properties.items())
    hints = (f"help: {hint}" for hint in problem.hints)
    text = _escaped("\n".join([problem.message, *hints]), _DATA)
    return f"::{problem.severity} {told}::{text}"


def _place(problem: Problem) -> Iterator[tuple[str, str]]:
    """Where it is; columns, both included, only where it ends on the same line."""
    span = problem.span
    if span is None:
        return
    yield "file", span.file.replace("\\", "/")
    yield "line", str(span.line)
    yield "endLine", str(span.end_line)
    if span.line == span.end_line:
        yield "col", str(span.column)
        yield "endColumn", str(max(span.end_column - 1, span.column))


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(char, char) for char in text)
