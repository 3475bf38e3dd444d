"""`mmrun show`: the resolved strategy, every value with where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrun.cli import options
from mmrun.problems import StrategyError, errors_in


if TYPE_CHECKING:
    from mmrun.documents import Document


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@options.overrides()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show a strategy with what it extends and what -s says, resolved.

    Each line ends with the file and line its value was written in; `<-s #1>` is the
    first -s. Exit code 1 when the file has errors.
    """
    from mmrun.documents import annotated, load_schema
    from mmrun.strategy import read_strategy, resolve

    _, problems = read_strategy(file, overrides)
    document, _ = resolve(file, overrides)
    if errors_in(problems) or document is None:
        raise StrategyError(problems)
    if as_json:
        click.echo(_json(document))
    else:
        click.echo(annotated(document.root, load_schema("strategy")), nl=False)


def _json(document: Document) -> str:
    """The resolved data, and for each value its dotted path and origin."""
    from mmrun.documents.nodes import leaves, plain

    values = [
        {
            "path": ".".join(map(str, path)),
            "value": plain(node),
            "file": node.place.file,
            "line": node.place.line,
        }
        for path, node in leaves(document.root)
    ]
    found = {"version": 1, "strategy": document.data, "values": values}
    return json.dumps(found, indent=2, ensure_ascii=False)
