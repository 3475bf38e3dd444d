"""Order by order to level by level, held to a plain loop over dicts."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given, strategies as st

from mmrun.importers.orders import Op, OrderMessages, level_changes


MESSAGE = st.tuples(
    st.booleans(),  # starts an event
    st.sampled_from([Op.NOTHING, Op.ADD, Op.CANCEL, Op.MODIFY, Op.CLEAR]),
    st.integers(1, 4),  # order
    st.sampled_from([1, -1]),
    st.integers(-2, 3),  # price
    st.integers(1, 5),  # size
)


def messages_of(rows):
    """The columns of drawn messages; a clear starts an event."""
    starts = [start or op == Op.CLEAR for start, op, *_ in rows]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 6
    ints = [np.array(column, np.int64) for column in columns[1:]]
    op, order, side, price, size = ints
    event = np.cumsum(np.array(starts, np.int64))
    return OrderMessages(event, op, order.astype(np.uint64), side, price, size)


def plain_books(messages):
    """The size at each level after each event, by a loop."""
    orders, books = {}, {}
    columns = (messages.event, messages.op, messages.order)
    details = (messages.side, messages.price, messages.size)
    for event, op, order, side, price, size in zip(*columns, *details, strict=True):
        if op == Op.CLEAR:
            orders.clear()
        elif op in {Op.ADD, Op.MODIFY}:
            orders[order] = [side, price, size]
        elif op == Op.CANCEL and order in orders:
            orders[order][2] = max(orders[order][2] - size, 0)
        book = defaultdict(int)
        for stood, at, rest in orders.values():
            book[int(stood), int(at)] += int(rest)
        books[int(event)] = {level: total for level, total in book.items() if total}
    return books


@given(st.lists(MESSAGE, max_size=40))
def test_levels_are_the_sums_of_the_orders_that_stand_there(rows):
    """After each event the depth rows have led to the loop's book, none in vain."""
    messages = messages_of(rows)
    expected = plain_books(messages)

    changes = level_changes(messages)

    clears = set(messages.event[messages.op == Op.CLEAR].tolist())
    book = {}
    for event, shown in expected.items():
        if event in clears:
            book = {}
        for i in np.flatnonzero(changes.event == event):
            level = int(changes.side[i]), int(changes.price[i])
            size = int(changes.size[i])
            assert book.get(level, 0) != size
            book[level] = size
        assert {level: size for level, size in book.items() if size} == shown
