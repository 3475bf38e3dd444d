"""The levels of a run with several quotes a side."""

from __future__ import annotations

from mmrun.report.page import Page
from mmrun.report.venues import TRADED, cells, laid_out


#: What stands above the columns of `level_cells`, the first under a title of its own.
COLUMNS = (*TRADED, "bid on", "ask on")


def levels(page: Page) -> list[str]:
    """A line a level; nothing for one quote a side."""
    return laid_out(page, title(page), COLUMNS, level_cells(page))


def title(page: Page) -> str:
    """`Levels, USD`."""
    return f"Levels, {page.summary['currency']}"


def level_cells(page: Page) -> list[tuple[str, ...]]:
    """Number and figures of each level as text, in the order of `COLUMNS`."""
    rows = page.summary.get("levels", ())
    return cells(rows, "level", "bid_uptime", "ask_uptime")
