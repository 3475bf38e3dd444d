"""The running sums of a window."""

from __future__ import annotations

import math

from mmrun.lang.windows import RESUM_AFTER, Deviations, Window, window_ns


def test_a_window_is_rounded_half_to_even_nanoseconds() -> None:
    """Seconds become whole nanoseconds."""
    assert window_ns(0.25) == 250_000_000
    assert window_ns(2.5e-9) == 2
    assert window_ns(300.0) == 300_000_000_000


def test_the_oldest_leaves_first_and_then_the_new_one_enters() -> None:
    """At one row, an old value is gone before the new one is added."""
    window = Window(timed=True)

    window.advance(0, (1e17,), 1.0)
    window.advance(1_000_000_000, (1.0,), 1.0)

    assert window.totals == [1.0]
    assert len(window) == 1


def test_an_empty_window_sums_to_zero() -> None:
    """Whatever rounding left behind is gone with the last value."""
    window = Window(timed=True)
    window.advance(0, (0.1,), 1.0)
    window.advance(0, (0.2,), 1.0)
    window.advance(0, (0.3,), 1.0)

    window.advance(2_000_000_000, None, 1.0)

    assert window.totals == [0.0]


def test_an_infinite_value_spoils_the_sums_until_they_are_made_anew() -> None:
    """inf - inf is missing; the sums recover after enough evictions."""
    window = Window(timed=False)
    window.advance(0, (math.inf,), 2.0)

    sums = []
    for now in range(1, RESUM_AFTER + 2):
        window.advance(now, (1.0,), 2.0)
        sums.append(window.totals[0])

    assert math.isnan(sums[1])
    assert math.isnan(sums[-2])
    assert sums[-1] == 2.0


def test_deviations_are_taken_from_the_first_value() -> None:
    """An empty window takes its first value as the shift, a fresh sum the oldest."""
    window = Deviations(timed=True, sums=2)

    window.advance(0, (10.0,), 5.0)
    window.advance(1, (13.0,), 5.0)

    assert window.shift == 10.0
    assert window.totals == [3.0, 9.0]
