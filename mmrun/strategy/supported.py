"""What the format has and the engine does not run yet: one table, never silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mmrun.documents import Document, Node, Section
from mmrun.documents.nodes import plain
from mmrun.problems import Problem, problem_at


def _any(value: object) -> bool:
    return value not in ({}, [], None)


def _other_than(*values: object) -> Callable[[object], bool]:
    return lambda value: value not in values


def _is_true(value: object) -> bool:
    return value is True


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A dotted path (`*` is any name) and the values there that do not run."""

    path: str
    what: str
    when: Callable[[object], bool] = _any
    hint: str = "leave it out for now"


UNSUPPORTED = (
    Unsupported("venues.use", "a file of venues", hint="write the venue here"),
    Unsupported("venues.*.quote", "quote keys per venue"),
    Unsupported("venues.*.max_inventory", "inventory limits per venue"),
    Unsupported("venues.*.inverse", "inverse contracts", _is_true),
    Unsupported("venues.*.currency", "a venue's currency"),
    Unsupported("venues.*.maker_fee.tiers", "fee tiers", hint="write one rate"),
    Unsupported("venues.*.maker_rebate.tiers", "rebate tiers", hint="write one rate"),
    Unsupported("venues.*.taker_fee.tiers", "fee tiers", hint="write one rate"),
    Unsupported("risk.max_requests_per_second", "max_requests_per_second"),
    Unsupported("accounting.cost_basis", "other cost bases", _other_than("average")),
)


def unsupported(document: Document) -> Iterator[Problem]:
    """A problem at each key of the document that does not run yet."""
    for row in UNSUPPORTED:
        for path, node in _matches(document.root, tuple(row.path.split("."))):
            if row.when(plain(node)):
                place = document.key_place(*path)
                message = f"{row.what}: in the format, but not supported yet"
                yield problem_at(place, "MM190", message, hints=(row.hint,))


def _matches(
    node: Node, parts: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Node]]:
    """The nodes at a path, each with its own path."""
    if not parts:
        yield (), node
    elif isinstance(node, Section):
        for name, entry in node.entries.items():
            if parts[0] in {"*", name}:
                for path, found in _matches(entry.node, parts[1:]):
                    yield (name, *path), found
