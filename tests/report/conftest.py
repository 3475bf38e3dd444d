"""Made-up recordings: the worked accounting example, and a run that did nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from mmrun.engine.records import (
    DECISION,
    EQUITY,
    FILL,
    ORDER,
    Adjustment,
    OrderEvent,
    Recording,
    Rule,
    Totals,
)
from mmrun.market.sessions import TradingDay
from mmrun.report.facts import RunFacts


S = 1_000_000_000
#: 2026-03-02 14:30:00 UTC.
START = 1_772_461_800 * S
MIDS = (100, 100, 99.97, 99.97, 100.03, 100.02, 100.05)
FILLS = (
    (1, 1, 100, 99.98, -0.20, 100),
    (2, 1, 100, 99.95, -0.20, 200),
    (3, -1, 150, 99.99, -0.30, 50),
    (4, -1, 150, 100.06, 0.45, -100),
    (5, 1, 40, 100.00, -0.08, -60),
)


def made_fills() -> np.ndarray:
    fills = np.zeros(len(FILLS), FILL)
    for number, (step, side, size, price, fee, held) in enumerate(FILLS):
        known = START + step * S + 2_000_000
        fills[number] = (
            *(START + step * S, number + 1, price, size, MIDS[step], fee, held),
            *(known, 0, side, int(fee > 0), 0),
        )
    return fills


def made_orders() -> np.ndarray:
    nan = float("nan")
    rows = [
        (START, START, 99.98, 100, 300, 1, 0, 1, OrderEvent.NEW, Rule.QUOTED),
        (START, START, 99.99, 150, nan, 3, 0, -1, OrderEvent.NEW, Rule.QUOTED),
        (
            START + S,
            START + S,
            99.98,
            100,
            nan,
            1,
            0,
            1,
            OrderEvent.FILLED,
            Rule.QUOTED,
        ),
        (START + 2 * S, START, 99.95, 350, 0, 2, 0, 1, OrderEvent.REPLACE, Rule.QUOTED),
        (
            START + 3 * S,
            START,
            99.9,
            9,
            nan,
            6,
            0,
            1,
            OrderEvent.REJECT,
            Rule.POST_ONLY,
        ),
        (START + 5 * S, START, 99.95, 9, nan, 2, 0, 1, OrderEvent.CANCEL, Rule.STALE),
    ]
    return np.array(rows, ORDER)


def made_decisions() -> np.ndarray:
    nan = float("nan")
    both = Adjustment.POST_ONLY | Adjustment.TOLERANCE
    rows = [
        (START, 99.98, 100, 0, 1, 0, Rule.QUOTED, both, -1),
        (START, nan, 0, 0, -1, 0, Rule.MISSING, Adjustment.NONE, 1),
        (START + 5 * S, nan, 0, 0, 1, 0, Rule.STALE, Adjustment.NONE, -1),
    ]
    return np.array(rows, DECISION)


def made_equity() -> np.ndarray:
    equity = np.zeros(len(MIDS), EQUITY)
    equity["ts"] = START + np.arange(len(MIDS)) * S
    equity["mid"] = MIDS
    equity["inventory"] = (0, 100, 200, 50, -100, -60, -60)
    equity["net_pnl"] = (0, 2.2, 1.4, 4.7, 11.75, 13.63, 11.83)
    equity["bid"] = (99.98, 99.98, 99.95, 99.95, 100.0, np.nan, np.nan)
    equity["ask"] = (100.02, 100.02, 99.99, 99.99, 100.06, 100.06, 100.06)
    return equity


def made_totals() -> Totals:
    rule_ns = np.zeros((2, len(Rule)), np.int64)
    rule_ns[0, [Rule.QUOTED, Rule.STALE]] = 5 * S, S
    rule_ns[1, [Rule.QUOTED, Rule.NO_DATA, Rule.MISSING]] = 4 * S, S // 2, 3 * S // 2
    return Totals(
        events=12,
        quotes=7,
        trades=5,
        first_ts=START,
        last_ts=START + 6 * S,
        final_mid=100.05,
        final_inventory=-60.0,
        cash=6014.5,
        spread_pnl=12.3,
        inventory_pnl=-0.8,
        fees=0.45,
        rebates=0.78,
        realized_pnl=10.9,
        unrealized_pnl=0.6,
        max_drawdown=1.8,
        max_abs_inventory=200.0,
        abs_inventory_ns=510.0 * S,
        rule_ns=rule_ns,
        session_ns=6 * S,
        both_ns=3 * S,
        touch_ns=np.array([3 * S, S], np.int64),
        orders=4,
        cancels=1,
        rejects=1,
        signed_trades=2,
        unknown_trades=1,
        venue_rule_ns=rule_ns[None],
        venue_both_ns=np.array([3 * S]),
        level_rule_ns=np.zeros((1, 2, len(Rule)), np.int64),
    )


@pytest.fixture
def recording() -> Recording:
    """Five fills over six seconds: the worked example of the accounting pages."""
    return Recording(
        made_fills(),
        made_orders(),
        made_decisions(),
        made_equity(),
        made_totals(),
        ("vol", "fast"),
        ("NASDAQ",),
    )


@pytest.fixture
def split(recording: Recording) -> Recording:
    """The same run over two venues: the third and fourth fill were at the second."""
    fills, orders = recording.fills.copy(), recording.orders.copy()
    fills["venue"][2:4] = 1
    orders["venue"][1] = 1
    spent = np.zeros((2, 2, len(Rule)), np.int64)
    spent[0, :, [Rule.QUOTED, Rule.STALE]] = [4 * S], [2 * S]
    spent[1, :, Rule.QUOTED] = 3 * S, S
    spent[1, :, Rule.HALT] = 3 * S, 5 * S
    totals = replace(
        recording.totals, venue_rule_ns=spent, venue_both_ns=np.array([3 * S, S])
    )
    return replace(
        recording,
        fills=fills,
        orders=orders,
        totals=totals,
        venues=("NASDAQ", "IEX"),
    )


@pytest.fixture
def ladder(recording: Recording) -> Recording:
    """The same run with two quotes a side: the third and fourth fill were at level 1."""
    fills, orders = recording.fills.copy(), recording.orders.copy()
    fills["level"][2:4] = 1
    orders["side"][1] = -2
    spent = np.zeros((2, 2, len(Rule)), np.int64)
    spent[0, :, [Rule.QUOTED, Rule.STALE]] = [4 * S], [2 * S]
    spent[1, :, Rule.QUOTED] = 3 * S, S
    spent[1, :, Rule.MAX_INVENTORY] = 3 * S, 5 * S
    totals = replace(recording.totals, level_rule_ns=spent)
    return replace(recording, fills=fills, orders=orders, totals=totals)


@pytest.fixture
def idle(recording: Recording) -> Recording:
    """A run of no length: nothing came, nothing was quoted, nothing filled."""
    zeros = {
        name: 0.0
        for name in Totals.__slots__
        if isinstance(getattr(recording.totals, name), float)
    }
    counts = {
        name: 0
        for name in Totals.__slots__
        if isinstance(getattr(recording.totals, name), int)
    }
    nothing = replace(
        recording.totals,
        **zeros | counts | {"final_mid": float("nan")},
        rule_ns=np.zeros((2, len(Rule)), np.int64),
        touch_ns=np.zeros(2, np.int64),
        venue_rule_ns=np.zeros((1, 2, len(Rule)), np.int64),
        venue_both_ns=np.zeros(1, np.int64),
    )
    return Recording(
        recording.fills[:0],
        recording.orders[:0],
        recording.decisions[:0],
        recording.equity[:0],
        nothing,
        (),
        ("NASDAQ",),
    )


@pytest.fixture
def facts() -> RunFacts:
    """The head of a report."""
    return RunFacts(
        strategy="two_sided",
        symbol="ACME",
        venue="NASDAQ",
        currency="USD",
        timezone="UTC",
        days=(TradingDay(date(2026, 3, 2), START),),
        fill_model="queue",
        trade_sign_policy="lee_ready",
        fee_terms="maker rebate 0.002/share, taker 0.003/share",
        engine_version="0.1.0",
        strategy_hash="a1b2",
        data_hash="c3d4",
        seed=7,
    )


MINUTES = 390


def made_day() -> tuple[np.ndarray, np.ndarray, float]:
    """A fill a minute along a mid that swings, and the equity after each."""
    fills, equity = np.zeros(MINUTES, FILL), np.zeros(MINUTES, EQUITY)
    mid, held, cash, spread, inventory_pnl = 150.0, 0.0, 0.0, 0.0, 0.0
    for minute in range(MINUTES):
        step = ((minute * 7919) % 11 - 5 + (3 if minute % 130 < 60 else -3)) / 100
        inventory_pnl += held * step
        mid = round(mid + step, 2)
        side = 1 if (minute * 31) % 70 < 35 - held / 25 else -1
        price, size = mid - side * 0.02, 100.0 * (1 + minute % 2)
        held += side * size
        cash -= side * size * price
        spread += side * size * (mid - price)
        ts, rebate = START + minute * 60 * S, 0.002 * size
        fills[minute] = (ts, minute, price, size, mid, -rebate, held, ts, 0, side, 0, 0)
        rebates = 0.002 * float(fills["size"].sum())
        net = cash + held * mid + rebates
        equity[minute] = (
            *(ts, mid, held, net, spread, inventory_pnl, 0.0, rebates),
            *(mid - 0.05, mid + 0.05),
        )
    return fills, equity, inventory_pnl


@pytest.fixture
def day(recording: Recording) -> Recording:
    """A session of 390 minutes with a fill in each, long and short by turns."""
    fills, equity, inventory_pnl = made_day()
    session_ns = MINUTES * 60 * S
    rule_ns = np.zeros((2, len(Rule)), np.int64)
    rule_ns[0, [Rule.NO_DATA, Rule.MAX_INVENTORY, Rule.STALE]] = S // 4, 1900 * S, S
    rule_ns[1, [Rule.NO_DATA, Rule.POST_ONLY, Rule.STALE]] = S // 4, 312 * S, S
    rule_ns[:, Rule.QUOTED] = session_ns - rule_ns.sum(axis=1)
    orders = np.repeat(recording.orders[:1], 2_000)
    totals = replace(
        recording.totals,
        events=1_000_000,
        quotes=830_000,
        trades=170_000,
        last_ts=START + session_ns,
        final_mid=float(equity["mid"][-1]),
        final_inventory=float(fills["inventory"][-1]),
        inventory_pnl=inventory_pnl,
        max_drawdown=1234.5,
        max_abs_inventory=float(np.abs(fills["inventory"]).max()),
        abs_inventory_ns=float(np.abs(fills["inventory"]).mean()) * session_ns,
        rule_ns=rule_ns,
        session_ns=session_ns,
        both_ns=session_ns - 2_213 * S,
        touch_ns=np.array([9_000 * S, 12_000 * S], np.int64),
        orders=2_000,
        cancels=31,
        rejects=0,
        signed_trades=0,
        unknown_trades=0,
    )
    return replace(recording, fills=fills, orders=orders, equity=equity, totals=totals)


@pytest.fixture
def unfilled(day: Recording) -> Recording:
    """The same session, the bid far below the mid, the ask never shown."""
    equity = day.equity.copy()
    for name in ("inventory", "net_pnl", "spread_pnl", "inventory_pnl", "rebates"):
        equity[name] = 0.0
    equity["bid"], equity["ask"] = equity["mid"] * (1 - 12e-4), np.nan
    session_ns = day.totals.session_ns
    rule_ns = np.zeros((2, len(Rule)), np.int64)
    rule_ns[0, [Rule.QUOTED, Rule.STALE]] = session_ns - 60 * S, 60 * S
    rule_ns[1, [Rule.MISSING, Rule.STALE]] = session_ns - 60 * S, 60 * S
    totals = replace(
        day.totals,
        final_inventory=0.0,
        inventory_pnl=0.0,
        max_drawdown=0.0,
        max_abs_inventory=0.0,
        abs_inventory_ns=0.0,
        rule_ns=rule_ns,
        both_ns=0,
        touch_ns=np.zeros(2, np.int64),
    )
    return replace(day, fills=day.fills[:0], equity=equity, totals=totals)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a golden file; `--update-golden` writes it instead."""

    def check(name: str, actual: str) -> None:
        path = Path(__file__).parents[1] / "golden" / "report" / name
        if request.config.getoption("--update-golden", default=False):
            path.write_text(actual, encoding="utf-8")
        assert actual == path.read_text(encoding="utf-8")

    return check
