"""Deeper levels as columns, for formulas that read them: books of their own. Kernels.

Takes tape rows and the names that are read (`bid_2`, `ask_size_3`, `depth(bid, 5tick)`),
gives a column for each. A venue's levels are its touch, which a quote row sets as well
as a depth row, and those of depth rows strictly behind it; over several venues sizes
are summed at equal prices, over those that have a part in the consolidated book. What
the tape does not show is missing. Nothing of this runs when no formula reads a level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.bind import per_tick, ticks_per_unit
from mmrun.engine.book import find_level, set_level
from mmrun.engine.consolidate import hear_row, hear_status
from mmrun.engine.jit import Mode, inlined, kernel
from mmrun.engine.observe import TapeRows, ask_ticks, bid_ticks
from mmrun.engine.prices import price_of, ticks_down, ticks_up
from mmrun.engine.state import ASK, BID, BOOK, new_records
from mmrun.lang.names import Level, level_of
from mmrun.market.tape import Batch, FloatColumn, Kind


_QUOTE, _DEPTH, _CLEAR = int(Kind.QUOTE), int(Kind.DEPTH), int(Kind.CLEAR)
_STATUS, _CLOCK = int(Kind.STATUS), int(Kind.CLOCK)
PRICE, SIZE, WITHIN = range(3)
_SIDES = {"bid": BID, "ask": ASK}
_WHATS = {"price": PRICE, "size": SIZE, "depth": WITHIN}

#: What is carried of a venue.
_SEEN = np.dtype(
    [
        ("tick", "f8"),
        ("ticks_per_unit", "f8"),
        ("per_tick", "f8"),
        ("price", "f8", (2,)),  # of the touch; NaN where there is none
        ("shown", "f8", (2,)),  # displayed there
        ("ticks", "i8", (2,)),  # its price in ticks
        ("heard_ts", "i8"),  # as engine.observe's: whether the venue has a part
        ("started", "i8"),
        ("away", "i8"),
        ("book", BOOK),
    ],
    align=True,
)


class Wanted(NamedTuple):
    """The columns asked for, a place in each array for each of them."""

    side: NDArray[np.int64]
    what: NDArray[np.int64]
    number: NDArray[np.int64]  #: of the level, or ticks from the touch
    now: NDArray[np.float64]  #: the values after the last row
    cursor: NDArray[np.int64]  #: a venue's level that is next; -1: none


@kernel
def look_deeper(  # type: ignore[no-untyped-def]
    venues, rows: TapeRows, wanted: Wanted, out, tick: float, stale_after: int
) -> None:
    """Fill `out` [column, row] with the levels after each row; `tick` is the coarsest."""
    for i in range(len(rows.ts)):
        v = venues[rows.venue[i]]
        kind = rows.kind[i]
        if kind != _CLOCK:
            hear_row(v, rows.ts[i])
        if kind == _STATUS:
            hear_status(v, rows.status[i])
        if kind <= _CLEAR:
            take_row(v, rows, i)
        if kind <= _CLEAR or len(venues) > 1:
            oldest = rows.ts[i] - stale_after
            walk(venues, BID, wanted, tick, oldest)
            walk(venues, ASK, wanted, tick, oldest)
        for k in range(len(wanted.now)):
            out[k, i] = wanted.now[k]


@kernel
def take_row(v: Any, rows: TapeRows, i: int) -> None:
    """Let a book row into a venue's touch and levels."""
    kind = rows.kind[i]
    if kind == _QUOTE:
        v.price[BID], v.shown[BID] = rows.bid[i], rows.bid_size[i]
        v.price[ASK], v.shown[ASK] = rows.ask[i], rows.ask_size[i]
        v.ticks[BID] = bid_ticks(rows.bid[i], v.tick, v.per_tick)
        v.ticks[ASK] = ask_ticks(rows.ask[i], v.tick, v.per_tick)
    elif kind == _DEPTH and rows.side[i] > 0:
        set_level(v.book, BID, ticks_down(rows.price[i], v.tick), rows.size[i])
        take_touch(v, BID)
    elif kind == _DEPTH:
        set_level(v.book, ASK, ticks_up(rows.price[i], v.tick), rows.size[i])
        take_touch(v, ASK)
    else:
        v.book.count[BID] = 0
        v.book.count[ASK] = 0
        take_touch(v, BID)
        take_touch(v, ASK)


@kernel
def take_touch(v: Any, side: int) -> None:
    """The best level of depth rows is the touch."""
    last = v.book.count[side] - 1
    v.price[side] = v.shown[side] = np.nan
    if last >= 0:
        v.ticks[side] = v.book.price[side, last]
        v.price[side] = price_of(v.ticks[side], v.tick, v.ticks_per_unit)
        v.shown[side] = v.book.shown[side, last]


@kernel
def walk(  # type: ignore[no-untyped-def]
    venues, side: int, wanted: Wanted, tick: float, oldest: int
) -> None:
    """Go through a side's levels, best first, as far as a column asks."""
    open_end = False
    for k in range(len(wanted.now)):
        if wanted.side[k] == side:
            wanted.now[k] = np.nan
            open_end = True
    set_out(venues, side, wanted.cursor, oldest)
    level = 0
    touch = np.nan
    while open_end:
        price, size = next_level(venues, side, wanted.cursor)
        if np.isnan(price):
            break
        level += 1
        touch = price if level == 1 else touch
        away = abs(price - touch) / tick
        open_end = False
        for k in range(len(wanted.now)):
            if wanted.side[k] == side:
                open_end = note(wanted, k, level, price, size, away) or open_end


@kernel
def set_out(venues, side: int, cursor, oldest: int) -> None:  # type: ignore[no-untyped-def]
    """Point at every venue's touch, as the level after those behind it."""
    for n in range(len(venues)):
        v = venues[n]
        part = v.started != 0 and v.away == 0 and v.heard_ts > oldest
        cursor[n] = -1
        if (part or len(venues) == 1) and not np.isnan(v.price[side]):
            cursor[n] = find_level(v.book, side, v.ticks[side])


@kernel
def next_level(venues, side: int, cursor) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """The best price that is left, its sizes summed; the cursors go on behind it."""
    best = np.nan
    for n in range(len(venues)):
        if cursor[n] >= 0:
            price = price_at(venues[n], side, cursor[n])
            better = price > best if side == BID else price < best
            if better or np.isnan(best):
                best = price
    total = 0.0
    for n in range(len(venues)):
        if cursor[n] >= 0 and price_at(venues[n], side, cursor[n]) == best:
            v = venues[n]
            touch = cursor[n] == find_level(v.book, side, v.ticks[side])
            total += v.shown[side] if touch else v.book.shown[side, cursor[n]]
            cursor[n] -= 1
    return best, total


@kernel
def price_at(v: Any, side: int, place: int) -> float:
    """A venue's price at a cursor: behind the levels that are behind it, the touch."""
    if place == find_level(v.book, side, v.ticks[side]):
        return v.price[side]
    return price_of(v.book.price[side, place], v.tick, v.ticks_per_unit)


@inlined
def note(
    wanted: Wanted, k: int, level: int, price: float, size: float, away: float
) -> bool:
    """Let a level into a column; whether the column may ask for the next one."""
    number = wanted.number[k]
    if wanted.what[k] != WITHIN:
        if level == number:
            wanted.now[k] = size if wanted.what[k] == SIZE else price
        return level < number
    if away > number + 1e-6:
        return False
    wanted.now[k] = size if level == 1 else wanted.now[k] + size
    return True


class Levels:
    """The columns of deeper levels of one run, with their books."""

    def __init__(
        self,
        names: Iterable[str],
        ticks: Sequence[float],
        stale_after_ns: int,
        mode: Mode,
    ) -> None:
        """Start before the first row.

        Args:
            names: market names; those of deeper levels become columns.
            ticks: smallest price steps, one a venue.
            stale_after_ns: silence after which one of several venues has no part.
            mode: how the kernel runs.
        """
        places = {name: level for name in names if (level := level_of(name))}
        self.names = tuple(places)
        self._mode = mode
        self._tick, self._stale_after_ns = max(ticks), stale_after_ns
        self._wanted = _wanted(list(places.values()), len(ticks))
        self._venues = _venues(ticks) if places else None

    def run(self, batch: Batch) -> dict[str, FloatColumn]:
        """The columns of the next rows, by name."""
        if self._venues is None:
            return {}
        out = np.empty((len(self.names), len(batch)))
        rows = TapeRows(*(getattr(batch, name) for name in TapeRows._fields))
        look = self._mode(look_deeper)
        look(self._venues, rows, self._wanted, out, self._tick, self._stale_after_ns)
        return dict(zip(self.names, out, strict=True))


def _venues(ticks: Sequence[float]) -> Any:
    venues = new_records(_SEEN, len(ticks))
    for v, tick in zip(venues, ticks, strict=True):
        v.tick, v.ticks_per_unit, v.per_tick = (
            tick,
            ticks_per_unit(tick),
            per_tick(tick),
        )
        v.price[:] = v.shown[:] = np.nan
    return venues


def _wanted(places: list[Level], venues: int) -> Wanted:
    return Wanted(
        side=np.array([_SIDES[place.side] for place in places], np.int64),
        what=np.array([_WHATS[place.what] for place in places], np.int64),
        number=np.array([place.number for place in places], np.int64),
        now=np.full(len(places), np.nan),
        cursor=np.zeros(venues, np.int64),
    )
