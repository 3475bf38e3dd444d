"""Trading hours: the sessions of the days a tape spans, and local time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TradingSession:
    """From an open to a close, ns since 1970 UTC."""

    date: date  #: the day it counts to: of a session over midnight, the later one
    open_ns: int
    close_ns: int


@dataclass(frozen=True, slots=True)
class TradingDay:
    """A date and when it begins, ns since 1970 UTC; it ends where the next begins."""

    date: date
    start_ns: int


def sessions_between(
    first_ts: int, last_ts: int, *, timezone: str, open_s: float, close_s: float
) -> tuple[TradingSession, ...]:
    """The sessions of every local day that a span of time touches.

    `open_s` and `close_s` are seconds of wall-clock time after local midnight, so that
    a session opens at the same hour before and after a change to summer time.
    """
    zone = ZoneInfo(timezone)
    return tuple(
        TradingSession(day, wall_ns(day, open_s, zone), wall_ns(day, close_s, zone))
        for day in _dates(first_ts, last_ts, zone)
    )


def days_between(first_ts: int, last_ts: int, timezone: str) -> tuple[TradingDay, ...]:
    """The days from one local midnight to the next that a span of time touches."""
    zone = ZoneInfo(timezone)
    dates = _dates(first_ts, last_ts, zone)
    return tuple(TradingDay(day, wall_ns(day, 0.0, zone)) for day in dates)


def days_of(
    sessions: Iterable[TradingSession], timezone: str
) -> tuple[TradingDay, ...]:
    """The days of sessions in time order, each once.

    A day begins at its local midnight, or where its first session opens earlier (Globex
    opens on the evening before) at that open.
    """
    zone = ZoneInfo(timezone)
    starts: dict[date, int] = {}
    for session in sessions:
        midnight = wall_ns(session.date, 0.0, zone)
        starts.setdefault(session.date, min(midnight, session.open_ns))
    return tuple(TradingDay(day, start) for day, start in starts.items())


def _dates(first_ts: int, last_ts: int, zone: ZoneInfo) -> Iterable[date]:
    first, last = local_date(first_ts, zone), local_date(last_ts, zone)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def local_date(ts: int, zone: ZoneInfo) -> date:
    """The date in a time zone at a time in ns."""
    return datetime.fromtimestamp(ts // SECOND_NS, zone).date()


def wall_ns(day: date, seconds: float, zone: ZoneInfo) -> int:
    """A local wall-clock time as ns since 1970 UTC."""
    whole = int(seconds)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (local, on purpose)
    local = (midnight + timedelta(seconds=whole)).replace(tzinfo=zone)
    since = local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    fraction = round((seconds - whole) * SECOND_NS)
    return (since.days * 86_400 + since.seconds) * SECOND_NS + fraction


def utc_offset(timezone: str) -> Callable[[int], int]:
    """A function from a UTC time in ns to the ns to add for local time."""
    zone = ZoneInfo(timezone)

    def offset(ts: int) -> int:
        moment = datetime.fromtimestamp(ts // SECOND_NS, zone).utcoffset()
        assert moment is not None  # a ZoneInfo always has one
        return int(moment.total_seconds()) * SECOND_NS

    return offset
