"""The heartbeat is at least a millisecond.

A clock row is added after every heartbeat of silence, for up to a minute: at 1 ms that
is 60,000 rows for each pause in the data.

PASS:
    session: {heartbeat: 1s}

FAIL:
    session: {heartbeat: 1us}
    session: {heartbeat: 0}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document
from mmrun.problems import Problem, problem_at
from mmrun.strategy.values import duration_ns


ID = "MM140"
READS = ("session.heartbeat",)

SHORTEST_NS = 1_000_000


def check(document: Document) -> Iterator[Problem]:
    """A problem at a heartbeat that is too short."""
    node = document.at("session", "heartbeat")
    if node is not None and duration_ns(node) < SHORTEST_NS:
        message = "expected a heartbeat of 1ms or more"
        yield problem_at(node.place, ID, message, hints=("1s is the default",))
