"""LOBSTER: NASDAQ order messages and the book after each of them.

A day is two CSV files without headers, one line a message in both:

    TICKER_YYYY-MM-DD_START_END_message_LEVELS.csv
        time (s after midnight, New York), type, order id, size, price * 10000,
        direction of the resting order (1 buy, -1 sell)
    TICKER_YYYY-MM-DD_START_END_orderbook_LEVELS.csv
        ask price, ask size, bid price, bid size for each level; empty: size 0

The tape: executions (types 4 visible, 5 hidden) are trades, the aggressor on the other
side of the resting order, before the book change of the same message; crosses (6) are
trades of unknown side; halts (7) are status rows. Files of one level give `quote` rows,
deeper ones a `clear` and `depth` rows: the whole book at the first message (what stood
before it is not in the files), then what each message changed. A message that changes
nothing in the known levels gives no row. The messages with their order ids are kept aside.

Source: the readme of LOBSTER's sample files, 1 September 2013.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.importers.days import Unit, by_day_and_name
from mmrun.importers.levels import BookSide, depth_changes
from mmrun.importers.rows import Imported, in_order, tape_rows
from mmrun.importers.sources import Member, members_of
from mmrun.importers.text import TextFile, read_numbers, refuse
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.tape import Kind, Side, Status
from mmrun.market.writer import Tape
from mmrun.problems import DataError


VENUE = "NASDAQ"
SUFFIXES = (".csv",)
TIMEZONE = "America/New_York"
TICK = 0.01
LOT = 1.0
PRICE_STEPS = 10_000.0  #: a price of 1 dollar in the files
NO_PRICE = 9_999_999_999  #: stands in an empty level, negative on the bid side

VISIBLE, HIDDEN, CROSS, HALT = 4, 5, 6, 7  #: message types that give rows of their own
_STATUS = {-1: Status.HALT, 0: Status.AUCTION, 1: Status.RESUME}  #: by a halt's price
_MESSAGE: dict[str, type[pl.DataType]] = {
    "time": pl.String,
    "type": pl.Int64,
    "order_id": pl.Int64,
    "size": pl.Int64,
    "price": pl.Int64,
    "direction": pl.Int64,
}
_TIME = r"^\d{1,6}(\.\d{1,15})?$"
_NAME = re.compile(
    r"(?P<symbol>[^_]+)_(?P<date>\d{4}-\d{2}-\d{2})_\d+_\d+"
    r"_(?P<content>message|orderbook)_(?P<levels>\d+)\.csv\Z"
)
_NAME_HINT = "LOBSTER names are TICKER_YYYY-MM-DD_START_END_message_LEVELS.csv"


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """What the name of a file says about its content."""

    symbol: str
    date: str
    levels: int


def read(
    sources: Sequence[Path], progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Read days of LOBSTER files.

    Args:
        sources: zips, directories and CSV files, in any order; a pair may be apart.
        progress: told what is being read.

    Raises:
        DataError: a file is missing, damaged, misnamed, without its pair or holds what
            cannot be right.
    """
    days = _days(sources)
    symbols = sorted({day.symbol for day in days})
    return Imported(
        tapes=tuple(_tape(symbol, days, progress) for symbol in symbols),
        provenance=Provenance(
            source="LOBSTER",
            timezone=TIMEZONE,
        ),
    )


def unit_of(path: Path) -> Unit:
    """The pair of a day; two depths of it would be found in one unit, and refused."""
    return by_day_and_name(path)


def _days(sources: Sequence[Path]) -> dict[Day, dict[str, Member]]:
    """The pairs of message and orderbook files, by symbol and date."""
    days: dict[Day, dict[str, Member]] = {}
    for member in members_of(sources, SUFFIXES):
        match = _NAME.match(member.base)
        if match is None:
            message = f"{member.name} is not a LOBSTER file name"
            raise DataError(message, hint=_NAME_HINT)
        day = Day(match["symbol"], match["date"], int(match["levels"]))
        pair = days.setdefault(day, {})
        if match["content"] in pair:
            message = f"{member.name} is the same day as {pair[match['content']].name}"
            raise DataError(message, hint="give each day once")
        pair[match["content"]] = member
    for day, pair in days.items():
        _check_pair(day, pair)
    return dict(sorted(days.items()))


def _check_pair(day: Day, pair: dict[str, Member]) -> None:
    for content in ("message", "orderbook"):
        if content not in pair:
            (other,) = pair.values()
            message = f"{other.name} has no {content} file beside it"
            hint = f"LOBSTER's {day.date} of {day.symbol} is a message and an orderbook file of {day.levels} level{'s' * (day.levels > 1)}"
            raise DataError(message, hint=hint)


def _tape(
    symbol: str,
    days: dict[Day, dict[str, Member]],
    progress: Callable[[str], None],
) -> Tape:
    """All days of a symbol, which must have one depth and no date twice."""
    mine = [day for day in days if day.symbol == symbol]
    if len({day.levels for day in mine}) > 1 or len({d.date for d in mine}) < len(mine):
        levels = ", ".join(f"{day.date}: {day.levels}" for day in mine)
        message = f"{symbol} has days of different depth ({levels})"
        raise DataError(message, hint="import one depth at a time")
    frames, orders = [], []
    for day in mine:
        progress(f"reading {symbol} {day.date}")
        pair = days[day]
        rows, messages = _read_day(day, pair["message"], pair["orderbook"])
        frames.append(rows)
        price = pl.Series("price", messages["price"].to_numpy() / PRICE_STEPS)
        orders.append(messages.with_columns(price))
    instrument = Instrument(
        symbol=symbol,
        venue=VENUE,
        tick=TICK,
        lot=LOT,
        timezone=TIMEZONE,
        depth=mine[0].levels,
    )
    return Tape(instrument, pl.concat(frames), orders=pl.concat(orders))


def _read_day(
    day: Day, message: Member, orderbook: Member
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A day's tape rows, and its messages."""
    messages = read_messages(TextFile(message.name, message.read()), day.date)
    book = read_book(TextFile(orderbook.name, orderbook.read()), day.levels)
    if len(messages) != len(book):
        text = f"{orderbook.name} has {len(book):,} lines and {message.name} {len(messages):,}; expected one for one"
        raise DataError(text, hint="one of the two is cut short, or they are no pair")
    return day_rows(messages, book), messages


def read_messages(file: TextFile, day: str) -> pl.DataFrame:
    """A message file: `ts` (ns since 1970), type, order_id, size, price, direction.

    Raises:
        DataError: a line is not what LOBSTER writes, or times run backwards.
    """
    frame = read_numbers(file, _MESSAGE, spare=1)  # later files have a market maker id
    _refuse(file, frame, ~pl.col("time").str.contains(_TIME), "time")
    _refuse(file, frame, ~pl.col("type").is_between(1, 7), "type")
    _refuse(file, frame, ~pl.col("direction").is_in([-1, 1]), "direction")
    halted = pl.col("type") == HALT
    _refuse(file, frame, ~halted & (pl.col("size") <= 0), "size")
    _refuse(file, frame, ~halted & (pl.col("price") <= 0), "price")
    _refuse(file, frame, halted & ~pl.col("price").is_in(list(_STATUS)), "price")
    result = frame.with_columns(_nanoseconds(midnight_ns(day)).alias("ts"))
    back = result.select((pl.col("ts").diff() < 0).arg_true()).to_series()
    if len(back):
        row = back[0]
        message = f"{file.at(row)}: time goes back from {frame['time'][row - 1]} to {frame['time'][row]}"
        raise DataError(message, hint="LOBSTER's lines are in time order; get it again")
    return result.select("ts", "type", "order_id", "size", "price", "direction")


def read_book(file: TextFile, levels: int) -> NDArray[np.int64]:
    """An orderbook file as an array (lines, 4 * levels), as it stands there."""
    names = [
        f"{side}_{what}_{level}"
        for level in range(1, levels + 1)
        for side in ("ask", "bid")
        for what in ("price", "size")
    ]
    frame = read_numbers(file, dict.fromkeys(names, pl.Int64))
    for name in names[1::2]:
        _refuse(file, frame, pl.col(name) < 0, name)
    return frame.to_numpy(order="c")


def midnight_ns(day: str) -> int:
    """New York's midnight of a date (YYYY-MM-DD) in ns since 1970.

    Raises:
        DataError: there is no such date.
    """
    try:
        when = date.fromisoformat(day)
    except ValueError as error:
        message = f"'{day}' in a file's name is not a date"
        raise DataError(message, hint=_NAME_HINT) from error
    midnight = datetime(when.year, when.month, when.day, tzinfo=ZoneInfo(TIMEZONE))
    return int(midnight.timestamp()) * 10**9


def day_rows(messages: pl.DataFrame, book: NDArray[np.int64]) -> pl.DataFrame:
    """The tape rows of a day, from messages and the book after each."""
    levels = book.shape[1] // 4
    changed = _quotes(messages, book) if levels == 1 else _depth(messages, book)
    return in_order([_trades(messages), _halts(messages), *changed])


def _trades(messages: pl.DataFrame) -> pl.DataFrame:
    """Trade rows; message i's rows have the places from 4 * i.

    Prices are divided by numpy: polars multiplies by the reciprocal, and 100.005 would
    become 100.00500000000001.
    """
    kinds = messages["type"]
    chosen = kinds.is_in([VISIBLE, HIDDEN, CROSS])
    rows = messages.filter(chosen)
    crossed = rows["type"] == CROSS
    aggressor = -rows["direction"]
    columns = {
        "ts": rows["ts"],
        "price": rows["price"].to_numpy() / PRICE_STEPS,
        "size": rows["size"],
        "side": aggressor.set(crossed, int(Side.UNKNOWN)),
    }
    return tape_rows(Kind.TRADE, 4 * chosen.arg_true().cast(pl.Int64), columns)


def _halts(messages: pl.DataFrame) -> pl.DataFrame:
    chosen = messages["type"] == HALT
    rows = messages.filter(chosen)
    codes = {price: int(status) for price, status in _STATUS.items()}
    columns = {"ts": rows["ts"], "status": rows["price"].replace_strict(codes)}
    return tape_rows(Kind.STATUS, 4 * chosen.arg_true().cast(pl.Int64), columns)


def _quotes(messages: pl.DataFrame, book: NDArray[np.int64]) -> Iterator[pl.DataFrame]:
    differs = np.any(book[1:] != book[:-1], axis=1)
    index = np.flatnonzero(np.concatenate([[True], differs]))
    ask, ask_size, bid, bid_size = book[index].T
    columns = {"ts": messages["ts"].to_numpy()[index]}
    for name, price, size in (("bid", bid, bid_size), ("ask", ask, ask_size)):
        there = size > 0
        columns[name] = np.where(there, price / PRICE_STEPS, np.nan)
        columns[f"{name}_size"] = np.where(there, size, np.nan)
    yield tape_rows(Kind.QUOTE, 4 * index + 3, columns)


def _depth(messages: pl.DataFrame, book: NDArray[np.int64]) -> Iterator[pl.DataFrame]:
    ts = messages["ts"].to_numpy()
    yield tape_rows(Kind.CLEAR, np.array([2]), {"ts": ts[:1]})
    bids = BookSide(Side.BUY, book[:, 2::4], book[:, 3::4])
    asks = BookSide(Side.SELL, book[:, 0::4], book[:, 1::4])
    changes = depth_changes(bids, asks)
    columns = {
        "ts": ts[changes.snapshot],
        "price": changes.price / PRICE_STEPS,
        "size": changes.size,
        "side": changes.side,
    }
    yield tape_rows(Kind.DEPTH, 4 * changes.snapshot + 3, columns)


def _nanoseconds(midnight: int) -> pl.Expr:
    """Exact: seconds and the digits after the point are read as integers.

    Some files hold doubles printed with more than nine digits (43002.632812672004).
    Times are whole nanoseconds, and a double of this size is right to 0.01 ns, so the
    tenth digit rounds.
    """
    parts = pl.col("time").str.split_exact(".", 1)
    seconds = parts.struct.field("field_0").cast(pl.Int64)
    digits = parts.struct.field("field_1").fill_null("").str.pad_end(10, "0")
    tenths = digits.str.slice(0, 10).cast(pl.Int64)
    return midnight + seconds * 10**9 + (tenths + 5) // 10


_EXPECTED = {
    "time": "seconds after midnight, like 34200.004241176",
    "type": "a message type from 1 to 7",
    "direction": "1 or -1",
    "price": "a positive price, or -1, 0 or 1 on a halt",
}


def _refuse(file: TextFile, frame: pl.DataFrame, wrong: pl.Expr, name: str) -> None:
    """Raise for the first row of which `wrong` holds."""
    refuse(file, frame, wrong, name, _EXPECTED.get(name, "a positive number of shares"))
