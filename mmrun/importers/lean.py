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
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from mmrun.importers.days import Unit, day_in
from mmrun.importers.lean_ticks import equity_quotes, equity_trades, forex_quotes
from mmrun.importers.rows import Imported, in_order
from mmrun.importers.sources import Member, members_of
from mmrun.importers.text import TextFile
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.writer import Tape
from mmrun.problems import DataError


SUFFIXES = (".csv",)
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
) -> Imported:
    """Read tick files, several symbols, days and venues at once.

    Args:
        sources: zips, directories and CSV files, in any order.
        progress: told what is being read.
        off_exchange: keep trades that were made off the exchanges.

    Raises:
        DataError: a file is missing, damaged, misnamed, given twice or holds what
            cannot be right.
    """
    days = _days(sources)
    rows: dict[tuple[str, Market], list[DayRows]] = {}
    for day, contents in days.items():
        progress(f"reading {day.symbol} at {day.market.venue} {day.date}")
        found = _read_day(day, contents, off_exchange=off_exchange)
        rows.setdefault((day.symbol, day.market), []).append(found)
    timezone = _timezone([market for _, market in rows])
    return Imported(
        tapes=tuple(_tape(*key, found, timezone) for key, found in rows.items()),
        provenance=Provenance(source=_source(days), timezone=timezone),
        notes=tuple(
            note for found in rows.values() for day in found for note in day.notes
        ),
    )


def unit_of(path: Path) -> Unit:
    """Quotes and trades of a day, symbol and market; a zip's name is without symbol."""
    names = [path.name]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    symbols = {
        match["symbol"].upper() for name in names if (match := _NAME.match(name))
    }
    market = _market(path).venue
    return Unit(day_in(path)[0], f"{market} {','.join(sorted(symbols))}")


def _days(sources: Sequence[Path]) -> dict[Day, dict[str, Member]]:
    """Quote and trade files of each day."""
    days: dict[Day, dict[str, Member]] = {}
    for member in members_of(sources, SUFFIXES):
        match = _NAME.match(member.base)
        if match is None:
            message = f"{member.name} is not a Lean tick file name"
            raise DataError(message, hint=_NAME_HINT)
        digits = match["date"]
        when = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
        day = Day(match["symbol"].upper(), _market(member.path), when)
        content = (match["old"] or match["new"]).lower()
        other = days.setdefault(day, {}).setdefault(content, member)
        if other is not member:
            message = f"{member.name} is the same day as {other.name}"
            raise DataError(message, hint="give each day once")
    return dict(sorted(days.items()))


def _market(path: Path) -> Market:
    """The dealer whose directory the file lies in, else the US equity market."""
    folders = [folder.lower() for folder in path.resolve().parent.parts]
    named = [DEALERS[folder] for folder in folders if folder in DEALERS]
    return named[-1] if named else EQUITIES


def _timezone(markets: Sequence[Market]) -> str:
    zones = {market.timezone for market in markets}
    return EQUITIES.timezone if zones == {EQUITIES.timezone} else "UTC"


def _source(days: Iterable[Day]) -> str:
    markets = dict.fromkeys(day.market for day in days)
    return "; ".join(
        f"Lean ticks of {market.venue}, the files' clock {market.timezone}"
        for market in markets
    )


def _tape(symbol: str, market: Market, days: Sequence[DayRows], timezone: str) -> Tape:
    instrument = Instrument(
        symbol=symbol,
        venue=market.venue,
        tick=min(day.tick for day in days),
        lot=1.0,
        currency="USD" if market is EQUITIES else symbol[-3:],
        timezone=timezone,
        has_trade_side=False,
        guessed=() if market is EQUITIES else ("tick",),
    )
    frame = pl.concat([day.frame for day in days])
    if frame.is_empty():
        message = f"{symbol} at {market.venue} has no rows that could be kept"
        raise DataError(message)
    return Tape(instrument, frame)


def _read_day(
    day: Day, contents: Mapping[str, Member], *, off_exchange: bool
) -> DayRows:
    files = {
        content: TextFile(member.name, member.read())
        for content, member in contents.items()
    }
    midnight = midnight_ns(day.date, day.market.timezone)
    _check_market(day.market, files.values())
    if day.market is not EQUITIES:
        return _forex_day(day, files, midnight)
    parts, notes = [], []
    for content in ("trade", "quote"):
        if content not in files:
            notes.append(f"there is no {content} file")
            continue
        frame, found = (
            equity_quotes(files[content], midnight)
            if content == "quote"
            else equity_trades(files[content], midnight, off_exchange=off_exchange)
        )
        parts.append(frame)
        notes += found
    named = tuple(f"{_name(day)}: {note}" for note in notes)
    return DayRows(in_order(parts), named, tick=0.01)


def _check_market(market: Market, files: Iterable[TextFile]) -> None:
    """Forex quotes of three columns must say who made them."""
    for file in files:
        columns = file.data.partition(b"\n")[0].count(b",") + 1
        if market is EQUITIES and columns == 3:
            message = f"{file.name} has 3 columns, as forex quotes have, and no dealer's directory around it"
            hint = f"put it as Lean does, in a directory called {' or '.join(DEALERS)}"
            raise DataError(message, hint=hint)


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
