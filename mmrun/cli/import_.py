"""`mmrun import`: a vendor's files to a dataset."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrun.cli.progress import progress
from mmrun.problems import UsageError


if TYPE_CHECKING:
    from mmrun.importers.rows import Imported

_DAY_NS = 86_400 * 10**9

_Read = Callable[[tuple[Path, ...], Path | None, Callable[[str], None]], "Imported"]


def _vendor(name: str) -> _Read:
    """The importer of a vendor's format; its columns are known, so it takes no map."""

    def read(
        sources: tuple[Path, ...], table_map: Path | None, tell: Callable[[str], None]
    ) -> Imported:
        if table_map is not None:
            message = (
                f"--map belongs to `import table`; the columns of {name} are known"
            )
            raise UsageError(message)
        importer = import_module(f"mmrun.importers.{name}")
        imported: Imported = importer.read(sources, tell)
        return imported

    return read


def _table(
    sources: tuple[Path, ...], table_map: Path | None, tell: Callable[[str], None]
) -> Imported:
    from mmrun.importers import table
    from mmrun.importers.table_map import read_map

    if table_map is None:
        message = "`import table` needs --map MAP.yaml, which says what the columns are"
        raise UsageError(message)
    return table.read(sources, read_map(table_map), tell)


#: Format name to how it is read.
FORMATS: dict[str, _Read] = {
    "binance": _vendor("binance"),
    "bybit": _vendor("bybit"),
    "databento": _vendor("databento"),
    "hftbacktest": _vendor("hftbacktest"),
    "lean": _vendor("lean"),
    "lobster": _vendor("lobster"),
    "prosperity": _vendor("prosperity"),
    "table": _table,
    "tardis": _vendor("tardis"),
}


@click.command(name="import", no_args_is_help=True)
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
@click.option("--force", is_flag=True, help="Replace the dataset that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
def command(
    format_name: str,
    sources: tuple[Path, ...],
    output: str,
    table_map: Path | None,
    given: tuple[str, ...],
    clock_offset: str,
    force: bool,
    as_json: bool,
) -> None:
    r"""Turn a vendor's files into a dataset.

    \b
    FORMAT is one of
      binance      recorded websocket lines (gzip), public dumps (CSV, zip)
      bybit        archived order books and trades (JSON lines, CSV)
      databento    DBN files; needs the extra `databento` of mmrun
      hftbacktest  event files (npz)
      lean         QuantConnect Lean ticks of US equities and forex (zip, CSV)
      lobster      pairs of message and orderbook CSV (zip, CSV)
      prosperity   days of the IMC Prosperity competition (CSV)
      table        own CSV or Parquet, with --map
      tardis       normalised data of crypto exchanges (CSV)
    SRC are files, or directories they are looked for in.
    """
    read = _format(format_name)
    from mmrun.importers.received import shifted
    from mmrun.importers.stated import guesses, read_facts, stated
    from mmrun.market.storage import locate
    from mmrun.market.writer import check_output, write_dataset

    place = locate(output)
    check_output(place, replace=force)
    facts_given = read_facts(_given(given))
    offset_ns = _offset_ns(clock_offset)
    with progress() as tell:
        imported = stated(read(sources, table_map, tell), facts_given)
        imported = shifted(imported, offset_ns)
        tell("looking at what was read")
        facts = _facts(imported)
        write_dataset(
            place, imported.tapes, imported.provenance, replace=force, progress=tell
        )
    click.echo(_as_json(output, facts) if as_json else _summary(output, facts))
    for note in (*imported.notes, *guesses(imported)):
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


def _format(name: str) -> _Read:
    if name not in FORMATS:
        from mmrun.documents.words import did_you_mean

        (hint, *_) = did_you_mean(name, FORMATS)
        message = f"unknown format '{name}'; {hint}"
        raise UsageError(message)
    return FORMATS[name]


def _facts(imported: Imported) -> list[dict[str, Any]]:
    """What each tape holds, for people and for programs."""
    from mmrun.market.facts import facts_of

    found = []
    for tape in imported.tapes:
        facts = facts_of(tape.frame, tape.instrument)
        found.append(
            {
                "symbol": tape.instrument.symbol,
                "venue": tape.instrument.venue,
                "rows": dict(facts.rows),
                "first_ts": facts.first_ts,
                "last_ts": facts.last_ts,
                "timezone": imported.provenance.timezone,
                "volume": facts.volume,
                "off_tick_quotes": facts.off_tick_quotes,
                "off_tick_trades": facts.off_tick_trades,
                "crossed": facts.crossed,
                "halts": facts.halts,
                "unsigned_trades": facts.unsigned_trades,
            }
        )
    return found


def _as_json(output: str, facts: list[dict[str, Any]]) -> str:
    content = {"version": 1, "dataset": output, "tapes": facts}
    return json.dumps(content, indent=2)


def _summary(output: str, facts: list[dict[str, Any]]) -> str:
    from mmrun.cli.moments import clock

    lines = []
    for tape in facts:
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
    return "\n".join([*lines, f"written to {output}"])
