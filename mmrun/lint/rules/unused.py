"""A param, let, input or reference that nothing reads.

What no quote field, rule or limit depends on has no effect, so that a sweep over it
changes nothing. Often a formula was meant to read it. Read it, or take it out. A file
with an unknown name (MM301) is passed over: that may be what was meant.

FAIL:
    params:
      edge: 5bps
      skew_factor: 1
    quote: {half_spread: edge, size: 100}

PASS:
    params:
      edge: 5bps
      skew_factor: 1
    quote:
      half_spread: edge
      reservation: fair - skew_factor * edge * (inventory / max_inventory)
      size: 100
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmrun.documents import Document, Node, Scalar, Section
from mmrun.documents.nodes import leaves
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM410"

_KINDS = {"params": "param", "let": "let", "inputs": "input", "references": "reference"}
#: Where formulas stand.
_READERS = (
    ("quote",),
    ("venues",),
    ("allocate",),
    ("toxicity",),
    ("risk", "target_inventory"),
)
#: A name that is not called, or the first part of a dotted one.
_NAME = re.compile(r"(?<![\w.])([a-z_][a-z0-9_]*)(?![\w(]|\s+\()")


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at each name that no output depends on."""
    if any(problem.code == "MM301" for problem in subject.problems):
        return
    document = subject.document
    lets = {name: _mentions(node) for name, node in _entries(document, "let")}
    read: set[str] = set()
    waiting = {
        name
        for path in _READERS
        if (node := document.at(*path)) is not None
        for name in _mentions(node)
    }
    while waiting:
        name = waiting.pop()
        read.add(name)
        waiting |= lets.get(name, set()) - read
    by_lets = {name for found in lets.values() for name in found}
    for section, kind in _KINDS.items():
        for name, _ in _entries(document, section):
            if name not in read:
                yield _unused(document, section, name, kind, by_let=name in by_lets)


def _unused(
    document: Document, section: str, name: str, kind: str, *, by_let: bool
) -> Problem:
    readers = "only lets that nothing reads read" if by_let else "nothing reads"
    return problem_at(
        document.key_place(section, name),
        ID,
        f"{readers} the {kind} '{name}'",
        hints=("read it in a formula, or take it out",),
        severity="warning",
    )


def _mentions(node: Node) -> set[str]:
    """Names in the formulas below a node, whether they can be parsed or not."""
    return {
        name
        for _, leaf in leaves(node)
        if isinstance(leaf, Scalar)
        for name in _NAME.findall(leaf.text)
    }


def _entries(document: Document, section: str) -> Iterator[tuple[str, Node]]:
    node = document.at(section)
    for name, entry in node.entries.items() if isinstance(node, Section) else ():
        yield name, entry.node
