"""`mmrun diff`: what differs between two strategies, and what that does to quotes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrun.cli import options
from mmrun.problems import StrategyError


if TYPE_CHECKING:
    from mmrun.engine.quote import Quote
    from mmrun.plan.changes import Change
    from mmrun.plan.compile import Checked
    from mmrun.testing.grid import Grid, Pair


@click.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@options.overrides()
@click.option("--exit-code", is_flag=True, help="Exit with 1 when anything differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    before: Path,
    after: Path,
    overrides: tuple[str, ...],
    exit_code: bool,
    as_json: bool,
) -> int:
    """Compare two strategies: params, formulas, settings, and their quotes.

    Spelling, order and comments do not count. Quotes are those over a grid of
    inventories and volatilities in one made-up market. -s sets values of both.
    """
    from mmrun.plan.changes import changes
    from mmrun.testing.grid import compare_quotes

    old, new = _checked(before, overrides), _checked(after, overrides)
    found = changes(old, new)
    grid = compare_quotes(old, new)
    if as_json:
        click.echo(json.dumps(_object(found, grid), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found, grid)))
    differs = bool(found) or any(pair.differs for pair in grid.pairs)
    return 1 if exit_code and differs else 0


def _checked(path: Path, overrides: Sequence[str]) -> Checked:
    from mmrun import api

    checked, problems = api.read(path, overrides)
    if checked is None:
        raise StrategyError(problems)
    return checked


def _object(found: Sequence[Change], grid: Grid) -> dict[str, Any]:
    return {
        "version": 1,
        "changes": [asdict(change) for change in found],
        "market": {"bid": grid.bid, "ask": grid.ask},
        "quotes": [asdict(pair) for pair in grid.pairs if pair.differs],
    }


def _lines(found: Sequence[Change], grid: Grid) -> Iterator[str]:
    for section, group in groupby(found, key=lambda change: change.section):
        yield section
        for change in group:
            yield f"  {change.path}: {_or_none(change.before)} -> {_or_none(change.after)}"
    if not found:
        yield "no param, formula or setting differs"
    differing = [pair for pair in grid.pairs if pair.differs]
    market = f"in a made-up market of {grid.bid:.10g} to {grid.ask:.10g}"
    if not differing:
        yield f"quotes {market}: the same in all {len(grid.pairs)} states"
        return
    yield f"quotes {market}: {len(differing)} of {len(grid.pairs)} states differ"
    yield from _table(
        [("volatility", "inventory", "bid", "ask"), *map(_row, differing)]
    )


def _row(pair: Pair) -> tuple[str, str, str, str]:
    before, after = pair.before, pair.after
    at = f" at {pair.venue}" if pair.venue else ""
    at += f" level {pair.level}" if pair.level else ""
    return (
        f"x{pair.state.factor:g}",
        f"{pair.state.inventory:.10g}{at}",
        _change(_side(before, "bid"), _side(after, "bid")),
        _change(_side(before, "ask"), _side(after, "ask")),
    )


def _side(quote: Quote, name: str) -> str:
    price, size = getattr(quote, name), getattr(quote, f"{name}_size")
    if price is None:
        return f"none ({getattr(quote, f'{name}_rule')})"
    return f"{price:.10g}x{size:.10g}"


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _or_none(text: str | None) -> str:
    return "not there" if text is None else text


def _table(rows: Sequence[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for factor, inventory, *sides in rows:
        shown = (
            text.ljust(width) for text, width in zip(sides, widths[2:], strict=True)
        )
        cells = (factor.rjust(widths[0]), inventory.rjust(widths[1]), *shown)
        yield ("  " + "  ".join(cells)).rstrip()
