"""Book snapshots to depth rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from mmrun.importers.levels import BookSide, depth_changes
from mmrun.market.tape import Side


def sides(snapshots):
    """Both sides' arrays from [(bids, asks), ...], each [(price, size), ...]."""
    depth = max(len(levels) for pair in snapshots for levels in pair)
    found = []
    for which, side in ((0, Side.BUY), (1, Side.SELL)):
        padded = [
            pair[which] + [(0, 0)] * (depth - len(pair[which])) for pair in snapshots
        ]
        array = np.array(padded, np.int64).reshape(len(snapshots), depth, 2)
        found.append(BookSide(side, array[:, :, 0], array[:, :, 1]))
    return found


def rows(snapshots):
    """Depth rows of snapshots as tuples."""
    changes = depth_changes(*sides(snapshots))
    columns = (changes.snapshot, changes.side, changes.price, changes.size)
    return [tuple(int(value) for value in row) for row in zip(*columns, strict=True)]


def test_the_first_snapshot_adds_all_its_levels():
    """Bids then asks, the best first."""
    assert rows([([(10, 1), (9, 2)], [(11, 3)])]) == [
        (0, 1, 10, 1),
        (0, 1, 9, 2),
        (0, -1, 11, 3),
    ]


def test_a_level_pushed_out_is_removed_after_the_one_that_came_in():
    """Whoever follows the rows never sees fewer levels than are known."""
    before = ([(10, 1), (9, 2)], [(12, 1), (13, 1)])
    after = ([(11, 5), (10, 1)], [(12, 1), (13, 1)])

    assert rows([before, after])[4:] == [(1, 1, 11, 5), (1, 1, 9, 0)]


def test_a_size_change_is_one_row():
    """A level with another size is told once, with the new size."""
    before = ([(10, 1)], [(12, 1)])
    after = ([(10, 4)], [(12, 1)])

    assert rows([before, after])[2:] == [(1, 1, 10, 4)]


def test_equal_snapshots_give_no_rows():
    """What does not change is not told."""
    book = ([(10, 1)], [(12, 1)])

    assert len(rows([book, book, book])) == 2


LEVELS = st.dictionaries(st.integers(1, 9), st.integers(1, 3), max_size=4)


@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=1, max_size=8))
def test_the_rows_rebuild_every_snapshot(books):
    """Applying the rows in order gives each snapshot back."""
    snapshots = [
        (sorted(bids.items(), reverse=True), sorted(asks.items()))
        for bids, asks in books
    ]
    changes = rows([*snapshots, ([(1, 1)], [])])  # the last one sets the depth
    held = {1: {}, -1: {}}

    for index, (bids, asks) in enumerate(books):
        for snapshot, side, price, size in changes:
            if snapshot == index:
                held[side][price] = size
        shown = {
            side: {p: s for p, s in levels.items() if s}
            for side, levels in held.items()
        }
        assert shown == {1: bids, -1: asks}
