"""A day in equal intervals: what `data show` draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.market.tape import Kind


INTERVALS = 72  #: at most
_SECOND_NS = 10**9
#: Lengths that divide an hour or a day, so that hours begin with an interval.
_LENGTHS_S = (
    *(1, 2, 3, 5, 10, 15, 20, 30),
    *(60 * minutes for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
    *(3_600 * hours for hours in (1, 2, 3, 4, 6, 12, 24)),
)

Values = tuple[float | None, ...]
Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySeries:
    """Figures for each interval; None where there is none to tell."""

    start_ts: int  #: a whole number of intervals since 1970
    interval_ns: int
    mid: Values  #: the last; where no row came, None
    spread: Values  #: median over the times the book changed
    bid_size: Values  #: median, at the touch
    ask_size: Values
    rows: Counts
    trades: Counts
    volume: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.rows)


def series_of(frame: pl.DataFrame, touch: pl.DataFrame) -> DaySeries:
    """Cut a day into at most `INTERVALS` intervals of a round length.

    Args:
        frame: tape rows in time order, at least one.
        touch: what `touch_of` gave for them.
    """
    ts = frame["ts"].to_numpy()
    interval_ns = _round_length(int(ts.max() - ts.min()))
    start = int(ts.min()) // interval_ns * interval_ns
    count = int(ts.max() - start) // interval_ns + 1
    slot = (ts - start) // interval_ns
    trade = frame["kind"].to_numpy() == int(Kind.TRADE)
    sizes = frame["size"].fill_null(0.0).fill_nan(0.0).to_numpy()
    rows = np.bincount(slot, minlength=count)
    by_slot = _by_slot(touch, start, interval_ns, count)
    volume = np.bincount(slot[trade], weights=sizes[trade], minlength=count)
    return DaySeries(
        start_ts=start,
        interval_ns=interval_ns,
        mid=_carried(by_slot["mid"], rows),
        spread=tuple(by_slot["spread"]),
        bid_size=tuple(by_slot["bid_size"]),
        ask_size=tuple(by_slot["ask_size"]),
        rows=tuple(rows.tolist()),
        trades=tuple(np.bincount(slot[trade], minlength=count).tolist()),
        volume=tuple(volume.astype(float).tolist()),
    )


def _round_length(span_ns: int) -> int:
    """The shortest round interval of which `INTERVALS` hold the span, wherever it is."""
    for length_s in _LENGTHS_S:
        if span_ns // (length_s * _SECOND_NS) + 2 <= INTERVALS:
            return length_s * _SECOND_NS
    return _LENGTHS_S[-1] * _SECOND_NS


def _by_slot(
    touch: pl.DataFrame, start: int, interval_ns: int, count: int
) -> pl.DataFrame:
    """Mid, spread and sizes of every interval; null where the book did not change."""
    found = (
        touch.with_columns(
            slot=(pl.col("ts") - start) // interval_ns,
            mid=(pl.col("bid") + pl.col("ask")) / 2,
            spread=pl.col("ask") - pl.col("bid"),
        )
        .group_by("slot")
        .agg(
            pl.col("mid").drop_nulls().last(),
            pl.col("spread", "bid_size", "ask_size").median(),
        )
    )
    every = pl.DataFrame({"slot": np.arange(count)})
    return every.join(found, on="slot", how="left", maintain_order="left")


def _carried(mid: pl.Series, rows: NDArray[np.int64]) -> Values:
    """The mid in force at the end of each interval in which a row came."""
    known = mid.forward_fill().to_list()
    return tuple(
        value if count else None for value, count in zip(known, rows, strict=True)
    )
