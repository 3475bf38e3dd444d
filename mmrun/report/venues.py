"""The venues of a run on several, and those it was to quote but could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrun.report.drawing import amount, decimals
from mmrun.report.page import LABEL, Page, share, signed, wrapped


#: What stands above the figures of `cells`.
TRADED = ("fills", "volume", "value", "spread", "fees", "rebates")
#: What stands above the columns of `venue_cells`, the first under a title of its own.
COLUMNS = (*TRADED, "both quoted")


def venues(page: Page) -> list[str]:
    """A line a venue; nothing for one venue."""
    return laid_out(page, title(page), COLUMNS, venue_cells(page))


def laid_out(
    page: Page, head: str, titles: Sequence[str], rows: Sequence[tuple[str, ...]]
) -> list[str]:
    """A line a row under titles, or a sentence where lines are too wide."""
    if not rows:
        return []
    names = max(LABEL - 2, *(len(name) for name, *_ in rows))
    table = [cells for _, *cells in rows]
    widths = [max(map(len, column)) for column in zip(titles, *table, strict=True)]
    if names + 2 + sum(width + 2 for width in widths) > page.width:
        return [page.heading(head), *_in_words(page, titles, rows, names)]
    return [
        page.heading(head.ljust(names + 2) + _aligned(titles, widths)),
        *(f"  {name:<{names}}" + _aligned(cells, widths) for name, *cells in rows),
    ]


def _in_words(
    page: Page, titles: Sequence[str], rows: Sequence[tuple[str, ...]], names: int
) -> list[str]:
    return [
        line
        for name, *cells in rows
        for line in wrapped(
            page,
            " · ".join(f"{c} {cell}" for c, cell in zip(titles, cells, strict=True)),
            f"  {name:<{names}}  ",
        )
    ]


def title(page: Page) -> str:
    """`Venues, USD`."""
    return f"Venues, {page.summary['currency']}"


def venue_cells(page: Page) -> list[tuple[str, ...]]:
    """Name and figures of each venue as text, in the order of `COLUMNS`."""
    return cells(page.summary.get("venues", ()), "venue", "quote_uptime")


def cells(
    rows: Sequence[Mapping[str, Any]], name: str, *uptimes: str
) -> list[tuple[str, ...]]:
    """Of rows of the summary the name, figures under TRADED and uptimes, as text."""
    money = ("spread_pnl", "fees", "rebates")
    places = decimals([row[key] for row in rows for key in money])
    return [
        (
            str(row[name]),
            f"{row['fills']:,}",
            amount(row["fill_volume"]),
            f"{row['fill_notional']:,.0f}",
            signed(row["spread_pnl"], places),
            signed(0.0 - row["fees"], places),
            signed(row["rebates"], places),
            *(share(row[key]) for key in uptimes),
        )
        for row in rows
    ]


def absent(summary: Mapping[str, Any]) -> str:
    """Which of the strategy's venues the data does not have; empty where none."""
    names = summary.get("absent_venues", ())
    return (
        f"not in the data, without part in the run: {', '.join(names)}" if names else ""
    )


def watched(summary: Mapping[str, Any]) -> str:
    """What formulas read and is not quoted; empty where there is nothing."""
    return "; ".join(
        f"{each['name']} is {each['symbol']} at {' and '.join(each['venues'])}, "
        f"{each['rows']:,} rows"
        for each in summary.get("references", ())
    )


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"  {c:>{width}}" for c, width in zip(cells, widths, strict=True))
