"""A run's report for a terminal: plain text, 80 to 100 columns, colour as a bonus.

`render` joins the sections in order; a section is a function from a `Page` to lines, and
one that has nothing to say gives none. Everything shown is read from the summary and
the equity table: nothing is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from mmrun.ledger.accounting import TOLERANCE
from mmrun.report.assumptions import assumptions
from mmrun.report.days import days
from mmrun.report.drawing import amount, bar, chart, columns, decimals, extremes
from mmrun.report.levels import levels
from mmrun.report.page import LABEL, Page, signed, sized, times, valued
from mmrun.report.presence import idle, presence
from mmrun.report.venues import venues
from mmrun.report.verdict import (
    BROKEN,
    adds_up,
    fill_model,
    head,
    pnl_terms,
    verdict,
)


_NARROWEST, _WIDEST = 80, 100
_IDENTITY = "net = spread + inventory - fees + rebates"


def render(
    summary: Mapping[str, Any], equity: pl.DataFrame, width: int, *, color: bool
) -> str:
    """The report of a run.

    Args:
        summary: as `summarize` gives it.
        equity: the equity frame of `tables.frames`; it may be empty.
        width: columns of the terminal; the report takes 80 to 100.
        color: whether to use ANSI colours; nothing is said by colour alone.

    Returns:
        Lines without trailing blanks, ending in a line break.
    """
    page = Page(summary, equity, min(_WIDEST, max(_NARROWEST, width)), color)
    lines = [line for section in SECTIONS for line in section(page)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _verdict(page: Page) -> list[str]:
    net = page.money("net_pnl")
    style = "green" if net > 0.0 else "red" if net < 0.0 else "bold"
    return [
        page.paint(head(page), "dim"),
        page.paint(verdict(page), style),
        fill_model(page),
        *([] if adds_up(page) else [page.paint(BROKEN, "red")]),
    ]


def _attribution(page: Page) -> list[str]:
    """The parts of net as bars of one axis; nothing for a run of zeros."""
    if not page.summary["fills"] and adds_up(page):
        return []
    terms = pnl_terms(page)
    places = decimals(tuple(terms.values()))
    figures = {name: signed(term, places) for name, term in terms.items()}
    wide = max(map(len, figures.values()))
    low, high = min(0.0, *_known(terms)), max(0.0, *_known(terms))
    room = page.width - LABEL - wide - 3
    lines = [
        f"  {name:<{LABEL - 2}}{figures[name]:>{wide}}   "
        + page.paint(_bar(term, low, high, room), "red" if term < 0.0 else "green")
        for name, term in terms.items()
    ]
    rule = " " * LABEL + "─" * wide
    title = page.heading(f"Where it came from, {page.summary['currency']}")
    return [title, *lines[:-1], rule, lines[-1], _identity(page), _marked(page, places)]


def _known(terms: Mapping[str, float]) -> list[float]:
    return [term for term in terms.values() if math.isfinite(term)] or [0.0]


def _bar(term: float, low: float, high: float, room: int) -> str:
    return bar(term, low, high, room) if math.isfinite(term) else ""


def _identity(page: Page) -> str:
    residual = page.summary["attribution_residual"]
    found = "unknown" if residual is None else f"{residual:.2g}"
    if adds_up(page):
        return f"  {_IDENTITY} holds, residual {found}"
    broken = f"DOES NOT HOLD: {_IDENTITY}; residual {found}, allowed {TOLERANCE:.0e}"
    return "  " + page.paint(broken, "red")


def _marked(page: Page, places: int) -> str:
    realized = signed(page.money("realized_pnl"), places)
    unrealized = signed(page.money("unrealized_pnl"), places)
    drawdown = f"{page.money('max_drawdown'):,.{places}f}"
    return (
        f"  before fees: realised {realized}, unrealised {unrealized}"
        f" · largest drawdown {drawdown}"
    )


def _activity(page: Page) -> list[str]:
    """What was traded, what it took, and what was held."""
    values = page.summary
    trading = {
        "fills": f"{values['fills']:,}",
        "buys": f"{values['buy_fills']:,}",
        "volume": amount(values["fill_volume"]),
        "value": f"{values['fill_notional']:,.0f} {values['currency']}",
        "captured": valued(page, "spread_capture_bps", "{:+.2f} bps"),
        "net edge": valued(page, "net_edge_bps", "{:+.2f} bps"),
    }
    orders = {
        "placed": f"{values['orders']:,}",
        "cancelled": f"{values['cancels']:,}",
        "rejected": f"{values['rejects']:,}",
        "filled": valued(page, "fill_ratio", "{:.1%} of size"),
        "per fill": valued(page, "order_to_trade_ratio", "{:,.1f}"),
    }
    inventory = {
        "final": sized(page, "final_inventory"),
        "mean size": sized(page, "mean_abs_inventory"),
        "largest": sized(page, "max_abs_inventory"),
        "turnover": valued(page, "turnover", "{:,.1f}"),
    }
    blocks = {"Trading": trading, "Orders": orders, "Inventory": inventory}
    if not values["fills"]:
        blocks = {"Orders": orders}
    return _abreast(page, blocks)


def _abreast(page: Page, blocks: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Small tables beside each other, below each other where they are too wide."""
    cells = {
        title: [f"  {label:<11}{value}" for label, value in rows.items()]
        for title, rows in blocks.items()
    }
    widths = [max(map(len, rows)) + 3 for rows in cells.values()]
    if sum(widths) - 3 > page.width:
        return [
            line
            for title, rows in cells.items()
            for line in (page.heading(title), *rows)
        ]
    height = max(map(len, cells.values()))
    padded = [rows + [""] * (height - len(rows)) for rows in cells.values()]
    titles = "".join(t.ljust(w) for t, w in zip(blocks, widths, strict=True))
    return [
        page.heading(titles.rstrip()),
        *(
            "".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
            for row in zip(*padded, strict=True)
        ),
    ]


def _charts(page: Page) -> list[str]:
    if not page.equity.height or not page.summary["fills"]:
        return []
    currency = page.summary["currency"]
    return [
        page.heading(f"Net P&L, {currency}"),
        *_chart(page, "net_pnl", "last", 6),
        page.heading("Inventory"),
        *_chart(page, "inventory", "extreme", 4),
        _axis(page),
    ]


def _chart(page: Page, name: str, pick: str, rows: int) -> list[str]:
    values = columns(page.points(name), page.width - LABEL, pick)
    high, low = extremes(values)
    whole = high == round(high) and low == round(low)
    places = 0 if whole else decimals((high, low), least=0)
    edges = {"zero": "0", "": ""} | {
        edge: f"{value:,.{places}f}" for edge, value in (("high", high), ("low", low))
    }
    cells = chart(values, rows)
    return [f"{edges[edge]:>{LABEL - 2}} │{row}" for edge, row in cells]


def _axis(page: Page) -> str:
    start, end = times(page)
    if " " not in end:  # one day, said at the top
        start = start.rpartition(" ")[2]
    return f"{'':<{LABEL}}{start}{end:>{page.width - LABEL - len(start)}}"


#: The report from top to bottom.
SECTIONS: tuple[Callable[[Page], list[str]], ...] = (
    _verdict,
    _attribution,
    days,
    venues,
    levels,
    idle,
    _activity,
    presence,
    _charts,
    assumptions,
)
