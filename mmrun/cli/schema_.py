"""`mmrun schema`: print a JSON Schema, for editors and other programs."""

from __future__ import annotations

import json

import click

from mmrun.cli import completers
from mmrun.problems import UsageError


@click.command("schema")
@click.argument("name", default="strategy", shell_complete=completers.schemas)
def command(name: str) -> None:
    """Print the JSON Schema NAME (default: strategy)."""
    from mmrun.documents import did_you_mean, load_schema
    from mmrun.documents.schema import schema_names

    names = schema_names()
    if name not in names:
        hint = did_you_mean(name, names)[0]
        message = f"there is no schema '{name}'; {hint}"
        raise UsageError(message)
    click.echo(json.dumps(load_schema(name), indent=2, ensure_ascii=False))
