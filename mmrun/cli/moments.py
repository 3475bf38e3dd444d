"""Times for people: in a dataset's timezone, by integer arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clock(ts: int, timezone: str) -> str:
    """A time in ns since 1970 as date and time of day with milliseconds.

    >>> clock(1340285400004241176, "America/New_York")
    '2012-06-21 09:30:00.004'
    """
    moment = _EPOCH + timedelta(microseconds=ts // 1_000)
    local = moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    return local.isoformat(" ", "milliseconds")
