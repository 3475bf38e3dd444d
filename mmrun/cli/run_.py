"""`mmrun run`: replay a dataset through a strategy and report."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrun.cli import options
from mmrun.cli.progress import progress


if TYPE_CHECKING:
    from mmrun.report.run import Run


@click.command(name="run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Directory of a dataset. Default: the example that comes with mmrun.",
)
@options.overrides("--set")
@click.option(
    "--symbols", "symbol", help="Which symbol, where the dataset has several."
)
@click.option("--days", metavar="A..B", help="Dates, both included. Default: all.")
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
def command(
    file: Path,
    data: Path | None,
    overrides: tuple[str, ...],
    symbol: str | None,
    days: str | None,
    fills: str,
    latency: str,
    seed: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Replay a dataset through a strategy; print the report, leave the files.

    Several fill models give a sensitivity band; the first one's files are kept.
    """
    from mmrun import api

    models = [model for model in fills.split(",") if model.strip()] or ["queue"]
    with progress() as tell:
        runs = [
            api.replay(
                file,
                data,
                overrides=overrides,
                fills=model,
                latency=latency,
                seed=seed,
                symbol=symbol,
                days=days,
                tell=tell,
            )
            for model in models
        ]
    kept = runs[0].save(output or Path("runs") / runs[0].name)
    click.echo(_as_json(runs[0]) if as_json else _page(runs, kept), nl=False)


def _as_json(run: Run) -> str:
    from mmrun.report.files import to_json

    return to_json(run.summary | {"timing": run.timing})


def _page(runs: list[Run], kept: Path) -> str:
    width = shutil.get_terminal_size((88, 24)).columns
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    report = runs[0].report(width=width, color=color)
    band = _band(runs) if len(runs) > 1 else ""
    return f"{report}{band}\nfiles: {_near(kept)}\n"


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
