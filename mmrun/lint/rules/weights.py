"""Weights of venues that do not add to 1.

Weights are shares of the size. They are normalised, so 0.6 and 0.6 give each venue a
half; whoever reads the file would think otherwise, and a venue without a weight gets
nothing.

FAIL:
    venues:
      NASDAQ: {weight: 0.6}
      IEX: {weight: 0.6}

PASS:
    venues:
      NASDAQ: {weight: 0.6}
      IEX: {weight: 0.4}
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from mmrun.documents import Section
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM411"


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at the last weight, and at each venue that is left without one."""
    venues = subject.document.at("venues")
    by = subject.value("allocate", "by")
    if not isinstance(venues, Section) or by not in (None, "weight"):
        return
    weights = {
        name: subject.number("venues", name, "weight") for name in venues.entries
    }
    given = {name: weight for name, weight in weights.items() if weight is not None}
    if not given:
        return
    total = sum(given.values())
    if not math.isclose(total, 1.0, abs_tol=1e-6):
        shares = ", ".join(f"{n} {w / total:.3g}" for n, w in given.items() if total)
        message = f"expected weights that add to 1, got {total:g}"
        hints = (f"they are normalised: {shares}",) if shares else ()
        place = subject.document.key_place("venues", list(given)[-1])
        yield problem_at(place, ID, message, hints=hints, severity="warning")
    for name in (name for name, weight in weights.items() if weight is None):
        place = subject.document.key_place("venues", name)
        message = f"{name} has no weight beside venues that do, and gets no size"
        hints = ("give it a weight, or take the venue out",)
        yield problem_at(place, ID, message, hints=hints, severity="warning")
