"""A day drawn in the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmrun.cli.day_chart import draw
from mmrun.market.facts_day import DaySeries


NOON_NS = 1_704_110_400 * 10**9  # 2024-01-01T12:00Z
MINUTE_NS = 60 * 10**9


@pytest.fixture
def series():
    """Twelve minutes: a rise, two silent minutes, a fall."""
    mid = (10.0, 10.1, 10.25, 10.3, 10.4, None, None, 10.4, 10.3, 10.25, 10.1, 10.0)
    some = tuple(None if value is None else 4.0 for value in mid)
    rows = tuple(0 if value is None else 60 for value in mid)
    return DaySeries(
        start_ts=NOON_NS,
        interval_ns=MINUTE_NS,
        mid=mid,
        spread=(0.02, *some[1:]),
        bid_size=some,
        ask_size=some,
        rows=rows,
        trades=(0, 30, *[0] * 10),
        volume=(0.0,) * 12,
    )


def test_a_day_is_drawn_with_its_hours_and_silences(series):
    """Highs stand left of their lines; silent minutes are empty and marked."""
    assert draw(series, "UTC") == [
        "    mid, high          10.4     █  █",
        "                               ▄█  █▄",
        "                              ▆██  ██▆",
        "                              ███  ███",
        "                             ▅███  ███▅",
        "    mid, low             10 ▁████  ████▁",
        "    spread                4 ▁████  █████",
        "    bid size              4 █████  █████",
        "    ask size              4 █████  █████",
        "    rows a second         1 █████  █████",
        "    trades a second     0.5  █",
        "    no rows                      ░░",
        "                            ┴─────────┴─",
        "                            12:00     12:10",
    ]


def test_times_on_the_axis_are_of_the_timezone(series):
    """Kathmandu is 5:45 ahead: round times there, not in UTC."""
    assert draw(series, "Asia/Kathmandu")[-2:] == [
        "                            ─────┴──────",
        "                                 17:50",
    ]


def test_what_there_is_none_of_is_left_out(series):
    """No sizes, no trades, no silences: no lines."""
    none = (None,) * 12
    bare = replace(
        series, bid_size=none, ask_size=none, trades=(0,) * 12, rows=(5,) * 12
    )

    text = "\n".join(draw(bare, "UTC"))

    assert not any(word in text for word in ("size", "trades", "no rows"))


def test_a_day_that_stands_still_is_a_line(series):
    """One price all day is drawn at the bottom."""
    still = replace(series, mid=(10.0,) * 12)

    lines = draw(still, "UTC")

    assert lines[5].endswith(" 10 " + "▁" * 12)
    assert lines[1].strip() == ""


def test_a_day_without_a_book_shows_its_trades(series):
    """Neither mid nor spread, but rates and hours."""
    none = (None,) * 12
    bare = replace(series, mid=none, spread=none, bid_size=none, ask_size=none)

    lines = draw(bare, "UTC")

    assert lines[0].startswith("    rows a second")
