"""What a broken JSON Schema keyword is called, to someone who writes strategies.

One row of `_TELLERS` a keyword. A message says what is expected and what was found;
a hint says what to write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from mmrun.documents.nodes import Document, Path, Scalar
from mmrun.documents.source import TextPlace
from mmrun.documents.words import closest, did_you_mean
from mmrun.problems import Problem, problem_at


#: Unknown keys of one section for which a known one is looked for.
_SUGGESTIONS = 50


class Broken(NamedTuple):
    """A keyword of a schema that a value does not satisfy."""

    path: Path
    keyword: str
    wanted: Any  #: the keyword's value in the schema
    value: Any  #: the value found
    schema: Mapping[str, Any]  #: the subschema that holds the keyword
    fallback: str  #: the validator's own words


Told = tuple[Path, Problem]
Teller = Callable[[Document, Broken], Iterable[Told]]

_TYPES = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "object": "a section",
    "array": "a list",
    "null": "nothing",
}
_FORMS = {
    "minimum": "{} or more",
    "maximum": "{} or less",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "minLength": "text that is not empty",
    "pattern": "text like {}",
}
_SWITCHES = {"yes": "true", "on": "true", "y": "true"} | dict.fromkeys(
    ("no", "off", "n"), "false"
)
_LONGEST_QUOTED = 40


def say(document: Document, broken: Broken) -> Iterable[Told]:
    """The problems a broken keyword amounts to, each with the path it is about."""
    return _TELLERS.get(broken.keyword, _tell_other)(document, broken)


def show(value: object) -> str:
    """A plain value as one would write it on a line of YAML."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {show(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(show(v) for v in value) + "]"
    return json.dumps(value)


def _tell_unknown(document: Document, broken: Broken) -> Iterable[Told]:
    """One problem an unknown key, at the key."""
    if "patternProperties" in broken.schema:
        yield from _tell_misnamed(document, broken)
        return
    known = set(broken.schema.get("properties", ()))
    free = known - set(broken.value)
    unknown = [key for key in broken.value if key not in known]
    for index, key in enumerate(unknown):
        hints = did_you_mean(key, free) if index < _SUGGESTIONS else ()
        yield _at_key(document, broken, key, "MM110", f"unknown key '{key}'", hints)


def _tell_misnamed(document: Document, broken: Broken) -> Iterable[Told]:
    """One problem a name of the user's own that is not of the right form."""
    known = broken.schema.get("properties", ())
    patterns = broken.schema["patternProperties"]
    expected = broken.schema.get("x-mmrun-message", "another name")
    for key in broken.value:
        if key not in known and not any(re.search(p, key) for p in patterns):
            message = f"expected {expected}, got '{key}'"
            yield _at_key(document, broken, key, "MM114", message, _lowered(key))


def _lowered(key: str) -> tuple[str, ...]:
    name = re.sub("[^a-z0-9_]+", "_", key.lower()).strip("_")
    return (f"for example '{name}'",) if name[:1].isalpha() else ()


def _tell_missing(document: Document, broken: Broken) -> Iterable[Told]:
    """The missing key, at its section's own key; the validator tells one at a time."""
    key = next(k for k in broken.wanted if broken.fallback.startswith(f"{k!r} "))
    inside = ".".join(map(str, broken.path))
    where = f"in '{inside}'" if inside else "in the file"
    place = document.key_place(*broken.path)
    hints = _example(key, broken.schema.get("properties", {}).get(key, {}))
    message = f"missing key '{key}' {where}"
    yield (*broken.path, key), problem_at(place, "MM111", message, hints=hints)


def _example(key: str, schema: Mapping[str, Any]) -> tuple[str, ...]:
    examples = schema.get("examples", ())
    return (f"for example `{key}: {show(examples[0])}`",) if examples else ()


def _tell_word(document: Document, broken: Broken) -> Iterable[Told]:
    words = [show(word) for word in broken.wanted]
    expected = words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    yield _at_value(document, broken, "MM113", expected, _nearest(broken.value, words))


def _tell_type(document: Document, broken: Broken) -> Iterable[Told]:
    types = [broken.wanted] if isinstance(broken.wanted, str) else broken.wanted
    words = " or ".join(_TYPES[name] for name in types)
    expected = broken.schema.get("x-mmrun-message") or words
    # `no` is text in YAML 1.2; whoever wrote it beside a switch meant false.
    meant = _SWITCHES.get(str(broken.value).lower()) if "boolean" in types else None
    hints = (f"write {meant}",) if meant else ()
    yield _at_value(document, broken, "MM112", expected, hints)


def _tell_form(document: Document, broken: Broken) -> Iterable[Told]:
    """A pattern, a bound or a length."""
    words = _FORMS[broken.keyword].format(broken.wanted)
    expected = broken.schema.get("x-mmrun-message") or words
    hints = _nearest(broken.value, broken.schema.get("x-mmrun-words", ()))
    yield _at_value(document, broken, "MM114", expected, hints)


def _tell_other(document: Document, broken: Broken) -> Iterable[Told]:
    place = _place_of_value(document, broken.path)
    yield broken.path, problem_at(place, "MM114", broken.fallback)


_TELLERS: dict[str, Teller] = {
    "additionalProperties": _tell_unknown,
    "required": _tell_missing,
    "enum": _tell_word,
    "type": _tell_type,
} | dict.fromkeys(_FORMS, _tell_form)


def _at_key(
    document: Document,
    broken: Broken,
    key: str,
    code: str,
    message: str,
    hints: tuple[str, ...],
) -> Told:
    path = (*broken.path, key)
    return path, problem_at(document.key_place(*path), code, message, hints=hints)


def _at_value(
    document: Document,
    broken: Broken,
    code: str,
    expected: str,
    hints: tuple[str, ...],
) -> Told:
    message = f"expected {expected}, got {_describe(broken.value)}"
    place = _place_of_value(document, broken.path)
    return broken.path, problem_at(place, code, message, hints=hints)


def _place_of_value(document: Document, path: Path) -> TextPlace:
    """The value's place; its key's if the value is empty or many lines long."""
    node = document.at(*path)
    if isinstance(node, Scalar) and (node.text or node.place.style):
        return node.place
    return document.key_place(*path) if path or node is None else node.place


def _nearest(value: object, words: Iterable[str]) -> tuple[str, ...]:
    match = closest(value, words) if isinstance(value, str) else None
    return (f"did you mean '{match}'?",) if match else ()


def _describe(value: object) -> str:
    """What was found, in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        short = len(value) <= _LONGEST_QUOTED
        return f"'{value if short else value[: _LONGEST_QUOTED - 1] + '…'}'"
    if isinstance(value, dict):
        return "a section"
    return "a list" if isinstance(value, list) else show(value)
