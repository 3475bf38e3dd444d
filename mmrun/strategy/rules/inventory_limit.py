"""A strategy says how much inventory it may hold, or that it has no limits.

PASS:
    risk: {max_inventory: 1000}
    risk: none

FAIL:
    risk: {stale_after: 10s}
    (no risk at all)
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at


ID = "MM131"
READS = ("risk.max_inventory",)


def check(document: Document) -> Iterator[Problem]:
    """A problem at `risk`, or at the file's first key where there is none."""
    risk = document.at("risk")
    limited = isinstance(risk, Section) and "max_inventory" in risk.entries
    unlimited = risk is not None and not isinstance(risk, Section)
    if not limited and not unlimited:
        yield problem_at(
            document.key_place("risk"),
            ID,
            "expected risk.max_inventory, found no inventory limit",
            hints=("write `risk: {max_inventory: 1000}`, or `risk: none`",),
        )
