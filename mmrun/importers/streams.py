"""Streams of rows of one instrument: times that go forward, and one tape of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mmrun.importers.rows import ORDER
from mmrun.market.tape import IntColumn, Kind
from mmrun.problems import DataError


LONG_SILENCE_NS = 3_600 * 10**9
MOST_LATE_NS = 60 * 10**9  #: a stream that goes back further is not in order


@dataclass(frozen=True, slots=True)
class Forward:
    """Times that never go back, and how they were made so."""

    ts: IntColumn  #: ns
    late: int  #: rows that stood behind a later time and were given that time
    worst_ns: int  #: by how much at most


def forward(ts: IntColumn, at: Callable[[int], str]) -> Forward:
    """Give rows that come late the time of the row before.

    Files in the order of receipt hold exchange times that step back by milliseconds; to
    sort them would change the order in which a book was built.

    Args:
        ts: exchange times in file order, ns.
        at: where a row of the file stands, for the message.

    Raises:
        DataError: a time goes back by more than `MOST_LATE_NS`.
    """
    latest = np.maximum.accumulate(ts)
    late = latest - ts
    worst = int(late.max(initial=0))
    if worst > MOST_LATE_NS:
        row = int(np.flatnonzero(late > MOST_LATE_NS)[0])
        message = f"{at(row)}: time goes back by {late[row] / 1e9:.9g} s"
        hint = "the file is not in order of time: download it again, or sort it"
        raise DataError(message, hint=hint)
    return Forward(latest, int(np.count_nonzero(late)), worst)


def late_note(name: str, times: Forward) -> tuple[str, ...]:
    """The sentence about late rows, if there are any."""
    if not times.late:
        return ()
    worst_ms = times.worst_ns / 1e6
    note = (
        f"{name}: {times.late:,} rows had an exchange time before that of the row above "
        f"(by {worst_ms:.6g} ms at most) and were given that row's time"
    )
    return (note,)


def silence_notes(name: str, frame: pl.DataFrame) -> tuple[str, ...]:
    """The sentence about silences of over an hour, if there are any."""
    ts = frame["ts"].to_numpy()
    gaps = np.diff(ts)
    count = int(np.count_nonzero(gaps > LONG_SILENCE_NS))
    if not count:
        return ()
    row = int(np.argmax(gaps))
    start = pl.select(pl.from_epoch(pl.lit(ts[row]), "ns")).item()
    hours = gaps[row] / LONG_SILENCE_NS
    times = "1 silence" if count == 1 else f"{count:,} silences"
    return (
        f"{name}: {times} of over an hour, the longest {hours:.1f} h from {start} UTC",
    )


def merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Streams in time order each as one; at one time trades stand first.

    A trade stands before the change of the book it caused, which another stream tells.
    Rows of one stream and of one time keep their order.
    """
    only_trades = [set(part["kind"].unique()) <= {int(Kind.TRADE)} for part in parts]
    trades_first = sorted(range(len(parts)), key=lambda index: not only_trades[index])
    rows = pl.concat([parts[index].drop(ORDER, strict=False) for index in trades_first])
    return rows.sort("ts", maintain_order=True).rechunk()
