"""A venue's book as sorted levels, best last: changes come near the end. Kernels."""

from __future__ import annotations

import math
from typing import Any

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.state import ASK, BID, NO_ASK, NO_BID


@kernel
def find_level(book: Any, side: int, price: int) -> int:
    """The index of the first level at `price` or better; the count if none."""
    low = 0
    high = book.count[side]
    while low < high:
        middle = (low + high) // 2
        worse = book.price[side, middle] < price
        if side == ASK:
            worse = book.price[side, middle] > price
        if worse:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def set_level(book: Any, side: int, price: int, size: float) -> None:
    """Show `size` at `price`; 0 removes the level. What we took stays taken."""
    index = find_level(book, side, price)
    count = book.count[side]
    if index < count and book.price[side, index] == price:
        if size > 0.0:
            grown = size - book.shown[side, index]
            free = book.free[side, index]
            book.free[side, index] = free + grown if grown > 0 else min(free, size)
            book.shown[side, index] = size
        else:
            for k in range(index, count - 1):
                book.price[side, k] = book.price[side, k + 1]
                book.shown[side, k] = book.shown[side, k + 1]
                book.free[side, k] = book.free[side, k + 1]
            book.count[side] = count - 1
    elif size > 0.0:
        for k in range(count, index, -1):
            book.price[side, k] = book.price[side, k - 1]
            book.shown[side, k] = book.shown[side, k - 1]
            book.free[side, k] = book.free[side, k - 1]
        book.price[side, index] = price
        book.shown[side, index] = size
        book.free[side, index] = size
        book.count[side] = count + 1


@inlined
def set_touch(book: Any, side: int, price: int, size: float) -> None:
    """A quote row: this side of the book is this one level, or none."""
    if price == NO_BID or price == NO_ASK:
        book.count[side] = 0
        return
    free = math.inf if math.isnan(size) else size
    if book.taken[side] != 0:
        free = left_free(book, side, price, size, free)
    book.count[side] = 1
    book.price[side, 0] = price
    book.shown[side, 0] = size
    book.free[side, 0] = free


@kernel
def left_free(book: Any, side: int, price: int, size: float, all_free: float) -> float:
    """What is free of a quote's level after we took of the level before it."""
    same = book.count[side] == 1 and book.price[side, 0] == price
    if not same or math.isnan(size):
        book.taken[side] = 0
        return all_free
    grown = size - book.shown[side, 0]
    free = float(book.free[side, 0])
    return free + grown if grown > 0 else min(free, size)


@inlined
def best(book: Any, side: int) -> int:
    """The best price of a side in ticks; NO_BID or NO_ASK when it is empty."""
    count = book.count[side]
    if count == 0:
        return NO_BID if side == BID else NO_ASK
    return book.price[side, count - 1]


@inlined
def displayed(book: Any, side: int, price: int) -> float:
    """The size shown at a price; NaN where the tape does not know it."""
    last = book.count[side] - 1
    if last >= 0:
        touch = book.price[side, last]
        if price == touch:
            return book.shown[side, last]
        if price > touch if side == BID else price < touch:
            return 0.0
        if last == 0 and book.depth == 1:
            return math.nan
    return displayed_behind(book, side, price)


@kernel
def displayed_behind(book: Any, side: int, price: int) -> float:
    """`displayed` at any price, by search."""
    index = find_level(book, side, price)
    count = book.count[side]
    if index < count and book.price[side, index] == price:
        return book.shown[side, index]
    # Behind the worst level of a full window lies what the tape does not tell.
    if index == 0 and count >= book.depth:
        return math.nan
    return 0.0


@inlined
def reaches(v: Any, side: int, price: int) -> bool:
    """Whether a price of ours is at or beyond the best opposite one.

    Beside an empty side, NO_BID or NO_ASK, no price is.
    """
    if side == BID:
        return price >= v.best_ask
    return price <= v.best_bid


@kernel
def any_free(book: Any, side: int) -> bool:
    """Whether a side shows size that we did not take."""
    for level in range(book.count[side]):
        if book.free[side, level] > 0.0:
            return True
    return False


@kernel
def take(book: Any, side: int, limit: int, wanted: float) -> float:
    """Take up to `wanted` from a side's levels at `limit` or better, each size once."""
    taken = 0.0
    for level in range(book.count[side] - 1, -1, -1):
        price = book.price[side, level]
        beyond = price > limit
        if side == BID:
            beyond = price < limit
        if beyond or taken >= wanted:
            break
        part = min(wanted - taken, book.free[side, level])
        book.free[side, level] -= part
        book.taken[side] = 1
        taken += part
    return taken
