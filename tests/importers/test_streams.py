"""Times that go forward, silences, and streams as one tape."""

from __future__ import annotations

import numpy as np
import pytest

from mmrun.importers.streams import forward, late_note, merged, silence_notes
from mmrun.market.tape import Kind
from mmrun.problems import DataError


HOUR = 3_600 * 10**9


def test_late_times_become_the_latest_before_them():
    """Counted, with the worst."""
    times = forward(np.array([5, 3, 9, 8, 10]), str)

    assert times.ts.tolist() == [5, 5, 9, 9, 10]
    assert (times.late, times.worst_ns) == (2, 2)
    assert len(late_note("x", times)) == 1


def test_times_in_order_are_left_alone():
    """Equal times are in order."""
    times = forward(np.array([5, 5, 6]), str)

    assert times.ts.tolist() == [5, 5, 6]
    assert late_note("x", times) == ()


def test_times_far_back_are_refused():
    """A file that is not in order of time is not made so."""
    with pytest.raises(DataError, match="row 1: time goes back by 61 s"):
        forward(np.array([61 * 10**9, 0]), lambda row: f"row {row}")


def test_silences_of_over_an_hour_are_told(quotes_at):
    """How many, and the longest."""
    frame = quotes_at([0, HOUR, 4 * HOUR, 6 * HOUR])

    (note,) = silence_notes("X", frame)

    assert note == (
        "X: 2 silences of over an hour, the longest 3.0 h from 1970-01-01 01:00:00 UTC"
    )
    assert silence_notes("X", frame.head(2)) == ()


def test_trades_stand_first_at_one_time(tape_of, quotes_at):
    """Streams with a book follow in the order given."""
    trades = tape_of([{"ts": 2, "kind": int(Kind.TRADE), "price": 1.0, "size": 1.0}])

    rows = merged([quotes_at([1, 2]), trades])

    assert rows["kind"].to_list() == [Kind.QUOTE, Kind.TRADE, Kind.QUOTE]
