"""`mmrun import`: a vendor's files to a dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrun.cli.progress import progress
from mmrun.problems import UsageError


if TYPE_CHECKING:
    from mmrun.importers.importing import Done
    from mmrun.market.facts import TapeFacts
    from mmrun.market.manifest import Crossed

_DAY_NS = 86_400 * 10**9


class _Command(click.Command):
    """`mmrun import`, whose help lists the formats from their table."""

    def format_help_text(
        self, context: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The docstring, then a row for each format."""
        from mmrun.importers.formats import FORMATS, TABLE

        super().format_help_text(context, formatter)
        rows = sorted((known.name, known.files) for known in (*FORMATS, TABLE))
        with formatter.section("Formats"):
            formatter.write_dl(rows)


@click.command(name="import", cls=_Command, no_args_is_help=True)
@click.argument("format_name", metavar="FORMAT")
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="SRC...",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(),
    help="Directory or URL of the dataset to write.",
)
@click.option(
    "--map",
    "table_map",
    type=click.Path(path_type=Path),
    help="How a table's columns are read (`mmrun schema table_map`).",
)
@click.option(
    "--instrument",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="State what the files do not: tick=0.5, lot, multiplier, venue, ...",
)
@click.option(
    "--clock-offset",
    metavar="TIME",
    default="0ns",
    help="Added to every receive time: 1.27s if the recorder's clock was slow by that.",
)
@click.option(
    "--crossed",
    type=click.Choice(["keep", "drop", "fail"]),
    help="Quotes with the bid above the ask: kept (default), left out, or refused.",
)
@click.option("--force", is_flag=True, help="Replace the dataset that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
def command(
    format_name: str,
    sources: tuple[Path, ...],
    output: str,
    table_map: Path | None,
    given: tuple[str, ...],
    clock_offset: str,
    crossed: Crossed | None,
    force: bool,
    as_json: bool,
) -> None:
    """Turn a vendor's files into a dataset, or add what it lacks.

    SRC are files, or directories they are looked for in. A day that the dataset holds
    is not read again, so that the same call goes on after an interruption and adds the
    days that have come since.
    """
    _check_format(format_name, table_map)
    from mmrun.importers.importing import How, import_files
    from mmrun.importers.stated import read_facts
    from mmrun.market.storage import locate

    how = How(
        format_name=format_name,
        table_map=table_map,
        facts=read_facts(_given(given)),
        clock_offset_ns=_offset_ns(clock_offset),
        crossed=crossed,
    )
    notes: list[str] = []
    with progress() as tell:
        done = import_files(
            sources, locate(output), how, replace=force, tell=tell, note=notes.append
        )
    click.echo(_as_json(output, done) if as_json else _summary(output, done))
    for note in notes:
        click.echo(f"note: {note}", err=True)


def _given(options: tuple[str, ...]) -> dict[str, str]:
    """The `--instrument NAME=VALUE` options by name."""
    for option in options:
        if "=" not in option:
            message = f"--instrument is '{option}'; expected NAME=VALUE, as tick=0.5"
            raise UsageError(message)
    return {name: value for name, _, value in (o.partition("=") for o in options)}


def _offset_ns(text: str) -> int:
    """The `--clock-offset` option; it may be negative."""
    from mmrun.units import TIME, parse_literal

    literal = parse_literal(text)
    is_time = literal and literal.unit and literal.unit.dimension == TIME
    if not literal or not is_time or abs(literal.nanoseconds) > _DAY_NS:
        message = f"--clock-offset is '{text}'; expected a time, as 1.27s or -250ms, of a day at most"
        raise UsageError(message)
    return literal.nanoseconds


def _check_format(name: str, table_map: Path | None) -> None:
    """A format that there is, with a map where it needs one and only there."""
    from mmrun.importers.formats import FORMATS, TABLE

    names = [known.name for known in (*FORMATS, TABLE)]
    if name not in names:
        from mmrun.documents.words import did_you_mean

        (hint, *_) = did_you_mean(name, names)
        message = f"unknown format '{name}'; {hint}"
        raise UsageError(message)
    if name == TABLE.name and table_map is None:
        message = "`import table` needs --map MAP.yaml, which says what the columns are"
        raise UsageError(message)
    if name != TABLE.name and table_map is not None:
        message = f"--map belongs to `import table`; the columns of {name} are known"
        raise UsageError(message)


def _tapes(done: Done) -> list[dict[str, Any]]:
    """What each tape holds, for people and for programs: its days added up."""
    found: dict[tuple[str, str], list[TapeFacts]] = {}
    for instrument, facts in done.days:
        found.setdefault((instrument.symbol, instrument.venue), []).append(facts)
    return [
        {
            "symbol": symbol,
            "venue": venue,
            "rows": _added_rows(days),
            "first_ts": min(day.first_ts for day in days),
            "last_ts": max(day.last_ts for day in days),
            "timezone": done.timezone,
            **{name: sum(getattr(day, name) for day in days) for name in _ADDED},
        }
        for (symbol, venue), days in sorted(found.items())
    ]


_ADDED = (
    "volume",
    "off_tick_quotes",
    "off_tick_trades",
    "crossed",
    "halts",
    "unsigned_trades",
)


def _added_rows(days: Sequence[TapeFacts]) -> dict[str, int]:
    kinds = dict.fromkeys(kind for day in days for kind in day.rows)
    return {kind: sum(day.rows.get(kind, 0) for day in days) for kind in kinds}


def _as_json(output: str, done: Done) -> str:
    content = {
        "version": 1,
        "dataset": output,
        "parts": {"read": done.parts - done.there, "there_already": done.there},
        "tapes": _tapes(done),
    }
    return json.dumps(content, indent=2)


def _summary(output: str, done: Done) -> str:
    from mmrun.cli.moments import clock

    lines = []
    for tape in _tapes(done):
        rows = ", ".join(f"{count:,} {kind}" for kind, count in tape["rows"].items())
        first = clock(tape["first_ts"], tape["timezone"])
        last = clock(tape["last_ts"], tape["timezone"])
        lines += [
            f"{tape['symbol']} at {tape['venue']}: {sum(tape['rows'].values()):,} rows",
            f"  rows by kind     {rows}",
            f"  span             {first} .. {last} {tape['timezone']}",
            f"  volume           {tape['volume']:,.12g}",
            (
                f"  off-tick         {tape['off_tick_quotes']:,} quotes, "
                f"{tape['off_tick_trades']:,} trades"
            ),
            f"  crossed, halts   {tape['crossed']:,}, {tape['halts']:,}",
        ]
        if tape["unsigned_trades"]:
            lines.append(f"  side not known   {tape['unsigned_trades']:,} trades")
        if tape["off_tick_quotes"]:
            lines.append("  warning: quotes between ticks: is the tick right?")
    if done.there:
        lines.append(f"{done.there:,} of {done.parts:,} days were there already")
    return "\n".join([*lines, f"written to {output}"])
