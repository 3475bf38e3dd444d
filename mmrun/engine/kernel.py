"""The rows of a batch through the machine, one after another. Kernels.

`advance` is the hot loop of a run; the steps it takes for a row are told, in order, in
the docstring of `mmrun.engine.run`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.accounts import (
    FIRST_OF_VENUE,
    FIRST_WATCH,
    mark,
    net_of,
    records_left,
    watch_equity,
)
from mmrun.engine.book import best, reaches, set_level, set_touch
from mmrun.engine.clock import advance_clock, settle_held
from mmrun.engine.evaluation import evaluate_quotes
from mmrun.engine.fills import (
    follow_deeper,
    follow_queue,
    follow_quote,
    lower_ahead,
    match_book,
    match_book_levels,
    match_trade,
)
from mmrun.engine.guards import (
    apply_guards,
    change_status,
    first_due,
    flatten,
    log_decisions,
    run_due,
    run_waiting,
    stale_due,
)
from mmrun.engine.jit import ResidualCall, apart, inlined, kernel
from mmrun.engine.observe import SAME, STILL
from mmrun.engine.plain import is_plain, run_plain
from mmrun.engine.quoting import read_columns
from mmrun.engine.rules import is_restless, restless, set_next_day, watch_rules
from mmrun.engine.state import ASK, BID, KNOWN, LEVELS, NEVER, ROW_ROOM, Machine
from mmrun.engine.watches import before_change
from mmrun.market.tape import Kind


_QUOTE, _DEPTH, _CLEAR = int(Kind.QUOTE), int(Kind.DEPTH), int(Kind.CLEAR)
_TRADE, _STATUS, _CLOCK = int(Kind.TRADE), int(Kind.STATUS), int(Kind.CLOCK)


class Rows(NamedTuple):
    """A batch as the kernel reads it: tape columns, and what `observe` made of them."""

    ts: NDArray[np.int64]
    kind: NDArray[np.int8]
    bits: NDArray[np.int8]  #: lang.nodes.Ticks of the row, and `observe`'s
    mid: NDArray[np.float64]  #: after a book row, NaN where a side is empty
    bid_size: NDArray[np.float64]  #: of quote rows, as on the tape
    ask_size: NDArray[np.float64]
    first: NDArray[np.int64]  #: quote: bid ticks; depth: ticks; trade: half ticks
    second: NDArray[np.int64]  #: quote: ask ticks
    size: NDArray[np.float64]  #: depth and trade rows
    side: NDArray[np.int8]  #: depth: side; trade: aggressor, inferred where unknown
    status: NDArray[np.int8]
    venue: NDArray[np.int8]  #: of several venues, which; else empty


class Formulas(NamedTuple):
    """Programs as `jit.call_residual` takes them."""

    quotes: ResidualCall  #: `Plan.residual`
    guards: ResidualCall  #: `Plan.guards`; without guards it is not called


@kernel
def advance(
    machines: Any,
    rows: Rows,
    start: int,
    columns: NDArray[np.float64],
    formulas: Formulas,
) -> int:
    """Run rows from `start`; the index of the first row not run, for want of room.

    `columns` is [column, fresh row], those without SAME; at 0 what the rows before the
    batch ended with. Arrays are read here: handing one to another kernel costs two
    atomic counts.
    """
    m = machines[0]
    state = m.state
    requote_bits = m.config.requote_bits
    stale_after = m.config.stale_after_ns
    count = len(rows.ts)
    if state.started == 0 and count > 0:
        begin(m, rows.ts[0])
    several = m.config.venues > 1
    guards = m.config.guards
    v = m.venues[0]
    row, passed = start, -1
    fresh = fresh_rows(rows.bits, start)
    while row < count:
        if row != passed and is_plain(m, v, rows.ts[row]):
            row, fresh, handed = run_plain(
                m, v, rows, row, columns, fresh, formulas.quotes
            )
            if handed:
                read_columns(m, columns, fresh)
                evaluate_quotes(m, formulas.quotes, rows.ts[row - 1])
                log_decisions(m, rows.ts[row - 1])
            passed = row
            continue
        i = np.uint64(row)  # an index that cannot be negative needs no check
        ts = rows.ts[i]
        bits = rows.bits[i]
        if bits & STILL == STILL and state.steady == 1 and is_calm(m, v, ts):
            # Sizes alone move, at most what is ahead of us falls: a run of such rows.
            bid_ahead, ask_ahead = ahead_at_touch(v, BID), ahead_at_touch(v, ASK)
            first, before, due = row, ts, state.next_due
            while bits & STILL == STILL and ts < due and ts - before < stale_after:
                bid_size, ask_size = rows.bid_size[i], rows.ask_size[i]
                bid_ahead = lower_ahead(bid_ahead, bid_size)
                ask_ahead = lower_ahead(ask_ahead, ask_size)
                before = ts
                row += 1
                if row == count:
                    break
                i = np.uint64(row)
                ts = rows.ts[i]
                bits = rows.bits[i]
            i = np.uint64(row - 1)
            drift(v, BID, bid_ahead, rows.bid_size[i])
            drift(v, ASK, ask_ahead, rows.ask_size[i])
            state.events += row - first
            state.quotes += row - first
            v.heard_ts = before
            continue
        kind = rows.kind[i]
        if not has_room(m, kind):
            return row
        if ts >= state.next_due or ts >= silent_until(m, v):
            if not run_due(m, ts):
                return row
        row += 1
        if several:
            v = m.venues[rows.venue[i]]
        apply_row(
            m,
            v,
            kind,
            rows.first[i],
            rows.second[i],
            rows.mid[i],
            rows.bid_size[i],
            rows.ask_size[i],
            rows.size[i],
            rows.side[i],
            rows.status[i],
            ts,
        )
        if bits & SAME == 0:
            fresh += 1
            state.steady = 0
        if guards != 0:
            if bits & SAME == 0 or state.changed + state.restless != 0:
                _look_at_rules(m, columns, fresh, formulas.guards, ts)
        looked = state.changed != 0 or state.guarded != 0
        if looked:
            look(m, kind, ts)
        if state.guarded < m.config.venues and bits & requote_bits != 0:
            if state.steady == 0:
                read_columns(m, columns, fresh)
                evaluate_quotes(m, formulas.quotes, ts)
                looked = True
        if looked:
            log_decisions(m, ts)
    return count


@kernel
def apply_row(  # type: ignore[no-untyped-def]
    m, v, kind, first, second, mid, bid_size, ask_size, size, side, status, ts
):
    """What a row tells of its venue: its book, marks and fills; see `Rows`."""
    apart()
    state = m.state
    if kind != _CLOCK:
        hear_venue(m, v, ts)
    if kind == _QUOTE:
        set_touch(v.book, BID, first, bid_size)
        set_touch(v.book, ASK, second, ask_size)
        settle_book(m, v, first, second, mid, ts)
        follow_quote(m, v, BID, first, bid_size, ts)
        follow_quote(m, v, ASK, second, ask_size, ts)
        if m.config.levels > 1:
            follow_deeper(m, v, first, bid_size, second, ask_size, ts)
    elif kind == _TRADE:
        state.trades += 1
        match_trade(m, v, first, size, side, ts)
    elif kind == _DEPTH or kind == _CLEAR:
        apply_depth(m, v, kind, BID if side > 0 else ASK, first, size, mid, ts)
    elif kind == _STATUS:
        change_status(m, v, status)


@kernel
def _look_at_rules(m, columns, fresh, formula, ts):  # type: ignore[no-untyped-def]
    """Read what the strategy's own rules look at in a row, and look."""
    apart()
    for k in range(m.guards.columns):
        place = m.guards.column_registers[k]
        m.guards.registers[place] = columns[m.guards.lines[k], fresh]
    watch_rules(m, formula, ts)


@kernel
def fresh_rows(bits, stop):  # type: ignore[no-untyped-def]
    """How many rows before `stop` are not SAME."""
    count = 0
    for i in range(stop):
        count += bits[i] & SAME == 0
    return count


@inlined
def silent_until(m: Machine, v: Machine) -> int:
    """When a venue will have been silent for too long; of several, the first one."""
    if m.config.venues > 1:
        return stale_due(m)
    return v.heard_ts + m.config.stale_after_ns


@inlined
def is_calm(m: Machine, v: Machine, ts: int) -> bool:
    """Whether a quote row at the same prices can only move what is ahead of us."""
    if m.config.single == 0 or ts >= m.state.next_due or m.state.restless != 0:
        return False
    if ts - v.heard_ts >= m.config.stale_after_ns:
        return False
    if ts == v.clear_ts or v.book.taken[BID] + v.book.taken[ASK] != 0:
        return False
    return not (reached(v, BID) or reached(v, ASK))


@inlined
def reached(v: Machine, side: int) -> bool:
    """Whether the opposite side stands at our order's price or through it."""
    slot = v.slots[side]
    return bool(slot.live == 1 and reaches(v, side, slot.price))


@inlined
def ahead_at_touch(v: Machine, side: int) -> float:
    """What is ahead of our order at the touch; -inf elsewhere, which nothing lowers."""
    slot = v.slots[side]
    touch = v.best_bid if side == BID else v.best_ask
    if slot.live == 1 and slot.price == touch:
        return slot.ahead
    return -np.inf


@inlined
def drift(v: Machine, side: int, ahead: float, size: float) -> None:
    """After quote rows at the same prices: the last size shown, what is ahead."""
    v.book.shown[side, 0] = size
    v.book.free[side, 0] = math.inf if math.isnan(size) else size
    if ahead != -np.inf:
        v.slots[side].ahead = ahead


@inlined
def hear_venue(m: Machine, v: Machine, ts: int) -> None:
    """A row of the venue's own: it is not silent."""
    m.state.events += 1
    v.heard_ts = ts
    if v.stale != 0:
        v.stale = 0
        m.state.changed = 1


@kernel
def look(m: Machine, kind: int, ts: int) -> None:
    """After a change: equity, guards, and quotes are to be evaluated again."""
    apart()
    state = m.state
    state.changed = 0
    state.steady = 0
    watch_equity(m)
    apply_guards(m, ts)
    if state.flattening + state.taking != 0 and kind <= _TRADE:
        flatten(m, ts)


@inlined
def has_room(m: Machine, kind: int) -> bool:
    """Whether the outputs hold all that one more row of a kind can make."""
    if min(records_left(m), len(m.notices) - m.state.notice_count) < ROW_ROOM:
        return False
    if kind != _DEPTH:
        return True
    for k in range(m.config.venues):
        book = m.venues[k].book
        if max(book.count[BID], book.count[ASK]) + 1 >= LEVELS:
            return False
    return True


@kernel
def begin(m: Machine, ts: int) -> None:
    """The first row: time and the session start here."""
    apart()
    state = m.state
    grid = m.config.grid_ns
    state.started = 1
    state.first_ts = state.clock_ts = ts
    for k in range(m.config.venues):
        m.venues[k].heard_ts = ts
        m.venues[k].stale = 2 if m.config.venues > 1 else 0
    state.next_grid = -(-ts // grid) * grid
    index = 0
    while index < m.config.sessions and m.sessions[index, 1] <= ts:
        index += 1
    state.session_index = index
    state.in_session = 0
    if index < m.config.sessions and m.sessions[index, 0] <= ts:
        state.in_session = 1
    set_next_day(m, ts)
    state.next_due = first_due(m)
    state.changed = 1
    state.restless = 1 if restless(m) else 0
    state.repeatable = 1 if repeatable(m) else 0
    log_decisions(m, ts)


@kernel
def repeatable(m: Machine) -> bool:
    """Whether formulas give the same again while no market column and no fill does."""
    config = m.config
    if config.previous > 0 or config.max_age_ns < NEVER or config.after_fill_ns > 0:
        return False
    for k in range(config.states):
        code = m.state_codes[k]
        if is_restless(code) or (FIRST_WATCH <= code < FIRST_OF_VENUE):
            return False
    return True


@kernel
def follow_level(m: Machine, v: Machine, side: int, price: int, ts: int) -> None:
    """A depth row moves our place in the queue when it is at our price."""
    for k in range(side, 2 * v.levels, 2):
        slot = v.slots[k]
        if slot.live == 1 and (slot.price == price or np.isnan(slot.ahead)):
            follow_queue(m, v, k, ts)


@kernel
def apply_depth(m, v, kind, side, price, size, mid, ts):  # type: ignore[no-untyped-def]
    """A depth row changes one level, a clear row removes all."""
    apart()
    if kind == _CLEAR:
        v.clear_ts = ts
        v.book.count[BID] = 0
        v.book.count[ASK] = 0
    else:
        set_level(v.book, side, price, size)
    settle_book(m, v, best(v.book, BID), best(v.book, ASK), mid, ts)
    if kind == _DEPTH:
        follow_level(m, v, side, price, ts)


@inlined
def settle_book(m, v, bid, ask, mid, ts):  # type: ignore[no-untyped-def]
    """After the book moved: touch, mark at the new mid, then fills it brings."""
    state = m.state
    state.quotes += 1
    if bid != v.best_bid or ask != v.best_ask:
        advance_clock(m, ts)
        v.best_bid = bid
        v.best_ask = ask
        state.changed = 1
    if mid != state.mid and not np.isnan(mid):
        if m.config.watches != 0:
            before_change(m, ts, net_of(m, KNOWN))
        mark(m, mid)
        state.changed = 1
    if m.config.levels == 1:
        match_book(m, v, BID, ts)
        match_book(m, v, ASK, ts)
    else:
        match_book_levels(m, v, BID, ts)
        match_book_levels(m, v, ASK, ts)


@kernel
def finish(machines: Any, ts: int) -> bool:
    """After the last row: what is due by then; False when out of room."""
    m = machines[0]
    if not has_room(m, _CLOCK) or not run_due(m, ts):
        return False
    advance_clock(m, ts)
    run_waiting(m, ts)
    settle_held(m)
    watch_equity(m)
    return True
