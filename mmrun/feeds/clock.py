"""Clock rows: time passing while a market is silent.

A clock row comes at the last row + heartbeat and at every heartbeat after, strictly
before the next row and while the silence is under a minute (a row at last + 60 s would
end a full minute of silence: there is none). After the last row of a tape the same
holds as if nothing ever came. With sessions given, only times from an open to before
its close get one; the close itself is the engine's own deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mmrun.market.tape import BATCH_COLUMNS, Batch, IntColumn, Kind, Packed


MAX_SILENCE_NS = 60_000_000_000
FOREVER_NS = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When clock rows are due: every `interval_ns` of silence, inside `sessions`."""

    interval_ns: int = 1_000_000_000  #: 0: never
    sessions: tuple[tuple[int, int], ...] | None = None  #: (open, close) ns; None: all


def with_clock(
    batches: Iterable[Batch], heartbeat: Heartbeat, rows: int
) -> Iterator[Batch]:
    """The rows of a tape with clock rows between and after them.

    Args:
        batches: consecutive rows of one tape, in any split.
        heartbeat: when a clock row is due.
        rows: how many rows a batch given may have at most.
    """
    previous_ns: int | None = None
    room = np.empty(0, np.int64)  # fresh memory a batch takes longer than the sums
    for batch in batches:
        if len(room) < len(batch):
            room = np.empty(len(batch), np.int64)
        gaps = _gaps(batch.ts, previous_ns, room)
        if gaps.max(initial=0) > heartbeat.interval_ns > 0:
            for piece, before in _pieces(batch, gaps, heartbeat, rows):
                yield from slices(_filled(piece, before, heartbeat), rows)
        else:
            yield from slices(batch, rows)
        previous_ns = int(batch.ts[-1]) if len(batch) else previous_ns
    if previous_ns is not None and heartbeat.interval_ns:
        gap = np.array([FOREVER_NS - previous_ns])
        times = _due(np.array([previous_ns]), _due_count(gap, heartbeat), heartbeat)
        yield from slices(clock_rows(times), rows)


def slices(batch: Batch, rows: int) -> Iterator[Batch]:
    """The batch cut into views of at most `rows` rows; nothing for an empty one."""
    for start in range(0, len(batch), rows):
        yield batch.rows(start, min(start + rows, len(batch)))


def clock_rows(times: IntColumn) -> Batch:
    """A batch of clock rows at the given times, ns."""
    count = len(times)
    missing = np.full(count, np.nan)
    zero = np.zeros(count, np.int8)
    return Batch(
        ts=times,
        kind=np.full(count, Kind.CLOCK, np.int8),
        bid=missing,
        bid_size=missing,
        ask=missing,
        ask_size=missing,
        price=missing,
        size=missing,
        side=zero,
        status=zero,
        venue=zero,
    )


def _gaps(ts: IntColumn, previous_ns: int | None, room: IntColumn) -> IntColumn:
    """The time before each row, ns, in `room`."""
    gaps = room[: len(ts)]
    np.subtract(ts[1:], ts[:-1], out=gaps[1:])
    gaps[:1] = 0 if previous_ns is None else ts[:1] - previous_ns
    return gaps


def _pieces(
    batch: Batch, gaps: IntColumn, heartbeat: Heartbeat, rows: int
) -> Iterator[tuple[Batch, IntColumn]]:
    """Parts of a batch, each with the time before each of its rows, ns.

    Where clock rows would more than double the batch, parts have about `rows` rows once
    filled, so that memory stays bounded; otherwise the batch is one part.
    """
    silent = _silent(gaps, heartbeat)
    due = _due_count(gaps[silent], heartbeat)
    if due.sum() <= len(batch):
        yield batch, gaps
        return
    rows_each = np.ones(len(batch), np.int64)
    rows_each[silent] += due
    filled = np.cumsum(rows_each)
    cuts = np.searchsorted(filled, np.arange(rows, filled[-1], rows))
    bounds = [0, *np.unique(cuts[cuts > 0]).tolist(), len(batch)]
    for start, stop in pairwise(bounds):
        yield batch.rows(start, stop), gaps[start:stop]


def _filled(batch: Batch, gaps: IntColumn, heartbeat: Heartbeat) -> Batch:
    """The rows with the clock rows due before each of them."""
    silent = _silent(gaps, heartbeat)
    counts = _due_count(gaps[silent], heartbeat)
    starts = batch.ts[silent] - gaps[silent]
    times = _due(starts, counts, heartbeat)
    if not len(times):
        return batch
    places = silent[np.searchsorted(batch.ts[silent], times)]
    clock = clock_rows(times)
    columns = (
        np.insert(getattr(batch, name), places, getattr(clock, name))
        for name in BATCH_COLUMNS
    )
    return Batch(*columns, packed=_packed_with(batch.packed, places))


def _packed_with(packed: Packed | None, places: NDArray[np.intp]) -> Packed | None:
    """What is packed, with clock rows before the rows of `places`: none is calm then."""
    if packed is None:
        return None
    calm = packed.calm.copy()
    calm[places] = 0
    return Packed(
        packed.tick,
        first=np.insert(packed.first, places, 0),
        second=np.insert(packed.second, places, 0),
        calm=np.insert(calm, places, 0),
    )


def _silent(gaps: IntColumn, heartbeat: Heartbeat) -> NDArray[np.intp]:
    """Which rows end a silence that gets clock rows."""
    return np.flatnonzero(gaps > heartbeat.interval_ns)


def _due_count(gaps: IntColumn, heartbeat: Heartbeat) -> IntColumn:
    """How many heartbeats lie strictly inside each gap and its first minute."""
    interval_ns = max(heartbeat.interval_ns, 1)
    return (np.minimum(gaps, MAX_SILENCE_NS) - 1).clip(min=0) // interval_ns


def _due(starts: IntColumn, counts: IntColumn, heartbeat: Heartbeat) -> IntColumn:
    """Times of the clock rows after each start, those outside sessions left out."""
    first = np.repeat(np.cumsum(counts) - counts, counts)
    nth = np.arange(len(first)) - first + 1
    times = np.repeat(starts, counts) + nth * heartbeat.interval_ns
    return times if heartbeat.sessions is None else times[_inside(times, heartbeat)]


def _inside(times: IntColumn, heartbeat: Heartbeat) -> NDArray[np.bool_]:
    sessions = np.array(heartbeat.sessions, np.int64).reshape(-1, 2)
    nth = np.searchsorted(sessions[:, 0], times, side="right") - 1
    closes = sessions[np.maximum(nth, 0), 1] if len(sessions) else times
    inside: NDArray[np.bool_] = (nth >= 0) & (times < closes)
    return inside
