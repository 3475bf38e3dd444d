"""`-s NAME=VALUE`: set a param, or any other value by its dotted path.

    -s edge=0.7                      the param edge (its value, if it is a section)
    -s risk.max_inventory=500        a key of the format, written in the file or not
    -s toxicity.picked_off.hold=5s   a key under a name the file has

Unknown names are errors with "did you mean". A bare number for a param that was written
with a unit (`5bps`) is in that unit. What an override sets stands, for problems, in the
file `<-s #2>`: the second -s of the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmrun.documents import (
    Document,
    Entry,
    Node,
    Scalar,
    Section,
    Source,
    TextPlace,
    did_you_mean,
    load_schema,
    read_text,
)
from mmrun.documents.keys import Keys
from mmrun.documents.nodes import leaves
from mmrun.problems import Problem, problem_at
from mmrun.strategy.values import written_unit


def apply_overrides(
    document: Document, overrides: Sequence[str]
) -> tuple[Document, tuple[Problem, ...]]:
    """The document with every override set, in the order given.

    Args:
        document: a resolved strategy file.
        overrides: texts of the form NAME=VALUE.
    """
    root: Node = document.root
    problems: list[Problem] = []
    for number, text in enumerate(overrides, 1):
        if not isinstance(root, Section):
            break
        override, found = _read(Source(f"<-s #{number}>", text))
        problems.extend(found)
        if override is not None:
            root, found = _apply(root, override)
            problems.extend(found)
    return Document(document.source, root), tuple(problems)


class _Part(NamedTuple):
    """One name of a dotted path and where it stands."""

    name: str
    place: TextPlace


class _Override(NamedTuple):
    """A path and the value to set there."""

    parts: tuple[_Part, ...]
    value: Node


_Problems = tuple[Problem, ...]


def _read(source: Source) -> tuple[_Override | None, _Problems]:
    """Take NAME=VALUE apart."""
    text = source.text
    equals = text.find("=")
    whole = TextPlace(source, 0, len(text), "", text)
    if equals < 1 or not text[equals + 1 :].strip():
        message = f"expected NAME=VALUE, got '{text}'"
        hints = ("for example -s edge=0.7 or -s risk.max_inventory=500",)
        return None, (problem_at(whole, "MM123", message, hints=hints),)
    value, problems = read_text(text, source.file, equals + 1)
    if value is None:
        return None, problems
    flow = text[equals + 1 :].lstrip()[0] in "[{"
    if not flow and not isinstance(value.root, Scalar):
        message = "expected one value, got keys or a list"
        hints = ("quote the value if ': ' or '- ' is part of it",)
        return None, (*problems, problem_at(whole, "MM123", message, hints=hints))
    return _Override(_parts(source, equals), value.root), problems


def _parts(source: Source, end: int) -> tuple[_Part, ...]:
    parts, start = [], 0
    for name in source.text[:end].split("."):
        place = TextPlace(source, start, start + len(name), "", name)
        parts.append(_Part(name.strip(), place))
        start += len(name) + 1
    return tuple(parts)


def _apply(root: Section, override: _Override) -> tuple[Section, _Problems]:
    """Set one override; the root as it was, and a problem, if that cannot be."""
    parts = override.parts
    keys = Keys.of(load_schema("strategy"))
    if len(parts) == 1:
        if parts[0].name in _params(root).entries:
            parts = (_Part("params", parts[0].place), *parts)
        elif parts[0].name not in keys.known:
            return root, (_unknown_param(root, parts[0]),)
    value = override.value
    if len(parts) == 2 and parts[0].name == "params":
        parts, value = _for_param(root, parts, value)
    try:
        return _set(root, parts, value, keys), ()
    except _NotThereError as error:
        return root, (error.problem,)


def _params(root: Section) -> Section:
    entry = root.entries.get("params")
    node = entry.node if entry else None
    return node if isinstance(node, Section) else Section({}, root.place)


def _for_param(
    root: Section, parts: tuple[_Part, ...], value: Node
) -> tuple[tuple[_Part, ...], Node]:
    """Where a param's number goes: a section keeps its unit and range."""
    entry = _params(root).entries.get(parts[1].name)
    if entry is None or isinstance(value, Section):
        return parts, value
    place = parts[1].place
    parts = (parts[0], _Part(parts[1].name, entry.key))
    if isinstance(entry.node, Section):
        old = entry.node.entries.get("value")
        if "unit" not in entry.node.entries and old is not None:
            return parts, _with_unit_of(old.node, value, entry)
        return (*parts, _Part("value", place)), value
    return parts, _with_unit_of(entry.node, value, entry)


def _with_unit_of(old: Node, value: Node, entry: Entry) -> Node:
    """A param with the value `value`, in the unit `old` was written in if it has none.

    The rest of the param, its range and doc, stays.
    """
    section = entry.node if isinstance(entry.node, Section) else None
    unit = written_unit(old)
    if section is None and (unit is None or written_unit(value) is not None):
        return value
    entries = dict(section.entries) if section else {}
    entries["value"] = Entry(entry.key, value)
    if unit is not None and isinstance(old, Scalar):
        entries["unit"] = Entry(entry.key, Scalar(unit.name, unit.name, old.place))
    return Section(entries, value.place)


class _NotThereError(Exception):
    """A path leads nowhere."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


def _set(node: Section, parts: tuple[_Part, ...], value: Node, keys: Keys) -> Section:
    """The section with `value` at a path; sections on the way are made if known."""
    part, rest = parts[0], parts[1:]
    entry = node.entries.get(part.name)
    if entry is None and part.name not in keys.known:
        raise _NotThereError(_unknown_key(node, part, keys))
    new = value
    if rest:
        below = entry.node if entry else Section({}, part.place)
        if not isinstance(below, Section):
            message = f"'{part.name}' is a value, it has no keys"
            raise _NotThereError(problem_at(part.place, "MM123", message))
        new = _set(below, rest, value, keys.under(part.name))
    key = entry.key if entry and rest else part.place
    return Section({**node.entries, part.name: Entry(key, new)}, node.place)


def _unknown_key(node: Section, part: _Part, keys: Keys) -> Problem:
    hints = did_you_mean(part.name, {*node.entries, *keys.known})
    return problem_at(part.place, "MM123", f"unknown name '{part.name}'", hints=hints)


def _unknown_param(root: Section, part: _Part) -> Problem:
    """A suggestion among params, or the dotted path that ends in the name."""
    dotted = {
        ".".join(map(str, path))
        for path, _ in leaves(root)
        if path[-1] == part.name and path[0] != "params"
    }
    hints = did_you_mean(part.name, _params(root).entries)
    if dotted:
        hints = (f"did you mean '{min(dotted)}'?",)
    return problem_at(part.place, "MM123", f"unknown param '{part.name}'", hints=hints)
