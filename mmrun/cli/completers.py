"""What a shell is offered for an argument or option that is no file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem


def settings(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """`NAME=` for each param of the strategies named so far."""
    del param
    names = (name for file in _files(ctx) for name in _section(file, "params"))
    return _starting(incomplete, (f"{name}=" for name in names))


def codes_and_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Codes for what begins like one, else files."""
    from mmrun.cli.pages import titles

    del ctx, param
    if not incomplete.upper().startswith("MM"):
        return [CompletionItem(incomplete, type="file")]
    return [
        CompletionItem(code, help=title)
        for code, title in sorted(titles().items())
        if code.startswith(incomplete.upper())
    ]


def formulas(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Quote fields, and the lets of the strategy named before."""
    from mmrun.plan.plan import OUTPUTS

    del param
    lets = (name for file in _files(ctx) for name in _section(file, "let"))
    return _starting(incomplete, (*OUTPUTS, *lets))


def schemas(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of JSON Schemas."""
    from mmrun.documents.schema import schema_names

    del ctx, param
    return _starting(incomplete, schema_names())


def _starting(incomplete: str, words: Iterable[str]) -> list[CompletionItem]:
    found = dict.fromkeys(word for word in words if word.startswith(incomplete))
    return [CompletionItem(word) for word in found]


def _files(ctx: click.Context) -> list[Path]:
    """The files on the command line so far.

    An option still without its value keeps click from parsing the rest: it is in `args`.
    """
    given = [each for value in ctx.params.values() for each in _several(value)]
    found = (Path(str(each)) for each in (*given, *ctx.args))
    return [path for path in found if path.is_file()]


def _several(value: object) -> Iterable[object]:
    if isinstance(value, (tuple, list)):
        return value
    return () if value is None else (value,)


def _section(file: Path, key: str) -> Iterable[str]:
    """The names in a section of a file and what it extends."""
    from mmrun.documents import Section
    from mmrun.strategy import resolve

    document, _ = resolve(file)
    node = None if document is None else document.at(key)
    return node.entries if isinstance(node, Section) else ()
