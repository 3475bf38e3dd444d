"""The days of a run of several, or of many the worst and the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmrun.report.drawing import decimals
from mmrun.report.page import LABEL, Page, many, signed


MOST_LISTED = 10

Day = Mapping[str, Any]  #: a row of the summary's `daily`


def days(page: Page) -> list[str]:
    """Net P&L and fills of the days that are shown; nothing for a run of one day."""
    title, rows = chosen_days(page)
    if not rows:
        return []
    cells = day_cells(rows)
    wide = max(len(figure) for _, figure, _ in cells)
    return [
        page.heading(title),
        *(f"  {date:<{LABEL}}{net:>{wide}}   {fills}" for date, net, fills in cells),
    ]


def chosen_days(page: Page) -> tuple[str, Sequence[Day]]:
    """A heading and the days under it: all of a few, the worst and the best of many."""
    rows: Sequence[Day] = page.summary["daily"]
    title = f"Days, net {page.summary['currency']}"
    if len(rows) < 2:
        return title, ()
    if len(rows) <= MOST_LISTED:
        return title, rows
    ranked = sorted(
        (row for row in rows if row["net_pnl"] is not None),
        key=lambda row: float(row["net_pnl"]),
    )
    gained = sum(row["net_pnl"] > 0.0 for row in ranked)
    said = f"{title}: {gained:,} of {len(rows):,} gained; the worst and the best"
    return said, (ranked[0], ranked[-1])


def day_cells(rows: Sequence[Day]) -> list[tuple[str, str, str]]:
    """Date, net P&L and fills of days, as text."""
    nets = [math.nan if row["net_pnl"] is None else row["net_pnl"] for row in rows]
    places = decimals(nets)
    return [
        (row["date"], signed(net, places), many(row["fills"], "fill"))
        for row, net in zip(rows, nets, strict=True)
    ]
