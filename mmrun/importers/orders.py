"""Order by order to level by level: messages about orders to depth rows.

The size shown at a price is the sum over the orders that stand there. All of it is
sorting and cumulative sums: a message changes what its order has left, which changes
the level the order stood in and the level it stands in now; a level's size is the sum
of its changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mmrun.market.tape import IntColumn


class Op(IntEnum):
    """What a message does to its order."""

    NOTHING = 0
    ADD = 1  #: stands with this price and size now
    CANCEL = 2  #: has `size` less now
    MODIFY = 3  #: stands with this price and size now
    CLEAR = 4  #: all orders of the book are gone


@dataclass(frozen=True, slots=True)
class OrderMessages:
    """Messages in file order; all arrays have one length."""

    event: IntColumn  #: messages with one number take effect together; never falls
    op: IntColumn
    order: NDArray[np.uint64]
    side: IntColumn  #: market.tape.Side
    price: IntColumn  #: in whole steps of some unit
    size: IntColumn


@dataclass(frozen=True, slots=True)
class LevelChanges:
    """Depth rows in tape order; a CLEAR stands before all changes of its event."""

    event: IntColumn
    side: IntColumn
    price: IntColumn
    size: IntColumn  #: shown at the price after the event; 0: the level is gone
    unknown: int  #: cancels of orders that were never added


def level_changes(messages: OrderMessages) -> LevelChanges:
    """What each event changes in the levels of the book.

    A CLEAR must start its event. Within an event come first levels that are new or have
    another size, then those that went, bids before asks, the best first.
    """
    epoch = np.cumsum(messages.op == Op.CLEAR)
    touched = np.isin(messages.op, [Op.ADD, Op.CANCEL, Op.MODIFY])
    rows = np.flatnonzero(touched)
    rows = rows[np.lexsort((rows, messages.order[rows], epoch[rows]))]
    left = _left(messages, epoch, rows)
    moves = _moves(messages, rows, left)
    return _levels(messages.event, epoch, moves, int(np.count_nonzero(~left.known)))


@dataclass(frozen=True, slots=True)
class _Left:
    """Of messages sorted by order: what the order has left after each."""

    known: NDArray[np.bool_]  #: the order was added before
    size: IntColumn
    set_by: IntColumn  #: position of the message that gave it side and price
    first: NDArray[np.bool_]  #: the order's first message


def _left(messages: OrderMessages, epoch: IntColumn, rows: IntColumn) -> _Left:
    order, size = messages.order[rows], messages.size[rows]
    sets = messages.op[rows] != Op.CANCEL
    position = np.arange(len(rows))
    first = _starts(epoch[rows], order)
    set_by = np.maximum.accumulate(np.where(sets | first, position, 0))
    known = sets[set_by] if len(rows) else sets
    cancelled = np.cumsum(np.where(sets, 0, size))
    since = cancelled - cancelled[set_by]
    remaining = np.where(known, np.maximum(size[set_by] - since, 0), 0)
    return _Left(known, remaining, set_by, first)


@dataclass(frozen=True, slots=True)
class _Moves:
    """Changes of levels, one for each that a message leaves or enters."""

    row: IntColumn  #: of the message
    side: IntColumn
    price: IntColumn
    change: IntColumn


def _moves(messages: OrderMessages, rows: IntColumn, left: _Left) -> _Moves:
    side, price = (
        array[rows][left.set_by] for array in (messages.side, messages.price)
    )
    before = np.where(left.first, 0, np.roll(left.size, 1))
    leaves = _Moves(rows, np.roll(side, 1), np.roll(price, 1), -before)
    enters = _Moves(rows, side, price, left.size)
    joined = [
        np.concatenate([getattr(part, name) for part in (leaves, enters)])
        for name in _Moves.__dataclass_fields__
    ]
    matter = joined[-1] != 0
    return _Moves(*(column[matter] for column in joined))


def _levels(
    event: IntColumn, epoch: IntColumn, moves: _Moves, unknown: int
) -> LevelChanges:
    by_level = np.lexsort((moves.row, moves.price, moves.side, epoch[moves.row]))
    row, side, price, change = (
        getattr(moves, name)[by_level] for name in _Moves.__dataclass_fields__
    )
    first = _starts(epoch[row], side, price)
    total = np.cumsum(change)
    size = total - _of_group(total - change, first)
    last = np.roll(_starts(epoch[row], side, price, event[row]), -1)
    first = _carried(first, last)
    row, side, price, size = (array[last] for array in (row, side, price, size))
    before = np.where(first, 0, np.roll(size, 1))
    differs = size != before
    row, side, price, size = (array[differs] for array in (row, side, price, size))
    order = np.lexsort((-side * price, -side, size == 0, event[row]))
    return LevelChanges(
        event=event[row][order],
        side=side[order],
        price=price[order],
        size=size[order],
        unknown=unknown,
    )


def _starts(*keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a run of equal keys starts."""
    starts = np.ones(len(keys[0]), bool)
    if len(starts) > 1:
        starts[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return starts


def _of_group(values: IntColumn, first: NDArray[np.bool_]) -> IntColumn:
    """Each row's value at the first row of its group."""
    position = np.where(first, np.arange(len(values)), 0)
    return values[np.maximum.accumulate(position)]


def _carried(first: NDArray[np.bool_], last: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For the rows that end an event: whether no event of their level ended before."""
    ended: IntColumn = np.cumsum(last) - last  # ends before this row
    carried: NDArray[np.bool_] = (ended == _of_group(ended, first))[last]
    return carried
