"""Several quotes a side at one venue: targets, limits shared among them, requests. Kernels.

    level        bid           what its order may be
      0   ──────── 149.98   ┐
      1   ──────── 149.96   │  headroom is taken from the top
      2   ──────── 149.94   ┘

Each level is rounded, slid and limited as one quote is (`quoting`); what levels have to
do with each other is here:

1. A bid at or above the best own ask target is not quoted, nor an ask at or below the
   best own bid target.
2. Where a level is moved out of the touch's way (`post_only: slide`) or back to it
   (`place`), those after it stay a tick behind it each, so that a ladder never folds onto
   one price. (Levels whose formulas or rounding put them at one price rest there, one
   order behind the other.)
3. Headroom is given from level 0 outward. What other levels still have at the venue, or
   under way to it, counts until it is known to be gone; an order is kept from growing by
   it, never made smaller.
4. Orders that go or shrink are sent first, the outermost before, then the rest from
   level 0 outward.
"""

from __future__ import annotations

from mmrun.engine.book import reaches
from mmrun.engine.jit import apart, inlined, kernel
from mmrun.engine.orders import beside_touch, crosses_own
from mmrun.engine.quoting import (
    BID_PRICE,
    BID_SIZE,
    FIELDS,
    limited_size,
    room_left,
    settle,
    target_price,
    under_rules,
    whole_lots,
)
from mmrun.engine.records import Adjustment, Rule
from mmrun.engine.slots import may_add
from mmrun.engine.state import ASK, BID, NO_ASK, NO_BID, SKIP, Machine


_NOT_POSITIVE, _OWN_CROSSED = int(Rule.NOT_POSITIVE), int(Rule.OWN_CROSSED)
_POST_ONLY = int(Rule.POST_ONLY)
_SLID = int(Adjustment.POST_ONLY)


@kernel
def quote_levels(m: Machine, v: Machine, ts: int) -> None:
    """Bring a venue's orders, several a side, in line with what the formulas gave."""
    apart()
    for side in range(2):
        _aim(m, v, side)
    best_bid, best_ask = best_wanted(v, BID), best_wanted(v, ASK)
    if m.config.allow_crossed == 0 and best_bid >= best_ask:
        _drop_crossed(v, best_bid, best_ask)
    for side in range(2):
        _make_way(m, v, side)
        _share_headroom(m, v, side)
    # Where our bid is to pass our own ask, the ask goes out of its way first.
    first = ASK if crosses_own(v, BID, best_wanted(v, BID)) else BID
    steady = _work_levels(m, v, first, ts)
    if not (_work_levels(m, v, 1 - first, ts) and steady):
        m.state.steady = 0


@kernel
def _aim(m: Machine, v: Machine, side: int) -> None:
    """What the formulas want of each level of a side."""
    apart()
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        slot.want_adjustment = 0
        if v.altered != 0:
            ticks, size, rule = under_rules(m, v, k)
        else:
            outputs = v.outputs + FIELDS * (k >> 1) + side
            size = m.registers[outputs + BID_SIZE]
            ticks, rule = target_price(m, v, k, m.registers[outputs + BID_PRICE], size)
        slot.want_price, slot.want_size, slot.want_rule = ticks, size, rule


@kernel
def best_wanted(v: Machine, side: int) -> int:
    """The best price wanted on a side; NO_BID or NO_ASK where nothing is."""
    best = NO_BID if side == BID else NO_ASK
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        if slot.want_rule == 0:
            if slot.want_price > best if side == BID else slot.want_price < best:
                best = slot.want_price
    return best


@kernel
def _drop_crossed(v: Machine, best_bid: int, best_ask: int) -> None:
    apart()
    for k in range(0, 2 * v.levels, 2):
        bid, ask = v.slots[k], v.slots[k + 1]
        if bid.want_rule == 0 and bid.want_price >= best_ask:
            bid.want_rule = _OWN_CROSSED
        if ask.want_rule == 0 and ask.want_price <= best_bid:
            ask.want_rule = _OWN_CROSSED


@kernel
def _make_way(m: Machine, v: Machine, side: int) -> None:
    """Levels that would take slide or are skipped; those after a moved one stay behind."""
    apart()
    config = m.config
    way = -1 if side == BID else 1
    moved = 0  # how the last level that is not at its target came to be elsewhere
    edge = NO_ASK if side == BID else NO_BID  # where the next level may stand at best
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        if slot.want_rule != 0:
            continue
        price = slot.want_price
        if config.post_only <= SKIP and reaches(v, side, price):
            if config.post_only == SKIP:
                slot.want_rule = _POST_ONLY
                continue
            price = beside_touch(v, side)
            slot.want_adjustment |= _SLID
        if price > edge if side == BID else price < edge:
            price = edge
            slot.want_adjustment |= moved
        slot.want_price = price
        if slot.want_adjustment != 0:
            edge, moved = price + way, slot.want_adjustment
            if price <= 0 and config.allow_crossed == 0:
                slot.want_rule = _NOT_POSITIVE


@kernel
def _share_headroom(m: Machine, v: Machine, side: int) -> None:
    """Sizes in whole lots, within what the limits leave, from level 0 outward."""
    apart()
    room, limit = room_left(m, v, side)
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        if slot.want_rule != 0:
            continue
        size, clip, rule = limited_size(v, k, slot.want_size, room, limit)
        slot.want_size, slot.want_rule = size, rule
        slot.want_adjustment |= clip
        if rule == 0:
            room = max(0.0, room - size)


@kernel
def _work_levels(m: Machine, v: Machine, side: int, ts: int) -> bool:
    """Send what the orders of a side lack: first what goes or shrinks, then the rest.

    True when the same would now send nothing, at any later time either.
    """
    apart()
    room, limit = room_left(m, v, side)
    steady = True
    done = 0  # bits of the levels that made room
    for level in range(v.levels - 1, -1, -1):
        slot = v.slots[2 * level + side]
        if slot.want_rule != 0 or slot.want_size < _open_size(slot) - 1e-9 * v.lot:
            done |= 1 << level
            steady = _work_level(m, v, 2 * level + side, room, limit, ts) and steady
    for level in range(v.levels):
        if not done >> level & 1:
            steady = _work_level(m, v, 2 * level + side, room, limit, ts) and steady
    return steady


@inlined
def _open_size(slot):  # type: ignore[no-untyped-def]
    """What of an order is open as far as we know."""
    return slot.known_total - slot.known_filled if slot.known_live == 1 else 0.0


@kernel
def _work_level(m, v, k, room, limit, ts):  # type: ignore[no-untyped-def]
    """`quoting.settle` of one level, kept from growing into what others still hold."""
    apart()
    slot = v.slots[k]
    size, rule = slot.want_size, slot.want_rule
    cramped = False
    if rule == 0 and size > _open_size(slot):
        left = whole_lots(v, room - _held_beside(v, k))
        left = max(left, _open_size(slot))
        if left < size:
            cramped = True
            size = left
            rule = limit if left == 0.0 else 0
    price, adjustment = slot.want_price, slot.want_adjustment | v.changed_by
    steady = settle(m, v, k, price, size, rule, adjustment, ts)
    return steady and not cramped


@kernel
def _held_beside(v: Machine, k: int) -> float:
    """What our other orders on a slot's side may still add at this venue."""
    size = 0.0
    for j in range(k & 1, 2 * v.levels, 2):
        if j != k:
            size += may_add(v.slots[j])
    return size
