"""YAML's syntax errors, said to someone who writes strategies.

libyaml names what its scanner missed; a row of `_SYMPTOMS` says what the person most
likely did, by libyaml's words and the source line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import yaml
from yaml.reader import ReaderError

from mmrun.documents.source import Source, TextPlace
from mmrun.problems import Problem, problem_at


class _Symptom(NamedTuple):
    """When `wording` is in YAML's message and `seen` holds, say `message`."""

    wording: str
    seen: Callable[[str, int], bool]
    message: str
    hint: str


def _char(wanted: str) -> Callable[[str, int], bool]:
    return lambda line, column: line[column : column + 1] in tuple(wanted)


def _anything(line: str, column: int) -> bool:
    del line, column
    return True


def _tab_before(line: str, column: int) -> bool:
    return "\t" in line[: column + 1] and not line[:column].strip()


def _colon_in_value(line: str, column: int) -> bool:
    return re.search(r":\s.*:(\s|$)", line[: column + 1]) is not None


_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)
_QUOTE = 'quote the whole value: "…"'
_SYMPTOMS = (
    _Symptom(
        "cannot start any token",
        _tab_before,
        "the line is indented with a tab; expected spaces",
        "replace the tab by spaces",
    ),
    _Symptom(
        "tab character that violates indentation",
        _anything,
        "the line is indented with a tab; expected spaces",
        "replace the tab by spaces",
    ),
    _Symptom(
        "cannot start any token", _char("@`%"), "a value cannot start with '{}'", _QUOTE
    ),
    _Symptom(
        "mapping values are not allowed",
        _colon_in_value,
        "': ' inside a value starts another key",
        _QUOTE,
    ),
    _Symptom(
        "mapping values are not allowed",
        _anything,
        "a key is not expected here",
        "indent it like the keys of its section",
    ),
    _Symptom(
        "sequence entries are not allowed",
        _anything,
        "'- ' at a value's start begins a list",
        _QUOTE,
    ),
    _Symptom(
        "could not find expected ':'",
        _anything,
        "expected `key: value` on the line before, found no ': '",
        "write a space after the colon",
    ),
    _Symptom(
        "quoted scalar",
        _anything,
        "the quoted text is not closed",
        "add the closing quote",
    ),
    _Symptom(
        "or ']'",
        _anything,
        "the list is not closed; expected ',' or ']'",
        'add "]"; quote values that hold brackets or commas',
    ),
    _Symptom(
        "or '}'",
        _anything,
        "the section is not closed; expected ',' or '}}'",
        'add "}"; quote values that hold braces or colons',
    ),
    _Symptom(
        "did not find expected node content",
        _anything,
        "expected a value, or the end of the list or section",
        'write a value, or close with "]" or "}"',
    ),
    _Symptom(
        "did not find expected key",
        _anything,
        "expected the next key or the end of the section",
        "indent it like the keys of its section; quote values that go on after a quote",
    ),
    _Symptom(
        "did not find expected '-' indicator",
        _anything,
        "expected another '- ' item or the end of the list",
        "a list and keys cannot share a level",
    ),
)


def syntax_problem(source: Source, start: int, error: yaml.YAMLError) -> Problem:
    """The `Problem` for an error of the YAML scanner or parser.

    Args:
        source: the text.
        start: where in it the YAML began.
        error: what libyaml raised.
    """
    if isinstance(error, ReaderError):
        return character_problem(source, start)
    index = _index(source, start, error)
    line_number, column = source.position(index)
    line = source.line_text(line_number)
    words = " ".join(
        str(part)
        for part in (getattr(error, "context", ""), getattr(error, "problem", ""))
        if part
    )
    place = TextPlace(source, index, min(index + 1, len(source.text)))
    for symptom in _SYMPTOMS:
        if symptom.wording in words and symptom.seen(line, column - 1):
            message = symptom.message.format(line[column - 1 : column])
            return problem_at(place, "MM101", message, hints=(symptom.hint,))
    return problem_at(
        place, "MM101", f"YAML cannot be read here: {words}", hints=(_QUOTE,)
    )


def _index(source: Source, start: int, error: yaml.YAMLError) -> int:
    """Where the error is: for an unclosed quote or bracket, where it opens."""
    words = str(getattr(error, "context", ""))
    opening = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None)
    if opening is not None and ("quoted" in words or "flow" in words):
        mark = opening
    offset = mark.index if mark is not None else 0
    return min(start + int(offset), len(source.text))


def character_problem(source: Source, start: int) -> Problem:
    """The `Problem` for a character that YAML does not allow; the scanner names none.

    Args:
        source: the text.
        start: where in it the YAML began.
    """
    match = _FORBIDDEN.search(source.text, start)
    index = match.start() if match else start
    found = ord(match[0]) if match else 0
    return problem_at(
        TextPlace(source, index, min(index + 1, len(source.text))),
        "MM100",
        f"expected text, got the control character U+{found:04X}",
        hints=("delete it",),
    )
