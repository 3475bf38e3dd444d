"""A day in equal intervals."""

from __future__ import annotations

import pytest

from mmrun.market.facts_day import INTERVALS, series_of
from mmrun.market.touch import touch_of


START_NS = 1_700_000_000 * 10**9
SECOND_NS = 10**9


def quote(second, bid, ask):
    return {
        "ts": START_NS + round(second * SECOND_NS),
        "kind": 0,
        "bid": bid,
        "bid_size": 4.0,
        "ask": ask,
        "ask_size": 6.0,
    }


def trade(second, size):
    ts = START_NS + round(second * SECOND_NS)
    return {"ts": ts, "kind": 3, "price": 10.0, "size": size, "side": 1}


def test_every_interval_has_its_figures(tape_of):
    """The last mid, medians of spread and sizes, counts of rows and trades, volume."""
    rows = [
        quote(0.1, 9.0, 11.0),
        quote(0.5, 10.0, 11.0),
        trade(0.6, 2.0),
        trade(1.2, 3.0),
        quote(3.0, 12.0, 15.0),
        trade(3.5, 1.0),
        trade(3.6, 1.5),
    ]
    frame = tape_of(rows)

    series = series_of(frame, touch_of(frame))

    assert (series.start_ts, series.interval_ns) == (START_NS, SECOND_NS)
    assert series.mid == (10.5, 10.5, None, 13.5)
    assert series.spread == (1.5, None, None, 3.0)
    assert series.bid_size == (4.0, None, None, 4.0)
    assert series.ask_size == (6.0, None, None, 6.0)
    assert series.rows == (3, 1, 0, 3)
    assert series.trades == (1, 1, 0, 2)
    assert series.volume == (2.0, 3.0, 0.0, 2.5)


@pytest.mark.parametrize(
    ("span_s", "interval_s"),
    [(1, 1), (70, 1), (71, 2), (23_400, 360), (86_399, 1_800), (86_400 * 3, 7_200)],
)
def test_intervals_are_of_a_round_length(tape_of, span_s, interval_s):
    """The shortest of which few enough hold the day; hours begin with one."""
    frame = tape_of([quote(0.5, 9.0, 11.0), quote(span_s + 0.5, 9.0, 11.0)])

    series = series_of(frame, touch_of(frame))

    assert series.interval_ns == interval_s * SECOND_NS
    assert series.start_ts % series.interval_ns == 0
    assert len(series) <= INTERVALS
    assert sum(series.rows) == 2


def test_a_tape_without_a_book_has_no_mid(tape_of):
    """Trades are counted all the same."""
    frame = tape_of([trade(0, 1.0), trade(1, 1.0)])

    series = series_of(frame, touch_of(frame))

    assert series.mid == (None, None)
    assert series.trades == (1, 1)
