"""Windows that start over each session need sessions.

PASS:
    session: {calendar: XNYS, reset_windows: true}
    session: {open: "09:30", close: "16:00", reset_windows: true}

FAIL:
    session: {reset_windows: true}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document
from mmrun.documents.nodes import plain
from mmrun.problems import Problem, problem_at


ID = "MM143"
READS = ("session.reset_windows", "session.calendar", "session.open", "session.close")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the switch where one endless session opens once."""
    switch = document.at("session", "reset_windows")
    hours = [document.at("session", key) for key in ("calendar", "open", "close")]
    if switch is not None and plain(switch) is True and hours == [None] * 3:
        place = document.key_place("session", "reset_windows")
        message = "reset_windows has no effect without a calendar or hours"
        hints = ("name a calendar, or give open and close",)
        yield problem_at(place, ID, message, hints=hints)
