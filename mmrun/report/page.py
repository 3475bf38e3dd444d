"""What a report is written from, and how it says numbers and times."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.report.drawing import amount, decimals, percent


SIDES = ("bid", "ask")
LABEL = 14  #: cells of a row's label and its indent

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32"}


@dataclass(frozen=True, slots=True)
class Page:
    """What the sections read."""

    summary: Mapping[str, Any]
    equity: pl.DataFrame
    width: int
    color: bool

    def paint(self, text: str, style: str) -> str:
        """The text in a style, or as it is without colour."""
        if not self.color or not text:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def time(self, row: int) -> datetime:
        """The time of a row of the equity table, in the dataset's time zone."""
        moment: datetime = self.equity["ts"][row]
        return moment.astimezone(ZoneInfo(self.summary["timezone"]))

    def heading(self, text: str) -> str:
        """A section's title, after an empty line."""
        return "\n" + self.paint(text, "bold")

    def money(self, key: str) -> float:
        """A money value; NaN where there is none."""
        value = self.summary[key]
        return math.nan if value is None else float(value)

    def points(self, name: str) -> NDArray[np.float64]:
        """A column of the equity table; NaN where there is no value."""
        return self.equity[name].to_numpy()


def many(count: int, noun: str) -> str:
    """`1 fill`, `2 fills`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def signed(value: float, places: int | None = None) -> str:
    """Money with its sign; `unknown` where there is none."""
    if not math.isfinite(value):
        return "unknown"
    if places is None:
        places = decimals((value,))
    return f"{value:+,.{places}f}" if value else f"{0.0:.{places}f}"


def share(value: float | None) -> str:
    """A share of the session, within a sentence."""
    return "an unknown part" if value is None else percent(value)


def valued(page: Page, key: str, layout: str) -> str:
    """A metric in a layout, or the reason why it has no value."""
    value = page.summary[key]
    return page.summary["reasons"][key] if value is None else layout.format(value)


def sized(page: Page, key: str) -> str:
    """A metric that is a size, or the reason why it has no value."""
    value = page.summary[key]
    return page.summary["reasons"][key] if value is None else amount(value)


def wrapped(page: Page, text: str, head: str) -> list[str]:
    """A text broken to the page's width, indented under where it starts."""
    indent = " " * len(head)
    return textwrap.wrap(
        text, page.width, initial_indent=head, subsequent_indent=indent
    )


def times(page: Page) -> tuple[str, str]:
    """First and last time of the equity table; the day is said once."""
    if not page.equity.height:
        return "", ""
    first, last = page.time(0), page.time(-1)
    same_day = first.date() == last.date()
    return f"{first:%Y-%m-%d %H:%M:%S}", (
        f"{last:%H:%M:%S}" if same_day else f"{last:%Y-%m-%d %H:%M:%S}"
    )


def span(page: Page) -> str:
    """From when to when, with the time zone; nothing for an empty equity table."""
    start, end = times(page)
    return f"{start} to {end} {page.time(-1):%Z}" if start else ""
