"""An input's stale_after is more than nothing.

A value is missing once it is `stale_after` old, so that with 0 none is ever seen.

PASS:
    inputs: {alpha: {unit: bps, stale_after: 2s}}

FAIL:
    inputs: {alpha: {unit: bps, stale_after: 0s}}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at
from mmrun.strategy.values import duration_ns


ID = "MM149"
READS = ("inputs",)


def check(document: Document) -> Iterator[Problem]:
    """A problem at each stale_after that nothing outlives."""
    inputs = document.at("inputs")
    for name in inputs.entries if isinstance(inputs, Section) else ():
        node = document.at("inputs", name, "stale_after")
        if node is not None and duration_ns(node) <= 0:
            message = f"with this stale_after '{name}' is never seen"
            hints = ("2s, for example; left out, values never grow stale",)
            yield problem_at(node.place, ID, message, hints=hints)
