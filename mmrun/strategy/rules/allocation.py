"""Size is divided by weights that venues have, or by a formula; not by neither or both.

By weight, a venue's share is its weight over the sum of all, so one of them at least is
above 0. Beside a formula in `allocate.by` weights have no effect.

PASS:
    venues: {NASDAQ: {weight: 0.6}, IEX: {weight: 0.4}}

PASS:
    venues: {NASDAQ: {}, IEX: {}}
    allocate: {by: 1 / venue.spread}

FAIL:
    venues: {NASDAQ: {}, IEX: {}}
    allocate: {by: weight}

FAIL:
    venues: {NASDAQ: {weight: 0.6}, IEX: {weight: 0.4}}
    allocate: {by: 1 / venue.spread}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.documents.nodes import plain
from mmrun.problems import Problem, problem_at


ID = "MM144"
READS: tuple[str, ...] = ()


def check(document: Document) -> Iterator[Problem]:
    """A problem where no weight is above 0, a warning at each that is not read."""
    venues = document.at("venues")
    names = venues.entries if isinstance(venues, Section) else {}
    weights = {
        name: plain(node)
        for name in names
        if (node := document.at("venues", name, "weight")) is not None
    }
    by = document.at("allocate", "by")
    if by is not None and plain(by) != "weight":
        for name in weights:
            place = document.key_place("venues", name, "weight")
            message = "the weight has no effect: allocate.by is a formula"
            hints = ("leave it out, or write `by: weight`",)
            yield problem_at(place, ID, message, hints=hints, severity="warning")
    elif (weights or document.at("allocate")) and not any(
        isinstance(weight, int | float) and weight > 0 for weight in weights.values()
    ):
        path = ("allocate",) if document.at("allocate") else ("venues",)
        message = "nothing to divide the size by: no venue has a weight above 0"
        hints = ("write weight: 0.6 under venues, or a formula as allocate.by",)
        yield problem_at(document.key_place(*path), ID, message, hints=hints)
