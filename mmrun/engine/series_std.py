"""The standard deviation of a window of time, at rows that each have an observation.

What `series_windows` gives, to the bit, in 11 ns a row where that takes 15. How many
entries leave before the next one enters, nobody can foretell, and a processor that
guesses wrong loses more time than either takes: here each turn of the loop lets one leave
or one enter, by arithmetic alone. Divisions and roots follow, for many rows at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmrun.engine.jit import inlined, kernel
from mmrun.engine.series_state import (
    AT_ONCE,
    RESUM_AFTER,
    Held,
    Look,
    Ring,
    Rows,
    State,
    root,
    wrap_of,
)
from mmrun.engine.series_windows import resum, window_values
from mmrun.market.tape import FloatColumn


@kernel
def std_values(rows: Rows, state: Any, ring: Ring, look: Look, what: int) -> int:
    """A window's std: entries are put into the ring, behind those held, then enter."""
    if look.needed > 0 or look.ns == 0 or not all_enter(rows):
        return window_values(rows, state, ring, look, what)
    s: State = state[0]
    row, count, wrap = 0, len(rows.ts), wrap_of(ring)
    while row < count and s.held <= wrap // 2:  # a fuller ring would take few at a time
        end = (s.head + s.held) & wrap
        stop = row + min(count - row, AT_ONCE, wrap + 1 - max(s.held, end))
        ring.times[end : end + stop - row] = rows.ts[row:stop]
        ring.first[end : end + stop - row] = rows.x[row:stop]
        enter_all(s, ring, look.ns, what, rows.out[row:stop])
        row = stop
    if row > 0:
        s.value = rows.out[row - 1]
        s.wake_ts = ring.times[s.head] + look.ns
    return row


@inlined
def all_enter(rows: Rows) -> bool:
    """Whether each row ticks and has a value."""
    idle = 0
    for row in range(len(rows.bits)):
        idle |= (rows.bits[row] & rows.mask) == 0
        idle |= rows.x[row] != rows.x[row]
    return idle == 0


@inlined
def enter_all(s: State, ring: Ring, ns: int, what: int, out: FloatColumn) -> None:
    """Let the entries of all rows enter; `out` gets what the window gives at each."""
    wrap, begun = wrap_of(ring), s.head + s.held
    seconds, heads = ring.spare[0], ring.spare[1]
    row = 0
    while row < len(out):
        enter_some(s, ring, ns, begun, out)
        row = s.head + s.held - begun
        if s.evicted >= max(RESUM_AFTER, s.held):
            w = Held(s.head & wrap, s.held, s.evicted, s.total, s.second, s.shift)
            w = resum(w, ring, what)
            s.evicted, s.total, s.second, s.shift = 0, w.total, w.second, w.shift
            out[row - 1], seconds[row - 1] = w.total, w.second
    s.head &= wrap
    for k in range(len(out)):
        held = begun + k + 1 - heads[k]
        mean = out[k] / held
        value = root(seconds[k] / held - mean * mean)
        out[k] = 0.0 if held == 1.0 else value


@inlined
def enter_some(s: State, ring: Ring, ns: int, begun: int, out: FloatColumn) -> None:
    """Go on until all have entered, or sums may have to be added up afresh.

    Sums go to `out` and `ring.spare`, with where the oldest entry was. `begun` is the
    place of the first row's entry; places count on, and wrap where they are read.
    """
    wrap, times, values = wrap_of(ring), ring.times, ring.first
    seconds, heads = ring.spare[0], ring.spare[1]
    total, second, shift, evicted = s.total, s.second, s.shift, s.evicted
    head, coming, enters = s.head, s.head + s.held, 0
    row = coming - begun
    oldest, limit = times[head & wrap], times[coming & wrap] - ns
    # The next of both are read before it is known which of them is needed.
    older, beyond = times[(head + 1) & wrap], times[(coming + 1) & wrap] - ns
    while row < len(out) and (evicted < RESUM_AFTER or enters == 0):
        # -1: the coming one enters; 0: the oldest leaves, being at the limit or before.
        # By the sign of a difference: of a comparison LLVM makes a branch again.
        sign_bit = (np.uint64(limit) - np.uint64(oldest)) >> np.uint64(63)
        enters = -int(np.int64(sign_bit))
        if coming == head:
            total, second, evicted, shift = 0.0, 0.0, 0, values[coming & wrap]
        away = values[(head + ((coming - head) & enters)) & wrap] - shift
        sign = float(-1 - 2 * enters)
        total += sign * away
        second += sign * (away * away)
        out[row], seconds[row], heads[row] = total, second, head + 1 + enters
        head += 1 + enters
        evicted += 1 + enters
        row -= enters
        coming = begun + row
        oldest += (older - oldest) & ~enters
        limit += (beyond - limit) & enters
        older, beyond = times[(head + 1) & wrap], times[(coming + 1) & wrap] - ns
    s.head, s.held, s.evicted = head, coming - head, evicted
    s.total, s.second, s.shift = total, second, shift
