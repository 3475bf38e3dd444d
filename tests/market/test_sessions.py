"""Sessions by hours, and the days they make."""

from __future__ import annotations

from datetime import UTC, date, datetime

from mmrun.market.calendars import calendar_between
from mmrun.market.sessions import TradingDay, days_between, days_of, sessions_between


def utc(text: str) -> int:
    """A UTC time as ns."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def test_hours_are_those_of_the_wall_clock_on_both_sides_of_a_time_change() -> None:
    """Frankfurt went to summer time on Sunday 2024-03-31: 8:00 UTC became 7:00."""
    sessions = sessions_between(
        utc("2024-03-28T12:00"),
        utc("2024-04-02T12:00"),
        timezone="Europe/Berlin",
        open_s=9 * 3600,
        close_s=17.5 * 3600 + 0.25,
    )

    assert [s.date.day for s in sessions] == [28, 29, 30, 31, 1, 2]
    assert sessions[0].open_ns == utc("2024-03-28T08:00")
    assert sessions[-1].open_ns == utc("2024-04-02T07:00")
    assert sessions[-1].close_ns == utc("2024-04-02T15:30") + 250_000_000


def test_days_begin_at_local_midnight() -> None:
    """In Tokyo the day begins at 15:00 UTC of the day before."""
    days = days_between(utc("2024-05-01T14:59"), utc("2024-05-01T15:01"), "Asia/Tokyo")

    assert days == (
        TradingDay(date(2024, 5, 1), utc("2024-04-30T15:00")),
        TradingDay(date(2024, 5, 2), utc("2024-05-01T15:00")),
    )


def test_the_day_of_an_evening_open_begins_with_it() -> None:
    """Monday on Globex begins on Sunday at 17:00 in Chicago, 22:00 UTC."""
    calendar = calendar_between(
        "CMES", utc("2013-10-04T12:00"), utc("2013-10-07T12:00")
    )

    days = days_of(calendar.sessions, calendar.timezone)

    assert TradingDay(date(2013, 10, 7), utc("2013-10-06T22:00")) in days


def test_two_halves_of_a_day_are_one_day() -> None:
    """Hong Kong's lunch break does not end the day."""
    calendar = calendar_between(
        "XHKG", utc("2022-01-04T12:00"), utc("2022-01-04T12:00")
    )

    days = days_of(calendar.sessions, calendar.timezone)

    assert len(calendar.sessions) == 2 * len(days)
    assert days[1] == TradingDay(date(2022, 1, 4), utc("2022-01-03T16:00"))
