"""Read YAML text into a `Document`; what is wrong with it comes as `Problem`s.

The scanner is libyaml's; the tree is built here from its events, because composing
inside libyaml recurses on the C stack (100,000 opening brackets end the process) and
because an alias may then be counted each time it is followed. Bounds: 1,000,000
characters, 50 levels, 20,000 nodes with aliases expanded.

    bytes → text (UTF-8) → events → nodes (duplicate keys, tags, scalars) → Document
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mmrun.documents.nodes import Document, Entry, Items, Node, Scalar, Section
from mmrun.documents.scalars import read_plain
from mmrun.documents.source import Source, TextPlace
from mmrun.documents.syntax import character_problem, syntax_problem
from mmrun.problems import Problem, Severity, problem_at


MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 20_000

#: An event of the YAML parser; its stubs leave out tags and anchors.
Event = Any

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _StopReadingError(Exception):
    """Ends the reading of a file at a problem after which nothing can be trusted."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


def read_document(
    path: Path, file: str | None = None
) -> tuple[Document | None, tuple[Problem, ...]]:
    """Read a YAML file.

    Args:
        path: the file.
        file: its name in problems; the path as given if left out.

    Returns:
        The document, None where it could not be read, and what is wrong with it.

    Raises:
        OSError: the file is missing or cannot be opened.
    """
    name = str(path) if file is None else file
    with path.open("rb") as stream:
        data = stream.read(4 * MAX_CHARACTERS + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, (_not_utf8(name, data, error),)
    return read_text(text, name)


def read_text(
    text: str, file: str, start: int = 0
) -> tuple[Document | None, tuple[Problem, ...]]:
    """Read YAML text, from character `start` on.

    Args:
        text: the whole text, which places refer to.
        file: the name it has in problems.
        start: where the YAML begins.
    """
    source = Source(file, text)
    if len(text) > MAX_CHARACTERS:
        place = TextPlace(source, 0, 0)
        message = f"expected at most {MAX_CHARACTERS:,} characters, got more"
        return None, (problem_at(place, "MM109", message),)
    reader = _Reader(source, start)
    try:
        root = reader.document()
    except _StopReadingError as stop:
        return None, (*reader.problems, stop.problem)
    except UnicodeEncodeError:  # half a surrogate pair, from a command line
        return None, (character_problem(source, start),)
    except yaml.YAMLError as error:
        return None, (syntax_problem(source, start, error),)
    return Document(source, root), tuple(reader.problems)


def _not_utf8(name: str, data: bytes, error: UnicodeDecodeError) -> Problem:
    before = data[: error.start].decode("utf-8-sig")
    source = Source(name, before + "\N{REPLACEMENT CHARACTER}")
    return problem_at(
        TextPlace(source, len(before), len(before) + 1),
        "MM100",
        f"expected UTF-8 text, got the byte 0x{data[error.start]:02x}",
        hints=("save the file as UTF-8",),
    )


@dataclass
class _Reader:
    """Builds nodes from one text's events."""

    source: Source
    start: int
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    nodes: int = 0

    def document(self) -> Node:
        """The root of the text's only document."""
        events = self._events()
        next(events)  # the stream's start
        if isinstance(next(events), yaml.StreamEndEvent):
            place = TextPlace(self.source, self.start, self.start)
            raise self._stop(place, "MM103", "the file is empty")
        root = self._node(next(events), events, 1)
        next(events)  # the document's end
        more = next(events)
        if not isinstance(more, yaml.StreamEndEvent):
            message = "expected one document in the file, got another one here"
            raise self._stop(self._place(more, "{"), "MM103", message)
        return root

    def _events(self) -> Iterator[Event]:
        text = self.source.text[self.start :] if self.start else self.source.text
        return iter(yaml.parse(text, Loader=_LOADER))

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        before = self.nodes
        self._count(event, 1, depth)
        self._refuse_tag(event)
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node, height = self._scalar(event), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            node, height = self._items(event, events, depth)
        else:
            node, height = self._section(event, events, depth)
        self.sizes[id(node)] = (self.nodes - before, height)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Event, depth: int) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            place = self._place(event, "")
            message = f"expected an anchor '&{event.anchor}' above, found none"
            hint = 'quote the value if a leading "*" was meant as text'
            raise self._stop(place, "MM101", message, hint)
        count, height = self.sizes[id(node)]
        self._count(event, count, depth + height - 1)
        return node

    def _count(self, event: Event, count: int, depth: int) -> None:
        self.nodes += count
        if depth > MAX_DEPTH:
            message = f"expected at most {MAX_DEPTH} levels, got more"
        elif self.nodes > MAX_NODES:
            message = f"expected at most {MAX_NODES:,} values, aliases included"
        else:
            return
        raise self._stop(self._place(event, "{"), "MM109", message)

    def _refuse_tag(self, event: Event) -> None:
        if event.tag is None:
            return
        name = event.tag.replace("tag:yaml.org,2002:", "!!")
        message = f"expected a plain value, got the tag {name}"
        hint = "remove the tag; quote the value if it is text"
        self._add(self._place(event, "{"), "MM104", message, hint)

    def _scalar(self, event: Event) -> Scalar:
        style = event.style or ""
        place = self._place(event, style, event.value)
        if style:
            return Scalar(event.value, event.value, place)
        reading = read_plain(event.value)
        if reading.code:
            self._add(place, reading.code, reading.message, reading.hint)
        return Scalar(reading.value, event.value, place)

    def _items(
        self, opening: Event, events: Iterator[Event], depth: int
    ) -> tuple[Items, int]:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                place = self._place(opening, "{", end=event)
                return Items(tuple(items), place), self._height(items)
            items.append(self._node(event, events, depth + 1))
        raise AssertionError("a sequence without an end")

    def _section(
        self, opening: Event, events: Iterator[Event], depth: int
    ) -> tuple[Section, int]:
        entries: dict[str, Entry] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                place = self._place(opening, "{", end=event)
                nodes = [entry.node for entry in entries.values()]
                return Section(entries, place), self._height(nodes)
            key = self._key(event, events, depth)
            node = self._node(next(events), events, depth + 1)
            if key is not None and not self._is_duplicate(entries, key):
                entries[key.decoded] = Entry(key, node)
        raise AssertionError("a mapping without an end")

    def _height(self, children: list[Node]) -> int:
        return 1 + max((self.sizes[id(child)][1] for child in children), default=0)

    def _key(
        self, event: Event, events: Iterator[Event], depth: int
    ) -> TextPlace | None:
        """The place of a key; None, with a problem, for what cannot be one."""
        node = self._node_quietly(event, events, depth)
        if not isinstance(node, Scalar):
            message = "expected a name as key, got a list or section"
            hint = 'quote the value if "{", "[" or "?" was meant as text'
            self._add(node.place, "MM115", message, hint)
            return None
        if node.text == "<<" and not node.place.style:
            hint = "use `extends:` to build on another file"
            self._add(node.place, "MM108", "merge keys (<<) are not read", hint)
            return None
        return node.place

    def _node_quietly(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        """A key's node; keys are text, so what is odd about a number is not said."""
        if isinstance(event, yaml.ScalarEvent):
            self._count(event, 1, depth + 1)
            self._refuse_tag(event)
            place = self._place(event, event.style or "", event.value)
            node = Scalar(event.value, event.value, place)
            if event.anchor is not None:
                self.anchors[event.anchor] = node
                self.sizes[id(node)] = (1, 1)
            return node
        return self._node(event, events, depth + 1)

    def _is_duplicate(self, entries: dict[str, Entry], key: TextPlace) -> bool:
        first = entries.get(key.decoded)
        if first is None:
            return False
        message = f"duplicate key '{key.decoded}', first at line {first.key.line}"
        column = first.key.span().column
        hint = (
            f"keep one of {first.key.line}:{column} and {key.line}:{key.span().column}"
        )
        self._add(key, "MM102", message, hint)
        return True

    def _place(
        self,
        event: Event,
        style: str,
        decoded: str = "",
        end: Event | None = None,
    ) -> TextPlace:
        last = (end or event).end_mark.index
        return TextPlace(
            self.source,
            self.start + event.start_mark.index,
            self.start + last,
            style,
            decoded,
        )

    def _add(self, place: TextPlace, code: str, message: str, hint: str) -> None:
        severity: Severity = "warning" if code in {"MM105", "MM107"} else "error"
        hints = (hint,) if hint else ()
        self.problems.append(
            problem_at(place, code, message, hints=hints, severity=severity)
        )

    def _stop(
        self, place: TextPlace, code: str, message: str, hint: str = ""
    ) -> _StopReadingError:
        hints = (hint,) if hint else ()
        return _StopReadingError(problem_at(place, code, message, hints=hints))
