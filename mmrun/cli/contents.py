"""What is in a dataset, as text for people and JSON for programs: `mmrun data show`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from mmrun.cli.day_chart import draw
from mmrun.cli.moments import clock


if TYPE_CHECKING:
    from mmrun.market.dataset import Dataset
    from mmrun.market.facts import TapeFacts
    from mmrun.market.facts_day import DaySeries
    from mmrun.market.instrument import Instrument
    from mmrun.market.manifest import TapeFile

_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Day:
    """A date's tape files, the first of them named, with what they hold."""

    file: TapeFile
    facts: TapeFacts
    series: DaySeries


def days_of(dataset: Dataset, tell: Callable[[str], None]) -> Iterator[Day]:
    """Every day read; a book goes on from an instrument's day to its next."""
    import polars as pl

    from mmrun.market.facts import facts_of
    from mmrun.market.facts_day import series_of
    from mmrun.market.reader import read_day
    from mmrun.market.touch import Book, touch_of

    books: dict[tuple[str, str], Book] = {}
    for _, group in groupby(dataset.files, key=lambda f: (f.symbol, f.venue, f.date)):
        file, *others = group
        tell(f"reading {file.symbol} at {file.venue}, {file.date}")
        frame = pl.concat([read_day(dataset, part) for part in (file, *others)])
        touch = touch_of(frame, books.setdefault((file.symbol, file.venue), Book()))
        facts = facts_of(frame, _instrument_of(dataset, file), touch)
        yield Day(file, facts, series_of(frame, touch))


def _instrument_of(dataset: Dataset, file: TapeFile) -> Instrument:
    return next(
        instrument
        for instrument in dataset.instruments
        if (instrument.symbol, instrument.venue) == (file.symbol, file.venue)
    )


def as_json(dataset: Dataset, days: list[Day]) -> str:
    """One object, `version` first; times in ns since 1970."""
    content = {
        "version": 1,
        "dataset": str(dataset.path),
        "content_hash": dataset.content_hash,
        **asdict(dataset.manifest.provenance),
        "instruments": [asdict(instrument) for instrument in dataset.instruments],
        "rows": dataset.rows,
        "days": [
            {
                "symbol": day.file.symbol,
                "venue": day.file.venue,
                "date": day.file.date,
                **asdict(day.facts),
                "series": asdict(day.series),
            }
            for day in days
        ],
    }
    return json.dumps(content, indent=2)


def page(dataset: Dataset, days: list[Day]) -> str:
    """All of a dataset as text."""
    provenance = dataset.manifest.provenance
    head = [
        f"{dataset.path}: {provenance.source}; licence: {provenance.licence}",
        f"times in {provenance.timezone}, crossed quotes: {provenance.crossed}",
    ]
    blocks = [
        _instrument_block(
            instrument,
            [
                day
                for day in days
                if (day.file.symbol, day.file.venue)
                == (instrument.symbol, instrument.venue)
            ],
        )
        for instrument in dataset.instruments
    ]
    return "\n".join([*head, *(line for block in blocks for line in ("", *block))])


def _instrument_block(instrument: Instrument, days: list[Day]) -> list[str]:
    depth = "whole book" if instrument.depth is None else f"depth {instrument.depth}"
    sides = "with" if instrument.has_trade_side else "without"
    title = (
        f"{instrument.symbol} at {instrument.venue}: tick {instrument.tick:g}, "
        f"lot {instrument.lot:g}, {instrument.currency}, {depth}, trades {sides} sides"
    )
    return [title, *(line for day in days for line in _day_lines(instrument, day))]


def _day_lines(instrument: Instrument, day: Day) -> list[str]:
    """One day: counts, spreads and sizes, the drawing, and the rows of each hour."""
    file, facts = day.file, day.facts
    rows = ", ".join(f"{count:,} {kind}" for kind, count in facts.rows.items())
    span_s = (facts.last_ts - facts.first_ts) / 1e9
    rate = sum(facts.rows.values()) / span_s if span_s else float("nan")
    first = clock(facts.first_ts, instrument.timezone)[11:]
    last = clock(facts.last_ts, instrument.timezone)[11:]
    silence_s = facts.longest_silence_ns / 1e9
    lines = [
        f"  {file.date}   {first} .. {last}, {rows}",
        (
            f"    spread       {_price(facts.spread_median, instrument.tick)} median, "
            f"{_price(facts.spread_p95, instrument.tick)} at 95 %"
        ),
        f"    touch size   {_number(facts.touch_size_median)} median",
        (
            f"    trades       {_number(facts.trade_size_median)} median size, "
            f"{facts.volume:,.12g} volume"
        ),
        f"    rows         {rate:,.1f} a second, longest silence {silence_s:.1f} s",
    ]
    lines.append(f"    odd          {', '.join(_oddities(facts)) or 'nothing'}")
    lines += _silence_lines(facts, instrument.timezone)
    lines.append(f"    by hour      {_hours(facts, instrument.timezone)}")
    return [*lines, "", *draw(day.series, instrument.timezone), ""]


def _oddities(facts: TapeFacts) -> Iterator[str]:
    """What is odd, with shares of the times the book changed where it is about them."""
    from mmrun.market.check_finding import percent

    for count, name, of in (
        (facts.off_tick_quotes, "off-tick quotes", 0),
        (facts.off_tick_trades, "off-tick trades", 0),
        (facts.crossed, "crossed", facts.book_times),
        (facts.locked, "locked", facts.book_times),
        (facts.one_sided, "one-sided", facts.book_times),
        (facts.halts, "halts", 0),
        (facts.unsigned_trades, "trades of unknown side", 0),
    ):
        if count:
            yield f"{count:,} {name}" + (f" ({percent(count / of)})" if of else "")


def _silence_lines(facts: TapeFacts, timezone: str) -> list[str]:
    """The longest silences with their times."""
    from mmrun.market.check_finding import length

    spans = [
        f"{length(after - before)} from {clock(before, timezone)[11:19]}"
        for before, after in facts.silences
    ]
    return [f"    silences     {', '.join(spans)}"] if spans else []


def _hours(facts: TapeFacts, timezone: str) -> str:
    """`09h ▃ 8,123  10h █ 20,001`: rows of each hour of the day."""
    most = max(facts.hourly.values())
    cells = []
    for hour_ns, count in facts.hourly.items():
        bar = _BARS[-(-count * (len(_BARS) - 1) // most)]
        cells.append(f"{clock(hour_ns, timezone)[11:13]}h {bar} {count:,}")
    return "  ".join(cells)


def _price(value: float | None, tick: float) -> str:
    if value is None:
        return "none"
    return f"{value:.10g} ({value / tick:.4g} ticks)"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.12g}"
