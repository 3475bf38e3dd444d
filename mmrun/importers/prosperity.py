"""IMC Prosperity: the simulated exchange of the trading competition.

    prices_round_R_day_D.csv   three levels of the book of every product at every step
    trades_round_R_day_D.csv   trades without the aggressor's side

Both are CSV with `;`. There is no calendar: `timestamp` counts from 0 each day, in steps
of 100, and is taken as milliseconds; day 0 is 1 January 2025 (UTC), by this importer's
choice. Prices become `clear` and `depth` rows: what changed between steps. A trade of a
step was made on the book shown at that step, so it stands behind that book and before
the next one. Each product is an instrument at the venue PROSPERITY.

Sides are not in the files: a run signs the trades by its trade-sign policy.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from mmrun.importers.days import Unit
from mmrun.importers.headed import Columns, HeadedFile, read_headed, refuse
from mmrun.importers.levels import BookSide, Levels, depth_changes
from mmrun.importers.rows import Imported, in_order, tape_rows
from mmrun.importers.sources import Member, members_of
from mmrun.importers.streams import forward
from mmrun.importers.text import printable
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.tape import IntColumn, Kind, Side
from mmrun.market.writer import Tape
from mmrun.problems import DataError


VENUE = "PROSPERITY"
SUFFIXES = (".csv",)
CURRENCY = "SEASHELLS"
TICK = LOT = 1.0
DEPTH = 3
NS_PER_STAMP = 1_000_000  #: `timestamp` as milliseconds
NS_PER_DAY = 86_400 * 10**9
DAY_0_NS = int(dt.datetime(2025, 1, 1, tzinfo=dt.UTC).timestamp()) * 10**9

_LEVELS = [
    f"{side}_{what}_{level}"
    for level in range(1, DEPTH + 1)
    for side in ("bid", "ask")
    for what in ("price", "volume")
]
_PRICES: Columns = {
    "day": pl.Int64,
    "timestamp": pl.Int64,
    "product": pl.String,
    **dict.fromkeys(_LEVELS, pl.Int64),
}
_TRADES: Columns = {
    "timestamp": pl.Int64,
    "symbol": pl.String,
    "price": pl.Float64,
    "quantity": pl.Int64,
}
_DAY = re.compile(r"day_(-?\d+)")
_SORTABLE = 10**6  #: added to days, which may be below 0
_HINT = "expected prices_round_R_day_D.csv or trades_round_R_day_D.csv"


@dataclass(frozen=True, slots=True)
class _Product:
    """The rows of a product in all files, with `ts`."""

    prices: list[pl.DataFrame] = field(default_factory=list)
    trades: list[pl.DataFrame] = field(default_factory=list)


def unit_of(path: Path) -> Unit:
    """Prices and trades of a day."""
    match = _DAY.search(path.name)
    return Unit(f"{int(match[1]) + _SORTABLE:09d}" if match else "")


def read(
    sources: Sequence[Path], progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Read prices and trades of any days.

    Args:
        sources: CSV files, zips and directories of them.
        progress: told what is being read.

    Raises:
        DataError: a file is neither prices nor trades, is damaged, or a day stands in
            two files.
    """
    products: dict[str, _Product] = {}
    notes = []
    for member in members_of(sources, SUFFIXES):
        progress(f"reading {member.name}")
        file = HeadedFile(member.name, member.read(), separator=";")
        if {"product", "bid_price_1"} <= set(file.header):
            _add_prices(file, products)
        elif {"buyer", "seller"} <= set(file.header):
            _add_trades(file, member, products)
        elif "sunlightIndex" in file.header:
            notes.append(f"{member.name} is not read: observations are no market rows")
        else:
            _refuse_file(file)
    tapes = tuple(_tape(name, products[name]) for name in sorted(products))
    return Imported(
        tapes=tapes,
        provenance=Provenance(source="IMC Prosperity, simulated"),
        notes=(*notes, "day 0 of the competition is 2025-01-01; times are not real"),
    )


def _refuse_file(file: HeadedFile) -> None:
    if not file.data.strip():
        message = f"{file.name} is empty"
        raise DataError(message)
    first = printable(";".join(file.header)[:100])
    message = f"{file.name} is no Prosperity file: its first line is {first}"
    raise DataError(message, hint=_HINT)


def _add_prices(file: HeadedFile, products: dict[str, _Product]) -> None:
    frame = read_headed(file, _PRICES, optional=_LEVELS)
    for name in _LEVELS:
        if "volume" in name:
            refuse(file, frame, pl.col(name) <= 0, name, "a volume above 0")
    ts = _forward(file, frame, DAY_0_NS + frame["day"].to_numpy() * NS_PER_DAY)
    for (product,), rows in _parted(frame.with_columns(ts), "product"):
        products.setdefault(product, _Product()).prices.append(rows)


def _add_trades(
    file: HeadedFile, member: Member, products: dict[str, _Product]
) -> None:
    match = _DAY.search(member.base)
    if match is None:
        message = f"{member.name} has no day in its name"
        raise DataError(message, hint=_HINT)
    frame = read_headed(file, _TRADES)
    refuse(file, frame, pl.col("quantity") <= 0, "quantity", "a quantity above 0")
    start = DAY_0_NS + int(match[1]) * NS_PER_DAY
    ts = _forward(file, frame, np.full(len(frame), start))
    for (product,), rows in _parted(frame.with_columns(ts), "symbol"):
        products.setdefault(product, _Product()).trades.append(rows)


def _forward(file: HeadedFile, frame: pl.DataFrame, start: IntColumn) -> pl.Series:
    """The rows' times in ns, which must not go back."""
    ts = start + frame["timestamp"].to_numpy() * NS_PER_STAMP
    times = forward(ts, file.at)
    if times.late:
        row = int(np.flatnonzero(np.diff(ts) < 0)[0]) + 1
        message = f"{file.at(row)}: timestamp goes back to {frame['timestamp'][row]}"
        raise DataError(message, hint="the file is not as it was written")
    return pl.Series("ts", ts)


def _parted(frame: pl.DataFrame, by: str) -> list[tuple[tuple[str], pl.DataFrame]]:
    parts = frame.partition_by(by, maintain_order=True, as_dict=True)
    return [((str(name),), rows) for (name,), rows in parts.items()]


def _tape(symbol: str, product: _Product) -> Tape:
    parts = []
    if product.prices:
        parts.append(_book(_joined(symbol, product.prices)))
    if product.trades:
        parts.append(_trades(_joined(symbol, product.trades)))
    rows = pl.concat(parts).sort("ts", maintain_order=True).rechunk()
    instrument = Instrument(
        symbol=symbol,
        venue=VENUE,
        tick=TICK,
        lot=LOT,
        currency=CURRENCY,
        depth=DEPTH,
        has_trade_side=False,
    )
    return Tape(instrument, rows)


def _joined(symbol: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Days in order; none may be there twice."""
    ordered = sorted(frames, key=lambda frame: frame["ts"][0])
    for before, after in pairwise(ordered):
        if after["ts"][0] <= before["ts"][-1]:
            message = f"{symbol} has one day in two files"
            raise DataError(message, hint="give the days of one round")
    return pl.concat(ordered)


def _book(prices: pl.DataFrame) -> pl.DataFrame:
    ts = prices["ts"].to_numpy()
    bids = BookSide(Side.BUY, *_levels(prices, "bid"))
    asks = BookSide(Side.SELL, *_levels(prices, "ask"))
    changes = depth_changes(bids, asks)
    columns = {
        "ts": ts[changes.snapshot],
        "price": changes.price,
        "size": changes.size,
        "side": changes.side,
    }
    parts = [
        tape_rows(Kind.CLEAR, np.zeros(1, np.int64), {"ts": ts[:1]}),
        tape_rows(Kind.DEPTH, 1 + changes.snapshot, columns),
    ]
    return in_order(parts)


def _levels(prices: pl.DataFrame, side: str) -> tuple[Levels, Levels]:
    """Prices and volumes (steps, levels); an empty level has volume 0."""
    names = [f"{side}_{{}}_{level}" for level in range(1, DEPTH + 1)]
    price, volume = (
        prices.select(name.format(what) for name in names)
        .fill_null(0)
        .to_numpy(order="c")
        for what in ("price", "volume")
    )
    return price, volume


def _trades(trades: pl.DataFrame) -> pl.DataFrame:
    columns = {
        "ts": trades["ts"],
        "price": trades["price"],
        "size": trades["quantity"],
        "side": np.zeros(len(trades), np.int64),
    }
    return in_order([tape_rows(Kind.TRADE, np.arange(len(trades)), columns)])
