"""Streams of several venues as one: rows in time order, of one time in venue order.

No more is held of a stream than what waits for the others: a row is given once every
stream has rows of a later time, or has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmrun.feeds.clock import slices
from mmrun.market.tape import BATCH_COLUMNS, EMPTY, Batch


def merged(streams: Sequence[Iterator[Batch]]) -> Iterator[Batch]:
    """Rows of all streams; `venue` is the index of a row's stream."""
    if len(streams) == 1:
        yield from streams[0]
        return
    yield from _sorted([at_venue(each, nth) for nth, each in enumerate(streams)])


def at_venue(stream: Iterator[Batch], venue: int) -> Iterator[Batch]:
    """The rows of a stream with that `venue`."""
    for batch in stream:
        yield replace(batch, venue=np.full(len(batch), venue, np.int8))


def beside(
    stream: Iterator[Batch], others: Sequence[Iterator[Batch]]
) -> Iterator[Batch]:
    """Rows of a stream with those of others among them, of one time after its own.

    They end with the stream: rows of others that are later than its last are left out.
    """
    ends: list[int] = []
    last = [-1]

    def leading() -> Iterator[Batch]:
        for batch in stream:
            if len(batch):
                last[0] = int(batch.ts[-1])
            yield batch
        ends.append(last[0])

    for batch in _sorted([leading(), *others]):
        stop = int(np.searchsorted(batch.ts, ends[0], "right")) if ends else len(batch)
        if stop:
            yield batch.rows(0, stop)
        if stop < len(batch):
            return


def of_venue(batch: Batch, venue: int) -> Batch:
    """The batch's rows of one venue."""
    return selected(batch, batch.venue == venue)


def selected(batch: Batch, chosen: NDArray[np.bool_]) -> Batch:
    """The rows where `chosen` is true."""
    return Batch(*(getattr(batch, name)[chosen] for name in BATCH_COLUMNS))


def with_others(
    rows: Iterator[Batch], others: Sequence[Iterator[Batch]], first: int, most: int
) -> Iterator[Batch]:
    """Rows, clock rows among them, with those of other streams; nothing, as they are.

    Args:
        rows: of what is traded; their silences are what has clock rows.
        others: streams that count on from the `venue` `first`.
        first: how many instruments are traded.
        most: how many rows a batch may have.
    """
    if not others:
        return rows
    marked = [at_venue(each, first + nth) for nth, each in enumerate(others)]
    return (piece for b in beside(rows, marked) for piece in slices(b, most))


def _sorted(streams: Sequence[Iterator[Batch]]) -> Iterator[Batch]:
    waiting = [EMPTY for _ in streams]
    open_ = [True for _ in streams]
    while any(open_) or any(len(batch) for batch in waiting):
        for nth, stream in enumerate(streams):
            if open_[nth] and not len(waiting[nth]):
                waiting[nth], open_[nth] = _next(waiting[nth], stream)
        ends = [int(b.ts[-1]) for b, more in zip(waiting, open_, strict=True) if more]
        limit = min(ends, default=None)
        stops = [_before(batch, limit) for batch in waiting]
        if any(stops):
            ready = [b.rows(0, stop) for b, stop in zip(waiting, stops, strict=True)]
            waiting = [
                b.rows(stop, len(b)) for b, stop in zip(waiting, stops, strict=True)
            ]
            yield _in_order(ready)
        elif limit is not None:  # all that waits is of one time or later: read on
            nth = next(
                n for n, b in enumerate(waiting) if open_[n] and b.ts[-1] == limit
            )
            waiting[nth], open_[nth] = _next(waiting[nth], streams[nth])


def _next(held: Batch, stream: Iterator[Batch]) -> tuple[Batch, bool]:
    """What is held of a stream with its next rows, and whether there were any."""
    for batch in stream:
        if len(batch):
            return _joined([held, batch]) if len(held) else batch, True
    return held, False


def _before(batch: Batch, limit: int | None) -> int:
    """How many rows are earlier than the limit; all of them without one."""
    if limit is None:
        return len(batch)
    return int(np.searchsorted(batch.ts, limit, side="left"))


def _in_order(batches: Sequence[Batch]) -> Batch:
    """Their rows by time, of one time as they stand."""
    whole = _joined([batch for batch in batches if len(batch)])
    order = np.argsort(whole.ts, kind="stable")
    columns = (getattr(whole, name)[order] for name in BATCH_COLUMNS)
    return Batch(*columns)


def _joined(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    return Batch(
        *(
            np.concatenate([getattr(batch, name) for batch in batches])
            for name in BATCH_COLUMNS
        )
    )
