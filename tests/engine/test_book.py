"""A book of sorted levels, against one kept in a dict."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from mmrun.engine.book import best, displayed, set_level, set_touch, take
from mmrun.engine.state import ASK, BID, BOOK, NO_ASK, NO_BID, new_records


def new_book(depth=1 << 40):
    book = new_records(BOOK, 1)[0]
    book.depth = depth
    return book


def book_of(side, levels, depth=1 << 40):
    book = new_book(depth)
    for price, size in levels:
        set_level(book, side, price, size)
    return book


changes = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), max_size=40)


@settings(deadline=None)
@given(changes, st.sampled_from((BID, ASK)))
def test_the_book_is_what_was_last_shown_at_each_price(rows, side):
    """Sizes by price, the best last, removed levels gone."""
    levels = dict(rows)

    book = book_of(side, rows)

    count = int(book.count[side])
    shown = {p: s for p, s in levels.items() if s}
    prices = sorted(shown, reverse=side == ASK)
    assert book.price[side, :count].tolist() == prices
    assert book.shown[side, :count].tolist() == [shown[p] for p in prices]
    none = NO_BID if side == BID else NO_ASK
    assert best(book, side) == (prices[-1] if prices else none)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(0, 6)), max_size=40
    )
)
def test_no_displayed_size_is_taken_twice(rows):
    """What is taken never exceeds the first size and all growth at the prices reached."""
    book = new_book()
    new: dict[int, int] = {}
    shown: dict[int, int] = {}
    for price, size, wanted in rows:
        grown = size - shown.get(price, 0)
        new[price] = (
            min(new.get(price, 0), size) if grown <= 0 else new.get(price, 0) + grown
        )
        shown[price] = size

        set_level(book, ASK, price, size)
        taken = take(book, ASK, 5, wanted)

        free = sum(n for p, n in new.items() if p <= 5)
        assert taken == min(wanted, free)
        for p in sorted(new):
            part = min(taken, new[p]) if p <= 5 else 0
            new[p], taken = new[p] - part, taken - part


@pytest.mark.parametrize(
    ("price", "size"),
    [
        pytest.param(100, 3.0, id="a level"),
        pytest.param(99, 0.0, id="between levels"),
        pytest.param(101, 0.0, id="better than the best"),
        pytest.param(97, math.nan, id="behind the known depth"),
    ],
)
def test_displayed_size_in_a_full_window(price, size):
    """Within two known levels the tape tells all, behind them nothing."""
    book = book_of(BID, [(100, 3.0), (98, 4.0)], depth=2)

    found = displayed(book, BID, price)

    assert found == pytest.approx(size, nan_ok=True)


def test_behind_a_window_that_is_not_full_there_is_nothing():
    """Five levels known and two shown: the book ends there."""
    book = book_of(BID, [(100, 3.0), (98, 4.0)], depth=5)

    found = displayed(book, BID, 97)

    assert found == 0.0


def test_a_quote_row_replaces_the_level():
    """The book of a quote tape is its touch."""
    book = new_book(1)
    set_touch(book, BID, 100, 5.0)

    set_touch(book, BID, 101, 7.0)

    assert (book.count[BID], best(book, BID), displayed(book, BID, 101)) == (
        1,
        101,
        7.0,
    )


def test_a_quote_row_without_a_side_empties_it():
    """No bid is an empty side, not the last one."""
    book = new_book(1)
    set_touch(book, BID, 100, 5.0)

    set_touch(book, BID, NO_BID, math.nan)

    assert best(book, BID) == NO_BID
