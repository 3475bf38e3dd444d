"""Book snapshots to depth rows: only what differs from the snapshot before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrun.market.tape import IntColumn, Side


Levels = NDArray[np.int64]  #: (snapshots, levels), the best first


@dataclass(frozen=True, slots=True)
class BookSide:
    """One side of a run of snapshots; an empty level has size 0."""

    side: Side
    price: Levels  #: in whole steps of some unit
    size: Levels


@dataclass(frozen=True, slots=True)
class DepthChanges:
    """Depth rows in tape order; all arrays have one length."""

    snapshot: IntColumn  #: which snapshot the row belongs to
    side: IntColumn
    price: IntColumn
    size: IntColumn  #: 0 removes the level


def depth_changes(bids: BookSide, asks: BookSide) -> DepthChanges:
    """What each snapshot changes in the book of the one before; the first adds all.

    Within a snapshot come first the levels that are new or have another size, bids then
    asks, the best first, then the removals in the same order. A level pushed out of the
    known depth is therefore removed after the level that pushed it out has come in.
    """
    added = [_added(side) for side in (bids, asks)]
    removed = [_removed(side) for side in (bids, asks)]
    parts = [*added, *removed]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return DepthChanges(*(column[order] for column in columns))


def _added(book: BookSide) -> tuple[IntColumn, ...]:
    row, level = np.nonzero(~_found_before(book) & (book.size > 0))
    return row, _side(book, row), book.price[row, level], book.size[row, level]


def _removed(book: BookSide) -> tuple[IntColumn, ...]:
    row, level = np.nonzero(~_found_after(book) & (book.size[:-1] > 0))
    price = book.price[row, level]
    return row + 1, _side(book, row), price, np.zeros(len(row), np.int64)


def _side(book: BookSide, row: IntColumn) -> IntColumn:
    return np.full(len(row), int(book.side))


def _found_before(book: BookSide) -> NDArray[np.bool_]:
    """Whether a level stood with this price and size in the snapshot before."""
    found = np.zeros(book.price.shape, bool)
    for level in range(book.price.shape[1]):
        same_price = book.price[1:] == book.price[:-1, level, None]
        found[1:] |= same_price & (book.size[1:] == book.size[:-1, level, None])
    return found


def _found_after(book: BookSide) -> NDArray[np.bool_]:
    """Whether a level's price still has size in the next snapshot."""
    found = np.zeros(book.price[:-1].shape, bool)
    for level in range(book.price.shape[1]):
        same_price = book.price[:-1] == book.price[1:, level, None]
        found |= same_price & (book.size[1:, level, None] > 0)
    return found
