"""What happens at an open or a close needs sessions.

PASS:
    session: {calendar: XNYS, reset_windows: true, flatten_before_close: 1min}
    session: {open: "09:30", close: "16:00", reset_windows: true}

FAIL:
    session: {reset_windows: true}
    session: {flatten_before_close: 1min}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document
from mmrun.documents.nodes import plain
from mmrun.problems import Problem, problem_at


ID = "MM143"
_KEYS = {"reset_windows": False, "flatten_before_close": "off"}  #: with what is idle
READS = (
    *(f"session.{key}" for key in _KEYS),
    "session.calendar",
    "session.open",
    "session.close",
)


def check(document: Document) -> Iterator[Problem]:
    """A problem at each such key where one endless session opens once."""
    hours = [document.at("session", key) for key in ("calendar", "open", "close")]
    for key, idle in _KEYS.items():
        node = document.at("session", key)
        if node is not None and plain(node) != idle and hours == [None] * 3:
            place = document.key_place("session", key)
            message = f"{key} has no effect without a calendar or hours"
            hints = ("name a calendar, or give open and close",)
            yield problem_at(place, ID, message, hints=hints)
