"""QuantConnect Lean: tick quotes and trades of US equities and of forex.

A day is a zip of one CSV file without a header, times in ms after midnight of the
market's own clock (equities New York; OANDA UTC; FXCM UTC-05:00 all year):

    YYYYMMDD_SYMBOL_Quote_Tick.csv   equity: ms, bid * 10000, bid size, ask * 10000, ask
                                     size, exchange, condition, suspicious
    YYYYMMDD_SYMBOL_Trade_Tick.csv   equity: ms, price * 10000, size, exchange,
                                     condition, suspicious
    YYYYMMDD_SYMBOL_tick_quote.csv   forex: ms, bid, ask

An equity quote row gives one side, the other is 0: it updates that side of one
consolidated book, the venue NBBO. The exchange column only names who was best: a book
for each exchange would be crossed nearly always. A bid row and the ask row of the same
ms after it are one change and one quote. Trades carry no side and stand before the
quotes of their ms; those off the exchanges (D) are reported late and are left out.
Forex dealers are venues; their files say who they are only by the directory they lie
in, as in Lean's data folder (forex/oanda/tick/eurusd), and give no sizes.

Source: the readme files of Lean's Data folder, and its market hours database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from mmrun.importers.rows import Imported, in_order, tape_rows
from mmrun.importers.sources import Member, members_of
from mmrun.importers.text import TextFile, read_numbers
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Crossed, Provenance
from mmrun.market.tape import Kind, Side
from mmrun.market.writer import Tape
from mmrun.problems import DataError


OFF_EXCHANGE = "D"  #: FINRA's trade reporting facilities
PRICE_STEPS = 10_000.0  #: an equity price of 1 dollar in the files
MS_NS = 1_000_000
_LAST_MS = 25 * 3_600_000  #: the longest day, when clocks go back

_NAME = re.compile(
    r"(?P<date>\d{8})_(?P<symbol>[^_]+)_"
    r"((?P<old>quote|trade)_tick|tick_(?P<new>quote|trade))\.csv\Z",
    re.IGNORECASE,
)
_NAME_HINT = "Lean's tick files are YYYYMMDD_SYMBOL_Quote_Tick.csv or YYYYMMDD_SYMBOL_tick_quote.csv, and so for trades"


@dataclass(frozen=True, slots=True, order=True)
class Market:
    """A venue and the clock of its files."""

    venue: str
    timezone: str


EQUITIES = Market("NBBO", "America/New_York")
DEALERS = {  #: by directory
    "oanda": Market("OANDA", "UTC"),
    "fxcm": Market("FXCM", "Etc/GMT+5"),  # UTC-05:00 all year: its signs are POSIX's
}

_Columns = dict[str, type[pl.DataType]]
_EQUITY_QUOTE: _Columns = {
    "ms": pl.Int64,
    "bid": pl.Int64,
    "bid_size": pl.Int64,
    "ask": pl.Int64,
    "ask_size": pl.Int64,
    "exchange": pl.String,
    "condition": pl.String,
    "suspicious": pl.Int64,
}
_EQUITY_TRADE: _Columns = {
    "ms": pl.Int64,
    "price": pl.Int64,
    "size": pl.Int64,
    "exchange": pl.String,
    "condition": pl.String,
    "suspicious": pl.Int64,
}
_FOREX_QUOTE: _Columns = {"ms": pl.Int64, "bid": pl.String, "ask": pl.String}
_DECIMAL = r"^\d+(\.\d+)?$"


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """What the name and the place of a file say about its content."""

    symbol: str
    market: Market
    date: str  #: YYYY-MM-DD on the market's clock


@dataclass(frozen=True, slots=True)
class DayRows:
    """A day's tape rows and what the user should know of them."""

    frame: pl.DataFrame
    notes: tuple[str, ...]
    tick: float  #: the finest price step written


def read(
    sources: Sequence[Path],
    progress: Callable[[str], None] = lambda _: None,
    *,
    off_exchange: bool = False,
    crossed: Crossed = "keep",
) -> Imported:
    """Read tick files, several symbols, days and venues at once.

    Args:
        sources: zips, directories and CSV files, in any order.
        progress: told what is being read.
        off_exchange: keep trades that were made off the exchanges.
        crossed: what is done with quotes whose bid is above the ask.

    Raises:
        DataError: a file is missing, damaged, misnamed, given twice or holds what
            cannot be right.
    """
    days = _days(sources)
    rows: dict[tuple[str, Market], list[DayRows]] = {}
    for day, contents in days.items():
        progress(f"reading {day.symbol} at {day.market.venue} {day.date}")
        found = _read_day(day, contents, off_exchange=off_exchange)
        kept = _apply_crossed(day, found, crossed)
        rows.setdefault((day.symbol, day.market), []).append(kept)
    timezone = _timezone([market for _, market in rows])
    return Imported(
        tapes=tuple(_tape(*key, found, timezone) for key, found in rows.items()),
        provenance=Provenance(source=_source(days), timezone=timezone, crossed=crossed),
        notes=tuple(
            note for found in rows.values() for day in found for note in day.notes
        ),
        guessed={
            symbol: ("tick",) for symbol, market in rows if market is not EQUITIES
        },
    )


def _days(sources: Sequence[Path]) -> dict[Day, dict[str, Member]]:
    """Quote and trade files of each day."""
    days: dict[Day, dict[str, Member]] = {}
    for member in members_of(sources, suffix=".csv"):
        match = _NAME.match(member.base)
        if match is None:
            message = f"{member.name} is not a Lean tick file name"
            raise DataError(message, hint=_NAME_HINT)
        digits = match["date"]
        when = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
        day = Day(match["symbol"].upper(), _market(member), when)
        content = (match["old"] or match["new"]).lower()
        other = days.setdefault(day, {}).setdefault(content, member)
        if other is not member:
            message = f"{member.name} is the same day as {other.name}"
            raise DataError(message, hint="give each day once")
    return dict(sorted(days.items()))


def _market(member: Member) -> Market:
    """The dealer whose directory the file lies in, else the US equity market."""
    folders = [folder.lower() for folder in member.path.resolve().parent.parts]
    named = [DEALERS[folder] for folder in folders if folder in DEALERS]
    return named[-1] if named else EQUITIES


def _timezone(markets: Sequence[Market]) -> str:
    zones = {market.timezone for market in markets}
    return EQUITIES.timezone if zones == {EQUITIES.timezone} else "UTC"


def _source(days: Iterable[Day]) -> str:
    markets = dict.fromkeys(day.market for day in days)
    clocks = ", ".join(f"{market.venue} {market.timezone}" for market in markets)
    dates = len({day.date for day in days})
    return f"Lean ticks, {dates} day{'s' * (dates > 1)}; clocks of the files: {clocks}"


def _tape(symbol: str, market: Market, days: Sequence[DayRows], timezone: str) -> Tape:
    instrument = Instrument(
        symbol=symbol,
        venue=market.venue,
        tick=min(day.tick for day in days),
        lot=1.0,
        currency="USD" if market is EQUITIES else symbol[-3:],
        timezone=timezone,
        has_trade_side=False,
    )
    return Tape(instrument, pl.concat([day.frame for day in days]))


def _read_day(
    day: Day, contents: Mapping[str, Member], *, off_exchange: bool
) -> DayRows:
    files = {
        content: TextFile(member.name, member.read())
        for content, member in contents.items()
    }
    midnight = midnight_ns(day.date, day.market.timezone)
    if day.market is not EQUITIES:
        return _forex_day(day, files, midnight)
    parts, notes = [], []
    if "trade" in files:
        frame, found = equity_trades(
            files["trade"], midnight, off_exchange=off_exchange
        )
        parts.append(frame)
        notes += found
    else:
        notes.append("there is no trade file")
    if "quote" in files:
        frame, found = equity_quotes(files["quote"], midnight)
        parts.append(frame)
        notes += found
    else:
        notes.append("there is no quote file")
    named = tuple(f"{_name(day)}: {note}" for note in notes)
    return DayRows(in_order(parts), named, tick=0.01)


def equity_quotes(file: TextFile, midnight: int) -> tuple[pl.DataFrame, list[str]]:
    """Quote rows of one-sided rows, ordered by time, and notes.

    Args:
        file: ms, bid, bid size, ask, ask size, exchange, condition, suspicious.
        midnight: of the market's clock, ns since 1970.

    Raises:
        DataError: a line cannot be right.
    """
    rows = _read(file, _EQUITY_QUOTE)
    for name in ("bid", "bid_size", "ask", "ask_size"):
        _refuse(file, rows, pl.col(name) < 0, name)
    gives_bid, gives_ask = pl.col("bid") > 0, pl.col("ask") > 0
    good = (pl.col("suspicious") == 0) & (gives_bid | gives_ask)
    sides = rows.filter(good).select(
        "ms",
        "bid",
        "ask",
        *(
            pl.when(given).then(pl.col(name)).forward_fill().alias(f"known_{name}")
            for given, names in (
                (gives_bid, ("bid", "bid_size")),
                (gives_ask, ("ask", "ask_size")),
            )
            for name in names
        ),
    )
    half = (
        (pl.col("ask") == 0)
        & (pl.col("bid").shift(-1) == 0)
        & (pl.col("ms") == pl.col("ms").shift(-1))
    )
    whole = sides.filter(~half.fill_null(value=False))
    ts = _ts(whole, midnight)
    columns = {
        "ts": ts,
        "bid": whole["known_bid"].to_numpy() / PRICE_STEPS,
        "bid_size": whole["known_bid_size"],
        "ask": whole["known_ask"].to_numpy() / PRICE_STEPS,
        "ask_size": whole["known_ask_size"],
    }
    notes = [
        f"{len(rows):,} quote rows of one side or the other gave {len(whole):,} quotes"
    ]
    left_out = len(rows) - len(sides)
    if left_out:
        notes.append(
            f"{left_out:,} quote rows that are flagged suspicious or give no price were left out"
        )
    return tape_rows(Kind.QUOTE, ts, columns), notes


def equity_trades(
    file: TextFile, midnight: int, *, off_exchange: bool
) -> tuple[pl.DataFrame, list[str]]:
    """Trade rows of unknown side, ordered by time, and notes.

    Args:
        file: ms, price, size, exchange, condition, suspicious.
        midnight: of the market's clock, ns since 1970.
        off_exchange: keep trades made off the exchanges.

    Raises:
        DataError: a line cannot be right.
    """
    rows = _read(file, _EQUITY_TRADE)
    _refuse(file, rows, pl.col("price") <= 0, "price")
    _refuse(file, rows, pl.col("size") < 0, "size")
    good = rows.filter((pl.col("suspicious") == 0) & (pl.col("size") > 0))
    away = good.filter(pl.col("exchange") == OFF_EXCHANGE)
    kept = good if off_exchange else good.filter(pl.col("exchange") != OFF_EXCHANGE)
    ts = _ts(kept, midnight)
    columns = {
        "ts": ts,
        "price": kept["price"].to_numpy() / PRICE_STEPS,
        "size": kept["size"],
        "side": np.full(len(kept), int(Side.UNKNOWN)),
    }
    notes = [
        f"{len(rows):,} trades, their side not known, stand before the quotes of their ms"
    ]
    if len(rows) > len(good):
        notes.append(
            f"{len(rows) - len(good):,} trades that are flagged suspicious or have no size were left out"
        )
    if len(away):
        share = int(away["size"].sum()) / int(good["size"].sum())
        done = "kept" if off_exchange else "left out"
        notes.append(
            f"{len(away):,} trades off the exchanges ({share:.1%} of the volume) were {done}: they are reported late and meet no displayed order"
        )
    return tape_rows(Kind.TRADE, ts, columns), notes


def _forex_day(day: Day, files: Mapping[str, TextFile], midnight: int) -> DayRows:
    if set(files) != {"quote"}:
        message = f"{files['trade'].name}: trades of a dealer are not known here"
        raise DataError(message, hint="Lean has forex quotes only")
    frame, tick = forex_quotes(files["quote"], midnight)
    notes = [f"{_name(day)}: the quotes have no sizes, and there are no trades"]
    if midnight % (86_400 * 10**9):
        hours = midnight % (86_400 * 10**9) // (3_600 * 10**9)
        notes.append(
            f"{_name(day)}: the file's clock is {day.market.timezone}; {hours} h were added to make it UTC"
        )
    return DayRows(in_order([frame]), tuple(notes), tick)


def forex_quotes(file: TextFile, midnight: int) -> tuple[pl.DataFrame, float]:
    """Quote rows without sizes, and the price step they are written with.

    Args:
        file: ms, bid, ask.
        midnight: of the market's clock, ns since 1970.

    Raises:
        DataError: a line cannot be right.
    """
    rows = _read(file, _FOREX_QUOTE)
    for name in ("bid", "ask"):
        wrong = ~pl.col(name).str.contains(_DECIMAL) | (
            pl.col(name).cast(pl.Float64, strict=False) <= 0
        )
        _refuse(file, rows, wrong, name)
    ts = _ts(rows, midnight)
    prices = {name: rows[name].cast(pl.Float64) for name in ("bid", "ask")}
    decimals = max(
        int(rows[name].str.extract(r"\.(\d+)", 1).str.len_chars().max() or 0)  # type: ignore[arg-type]
        for name in prices
    )
    return tape_rows(Kind.QUOTE, ts, {"ts": ts, **prices}), 10.0**-decimals


def _apply_crossed(day: Day, rows: DayRows, policy: Crossed) -> DayRows:
    """Quotes with the bid above the ask: kept, left out, or refused; and counted."""
    quotes = rows.frame.filter(pl.col("kind") == int(Kind.QUOTE))
    is_crossed = (pl.col("bid") > pl.col("ask")).fill_null(value=False)
    count = quotes.select(is_crossed.sum()).item()
    locked = quotes.select((pl.col("bid") == pl.col("ask")).sum()).item()
    if not count and not locked:
        return rows
    if count and policy == "fail":
        message = f"{_name(day)}: {count:,} of {len(quotes):,} quotes have the bid above the ask"
        raise DataError(message)
    done = "left out" if policy == "drop" else "kept"
    note = (
        f"{_name(day)}: {count:,} quotes ({count / len(quotes):.2%}) have the bid above the ask and were {done}; "
        f"{locked:,} ({locked / len(quotes):.2%}) have both equal"
    )
    frame = rows.frame.filter(~is_crossed) if policy == "drop" else rows.frame
    return replace(rows, frame=frame, notes=(*rows.notes, note))


def midnight_ns(day: str, timezone: str) -> int:
    """Midnight of a date (YYYY-MM-DD) in a timezone, ns since 1970.

    Raises:
        DataError: there is no such date.
    """
    try:
        when = date.fromisoformat(day)
    except ValueError as error:
        message = f"'{day.replace('-', '')}' in a file's name is not a date"
        raise DataError(message, hint=_NAME_HINT) from error
    midnight = datetime(when.year, when.month, when.day, tzinfo=ZoneInfo(timezone))
    return int(midnight.timestamp()) * 10**9


def _name(day: Day) -> str:
    return f"{day.symbol} at {day.market.venue} {day.date}"


def _read(file: TextFile, columns: _Columns) -> pl.DataFrame:
    """The file's columns, its times inside a day and never running back."""
    first = file.data.partition(b"\n")[0]
    if len(columns) != len(_FOREX_QUOTE) == first.count(b",") + 1:
        message = f"{file.name} has 3 columns, as forex quotes have, and no dealer's directory around it"
        hint = f"put it as Lean does, in a directory called {' or '.join(DEALERS)}"
        raise DataError(message, hint=hint)
    rows = read_numbers(file, columns)
    _refuse(file, rows, ~pl.col("ms").is_between(0, _LAST_MS), "ms")
    back = rows.select((pl.col("ms").diff() < 0).arg_true()).to_series()
    if len(back):
        row = back[0]
        message = f"{file.at(row)}: time goes back from {rows['ms'][row - 1]} to {rows['ms'][row]} ms"
        raise DataError(message, hint="Lean's lines are in time order; get it again")
    return rows


def _ts(rows: pl.DataFrame, midnight: int) -> pl.Series:
    return midnight + rows["ms"] * MS_NS


_EXPECTED = {
    "ms": "milliseconds after midnight",
    "price": "a price above 0",
    "bid": "a price",
    "ask": "a price",
}


def _refuse(file: TextFile, frame: pl.DataFrame, wrong: pl.Expr, name: str) -> None:
    """Raise for the first row of which `wrong` holds."""
    rows = frame.select(wrong.arg_true()).to_series()
    if len(rows):
        row = rows[0]
        expected = _EXPECTED.get(name, "a number of shares")
        message = f"{file.at(row)}: {name} is '{frame[name][row]}'; expected {expected}"
        raise DataError(message)
