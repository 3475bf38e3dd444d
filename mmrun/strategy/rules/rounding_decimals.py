"""`decimals` belongs to the rounding nearest_even, which needs it.

PASS:
    quote: {rounding: {mode: nearest_even, decimals: 2}, ...}
    quote: {rounding: nearest, ...}

FAIL:
    quote: {rounding: {mode: nearest_even}, ...}
    quote: {rounding: {mode: outward, decimals: 2}, ...}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Scalar
from mmrun.problems import Problem, problem_at


ID = "MM139"
READS = ("quote.rounding.mode", "quote.rounding.decimals")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the mode without decimals, or at the decimals without need."""
    mode = document.at("quote", "rounding", "mode")
    decimals = document.at("quote", "rounding", "decimals")
    if not isinstance(mode, Scalar):
        return
    if mode.value == "nearest_even" and decimals is None:
        message = "rounding nearest_even has no decimals"
        hints = ("write `{mode: nearest_even, decimals: 2}`",)
        yield problem_at(mode.place, ID, message, hints=hints)
    elif mode.value != "nearest_even" and decimals is not None:
        message = f"rounding {mode.text} is to ticks and has no decimals"
        hints = ("remove decimals, or use nearest_even",)
        place = document.key_place("quote", "rounding", "decimals")
        yield problem_at(place, ID, message, hints=hints)
