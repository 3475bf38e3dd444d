"""The levels of a run with several quotes a side."""

from __future__ import annotations

from mmrun.report.drawing import amount, decimals
from mmrun.report.page import Page, share, signed
from mmrun.report.venues import laid_out


#: What stands above the columns of `level_cells`, the first under a title of its own.
COLUMNS = ("fills", "volume", "value", "spread", "fees", "rebates", "bid on", "ask on")


def levels(page: Page) -> list[str]:
    """A line a level; nothing for one quote a side."""
    return laid_out(page, title(page), COLUMNS, level_cells(page))


def title(page: Page) -> str:
    """`Levels, USD`."""
    return f"Levels, {page.summary['currency']}"


def level_cells(page: Page) -> list[tuple[str, ...]]:
    """Number and figures of each level as text, in the order of `COLUMNS`."""
    rows = page.summary.get("levels", ())
    money = ("spread_pnl", "fees", "rebates")
    places = decimals([row[key] for row in rows for key in money])
    return [
        (
            str(row["level"]),
            f"{row['fills']:,}",
            amount(row["fill_volume"]),
            f"{row['fill_notional']:,.0f}",
            signed(row["spread_pnl"], places),
            signed(0.0 - row["fees"], places),
            signed(row["rebates"], places),
            share(row["bid_uptime"]),
            share(row["ask_uptime"]),
        )
        for row in rows
    ]
