"""A session's time zone is one of the IANA time zone database.

PASS:
    session: {timezone: America/New_York, open: "09:30", close: "16:00"}

FAIL:
    session: {timezone: New York, open: "09:30", close: "16:00"}
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from mmrun.documents import Document, Scalar
from mmrun.documents.words import closest
from mmrun.problems import Problem, problem_at


ID = "MM138"
READS = ("session.timezone",)


def check(document: Document) -> Iterator[Problem]:
    """A problem at a zone that is not there."""
    zone = document.at("session", "timezone")
    if not isinstance(zone, Scalar) or _exists(zone.text):
        return
    cities = {name.rsplit("/", 1)[-1]: name for name in sorted(available_timezones())}
    match = closest(zone.text.replace(" ", "_"), cities)
    hints = (f"did you mean '{cities[match]}'?",) if match else ()
    message = f"expected a time zone such as America/New_York, got '{zone.text}'"
    yield problem_at(zone.place, ID, message, hints=hints)


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return False
    return True
