"""A run's report for a notebook: an HTML fragment with its drawings inside it.

`fragment` joins the sections in order, as `terminal.render` does; a section is a
function from a `Page` to HTML, and one that has nothing to say gives none. A fragment
loads nothing and runs nothing: no script, no style sheet, no link, no ids, so any number
of them stand on one page, and it takes its text colour from there. It is well-formed
XML, and the same run gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from mmrun.report import levels
from mmrun.report.days import chosen_days, day_cells
from mmrun.report.drawing import amount, decimals, duration, extremes, percent
from mmrun.report.page import SIDES, Page, signed, span
from mmrun.report.presence import at_touch, time_spent, unknown
from mmrun.report.svg import line_chart
from mmrun.report.venues import COLUMNS, title, venue_cells
from mmrun.report.verdict import (
    BROKEN,
    adds_up,
    fill_model,
    head,
    pnl_terms,
    verdict,
)


_GAIN, _LOSS, _HELD = "#2a9d5c", "#d1495b", "#3d7ea6"
_RIGHT = "text-align:right;padding:0 0 0 1.5em;font-variant-numeric:tabular-nums"
_LEFT = "text-align:left;padding:0"
_TABLE = "border-collapse:collapse;margin:0;border:0"


def fragment(summary: Mapping[str, Any], equity: pl.DataFrame) -> str:
    """The report of a run as one `div`.

    Args:
        summary: as `summarize` gives it.
        equity: the equity frame of `tables.frames`; it may be empty.
    """
    page = Page(summary, equity, width=0, color=False)
    body = "".join(section(page) for section in SECTIONS)
    return f'<div style="max-width:44em;line-height:1.4">{body}</div>'


def _headline(page: Page) -> str:
    net = page.money("net_pnl")
    color = f";color:{_GAIN if net > 0.0 else _LOSS}" if net else ""
    broken = "" if adds_up(page) else _line(BROKEN, f"font-weight:bold;color:{_LOSS}")
    return (
        _line(head(page), "opacity:0.7")
        + _line(verdict(page), f"font-size:1.15em;font-weight:bold{color}")
        + _line(fill_model(page), "opacity:0.7")
        + broken
    )


def _split(page: Page) -> str:
    """The terms of net P&L; nothing for a run of zeros."""
    if not page.summary["fills"] and adds_up(page):
        return ""
    terms = pnl_terms(page)
    places = decimals(tuple(terms.values()))
    known = [abs(term) for term in terms.values() if math.isfinite(term)]
    largest = max(known, default=0.0)
    rows = (
        (escape(name), signed(term, places), _bar(term, largest))
        for name, term in terms.items()
    )
    title = f"Where it came from, {page.summary['currency']}"
    return _title(title) + _table(rows)


def _bar(term: float, largest: float) -> str:
    """A bar as long as the term is large, in em; the sign is in the colour and number."""
    if not math.isfinite(term) or not largest:
        return ""
    color = _GAIN if term > 0.0 else _LOSS
    return (
        f'<div style="width:{abs(term) / largest * 16:.2f}em;height:0.8em;'
        f'background:{color}"></div>'
    )


def _days(page: Page) -> str:
    """Net P&L and fills day by day; nothing for one day."""
    title, rows = chosen_days(page)
    if not rows:
        return ""
    cells = (tuple(map(escape, row)) for row in day_cells(rows))
    return _title(title) + _table(cells)


def _venues(page: Page) -> str:
    """What each venue had of a run on several."""
    return _figures(title(page), COLUMNS, venue_cells(page))


def _levels(page: Page) -> str:
    """What each level had of a run with several quotes a side."""
    return _figures(levels.title(page), levels.COLUMNS, levels.level_cells(page))


def _figures(head: str, titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """A table under titles; nothing without rows."""
    if not rows:
        return ""
    cells = (tuple(map(escape, row)) for row in (("", *titles), *rows))
    return _title(head) + _table(cells)


def _presence(page: Page) -> str:
    session_s = page.summary["session_s"]
    if not session_s:
        return ""
    rows = (
        (escape(name), *(_share(row[side], session_s) for side in SIDES))
        for name, row in time_spent(page).items()
    )
    return (
        _title("Presence")
        + _table((("", *SIDES), *rows))
        + "".join(
            _line(text, "opacity:0.7") for text in (at_touch(page), *unknown(page))
        )
    )


def _share(seconds: float, session_s: float) -> str:
    if not seconds:
        return "-"
    return f"{escape(duration(seconds))} {escape(percent(seconds / session_s))}"


def _drawings(page: Page) -> str:
    if not page.equity.height or not page.summary["fills"]:
        return ""
    money = f"Net P&L, {page.summary['currency']}"
    color = _GAIN if page.money("net_pnl") > 0.0 else _LOSS
    return (
        _drawing(page, "net_pnl", "last", money, color)
        + _drawing(page, "inventory", "extreme", "Inventory", _HELD)
        + _line(span(page), "opacity:0.7")
    )


def _drawing(page: Page, name: str, pick: str, title: str, color: str) -> str:
    values = page.points(name)
    high, low = extremes(values)
    label = f"{title}: between {amount(low)} and {amount(high)}"
    return _title(label) + line_chart(values, pick=pick, label=label, color=color)


def _title(text: str) -> str:
    return _line(text, "font-weight:bold;margin-top:0.8em")


def _line(text: str, style: str) -> str:
    return f'<div style="{style}">{escape(text)}</div>'


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of cells that are HTML already: a label, then what stands to its right."""
    body = "".join(_row(row) for row in rows)
    return f'<table style="{_TABLE}"><tbody>{body}</tbody></table>'


def _row(cells: tuple[str, ...]) -> str:
    styles = (_LEFT, *(_RIGHT,) * (len(cells) - 1))
    return (
        '<tr style="background:none">'
        + "".join(
            f'<td style="{style}">{cell}</td>'
            for style, cell in zip(styles, cells, strict=True)
        )
        + "</tr>"
    )


#: The fragment from top to bottom.
SECTIONS: tuple[Callable[[Page], str], ...] = (
    _headline,
    _split,
    _days,
    _venues,
    _levels,
    _presence,
    _drawings,
)
