"""When a run trades: the sessions of the days that its tape files hold, and those days.

Sessions on which no file has a row are left out: a weekend between two days of a tape,
or days that were not chosen, are no time in which nothing was quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mmrun.market.calendars import calendar_between
from mmrun.market.manifest import TapeFile
from mmrun.market.sessions import (
    TradingDay,
    TradingSession,
    days_between,
    days_of,
    local_date,
    sessions_between,
)
from mmrun.problems import NothingSelectedError


Files = Sequence[TapeFile]  #: in time order, at least one


@dataclass(frozen=True, slots=True)
class Schedule:
    """The sessions of a run."""

    timezone: str  #: of the hours; the dataset's where there are none
    sessions: tuple[TradingSession, ...] | None  #: None: one endless session
    days: tuple[TradingDay, ...]  #: what figures by the day are of; at least one

    @property
    def hours(self) -> tuple[tuple[int, int], ...] | None:
        """Opens and closes alone, ns."""
        if self.sessions is None:
            return None
        return tuple((session.open_ns, session.close_ns) for session in self.sessions)


def endless(files: Files, timezone: str) -> Schedule:
    """One session without end; its days are those of UTC."""
    days = days_between(*_span(files), "UTC")
    ends = [*(day.start_ns for day in days[1:]), _span(files)[1] + 1]
    held = [
        day
        for day, end in zip(days, ends, strict=True)
        if _has_rows(files, day.start_ns, end)
    ]
    return Schedule(timezone, None, tuple(held))


def by_hours(files: Files, timezone: str, open_s: float, close_s: float) -> Schedule:
    """Sessions of equal hours; seconds after local midnight.

    Raises:
        NothingSelectedError: the files have no row in them.
    """
    sessions = sessions_between(
        *_span(files), timezone=timezone, open_s=open_s, close_s=close_s
    )
    return _of_files(files, timezone, sessions, "the strategy")


def by_calendar(files: Files, name: str) -> Schedule:
    """Sessions of an exchange.

    Raises:
        DataError: the calendar does not know those days.
        NothingSelectedError: the files have no row in a session.
    """
    calendar = calendar_between(name, *_span(files))
    return _of_files(files, calendar.timezone, calendar.sessions, name)


def _of_files(
    files: Files, timezone: str, sessions: Iterable[TradingSession], whose: str
) -> Schedule:
    held = tuple(s for s in sessions if _has_rows(files, s.open_ns, s.close_ns))
    if not held:
        first, last = (local_date(ts, ZoneInfo(timezone)) for ts in _span(files))
        message = f"{whose} has no session from the data's first row to its last ({first} to {last})"
        raise NothingSelectedError(message)
    return Schedule(timezone, held, days_of(held, timezone))


def _span(files: Files) -> tuple[int, int]:
    return files[0].first_ts, files[-1].last_ts


def _has_rows(files: Files, start_ns: int, end_ns: int) -> bool:
    """Whether a file's first and last row leave room for one in a span of time."""
    return any(f.first_ts < end_ns and f.last_ts >= start_ns for f in files)
