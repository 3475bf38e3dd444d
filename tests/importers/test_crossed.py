"""Quotes with the bid above the ask: kept, left out or refused, whatever the format."""

from __future__ import annotations

import pytest

from mmrun.importers.crossed import check_book, treated
from mmrun.importers.rows import Imported
from mmrun.market.growing import Tape
from mmrun.market.manifest import Provenance
from mmrun.market.touch import touch_of
from mmrun.problems import DataError


@pytest.fixture
def quotes(acme, tape_of):
    """Four quotes: one crossed, one locked."""
    prices = [(100.0, 100.01), (100.02, 100.01), (100.01, 100.01), (100.0, None)]
    rows = [
        {"ts": ts, "kind": 0, "bid": bid, "ask": ask}
        for ts, (bid, ask) in enumerate(prices)
    ]
    return Imported((Tape(acme, tape_of(rows)),), Provenance(source="made up"))


@pytest.fixture
def depth(acme, tape_of):
    """A book of depth rows whose bid comes to stand above its ask."""
    levels = [(1, 100.0), (-1, 100.01), (1, 100.02)]
    rows = [
        {"ts": ts, "kind": 1, "side": side, "price": price, "size": 1.0}
        for ts, (side, price) in enumerate(levels)
    ]
    return Tape(acme, tape_of(rows))


@pytest.mark.parametrize(
    ("policy", "left", "done"), [("keep", 4, "kept"), ("drop", 3, "left out")]
)
def test_what_is_done_is_said_in_note_and_manifest(quotes, policy, left, done):
    """Locked quotes and one-sided ones stay."""
    found = treated(quotes, policy)

    assert len(found.tapes[0].frame) == left
    assert found.provenance.crossed == policy
    (note,) = found.notes
    assert f"1 of 4 quotes (25.00%) have the bid above the ask and were {done}" in note
    assert "1 (25.00%) have both equal" in note


def test_fail_allows_none(quotes, depth):
    """Of quotes and of books alike."""
    with pytest.raises(DataError, match="1 of 4 quotes"):
        treated(quotes, "fail")
    with pytest.raises(DataError, match="1 of 3 times"):
        check_book(depth, touch_of(depth.frame), "fail")


def test_a_book_of_changes_cannot_lose_some(depth):
    """It may be kept; to drop is refused with a remedy."""
    touch = touch_of(depth.frame)
    check_book(depth, touch, "keep")

    with pytest.raises(DataError, match="book of depth rows") as caught:
        check_book(depth, touch, "drop")
    assert "session" in caught.value.hint
