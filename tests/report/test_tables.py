"""Structured arrays to frames: names for codes, UTC times, nulls for no value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from mmrun.engine.records import (
    DECISION,
    FIRST_OWN,
    OWN_BITS,
    Adjustment,
    OwnRule,
    Recording,
    Rule,
)
from mmrun.report.tables import TABLES, TIME, frame, frames


def test_fills(recording: Recording) -> None:
    """A fill says side and liquidity in words, and when it happened and was known."""
    fills = frame("fills", recording)

    first = fills.row(0, named=True)
    assert first["ts"] == datetime(2026, 3, 2, 14, 30, 1, tzinfo=UTC)
    assert first["known_ts"].microsecond == 2000
    assert (first["side"], first["liquidity"]) == ("buy", "maker")
    assert fills["side"].to_list() == ["buy", "buy", "sell", "sell", "buy"]
    assert fills["liquidity"].to_list() == ["maker"] * 3 + ["taker", "maker"]
    assert fills["size"].sum() == 540


def test_every_table_of_events_names_the_venue(split: Recording) -> None:
    """Fills, orders and decisions each say at which venue; equity is of all of them."""
    tables = frames(split)

    assert tables["fills"]["venue"].to_list() == ["NASDAQ"] * 2 + ["IEX"] * 2 + [
        "NASDAQ"
    ]
    assert tables["orders"]["venue"].to_list() == ["NASDAQ", "IEX"] + ["NASDAQ"] * 4
    assert tables["decisions"]["venue"].to_list() == ["NASDAQ"] * 3
    assert "venue" not in tables["equity"].columns


def test_every_table_of_events_names_the_level(ladder: Recording) -> None:
    """Fills, orders and decisions each say of which quote; an order's side is a word."""
    tables = frames(ladder)

    assert tables["fills"]["level"].to_list() == [0, 0, 1, 1, 0]
    assert tables["orders"]["level"].to_list() == [0, 1, 0, 0, 0, 0]
    assert tables["orders"]["side"].to_list()[:2] == ["buy", "sell"]
    assert tables["decisions"]["level"].to_list() == [0] * 3


def test_orders(recording: Recording) -> None:
    """An order event has a rule only where one ended it; unknown queues are null."""
    orders = frame("orders", recording)

    assert orders["event"].to_list() == [
        *("new", "new", "filled", "replace", "reject", "cancel")
    ]
    assert orders["rule"].to_list() == [None] * 4 + ["post_only", "stale"]
    assert orders["queue_ahead"].to_list()[:4] == [300, None, None, 0]


def test_decisions(recording: Recording) -> None:
    """A decision names its rule, how it was adjusted, and the input it lacked."""
    decisions = frame("decisions", recording)

    assert decisions["side"].to_list() == ["bid", "ask", "bid"]
    assert decisions["rule"].to_list() == ["quoted", "missing", "stale"]
    assert decisions["price"].to_list() == [99.98, None, None]
    assert decisions["adjustment"].to_list() == ["post_only+tolerance", None, None]
    assert decisions["missing"].to_list() == [None, "fast", None]


def test_equity(recording: Recording) -> None:
    """A price that was not quoted is null, not NaN."""
    equity = frame("equity", recording)

    assert equity["bid"].null_count() == 2
    assert not equity["bid"].is_nan().any()
    assert equity["net_pnl"].to_list()[-1] == 11.83


def test_every_code_has_a_name(recording: Recording) -> None:
    """All rules, events and adjustments come out by their enum's name in lower case."""
    decisions = np.zeros(len(Rule), DECISION)
    decisions["rule"] = [rule.value for rule in Rule]
    decisions["adjustment"] = [1 << (n % len(Adjustment)) for n in range(len(Rule))]
    decisions["missing"] = -1
    made = Recording(
        recording.fills,
        recording.orders,
        decisions,
        recording.equity,
        recording.totals,
        (),
        ("NASDAQ",),
    )

    named = frame("decisions", made)

    assert named["rule"].to_list() == [rule.name.lower() for rule in Rule]
    flags = [str(flag.name).lower() for flag in Adjustment]
    assert named["adjustment"].to_list()[: len(flags)] == flags


def test_the_strategy_s_own_rules_are_named(recording: Recording) -> None:
    """As the rule of a side or an order, and where they changed what is quoted."""
    own = (OwnRule("flow", 2, 0), OwnRule("picked_off", 1, 0))
    decisions, orders = recording.decisions.copy(), recording.orders.copy()
    decisions["rule"][1], orders["rule"][-1] = FIRST_OWN + 1, FIRST_OWN
    decisions["adjustment"][0] = Adjustment.POST_ONLY | 0b11 << OWN_BITS
    ruled = replace(
        recording,
        decisions=decisions,
        orders=orders,
        totals=replace(recording.totals, own_rules=own),
    )

    found = frame("decisions", ruled)

    assert found["rule"].to_list() == ["quoted", "picked_off", "stale"]
    assert found["adjustment"][0] == "post_only+flow+picked_off"
    assert frame("orders", ruled)["rule"][-1] == "flow"


def test_types_hold_for_empty_and_full(recording: Recording, idle: Recording) -> None:
    """A run without rows has the same columns and types as one with rows."""
    full, empty = frames(recording), frames(idle)

    for name in TABLES:
        assert full[name].schema == empty[name].schema
        assert empty[name].height == 0
        assert full[name].schema["ts"] == TIME
        assert pl.Categorical not in full[name].dtypes
