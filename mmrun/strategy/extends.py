"""Resolve `extends:` into one tree in which every value still knows its own file.

Files are applied left to right, then the file itself. Sections merge deeply; lists and
values replace. `remove:` takes keys out of what is inherited, before the file's own
keys are laid over it. Paths are relative to the file that names them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from mmrun.documents import (
    Document,
    Entry,
    Items,
    Node,
    Scalar,
    Section,
    did_you_mean,
    read_document,
)
from mmrun.documents.words import closest
from mmrun.problems import Problem, problem_at


FORMAT_VERSION = 1
MAX_FILES = 50


def read_extended(path: Path) -> tuple[Document | None, tuple[Problem, ...]]:
    """Read a file and all it extends, merged.

    Returns:
        A document whose root has neither `extends` nor `remove`, None where the file
        or one of those it extends cannot be read; and what is wrong with them.

    Raises:
        OSError: the file itself cannot be opened.
    """
    chain = _Chain()
    document = chain.read(path, str(path))
    if document is None:
        return None, tuple(chain.problems)
    if not isinstance(document.root, Section):
        return document, tuple(chain.problems)
    root = chain.resolve(document, document.root, path, ())
    problems = tuple(chain.problems)
    return (Document(document.source, root) if root else None), problems


def files_behind(path: Path) -> tuple[Path, ...]:
    """The file and all it extends, as far as they can be read; missing ones too."""
    chain = _Chain()
    try:
        document = chain.read(path, str(path))
    except OSError:
        return (path,)
    if document is not None and isinstance(document.root, Section):
        chain.resolve(document, document.root, path, ())
    return (path, *chain.done)


def merge(base: Section, over: Section) -> Section:
    """`over` laid on `base`: sections merge deeply, everything else replaces."""
    entries = dict(base.entries)
    for name, entry in over.entries.items():
        below = entries.get(name)
        node: Node = entry.node
        if below and isinstance(below.node, Section) and isinstance(node, Section):
            node = merge(below.node, node)
        entries[name] = Entry(entry.key, node)
    return Section(entries, over.place)


def without(node: Section, path: tuple[str, ...]) -> Section | None:
    """The section without the key at a path; None if there is no such key."""
    entry = node.entries.get(path[0])
    if entry is None:
        return None
    entries = dict(node.entries)
    if len(path) == 1:
        del entries[path[0]]
        return Section(entries, node.place)
    inner = without(entry.node, path[1:]) if isinstance(entry.node, Section) else None
    if inner is None:
        return None
    entries[path[0]] = Entry(entry.key, inner)
    return Section(entries, node.place)


@dataclass(frozen=True, slots=True)
class _Hop:
    """A file on the way from the strategy to what it extends."""

    path: Path  #: absolute
    said: str  #: file:line of its `extends`


@dataclass
class _Chain:
    """The files read so far, each once, and what was wrong with them."""

    problems: list[Problem] = field(default_factory=list)
    done: dict[Path, Section | None] = field(default_factory=dict)
    opened: int = 0

    def read(self, path: Path, file: str) -> Document | None:
        """Read one file; None if it is not YAML or of another format version."""
        document, problems = read_document(path, file)
        self.problems.extend(problems)
        version = document.at("mmrun") if document else None
        if document is None or version is None:
            return document
        if isinstance(version, Scalar) and version.value == FORMAT_VERSION:
            return document
        found = "a section" if not isinstance(version, Scalar) else f"'{version.text}'"
        message = f"expected format version {FORMAT_VERSION}, got {found[:40]}"
        hints = (f"write `mmrun: {FORMAT_VERSION}`",)
        self._add(version, "MM120", message, hints)
        return None

    def resolve(
        self, document: Document, root: Section, path: Path, trail: tuple[_Hop, ...]
    ) -> Section | None:
        """The file's own keys laid over what it extends."""
        own = {k: e for k, e in root.entries.items() if k not in {"extends", "remove"}}
        inherited: Section | None = None
        broken = False
        for scalar in self._texts(root, "extends"):
            hop = _Hop(path.resolve(), f"{document.file}:{scalar.place.line}")
            base = self._base(document, scalar, path, (*trail, hop))
            broken = broken or base is None
            inherited = merge(inherited, base) if inherited and base else base
        if broken:
            return None
        inherited = self._remove(root, inherited or Section({}, root.place))
        return merge(inherited, Section(own, root.place))

    def _base(
        self, document: Document, scalar: Scalar, path: Path, trail: tuple[_Hop, ...]
    ) -> Section | None:
        """One extended file, resolved; None with a problem if it cannot be."""
        target = path.parent / scalar.text
        if self._is_circle(scalar, target, trail):
            return None
        if target.resolve() in self.done:
            return self.done[target.resolve()]
        name = os.path.normpath(Path(document.file).parent / scalar.text)
        found = self._open(scalar, target, name)
        section: Section | None = None
        if found is not None and isinstance(found.root, Section):
            section = self.resolve(found, found.root, target, trail)
        elif found is not None:
            self._add(found.root, "MM112", "expected a section of keys", ())
        self.done[target.resolve()] = section
        return section

    def _open(self, scalar: Scalar, target: Path, name: str) -> Document | None:
        self.opened += 1
        if self.opened > MAX_FILES:
            message = f"expected at most {MAX_FILES} files, got more"
            self._add(scalar, "MM122", message, ())
            return None
        try:
            return self.read(target, name)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file name"
            message = f"cannot read '{scalar.text}': {reason}"
            self._add(scalar, "MM122", message, _siblings(target))
            return None

    def _is_circle(self, scalar: Scalar, target: Path, trail: tuple[_Hop, ...]) -> bool:
        places = [hop.path for hop in trail]
        if target.resolve() not in places:
            return False
        hops = trail[places.index(target.resolve()) :]
        circle = " -> ".join([*(hop.said for hop in hops), scalar.text])
        message = f"files extend each other in a circle: {circle}"
        self._add(scalar, "MM121", message, ("remove one of these `extends`",))
        return True

    def _remove(self, root: Section, inherited: Section) -> Section:
        for scalar in self._texts(root, "remove"):
            path = tuple(scalar.text.split("."))
            left = without(inherited, path)
            if left is None:
                message = f"expected an inherited key, got '{scalar.text}'"
                self._add(scalar, "MM124", message, _near_keys(inherited, path))
            else:
                inherited = left
        return inherited

    def _texts(self, root: Section, key: str) -> list[Scalar]:
        """The text or texts under a key; anything else there is a problem."""
        entry = root.entries.get(key)
        if entry is None:
            return []
        node = entry.node
        nodes = list(node.items) if isinstance(node, Items) else [node]
        texts = [n for n in nodes if isinstance(n, Scalar) and isinstance(n.value, str)]
        if len(texts) < len(nodes):
            place = entry.key
            message = f"expected text or a list of texts under '{key}'"
            self.problems.append(problem_at(place, "MM112", message))
        return [scalar for scalar in texts if scalar.text]

    def _add(self, node: Node, code: str, message: str, hints: tuple[str, ...]) -> None:
        self.problems.append(problem_at(node.place, code, message, hints=hints))


def _siblings(target: Path) -> tuple[str, ...]:
    """The YAML files beside a missing one, for a suggestion."""
    try:
        match = closest(target.name, (p.name for p in target.parent.glob("*.yaml")))
    except (OSError, ValueError):
        return ()
    return (f"did you mean '{match}'?",) if match else ()


def _near_keys(section: Section, path: tuple[str, ...]) -> tuple[str, ...]:
    """A suggestion for the first part of a path that is not there."""
    node: Node | None = section
    for part in path:
        if not isinstance(node, Section):
            return ()
        if part not in node.entries:
            return did_you_mean(part, node.entries)
        node = node.entries[part].node
    return ()
