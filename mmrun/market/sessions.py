"""Trading hours: the sessions of the days a tape spans, and local time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


SECOND_NS = 1_000_000_000
Sessions = tuple[tuple[int, int], ...]  #: (open, close) in ns since 1970 UTC, in order


def sessions_between(
    first_ts: int, last_ts: int, *, timezone: str, open_s: float, close_s: float
) -> Sessions:
    """The sessions of every local day that a span of time touches.

    `open_s` and `close_s` are seconds of wall-clock time after local midnight, so that
    a session opens at the same hour before and after a change to summer time.
    """
    zone = ZoneInfo(timezone)
    day = _local_day(first_ts, zone)
    last = _local_day(last_ts, zone)
    found = []
    while day <= last:
        found.append((_wall(day, open_s, zone), _wall(day, close_s, zone)))
        day += timedelta(days=1)
    return tuple(found)


def _local_day(ts: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(ts // SECOND_NS, zone).date()


def _wall(day: date, seconds: float, zone: ZoneInfo) -> int:
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
