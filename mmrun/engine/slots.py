"""Our orders at a venue, by slot: which rest, which trades first, what they may still add.

A slot's number `k` is 2*level + side: its side is `k & 1`, its level `k >> 1`. Kernels.
"""

from __future__ import annotations

from typing import Any

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.state import BID, PLACE, Machine


@inlined
def rests(v: Machine, side: int) -> bool:
    """Whether an order of ours rests on a side, at any level."""
    for k in range(side, 2 * v.levels, 2):
        if v.slots[k].live == 1:
            return True
    return False


@kernel
def next_order(v: Machine, side: int, last: int) -> int:
    """Our resting order that trades next after slot `last`, -1 where none does.

    Orders trade by price, then by the time they joined, then by level. `last` is -1 for
    the first of all; it may have filled meanwhile.
    """
    found = -1
    for k in range(side, 2 * v.levels, 2):
        if v.slots[k].live == 1 and (last < 0 or trades_first(v, last, k)):
            if found < 0 or trades_first(v, k, found):
                found = k
    return found


@inlined
def trades_first(v: Machine, k: int, other: int) -> bool:
    """Whether one of two orders of a side has priority over the other."""
    one, two = v.slots[k], v.slots[other]
    if one.price != two.price:
        better = one.price > two.price
        return bool(better if k & 1 == BID else not better)
    if one.joined_ts != two.joined_ts:
        return bool(one.joined_ts < two.joined_ts)
    return k < other


@inlined
def may_add(slot: Any) -> float:
    """What an order, as known or as requested, may still add to the position."""
    left = 0.0
    if slot.known_live == 1:
        left = slot.known_total - slot.known_filled
    if slot.request == PLACE:
        known = 0.0 if slot.request_new == 1 else slot.known_filled
        left = max(left, slot.request_total - known)
    return left


@kernel
def clear_of_own(v: Machine, k: int, price: int) -> int:
    """The price, or the first one further out where none of our other levels rests."""
    side = k & 1
    way = -1 if side == BID else 1
    moved = True
    while moved:
        moved = False
        for j in range(side, 2 * v.levels, 2):
            if j != k and v.slots[j].live == 1 and v.slots[j].price == price:
                price += way
                moved = True
    return price
