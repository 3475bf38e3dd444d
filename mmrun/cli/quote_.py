"""`mmrun quote`: the quotes a strategy would show in a given market."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrun.cli import options
from mmrun.cli.quote_table import (
    Sweep,
    quotes_over,
    read_sweep,
    table_object,
    table_text,
)


if TYPE_CHECKING:
    from mmrun.engine.quote import Market, Quote, Quoted


@click.command(name="quote")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--bid", type=float, help="The market's best bid.")
@click.option("--ask", type=float, help="The market's best ask.")
@click.option("--bid-size", type=float, help="Size at the bid.")
@click.option("--ask-size", type=float, help="Size at the ask.")
@click.option("--mid", type=float, help="Instead of bid and ask: the touch is unknown.")
@click.option("--inventory", type=float, default=0.0, show_default=True)
@click.option(
    "--set",
    "names",
    multiple=True,
    metavar="NAME=VALUE",
    help="A let, an input, own state, a market name, or a windowed name such as 'trades(1s)=6'.",
)
@click.option(
    "--table",
    metavar="NAME=FROM:TO:COUNT",
    help="Quotes over a range of inventory, a param, or any name that --set takes.",
)
@options.overrides()
@click.option("--json", "as_json", is_flag=True, help="Print the quotes as JSON.")
def command(
    file: Path,
    bid: float | None,
    ask: float | None,
    bid_size: float | None,
    ask_size: float | None,
    mid: float | None,
    inventory: float,
    names: tuple[str, ...],
    table: str | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print the quotes a strategy would show, one line a venue and level.

    With --table, a line for each value of one name, and a drawing:
    --table inventory=-1000:1000:9, or half=1bps:10bps:10.
    """
    from mmrun import api
    from mmrun.engine.quote import Market

    sweep = None if table is None else read_sweep(table)
    by_mid = mid is not None or (sweep is not None and sweep.name == "mid")
    if by_mid == (bid is not None or ask is not None):
        message = "give the market: --bid and --ask, or --mid alone"
        raise click.UsageError(message)
    market = Market(
        bid=_or_missing(bid),
        ask=_or_missing(ask),
        bid_size=_or_missing(bid_size),
        ask_size=_or_missing(ask_size),
        mid=mid,
        inventory=inventory,
        names=dict(_pair(text) for text in names),
    )
    if sweep is not None:
        _print_table(file, sweep, market, overrides, as_json=as_json)
        return
    quoted = api.quoted(file, market, overrides)
    for each in quoted.assumed:
        said = f"tick {each.tick:g} and lot {each.lot:g} are assumed"
        if each.venue:
            said = f"{each.venue}: {said}; write them under venues.{each.venue}"
        else:
            said = f"{said}: name a venue with tick and lot to set them"
        click.echo(said, err=True)
    if as_json:
        click.echo(json.dumps([asdict(quote) for quote in quoted.quotes], indent=2))
    else:
        click.echo(_page(quoted))


def _print_table(
    file: Path,
    sweep: Sweep,
    market: Market,
    overrides: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    from mmrun import api

    params = [param.name for param in api.build(file, overrides).strategy.params]
    rows = quotes_over(
        sweep,
        market,
        params,
        lambda there, more: api.quoted(file, there, (*overrides, *more)).quotes,
    )
    if as_json:
        click.echo(json.dumps(table_object(sweep.name, rows), indent=2))
    else:
        click.echo(table_text(sweep.name, rows))


def _or_missing(value: float | None) -> float:
    return math.nan if value is None else value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals:
        message = f"--set {text}: expected NAME=VALUE"
        raise click.UsageError(message)
    return name.strip(), value.strip()


def _page(quoted: Quoted) -> str:
    deep = any(quote.level for quote in quoted.quotes)
    bids = [_side("bid", q.bid, q.bid_size, q.bid_rule) for q in quoted.quotes]
    wide = max(map(len, bids)) if deep else 0
    lines = [_line(quote, wide) for quote in quoted.quotes]
    known = {
        name: value
        for name, value in quoted.values.items()
        if name.rpartition(".")[2] not in _SHOWN
    }
    width = max([16, *(len(name) + 1 for name in known)])
    lines += [f"  {name:<{width}}{value:.10g}" for name, value in known.items()]
    lines += _rules(quoted.rules)
    if quoted.missing:
        given = " ".join(f"--set '{name}=…'" for name in quoted.missing)
        lines.append(f"missing: {', '.join(quoted.missing)} (give {given})")
    return "\n".join(lines)


def _rules(rules: Mapping[str, bool | None]) -> list[str]:
    """The strategy's own rules that are in force, and those of which that is unknown."""
    named = (("in force", True), ("unknown", None))
    return [
        f"{said}: {', '.join(found)}"
        for said, state in named
        if (found := [name for name, met in rules.items() if met is state])
    ]


_SHOWN = ("bid", "ask", "bid_size", "ask_size")


def _line(quote: Quote, width: int) -> str:
    """`bid 149.93 x 100   ask 150.07 x 100`; of several levels which, and in columns."""
    head = f"{quote.venue}: " if quote.venue else ""
    head += f"level {quote.level:<2} " if width else ""
    bid = _side("bid", quote.bid, quote.bid_size, quote.bid_rule)
    ask = _side("ask", quote.ask, quote.ask_size, quote.ask_rule)
    return f"{head}{bid:<{width}}   {ask}"


def _side(name: str, price: float | None, size: float, rule: str | None) -> str:
    if price is None:
        return f"{name} none ({rule})"
    return f"{name} {price:.10g} x {size:.10g}"
