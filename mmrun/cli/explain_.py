"""`mmrun explain`: a code's page, or what a strategy compiles to."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrun.cli import completers, options
from mmrun.problems import StrategyError, UsageError


if TYPE_CHECKING:
    from mmrun.plan.compile import Checked


_CODE = re.compile(r"[Mm]{2}\d+\Z")


@click.command("explain")
@click.argument(
    "target", metavar="FILE|CODE", shell_complete=completers.codes_and_files
)
@click.argument("name", required=False, shell_complete=completers.formulas)
@options.overrides()
@click.option("--graph", is_flag=True, help="Print a Mermaid graph of what reads what.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    target: str,
    name: str | None,
    overrides: tuple[str, ...],
    graph: bool,
    as_json: bool,
) -> None:
    """Explain a code such as MM320, or what a strategy FILE compiles to.

    With NAME, a quote field, a let or a rule (toxicity.NAME), its formula node by node: unit, stage, what
    computes it, and its value in a made-up market. Exit code 1 when the file has
    errors, 2 for an unknown code or name.
    """
    if graph and (as_json or _CODE.match(target)):
        message = "--graph is of a file, and neither of a code nor JSON"
        raise click.UsageError(message)
    if graph:
        click.echo(_graph(Path(target), name, overrides))
        return
    if _CODE.match(target):
        found, text = _code(target.upper())
    else:
        found, text = _file(Path(target), name, overrides)
    if as_json:
        click.echo(json.dumps({"version": 1, **found}, indent=2, ensure_ascii=False))
    else:
        click.echo(text)


def _code(code: str) -> tuple[dict[str, Any], str]:
    from mmrun.cli.pages import page_of, page_text

    page = page_of(code)
    return asdict(page), page_text(page)


def _file(
    path: Path, name: str | None, overrides: tuple[str, ...]
) -> tuple[dict[str, Any], str]:
    from mmrun.plan.explain import explain, field_of, tree
    from mmrun.plan.listing import plan_text, tree_text

    checked = _checked(path, overrides)
    if name is None:
        found = explain(checked)
        return asdict(found), plan_text(found)
    from mmrun.testing.sample import SAMPLE, sample_values

    _, level = field_of(checked, _known(checked, name))
    branches = tree(checked, name, sample_values(checked)[level])
    nodes = [asdict(branch) for branch in branches]
    return {"name": name, "nodes": nodes}, f"{tree_text(branches)}\n\n{SAMPLE}"


def _graph(path: Path, name: str | None, overrides: tuple[str, ...]) -> str:
    from mmrun.plan.mermaid import mermaid

    checked = _checked(path, overrides)
    return mermaid(checked, None if name is None else _known(checked, name))


def _checked(path: Path, overrides: tuple[str, ...]) -> Checked:
    from mmrun import api

    checked, problems = api.read(path, overrides)
    if checked is None:
        raise StrategyError(problems)
    return checked


def _known(checked: Checked, name: str) -> str:
    """The name of a quote field, let or rule.

    Raises:
        UsageError: there is none of that name.
    """
    from mmrun.documents import did_you_mean
    from mmrun.plan.explain import names_of

    known = names_of(checked)
    if name in known:
        return name
    (hint,) = did_you_mean(name, known)
    message = f"'{name}' is no quote field, let or rule of this strategy; {hint}"
    raise UsageError(message)
