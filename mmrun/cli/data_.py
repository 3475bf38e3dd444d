"""`mmrun data`: what is in a dataset and what is wrong with it; a made-up market."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrun.cli.day_chart import draw
from mmrun.cli.moments import clock
from mmrun.cli.progress import after_a_second, progress
from mmrun.problems import UsageError
from mmrun.units import Quantity, parse_literal


if TYPE_CHECKING:
    from mmrun.market.dataset import Dataset
    from mmrun.market.facts import TapeFacts
    from mmrun.market.facts_day import DaySeries
    from mmrun.market.instrument import Instrument
    from mmrun.market.manifest import TapeFile

_BARS = " ▁▂▃▄▅▆▇█"


@click.group(name="data")
def command() -> None:
    """What is in a dataset and what is wrong with it; a made-up market."""


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
def show(directory: Path, as_json: bool) -> None:
    """Show what is in a dataset: every day drawn, with its rows, spreads and sizes."""
    from mmrun.market.dataset import load_dataset

    dataset = load_dataset(directory)
    with progress() as tell:
        days = list(_days(dataset, after_a_second(tell)))
    click.echo(_as_json(dataset, days) if as_json else _page(dataset, days))


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@click.option("--symbols", metavar="X,Y", help="Which symbols to look at.")
@click.option(
    "--max-crossed",
    default="10pct",
    show_default=True,
    metavar="SHARE",
    help="Of a venue's times with the bid above the ask; more is hopeless.",
)
@click.option(
    "--max-silence",
    default="1min",
    show_default=True,
    metavar="TIME",
    help="Longer ones are said.",
)
def check(
    directory: Path,
    as_json: bool,
    symbols: str | None,
    max_crossed: str,
    max_silence: str,
) -> int:
    """Look for what is wrong with a dataset.

    Exit code 0: nothing but notes; 1: warnings or errors; 3: hopeless, a run on it
    would mean nothing.
    """
    from mmrun.cli import findings
    from mmrun.market.check import check_dataset
    from mmrun.market.check_finding import Limits
    from mmrun.market.dataset import load_dataset

    limits = Limits(
        max_crossed=_literal(max_crossed, "--max-crossed", "10pct").value,
        max_silence_ns=_literal(max_silence, "--max-silence", "1min").nanoseconds,
    )
    dataset = load_dataset(directory)
    with progress() as tell:
        report = check_dataset(
            dataset,
            symbols=[name.strip() for name in symbols.split(",")] if symbols else (),
            limits=limits,
            progress=after_a_second(tell),
        )
    form = findings.as_json if as_json else findings.page
    click.echo(form(dataset, report))
    if report.hopeless:
        return 3
    return 1 if report.count("error") + report.count("warning") else 0


def _literal(text: str, option: str, example: str) -> Quantity:
    """A number above 0 with the unit of `example`, or a bare share."""
    found, expected = parse_literal(text), parse_literal(example)
    assert expected is not None
    assert expected.unit is not None
    alike = found is not None and (
        found.unit.dimension == expected.unit.dimension
        if found.unit
        else expected.unit.relative
    )
    if found is None or not alike or found.value <= 0:
        message = f"{option} is '{text}'; expected a value like {example}"
        raise UsageError(message)
    return found


@command.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory of the dataset to write.",
)
@click.option("--seed", default=7, show_default=True, help="Equal seeds, equal tapes.")
@click.option("--minutes", default=40.0, show_default=True, type=click.FloatRange(0.01))
@click.option("--symbol", default="ACME", show_default=True)
@click.option("--venue", default="NASDAQ", show_default=True)
@click.option(
    "--tick", default=0.01, show_default=True, type=click.FloatRange(0, min_open=True)
)
@click.option(
    "--lot", default=1.0, show_default=True, type=click.FloatRange(0, min_open=True)
)
@click.option(
    "--price",
    default=150.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Where the market opens.",
)
@click.option(
    "--start",
    default="2024-03-04T09:30",
    show_default=True,
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help="When, in New York.",
)
@click.option("--force", is_flag=True, help="Replace the dataset that is there.")
def synth(output: Path, seed: int, force: bool, **choices: Any) -> None:
    """Make up a market: seeded order flow with queues and informed traders."""
    import numpy as np

    from mmrun.importers.synth import MarketModel, make
    from mmrun.market.writer import check_output, write_dataset

    check_output(output, replace=force)
    start = choices.pop("start").isoformat(timespec="minutes")
    model = MarketModel(**choices, start=start)
    with progress() as tell:
        if model.minutes > 60:
            tell(f"making up {model.minutes:g} minutes of {model.symbol}")
        source = f"made up by `mmrun data synth --seed {seed}`"
        made = make(model, np.random.default_rng(seed), source)
        dataset = write_dataset(output, made.tapes, made.provenance, replace=force)
    rows = ", ".join(f"{count:,} {kind}" for kind, count in dataset.rows.items())
    click.echo(f"{model.symbol} at {model.venue}: {rows}\nwritten to {output}")


@dataclass(frozen=True, slots=True)
class _Day:
    """One tape file with what it holds."""

    file: TapeFile
    facts: TapeFacts
    series: DaySeries


def _days(dataset: Dataset, tell: Callable[[str], None]) -> Iterator[_Day]:
    """Every file read; a book goes on from an instrument's day to its next."""
    from mmrun.market.facts import facts_of
    from mmrun.market.facts_day import series_of
    from mmrun.market.reader import read_day
    from mmrun.market.touch import Book, touch_of

    books: dict[tuple[str, str], Book] = {}
    for file in dataset.files:
        tell(f"reading {file.symbol} at {file.venue}, {file.date}")
        frame = read_day(dataset, file)
        touch = touch_of(frame, books.setdefault((file.symbol, file.venue), Book()))
        facts = facts_of(frame, _instrument_of(dataset, file), touch)
        yield _Day(file, facts, series_of(frame, touch))


def _instrument_of(dataset: Dataset, file: TapeFile) -> Instrument:
    return next(
        instrument
        for instrument in dataset.instruments
        if (instrument.symbol, instrument.venue) == (file.symbol, file.venue)
    )


def _as_json(dataset: Dataset, days: list[_Day]) -> str:
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


def _page(dataset: Dataset, days: list[_Day]) -> str:
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


def _instrument_block(instrument: Instrument, days: list[_Day]) -> list[str]:
    depth = "whole book" if instrument.depth is None else f"depth {instrument.depth}"
    sides = "with" if instrument.has_trade_side else "without"
    title = (
        f"{instrument.symbol} at {instrument.venue}: tick {instrument.tick:g}, "
        f"lot {instrument.lot:g}, {instrument.currency}, {depth}, trades {sides} sides"
    )
    return [title, *(line for day in days for line in _day_lines(instrument, day))]


def _day_lines(instrument: Instrument, day: _Day) -> list[str]:
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
