"""The tree of a YAML file: plain values, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mmrun.documents.scalars import Value
from mmrun.documents.source import Source, TextPlace


Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A number, text, true, false or nothing; `text` is as decoded from the file."""

    value: Value
    text: str
    place: TextPlace


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: TextPlace


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key's place and its value."""

    key: TextPlace
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A mapping; keys are text whatever they look like, in the file's order."""

    entries: Mapping[str, Entry]
    place: TextPlace


Node = Scalar | Items | Section


def plain(node: Node) -> object:
    """The node as plain lists, dicts and scalars."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {name: plain(entry.node) for name, entry in node.entries.items()}


def step(node: Node, part: str | int) -> Node | None:
    """The child of that key or index, None where there is none."""
    if isinstance(node, Section) and isinstance(part, str):
        entry = node.entries.get(part)
        return entry.node if entry else None
    if isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def at(node: Node, *path: str | int) -> Node | None:
    """The node at a path, None where there is none."""
    for part in path:
        found = step(node, part)
        if found is None:
            return None
        node = found
    return node


def key_place(root: Node, path: Path) -> TextPlace:
    """The place of the key of a path: of its last part that is a key."""
    while path:
        parent = at(root, *path[:-1])
        if isinstance(parent, Section) and path[-1] in parent.entries:
            return parent.entries[str(path[-1])].key
        path = path[:-1]
    return _head(root)


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every scalar, and every empty list and section, with its path."""
    if isinstance(node, Section) and node.entries:
        for name, entry in node.entries.items():
            yield from leaves(entry.node, (*path, name))
    elif isinstance(node, Items) and node.items:
        for index, item in enumerate(node.items):
            yield from leaves(item, (*path, index))
    else:
        yield path, node


def _head(root: Node) -> TextPlace:
    """The first key of a file, the place for what is wrong with all of it."""
    if isinstance(root, Section) and root.entries:
        return next(iter(root.entries.values())).key
    return root.place


@dataclass(frozen=True)
class Document:
    """A YAML file that could be read."""

    source: Source
    root: Node = field(repr=False)

    @cached_property
    def data(self) -> object:
        """The content as plain lists, dicts and scalars."""
        return plain(self.root)

    @property
    def file(self) -> str:
        """The file's name, as the user wrote it."""
        return self.source.file

    def at(self, *path: str | int) -> Node | None:
        """The node at a path, None where there is none."""
        return at(self.root, *path)

    def key_place(self, *path: str | int) -> TextPlace:
        """The place of the key of a path."""
        return key_place(self.root, path)
