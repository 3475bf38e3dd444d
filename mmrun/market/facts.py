"""What a tape holds, counted: for the summary of an import and for `data show`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.market.day_file import count_kinds
from mmrun.market.grid import on_grid
from mmrun.market.instrument import Instrument
from mmrun.market.tape import FloatColumn, Kind, Side, Status
from mmrun.market.touch import touch_of


SILENCE_NS = 60 * 10**9
NAMED_SILENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeFacts:
    """One tape, or a day of it; prices in quote currency, None where nothing counts."""

    rows: Mapping[str, int]  #: by kind
    first_ts: int
    last_ts: int
    off_tick_quotes: int  #: quote and depth prices between ticks
    off_tick_trades: int  #: legal: hidden executions, midpoint crosses
    book_times: int  #: times at which the book changed
    crossed: int  #: of these, times at which the bid stands above the ask
    locked: int  #: times at which they are equal
    one_sided: int  #: times at which a side is empty
    halts: int
    unsigned_trades: int
    volume: float
    longest_silence_ns: int
    silences: tuple[tuple[int, int], ...]  #: of over a minute: from, to; longest first
    spread_median: float | None  #: over the times the book changed
    spread_p95: float | None
    touch_size_median: float | None  #: both sides
    trade_size_median: float | None
    hourly: Mapping[int, int]  #: rows by whole hour, ns since 1970


def facts_of(
    frame: pl.DataFrame, instrument: Instrument, touch: pl.DataFrame | None = None
) -> TapeFacts:
    """Count what a tape's frame holds.

    Args:
        frame: tape rows, at least one.
        instrument: whose tick prices are held to.
        touch: what `touch_of` gave for the frame, if that was done already.
    """
    touch = touch_of(frame) if touch is None else touch
    bid, ask = touch["bid"].to_numpy(), touch["ask"].to_numpy()
    spread = (ask - bid)[~np.isnan(ask - bid)]
    sizes = np.concatenate([touch["bid_size"].to_numpy(), touch["ask_size"].to_numpy()])
    trades = frame.filter(pl.col("kind") == int(Kind.TRADE))
    ts = frame["ts"].to_numpy()
    halted = frame["status"] == int(Status.HALT)
    return TapeFacts(
        rows=count_kinds(frame),
        first_ts=int(ts[0]),
        last_ts=int(ts[-1]),
        off_tick_quotes=_off_tick(_book_prices(frame), instrument.tick),
        off_tick_trades=_off_tick(trades["price"].to_numpy(), instrument.tick),
        book_times=len(touch),
        crossed=int(np.sum(bid > ask)),
        locked=int(np.sum(bid == ask)),
        one_sided=int(np.sum(np.isnan(bid) | np.isnan(ask))),
        halts=int(halted.sum() or 0),
        unsigned_trades=int((trades["side"] == int(Side.UNKNOWN)).sum() or 0)
        + trades["side"].null_count(),
        volume=float(trades["size"].sum()),
        longest_silence_ns=int(np.max(np.diff(ts), initial=0)),
        silences=_silences(ts),
        spread_median=_quantile(spread, 0.5),
        spread_p95=_quantile(spread, 0.95),
        touch_size_median=_quantile(sizes[~np.isnan(sizes)], 0.5),
        trade_size_median=_quantile(trades["size"].to_numpy(), 0.5),
        hourly=_hourly(ts),
    )


def _book_prices(frame: pl.DataFrame) -> FloatColumn:
    depth = frame.filter(pl.col("kind") == int(Kind.DEPTH))["price"]
    parts = (frame["bid"].drop_nulls(), frame["ask"].drop_nulls(), depth)
    return np.concatenate([part.to_numpy() for part in parts])


def _off_tick(prices: FloatColumn, tick: float) -> int:
    return int(np.sum(~on_grid(prices, tick)))


def _quantile(values: FloatColumn, share: float) -> float | None:
    """The value at that rank; one that occurs, not a mean of two."""
    if not len(values):
        return None
    return float(np.quantile(values, share, method="nearest"))


def _silences(ts: NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    quiet = np.diff(ts)
    longest = np.argsort(-quiet, kind="stable")[:NAMED_SILENCES]
    long = longest[quiet[longest] > SILENCE_NS]
    return tuple((int(ts[i]), int(ts[i + 1])) for i in long)


def _hourly(ts: NDArray[np.int64]) -> dict[int, int]:
    hour_ns = 3_600 * 10**9
    hours, counts = np.unique(ts // hour_ns, return_counts=True)
    return {int(h) * hour_ns: int(n) for h, n in zip(hours, counts, strict=True)}
