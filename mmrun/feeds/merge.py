"""Streams of several venues as one: rows in time order, of one time in venue order.

No more is held of a stream than what waits for the others: a row is given once every
stream has rows of a later time, or has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mmrun.market.tape import EMPTY, Batch


def merged(streams: Sequence[Iterator[Batch]]) -> Iterator[Batch]:
    """Rows of all streams; `venue` is the index of a row's stream."""
    if len(streams) == 1:
        yield from streams[0]
        return
    waiting = [EMPTY for _ in streams]
    open_ = [True for _ in streams]
    while any(open_) or any(len(batch) for batch in waiting):
        for nth, stream in enumerate(streams):
            if open_[nth] and not len(waiting[nth]):
                waiting[nth], open_[nth] = _next(waiting[nth], stream, nth)
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
            waiting[nth], open_[nth] = _next(waiting[nth], streams[nth], nth)


def _next(held: Batch, stream: Iterator[Batch], nth: int) -> tuple[Batch, bool]:
    """What is held of a stream with its next rows, and whether there were any."""
    for batch in stream:
        if len(batch):
            marked = replace(batch, venue=np.full(len(batch), nth, np.int8))
            return _joined([held, marked]) if len(held) else marked, True
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
    columns = (getattr(whole, name)[order] for name in Batch.__dataclass_fields__)
    return Batch(*columns)


def _joined(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    return Batch(
        *(
            np.concatenate([getattr(batch, name) for batch in batches])
            for name in Batch.__dataclass_fields__
        )
    )
