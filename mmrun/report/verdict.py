"""A run in three lines, and its P&L in five terms: what every kind of report begins with."""

from __future__ import annotations

from mmrun.ledger.accounting import TOLERANCE
from mmrun.report.assumptions import optimism
from mmrun.report.page import Page, many, share, signed, span


BROKEN = "THE BOOKS DO NOT ADD UP: do not rely on any figure below"


def head(page: Page) -> str:
    """What was run on what, and when."""
    values = page.summary
    said = f"{values['strategy']} · {values['symbol']} at {values['venue']}"
    when = span(page)
    return f"{said} · {when}" if when else said


def verdict(page: Page) -> str:
    """Net P&L, fills and presence in a line."""
    values = page.summary
    parts = (
        f"net {signed(page.money('net_pnl'))} {values['currency']}",
        many(values["fills"], "fill"),
        f"both sides quoted {share(values['quote_uptime'])} of the session",
    )
    return " · ".join(parts)


def fill_model(page: Page) -> str:
    """The fill model and what it assumes."""
    model = page.summary["fill_model"]
    return f"fill model {model}, {optimism(model)}"


def adds_up(page: Page) -> bool:
    """Whether the terms of P&L sum to its net."""
    residual = page.summary["attribution_residual"]
    return residual is not None and abs(residual) < TOLERANCE


def pnl_terms(page: Page) -> dict[str, float]:
    """What net P&L is the sum of, and itself last; NaN where there is no value."""
    return {
        "spread": page.money("spread_pnl"),
        "inventory": page.money("inventory_pnl"),
        "fees": 0.0 - page.money("fees"),
        "rebates": page.money("rebates"),
        "net": page.money("net_pnl"),
    }
