"""`mmrun check`: YAML, schema, cross-field rules and formulas of strategy files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrun.cli import options
from mmrun.cli.render import as_json, concise, counts, full
from mmrun.problems import (
    NothingSelectedError,
    Problem,
    UsageError,
    errors_in,
    sorted_by_place,
)


if TYPE_CHECKING:
    from mmrun.documents import Document


FORMATS = ("full", "concise", "json", "github", "sarif", "junit")

#: A first look at a file, before it is parsed.
_IS_OURS = re.compile(rb"^(?:\xef\xbb\xbf)?mmrun[ \t]*:", re.MULTILINE)
#: Keys that say a file is of another kind than a strategy.
_OTHER_KINDS = ("tests", "experiment", "table", "instruments")


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@options.overrides()
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="full",
    show_default=True,
    help="How problems are printed.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Say too what this dataset's first days say of the strategies.",
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=FILE:COLUMN",
    help="With --data: an input's column; its default holds where none is given.",
)
def command(
    paths: tuple[Path, ...],
    overrides: tuple[str, ...],
    form: str,
    data: Path | None,
    inputs: tuple[str, ...],
) -> int:
    """Check strategy files, and every strategy in directories (default: here).

    Errors are what does not run; warnings are what a market maker would not want, and
    `# mmrun: ignore CODE` on the line or above it takes one back. With --data each
    strategy is replayed over the first day and those after it, up to a million rows,
    at all venues that it quotes, every touch of a quote filling it.

    Exit code 1 when a file has errors, 2 when a path is missing, 5 when there is no
    strategy to check.
    """
    files = [file for path in paths or (Path(),) for file in selected(path)]
    joined = _inputs(inputs, data)
    found = {str(file): problems_of(file, overrides, data, joined) for file in files}
    text = printed(found, form)
    if text:
        click.echo(text, color=True)
    return 1 if any(errors_in(problems) for problems in found.values()) else 0


def _inputs(texts: Sequence[str], data: Path | None) -> dict[str, Any]:
    if not texts:
        return {}
    if data is None:
        message = "--input belongs to --data: without data nothing reads it"
        raise UsageError(message)
    from mmrun.joining import given_inputs

    return dict(given_inputs(texts))


def problems_of(
    path: Path,
    overrides: Sequence[str],
    data: Path | None,
    inputs: Mapping[str, Any] | None = None,
) -> tuple[Problem, ...]:
    """All that is wrong with one strategy file, formulas included, or with its tests."""
    from mmrun import api

    if path.name.endswith(".test.yaml"):
        from mmrun.testing.read import read_tests

        return read_tests(path)[1]

    def tell(text: str) -> None:
        click.echo(text, err=True)

    return api.check(path, overrides, data=data, inputs=inputs, tell=tell)


def selected(path: Path) -> list[Path]:
    """A file, or the strategies in a directory and those below it.

    Raises:
        UsageError: the path is not there.
        NothingSelectedError: the directory holds no strategy.
    """
    if not path.exists():
        message = f"there is no file or directory '{path}'"
        raise UsageError(message)
    if not path.is_dir():
        return [path]
    found = [file for file in _yaml_files(path) if _is_strategy(file)]
    if not found:
        message = f"no strategy files in '{path}'"
        raise NothingSelectedError(message)
    return found


def _yaml_files(folder: Path) -> Iterator[Path]:
    """The `*.yaml` files in a folder's tree, sorted, hidden folders left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".yaml"):
                yield Path(parent) / name


def _is_strategy(file: Path) -> bool:
    """Whether a file has `mmrun:`, and `quote:` or no sign of another kind.

    A file that cannot be parsed is taken for one, so that its mistake is shown.
    """
    from mmrun.documents import read_document

    try:
        if not _IS_OURS.search(file.read_bytes()):
            return False
        document, _ = read_document(file)
    except OSError:
        return True
    return document is None or _has_quotes(document)


def _has_quotes(document: Document) -> bool:
    if document.at("quote") is not None:
        return True
    others = (document.at(key) is not None for key in _OTHER_KINDS)
    return document.at("mmrun") is not None and not any(others)


def printed(by_file: Mapping[str, tuple[Problem, ...]], form: str) -> str:
    """What was found in each file, in one of `FORMATS`."""
    problems = sorted_by_place(p for found in by_file.values() for p in found)
    match form:
        case "json":
            return as_json(problems)
        case "concise":
            return concise(problems)
        case "github":
            from mmrun.cli.annotations import github

            return github(problems)
        case "sarif":
            from mmrun.cli.sarif import sarif

            return sarif(problems)
        case "junit":
            from mmrun.cli.junit import junit

            return junit(by_file)
        case _:
            parts = (
                full(problems, color=wants_color()),
                counts(problems, len(by_file)),
            )
            return "\n".join(part for part in parts if part)


def wants_color() -> bool:
    """Whether stdout is a terminal and nobody asked for plain text."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
