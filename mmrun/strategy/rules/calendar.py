"""A session's calendar is one that is known, and stands without hours of its own.

PASS:
    session: {calendar: XNYS}

FAIL:
    session: {calendar: XNYX}
    session: {calendar: XNYS, open: "09:30", close: "16:00"}
    session: {calendar: XNYS, timezone: America/New_York}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Scalar
from mmrun.documents.words import closest
from mmrun.problems import Problem, problem_at


ID = "MM142"
READS = ("session.calendar",)

_CODES = "calendars bear ISO 10383 codes, such as XNYS, XLON and XTKS; also 24/7"


def check(document: Document) -> Iterator[Problem]:
    """A problem at a calendar nobody knows, or at each key it already answers."""
    calendar = document.at("session", "calendar")
    if not isinstance(calendar, Scalar):
        return
    yield from _unknown(calendar)
    for key in ("timezone", "open", "close"):
        if document.at("session", key) is not None:
            place = document.key_place("session", key)
            message = f"session has {key} beside a calendar, which says it too"
            hints = (f"remove {key}, or the calendar",)
            yield problem_at(place, ID, message, hints=hints)


def _unknown(calendar: Scalar) -> Iterator[Problem]:
    from mmrun.market.calendars import calendar_names

    known = calendar_names()
    if calendar.text not in known:
        message = f"expected an exchange calendar such as XNYS, got '{calendar.text}'"
        match = closest(calendar.text, known)
        hint = f"did you mean '{match}'?" if match else _CODES
        yield problem_at(calendar.place, ID, message, hints=(hint,))
