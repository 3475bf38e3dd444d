"""Comments that take warnings back.

    half_spread: edge     # mmrun: ignore MM432 the rebate of the other leg pays for it
    # mmrun: ignore MM432, MM430
    half_spread: edge
    # mmrun: ignore-file MM410

A comment covers what begins on its line, or, on a line of its own, on the next one; of
a text over several lines, all of it. Only warnings can be suppressed: a file with an
error does not run. What is wrong with a comment, or left over, is a warning itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mmrun.documents import Document, Items, Node, Scalar, Section
from mmrun.documents.source import Source, TextPlace
from mmrun.problems import Problem, errors_in, problem_at


CODES = {
    "MM401": "a suppression that names no warning",
    "MM402": "a suppression that suppresses nothing",
}

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*mmrun:[ \t]*([^\r\n]*)", re.MULTILINE)
_IGNORE = re.compile(
    r"(ignore(?:-file)?)\b[ \t]*((?:MM\d{3}(?!\w)(?:[ \t]*,[ \t]*|[ \t]+)?)*)"
)
_CODE = re.compile(r"MM\d{3}")
#: Codes suppressed in one file; lines looked through for what a comment is above of.
MOST = 200
_FURTHEST = 50


@dataclass(frozen=True, slots=True)
class Suppression:
    """One code of one comment."""

    code: str
    place: TextPlace
    lines: range  #: of the file; those a problem must begin on


def suppressed(
    problems: Sequence[Problem],
    document: Document,
    known: Collection[str],
    *,
    judged: Collection[str],
) -> tuple[Problem, ...]:
    """The problems without suppressed warnings, and what is wrong with comments.

    Args:
        problems: all that was found, in any file the document is made of.
        document: whose comments count, with those of the files it extends.
        known: the codes of warnings there are.
        judged: the codes that were looked for, so that a suppression of one of them
            that suppressed nothing is left over.
    """
    kept, wrong = list(problems), []
    for source in _sources(document):
        found, misused = _read(source, document, known)
        used = {
            each
            for each in found
            for problem in problems
            if _covers(each, source, problem)
        }
        kept = [p for p in kept if not any(_covers(s, source, p) for s in used)]
        wrong += misused
        if source is document.source and not errors_in(problems):
            wrong += [
                _left_over(s) for s in found if s not in used and s.code in judged
            ]
    return (*kept, *wrong)


def _covers(suppression: Suppression, source: Source, problem: Problem) -> bool:
    span = problem.span
    return (
        problem.code == suppression.code
        and problem.severity == "warning"
        and span is not None
        and span.file == source.file
        and span.line in suppression.lines
    )


def _read(
    source: Source, document: Document, known: Collection[str]
) -> tuple[list[Suppression], list[Problem]]:
    """A file's suppressions, and what is wrong with them."""
    found: list[Suppression] = []
    wrong: list[Problem] = []
    if "mmrun:" not in source.text:
        return found, wrong
    texts = _Texts(source, document)
    for match in _COMMENT.finditer(source.text):
        if texts.hold(match.start()):
            continue
        if len(found) + len(wrong) >= MOST:
            place = TextPlace(source, match.start(), match.end())
            message = f"expected at most {MOST} suppressions in a file"
            wrong.append(problem_at(place, "MM401", message, severity="warning"))
            break
        place = TextPlace(source, match.start(), match.end())
        parsed = _IGNORE.match(match[1])
        codes = _CODE.findall(parsed[2]) if parsed else []
        lines = _lines(source, match.start(), texts)
        if parsed and parsed[1] == "ignore-file":
            lines = range(1, source.text.count("\n") + 2)
        wrong += _misuses(place, codes, known, ignoring=parsed is not None)
        found += [Suppression(c, place, lines) for c in codes if c in known]
    return found, wrong


def _misuses(
    place: TextPlace, codes: list[str], known: Collection[str], *, ignoring: bool
) -> Iterator[Problem]:
    if not ignoring or not codes:
        message = "expected `# mmrun: ignore` and codes of warnings"
        hint = "write `# mmrun: ignore MM432`, or ignore-file for the whole file"
        yield problem_at(place, "MM401", message, hints=(hint,), severity="warning")
    for code in codes:
        if code not in known:
            message = f"{code} is not a warning: only warnings can be suppressed"
            hint = "correct what is wrong, or the code"
            yield problem_at(place, "MM401", message, hints=(hint,), severity="warning")


def _left_over(suppression: Suppression) -> Problem:
    return problem_at(
        suppression.place,
        "MM402",
        f"there is no {suppression.code} here to suppress",
        hints=("take the comment out",),
        severity="warning",
    )


class _Texts:
    """Where the texts of a file are, in which # begins no comment."""

    def __init__(self, source: Source, document: Document) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._last: dict[int, int] = {}  # line of a key to the last of its text
        scalars = [
            (node.place.start, node.place.end, (key or node.place).line)
            for key, node in _nodes(document.root)
            if isinstance(node, Scalar) and node.place.source is source
        ]
        for start, end, line in sorted(scalars):
            self._starts.append(start)
            self._ends.append(end)
            last = source.position(max(end - 1, start))[0]
            self._last[line] = max(last, self._last.get(line, 0))

    def hold(self, index: int) -> bool:
        """Whether a character of the file is a part of some text."""
        place = bisect_right(self._starts, index) - 1
        return place >= 0 and self._starts[place] < index < self._ends[place]

    def last_line(self, line: int) -> int:
        """The last line of what begins on a line."""
        return max(line, self._last.get(line, line))


def _lines(source: Source, start: int, texts: _Texts) -> range:
    """The lines that a comment covers."""
    line, column = source.position(start)
    if not source.line_text(line)[: column - 1].strip():
        line = _next_line(source, line)
    return range(line, texts.last_line(line) + 1)


def _next_line(source: Source, line: int) -> int:
    """The next line that is neither empty nor a comment."""
    for below in range(line + 1, line + _FURTHEST):
        text = source.line_text(below).strip()
        if text and not text.startswith("#"):
            return below
    return line


def _sources(document: Document) -> list[Source]:
    """The files a document is made of, itself first."""
    found = {id(document.source): document.source}
    for key, node in _nodes(document.root):
        for place in (key, node.place):
            if place is not None:
                found.setdefault(id(place.source), place.source)
    return list(found.values())


def _nodes(root: Node) -> Iterator[tuple[TextPlace | None, Node]]:
    """Every node with the place of its key; nodes behind aliases once."""
    stack: list[tuple[TextPlace | None, Node]] = [(None, root)]
    seen: set[int] = set()
    while stack:
        key, node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield key, node
        if isinstance(node, Section):
            stack += [(entry.key, entry.node) for entry in node.entries.values()]
        elif isinstance(node, Items):
            stack += [(None, item) for item in node.items]
