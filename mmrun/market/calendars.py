"""Exchange calendars: when an exchange traded, its holidays and early closes included.

The calendars are those of exchange_calendars, which is imported here alone. It brings
pandas, so that only a strategy that names a calendar waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mmrun.market.sessions import TradingSession, local_date
from mmrun.problems import DataError


#: Days asked for on both sides of a span, tried in turn: a calendar cannot be made of
#: days without a session, nor of days before and after those it knows.
_AROUND = (30, 1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """An exchange's sessions around a span of time."""

    timezone: str
    sessions: tuple[TradingSession, ...]  #: in time order


def calendar_names() -> tuple[str, ...]:
    """The names of all calendars: ISO 10383 codes such as XNYS, and usual names."""
    from exchange_calendars import get_calendar_names

    return tuple(get_calendar_names(include_aliases=True))


def calendar_between(name: str, first_ts: int, last_ts: int) -> Calendar:
    """The sessions of an exchange on every day that a span of time touches.

    A lunch break parts a day into two sessions. A session over midnight counts to the
    day it closes on, so that of the day after the span is one of them.

    Raises:
        DataError: the calendar does not reach that far back or ahead.
    """
    days = [local_date(ts, ZoneInfo("UTC")) for ts in (first_ts, last_ts)]
    first, last = days[0] - timedelta(days=1), days[1] + timedelta(days=1)
    found = _calendar(name, first, last)
    rows = found.schedule.loc[first.isoformat() : last.isoformat()].itertuples()
    sessions = tuple(session for row in rows for session in _parts(row))
    return Calendar(str(found.tz), sessions)


def _calendar(name: str, first: date, last: date) -> Any:
    from exchange_calendars import get_calendar
    from exchange_calendars.errors import CalendarError

    error: Exception | None = None
    for days in _AROUND:
        around = timedelta(days=days)
        try:
            return get_calendar(name, start=first - around, end=last + around)
        except (ValueError, CalendarError) as found:
            error = found
    message = f"the calendar {name} does not know {first} to {last}: {error}"
    raise DataError(message, hint="write timezone, open and close") from error


def _parts(row: Any) -> Iterator[TradingSession]:
    """A row of a schedule as one session, or as those before and after its break."""
    day = row.Index.date()
    opens, closes = row.open.value, row.close.value
    if row.break_start == row.break_start:  # a missing time equals nothing
        yield TradingSession(day, opens, row.break_start.value)
        opens = row.break_end.value
    yield TradingSession(day, opens, closes)
