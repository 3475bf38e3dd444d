"""Prices and whole ticks (design: engine.md, The tape). Kernel functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.state import INWARD, NEAREST, NEAREST_EVEN, OUTWARD


@inlined
def on_grid(ticks: float, whole: float) -> bool:
    """Whether a price of `ticks` ticks is meant to be the whole number beside it."""
    # Four units in the last place of the quotient: a price read from a file is off by
    # half of one, its tick by another, the division by a third.
    return abs(ticks - whole) <= max(1e-9, 8.881784197001252e-16 * abs(whole))


@inlined
def ticks_down(price: float, tick: float) -> int:
    """The largest whole tick at or below a price, with the grid's tolerance."""
    ticks = price / tick
    whole = np.rint(ticks)
    if on_grid(ticks, whole):
        return int(whole)
    return int(np.floor(ticks))


@inlined
def ticks_up(price: float, tick: float) -> int:
    """The smallest whole tick at or above a price, with the grid's tolerance."""
    ticks = price / tick
    whole = np.rint(ticks)
    if on_grid(ticks, whole):
        return int(whole)
    return int(np.ceil(ticks))


@inlined
def half_ticks(price: float, tick: float) -> int:
    """A trade's price in half ticks: even on the grid, odd anywhere between."""
    ticks = price / tick
    whole = np.rint(ticks)
    if on_grid(ticks, whole):
        return 2 * int(whole)
    return 2 * int(np.floor(ticks)) + 1


@inlined
def surely_whole(price: float, per_tick: float, whole: float) -> bool:
    """Whether a price is on the grid by a product alone; False: divide to know.

    Below 1e6 ticks product and quotient differ by less than 4e-10 of a tick.
    """
    return abs(price * per_tick - whole) <= 5e-10 and abs(whole) < 1e6


@inlined
def surely_between(ticks: float, below: float) -> bool:
    """Whether a product is surely between two whole ticks, the lower `below`.

    Product and quotient differ by 4e-16 of their value, which is less than the margin.
    """
    part = ticks - below
    return (part > 1e-6) & (part < 1.0 - 1e-6) & (abs(ticks) < 5e8)


@inlined
def price_of(ticks: int, tick: float, ticks_per_unit: float) -> float:
    """The float nearest to a whole number of ticks."""
    if ticks_per_unit > 0.0:
        return ticks / ticks_per_unit
    return ticks * tick


@inlined
def product_error(a: float, b: float) -> float:
    """a*b minus its rounded value, exactly (Dekker 1971, Veltkamp's split)."""
    split = 134217729.0  # 2**27 + 1
    product = a * b
    high_a = split * a - (split * a - a)
    low_a = a - high_a
    high_b = split * b - (split * b - b)
    low_b = b - high_b
    return low_a * low_b - (
        ((product - high_a * high_b) - low_a * high_b) - high_a * low_b
    )


@inlined
def round_decimals(price: float, scale: float) -> float:
    """`price` to 1/scale, halves to even on the exact binary value, as Python rounds."""
    scaled = price * scale
    error = product_error(price, scale)
    whole = np.floor(scaled)
    part = scaled - whole
    # Only at one half can the error decide; added to it, a small one would be lost.
    up = part > 0.5
    if part == 0.5:
        up = error > 0.0 or (error == 0.0 and whole % 2.0 == 1.0)
    if up:
        whole += 1.0
    return whole / scale


@kernel
def quote_ticks(price: float, side: int, mode: int, tick: float, scale: float) -> int:
    """A formula's price as whole ticks: `side` 0 a bid, 1 an ask."""
    if mode == NEAREST_EVEN:
        price = round_decimals(price, scale)
    if mode == NEAREST:
        below = ticks_down(price, tick)
        above = ticks_up(price, tick)
        ticks = price / tick
        half = below + 0.5
        if on_grid(ticks, half):
            return below if side == 0 else above
        return below if ticks < half else above
    down = side == 0
    if mode == INWARD:
        down = not down
    if down:
        return ticks_down(price, tick)
    return ticks_up(price, tick)


@inlined
def ticks_quoted(config: Any, v: Any, side: int, price: float) -> int:
    """`quote_ticks` at a venue, by a product where that surely tells."""
    mode = config.rounding
    if mode <= INWARD and v.per_tick > 0.0:
        ticks = price * v.per_tick
        below = np.floor(ticks)
        if surely_between(ticks, below):
            up = side if mode == OUTWARD else 1 - side
            return int(below) + up
    return quote_ticks(price, side, mode, v.tick, config.decimals_scale)
