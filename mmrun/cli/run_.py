"""`mmrun run`: replay a dataset through a strategy and report."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrun.cli import options
from mmrun.cli.progress import progress
from mmrun.cli.watch import follow, saves
from mmrun.strategy import files_behind


if TYPE_CHECKING:
    from mmrun.feeds.held import HeldTape
    from mmrun.report.run import Run


@click.command(name="run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(),
    help="Directory or URL of a dataset. Default: the example that comes with mmrun.",
)
@options.overrides()
@click.option(
    "--symbols", "symbol", help="Which symbol, where the dataset has several."
)
@click.option("--days", metavar="A..B", help="Dates, both included. Default: all.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=FILE:COLUMN",
    help="An input's column of a Parquet or CSV file with a column ts beside it.",
)
@click.option(
    "--fills",
    default="queue",
    show_default=True,
    metavar="MODEL",
    help="queue, through, through:TICKS, touch, hftbacktest; several with commas.",
)
@click.option(
    "--latency",
    default="",
    metavar="feed=T,order=T,cancel=T,response=T",
    help="Constant latencies, such as order=2ms. Default: all zero.",
)
@click.option("--seed", default=0, show_default=True, help="Kept with the run.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Directory for the run's files. Default: runs/NAME/ID.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option(
    "--watch",
    is_flag=True,
    help="Keep the tape in memory, run again at every save, print what changed.",
)
def command(
    file: Path,
    data: str | None,
    overrides: tuple[str, ...],
    symbol: str | None,
    days: str | None,
    inputs: tuple[str, ...],
    fills: str,
    latency: str,
    seed: int,
    output: Path | None,
    as_json: bool,
    watch: bool,
) -> None:
    """Replay a dataset through a strategy; print the report, leave the files.

    Several fill models give a sensitivity band; the first one's files are kept.
    """
    from mmrun import api
    from mmrun.joining import given_inputs
    from mmrun.report.venues import absent

    if watch and as_json:
        message = "--watch prints what changed, for people; it has no --json"
        raise click.UsageError(message)
    replay = partial(
        api.replay,
        file,
        data,
        overrides=overrides,
        latency=latency,
        seed=seed,
        symbol=symbol,
        days=days,
        inputs=given_inputs(inputs),
    )
    models = [model for model in fills.split(",") if model.strip()] or ["queue"]

    def runs(tape: HeldTape | None = None) -> list[Run]:
        with progress() as tell:
            found = [replay(fills=model, tape=tape, tell=tell) for model in models]
        if missing := absent(found[0].summary):
            click.echo(f"venues {missing}", err=True)
        return found

    def keep(run: Run) -> Path:
        return _near(run.save(output or Path("runs") / run.name))

    if watch:
        follow(saves(partial(files_behind, file)), runs, keep, _page)
        return
    done = runs()
    kept = keep(done[0])
    click.echo(_as_json(done[0]) if as_json else _page(done, kept), nl=False)


def _as_json(run: Run) -> str:
    from mmrun.report.files import to_json

    return to_json(run.summary | {"timing": run.timing})


def _page(runs: list[Run], kept: Path, last: Run | None = None) -> str:
    """The report, or what changed since the last run; the band; where the files are."""
    body = _report(runs[0]) if last is None else _changes(last, runs[0])
    band = _band(runs) if len(runs) > 1 else ""
    return f"{body}{band}\nfiles: {kept}\n"


def _report(run: Run) -> str:
    width = shutil.get_terminal_size((88, 24)).columns
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return run.report(width=width, color=color)


def _changes(before: Run, now: Run) -> str:
    from mmrun.report.changes import render

    return render(before, now)


def _near(path: Path) -> Path:
    """A path as short as it can be said from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _band(runs: list[Run]) -> str:
    """The figures that a fill model decides, side by side."""
    head = f"\n{'fill model':<14}{'net P&L':>14}{'fills':>9}{'volume':>12}{'capture':>12}\n"
    return head + "".join(_band_line(run) for run in runs)


def _band_line(run: Run) -> str:
    values = run.summary
    capture = values["spread_capture_bps"]
    shown = "-" if capture is None else f"{capture:.3f} bps"
    return (
        f"{values['fill_model']:<14}{values['net_pnl']:>14,.2f}{values['fills']:>9,}"
        f"{values['fill_volume']:>12,.10g}{shown:>12}\n"
    )
