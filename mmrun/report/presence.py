"""How much of the session was quoted, why not the rest, and why nothing filled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmrun.report.drawing import duration, percent
from mmrun.report.page import SIDES, Page, many, share, wrapped


def presence(page: Page) -> list[str]:
    """Time quoted and not quoted, by rule and side: a table that sums up."""
    session_s = page.summary["session_s"]
    if not session_s:
        return []
    rows = [
        _presence_row(name, row, session_s) for name, row in time_spent(page).items()
    ]
    return [
        page.heading(f"{'Presence':<22}{'bid':>22}{'ask':>22}"),
        *rows[:-1],
        " " * 22 + "─" * 44,
        rows[-1],
        f"  {at_touch(page)}",
        *(line for text in unknown(page) for line in wrapped(page, text, "  ")),
    ]


def time_spent(page: Page) -> dict[str, dict[str, float]]:
    """Seconds of each side: `quoted`, then rules by time, then their sum, `session`."""
    values = page.summary
    spent = values["unquoted_time_s"]
    quoted = {
        side: (values[f"{side}_uptime"] or 0.0) * values["session_s"] for side in SIDES
    }
    rules = sorted(
        {rule: None for side in SIDES for rule in spent[side]},
        key=lambda rule: -sum(spent[side].get(rule, 0.0) for side in SIDES),
    )
    table = {"quoted": quoted} | {
        rule: {side: spent[side].get(rule, 0.0) for side in SIDES} for rule in rules
    }
    sums = {side: math.fsum(row[side] for row in table.values()) for side in SIDES}
    return table | {"session": sums}


def at_touch(page: Page) -> str:
    """How much of the session the quotes stood at the best price."""
    part = share(page.summary["time_at_touch"])
    return f"at the market's best price {part} (mean of sides)"


def unknown(page: Page) -> list[str]:
    """The strategy's rules whose condition had no value for some time, and how long."""
    session_s = page.summary["session_s"]
    return [
        f"the rule {name} was not met for {duration(seconds)} ({percent(seconds / session_s)})"
        " in which its condition had no value"
        for name, seconds in page.summary["rule_unknown_s"].items()
    ]


def _presence_row(name: str, row: Mapping[str, float], session_s: float) -> str:
    cells = (
        f"{duration(row[side]):>14}{percent(row[side] / session_s):>8}"
        if row[side]
        else f"{'-':>22}"
        for side in SIDES
    )
    return f"  {name:<20}" + "".join(cells)


def idle(page: Page) -> list[str]:
    """What the record says about a run without fills; no guess beyond it."""
    values = page.summary
    if values["fills"]:
        return []
    rested = [side for side in SIDES if values[f"{side}_uptime"]]
    said = [_never_rested(page, side) for side in SIDES if side not in rested]
    said += [_rested(page, side) for side in rested]
    if rested:
        touch = share(values["time_at_touch"])
        said.append(f"Quotes stood at the market's best price {touch} of the session.")
    said.append(_counterparties(values))
    text = " ".join(filter(None, said))
    return [page.heading("Nothing filled"), *wrapped(page, text, "  ")]


def _never_rested(page: Page, side: str) -> str:
    spent = page.summary["unquoted_time_s"][side]
    if not spent:
        return f"No {side} rested."
    rule, longest = max(spent.items(), key=lambda item: item[1])
    part = share(longest / math.fsum(spent.values()))
    return f"No {side} rested: {rule} for {part} of the session."


def _rested(page: Page, side: str) -> str:
    mid, price = page.points("mid"), page.points(side)
    part = share(page.summary[f"{side}_uptime"])
    said = f"The {side} rested {part} of the session"
    away = (mid - price if side == "bid" else price - mid) / mid * 1e4
    known = away[np.isfinite(away)]
    if not len(known):
        return f"{said}."
    below = "below" if side == "bid" else "above"
    return f"{said}, {known.mean():.2f} bps {below} the mid on average."


def _counterparties(values: Mapping[str, Any]) -> str:
    if not values["trades"]:
        return "The tape holds no trades."
    unknown = values["unknown_trades"]
    if unknown:
        return f"Of {values['trades']:,} trades {unknown:,} stayed unsigned and fill nobody."
    return f"The tape holds {many(values['trades'], 'trade')}."
