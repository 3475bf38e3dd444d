"""`mmrun data`: what is in a dataset and what is wrong with it; a made-up market."""

from __future__ import annotations

from typing import Any

import click

from mmrun.cli.progress import after_a_second, progress
from mmrun.problems import UsageError
from mmrun.units import Quantity, parse_literal


@click.group(name="data")
def command() -> None:
    """What is in a dataset and what is wrong with it; a made-up market."""


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
def show(directory: str, as_json: bool) -> None:
    """Show what is in a dataset: every day drawn, with its rows, spreads and sizes."""
    from mmrun.cli import contents
    from mmrun.market.dataset import load_dataset
    from mmrun.market.storage import locate

    dataset = load_dataset(locate(directory))
    with progress() as tell:
        days = list(contents.days_of(dataset, after_a_second(tell)))
    form = contents.as_json if as_json else contents.page
    click.echo(form(dataset, days))


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path())
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
    directory: str,
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
    from mmrun.market.storage import locate

    limits = Limits(
        max_crossed=_literal(max_crossed, "--max-crossed", "10pct").value,
        max_silence_ns=_literal(max_silence, "--max-silence", "1min").nanoseconds,
    )
    dataset = load_dataset(locate(directory))
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
    type=click.Path(),
    help="Directory or URL of the dataset to write.",
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
def synth(output: str, seed: int, force: bool, **choices: Any) -> None:
    """Make up a market: seeded order flow with queues and informed traders."""
    import numpy as np

    from mmrun.importers.synth import MarketModel, make
    from mmrun.market.storage import locate
    from mmrun.market.writer import check_output, write_dataset

    place = locate(output)
    check_output(place, replace=force)
    start = choices.pop("start").isoformat(timespec="minutes")
    model = MarketModel(**choices, start=start)
    with progress() as tell:
        if model.minutes > 60:
            tell(f"making up {model.minutes:g} minutes of {model.symbol}")
        source = f"made up by `mmrun data synth --seed {seed}`"
        made = make(model, np.random.default_rng(seed), source)
        dataset = write_dataset(place, made.tapes, made.provenance, replace=force)
    rows = ", ".join(f"{count:,} {kind}" for kind, count in dataset.rows.items())
    click.echo(f"{model.symbol} at {model.venue}: {rows}\nwritten to {output}")
