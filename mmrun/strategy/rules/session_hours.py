"""A session opens before it closes, on the same day.

PASS:
    session: {timezone: America/New_York, open: "09:30", close: "16:00"}

FAIL:
    session: {open: "09:30"}
    session: {open: "16:00", close: "09:30"}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document
from mmrun.problems import Problem, problem_at
from mmrun.strategy.values import clock_seconds


ID = "MM137"
READS = ("session.open", "session.close")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the hour that is alone, or at a close not after the open."""
    opening, close = document.at("session", "open"), document.at("session", "close")
    if opening is None and close is None:
        return
    if opening is None or close is None:
        given, other = ("close", "open") if opening is None else ("open", "close")
        place = document.key_place("session", given)
        message = f"session has {given} without {other}"
        yield problem_at(place, ID, message, hints=(f"add `{other}:`",))
    elif clock_seconds(close) <= clock_seconds(opening):
        message = "expected the close after the open"
        hints = ("sessions over midnight are not known; use timezone to avoid one",)
        yield problem_at(close.place, ID, message, hints=hints)
