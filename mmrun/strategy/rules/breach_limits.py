"""Limits that clip sizes have no effect where on_breach says that nothing is clipped.

PASS:
    risk: {max_inventory: 1000, max_position_value: 150000}
    risk: {max_inventory: 1000, on_breach: stop_all}

FAIL:
    risk: {max_inventory: 1000, on_breach: none, max_position_value: 150000}
    risk: {max_inventory: 1000, on_breach: stop_all, allow_short: false}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document
from mmrun.documents.nodes import plain
from mmrun.problems import Problem, problem_at


ID = "MM141"
READS = ("risk.on_breach", "risk.max_position_value", "risk.allow_short")


def check(document: Document) -> Iterator[Problem]:
    """A problem at each limit that would be passed over in silence."""
    policy = _value(document, "on_breach")
    if policy not in ("none", "stop_all"):
        return
    for key, idle in (("max_position_value", None), ("allow_short", True)):
        if _value(document, key) not in (idle, None):
            yield problem_at(
                document.key_place("risk", key),
                ID,
                f"{key} has no effect with on_breach: {policy}, which clips nothing",
                hints=(f"leave {key} out, or on_breach",),
            )


def _value(document: Document, key: str) -> object:
    node = document.at("risk", key)
    return None if node is None else plain(node)
