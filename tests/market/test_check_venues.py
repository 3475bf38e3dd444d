"""Checks between the venues of one symbol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mmrun.market.check import Report, check_dataset
from mmrun.market.check_finding import Finding
from mmrun.market.check_venues import Together, best_shift, consolidate
from mmrun.market.touch import Touches
from mmrun.market.writer import Tape


START_NS = 1_700_000_000 * 10**9
SECOND_NS = 10**9

Books = list[tuple[float, float, float]]  #: second, bid, ask


@pytest.fixture
def check(write_tapes, tape_of, acme) -> Callable[..., Report]:
    """Checks one symbol's venues, each given by its books."""

    def look(*, delay_ns: dict[str, int] | None = None, **venues: Books) -> Report:
        late = delay_ns or {}
        tapes = [
            Tape(
                replace(acme, venue=venue, tick=1e-6),
                tape_of([_quote(*book, late.get(venue)) for book in books]),
            )
            for venue, books in venues.items()
        ]
        return check_dataset(write_tapes(*tapes))

    return look


def _quote(second: float, bid: float, ask: float, delay_ns: int | None) -> Any:
    ts = START_NS + round(second * SECOND_NS)
    sizes = {"bid_size": 5.0, "ask_size": 5.0}
    recv_ts = None if delay_ns is None else ts + delay_ns
    return {"ts": ts, "recv_ts": recv_ts, "kind": 0, "bid": bid, "ask": ask} | sizes


def found(report: Report, code: str) -> Finding | None:
    """The finding of a code, about the symbol and no one venue."""
    matching = [finding for finding in report.findings if finding.code == code]
    assert all(finding.venue == "" for finding in matching)
    return matching[0] if matching else None


def test_a_venue_is_held_against_what_the_other_shows_at_that_time(check):
    """Crossed and locked times count once both have a book and until one's tape ends."""
    report = check(
        A=[(0, 10.0, 10.1), (2, 10.2, 10.3), (4, 10.0, 10.1)],
        B=[(1, 10.0, 10.1), (3, 10.1, 10.2), (5, 10.1, 10.2), (9, 8.0, 8.1)],
    )

    crossed, locked = found(report, "MM560"), found(report, "MM561")
    assert (crossed.count, crossed.of, crossed.severity) == (1, 4, "warning")
    assert "A's above B's (1 of these" in crossed.message
    assert (locked.count, locked.of) == (2, 4)


def test_venues_that_agree_give_no_finding(check):
    """Overlapping spreads are as it should be."""
    report = check(A=[(0, 10.0, 10.1), (1, 10.0, 10.1)], B=[(0, 10.05, 10.15)])

    assert not [finding for finding in report.findings if not finding.venue]


def test_a_price_in_cents_is_a_factor(check):
    """Which venue's prices are how many times the other's is said."""
    report = check(A=[(0, 10.0, 10.1), (1, 10.0, 10.1)], B=[(0, 1000.0, 1010.0)])

    assert "A's prices are 0.01 times B's" in found(report, "MM562").message


def test_a_clock_hours_off_is_found_by_the_prices(check):
    """A walk that agrees when one venue's times are moved by five hours."""
    steps = np.random.default_rng(2).normal(0, 0.01, 900)
    mids = np.round(100 + np.cumsum(steps), 6)
    books = [(60.0 * n, mid - 0.001, mid + 0.001) for n, mid in enumerate(mids)]
    behind = [(second - 5 * 3_600, bid, ask) for second, bid, ask in books]

    shifted, aligned = check(A=books, B=behind), best_shift({}, {})

    assert "B's prices agree with A's when its clock is moved by +5 h" in (
        found(shifted, "MM553").message
    )
    assert aligned == 0


def test_clocks_that_agree_are_not_moved():
    """No shift is proposed where none, or none clearly, agrees better."""
    steps = np.random.default_rng(2).normal(0, 0.01, (2, 900))
    one, other = (dict(enumerate(100 + np.cumsum(walk))) for walk in steps)

    assert best_shift(one, one) == 0
    assert best_shift(one, other) == 0


def test_a_venue_received_later_is_noted(check):
    """Medians of receive time minus exchange time are compared."""
    books = [(0, 10.0, 10.1), (1, 10.0, 10.1)]
    near = {"A": 1_000_000, "B": 4_000_000}

    note = found(check(A=books, B=books, delay_ns=near), "MM554")
    assert (note.severity, "B is received 3 ms later" in note.message) == ("note", True)


def test_a_delay_of_almost_a_second_more_is_a_clock(check):
    """Above half a second it is a warning."""
    books = [(0, 10.0, 10.1), (1, 10.0, 10.1)]

    finding = found(
        check(A=books, B=books, delay_ns={"A": 1_000_000, "B": 800_000_000}), "MM554"
    )

    assert finding.severity == "warning"


@pytest.mark.parametrize("size", [1, 2, 7])
def test_venues_are_put_together_whatever_their_pieces(size):
    """Counts do not depend on how the venues' touches come in."""
    rng = np.random.default_rng(4)
    touches = [_touches(rng, rows) for rows in (40, 25, 31)]
    whole, cut = Together(("A", "B", "C")), Together(("A", "B", "C"))

    consolidate([iter([touch]) for touch in touches], whole)
    consolidate([_pieces(touch, size) for touch in touches], cut)

    counts = [(t.times, t.crossed, t.locked, t.pairs) for t in (whole, cut)]
    assert counts[0] == counts[1]
    assert whole.crossed > 0
    assert whole.locked > 0


def _touches(rng: np.random.Generator, rows: int) -> Touches:
    ts = np.sort(rng.choice(100, rows, replace=False))
    bid = rng.integers(10, 14, rows).astype(float)
    size = np.ones(rows)
    return Touches(np.arange(rows), ts, bid, size, bid + 2, size)


def _pieces(touches: Touches, size: int) -> Any:
    for start in range(0, len(touches), size):
        yield touches.take(np.arange(start, min(start + size, len(touches))))
