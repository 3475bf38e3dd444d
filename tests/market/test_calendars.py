"""Sessions by an exchange's calendar, against the days the exchanges published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mmrun.market.calendars import calendar_between, calendar_names
from mmrun.market.sessions import TradingSession
from mmrun.problems import DataError


def noon(day: str) -> int:
    """Noon UTC of a date, ns."""
    moment = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 10**9


def hours(sessions: tuple[TradingSession, ...], timezone: str) -> list[str]:
    """Date, open and close in local time."""
    zone = ZoneInfo(timezone)

    def local(ts: int) -> str:
        return f"{datetime.fromtimestamp(ts / 1e9, zone):%m-%d %H:%M}"

    return [f"{s.date}: {local(s.open_ns)} to {local(s.close_ns)}" for s in sessions]


def test_a_holiday_has_no_session_and_the_day_after_thanksgiving_closes_early() -> None:
    """NYSE in Thanksgiving week of 2013: closed on the 28th, until 1 p.m. on the 29th.

    https://www.nyse.com/markets/hours-calendars
    """
    calendar = calendar_between("XNYS", noon("2013-11-27"), noon("2013-11-30"))

    assert calendar.timezone == "America/New_York"
    assert hours(calendar.sessions, calendar.timezone) == [
        "2013-11-26: 11-26 09:30 to 11-26 16:00",
        "2013-11-27: 11-27 09:30 to 11-27 16:00",
        "2013-11-29: 11-29 09:30 to 11-29 13:00",
    ]


def test_the_exchange_opens_at_the_same_local_hour_in_summer_time() -> None:
    """New York went to summer time on Sunday 2024-03-10: 14:30 UTC became 13:30."""
    calendar = calendar_between("XNYS", noon("2024-03-08"), noon("2024-03-11"))

    opens = [datetime.fromtimestamp(s.open_ns / 1e9, UTC) for s in calendar.sessions]

    assert [f"{moment:%a %H:%M}" for moment in opens] == [
        "Thu 14:30",
        "Fri 14:30",
        "Mon 13:30",
        "Tue 13:30",
    ]


def test_a_lunch_break_parts_a_day_and_new_years_eve_is_a_morning() -> None:
    """Hong Kong trades 9:30 to 12:00 and 13:00 to 16:00; on 2021-12-31 mornings alone.

    https://www.hkex.com.hk/Services/Trading-hours-and-Severe-Weather-Arrangements
    """
    calendar = calendar_between("XHKG", noon("2021-12-31"), noon("2021-12-31"))

    assert hours(calendar.sessions, calendar.timezone) == [
        "2021-12-30: 12-30 09:30 to 12-30 12:00",
        "2021-12-30: 12-30 13:00 to 12-30 16:00",
        "2021-12-31: 12-31 09:30 to 12-31 12:00",
    ]


def test_a_session_over_midnight_counts_to_the_day_it_closes_on() -> None:
    """Globex opens on Sunday at 17:00 in Chicago for Monday's session."""
    sunday = int(datetime(2013, 10, 6, 23, tzinfo=UTC).timestamp()) * 10**9

    calendar = calendar_between("CMES", sunday, sunday)

    assert calendar.sessions[-1].date == date(2013, 10, 7)
    assert hours(calendar.sessions[-1:], calendar.timezone) == [
        "2013-10-07: 10-06 17:00 to 10-07 17:00"
    ]


def test_days_a_calendar_does_not_know_are_refused() -> None:
    """Hong Kong's holidays are known from 1960 on."""
    with pytest.raises(DataError, match="XHKG does not know 1950-06-0"):
        calendar_between("XHKG", noon("1950-06-02"), noon("1950-06-03"))


def test_names_are_codes_and_usual_names() -> None:
    """The codes of ISO 10383 and what people call the exchanges."""
    assert {"XNYS", "NYSE", "XLON", "XTKS", "CMES", "24/7"} <= {*calendar_names()}
