"""Made-up recordings: the worked accounting example, and a run that did nothing."""

from __future__ import annotations

from dataclasses import replace

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
            *(known, side, int(fee > 0)),
        )
    return fills


def made_orders() -> np.ndarray:
    nan = float("nan")
    rows = [
        (START, START, 1, 99.98, 100, 300, 1, OrderEvent.NEW, Rule.QUOTED),
        (START, START, 3, 99.99, 150, nan, -1, OrderEvent.NEW, Rule.QUOTED),
        (START + S, START + S, 1, 99.98, 100, nan, 1, OrderEvent.FILLED, Rule.QUOTED),
        (START + 2 * S, START, 2, 99.95, 250, 0, 1, OrderEvent.REPLACE, Rule.QUOTED),
        (START + 3 * S, START, 6, 99.9, 9, nan, 1, OrderEvent.REJECT, Rule.POST_ONLY),
        (START + 5 * S, START, 2, 99.95, 9, nan, 1, OrderEvent.CANCEL, Rule.STALE),
    ]
    return np.array(rows, ORDER)


def made_decisions() -> np.ndarray:
    nan = float("nan")
    both = Adjustment.POST_ONLY | Adjustment.TOLERANCE
    rows = [
        (START, 99.98, 100, 1, Rule.QUOTED, both, -1),
        (START, nan, 0, -1, Rule.MISSING, Adjustment.NONE, 1),
        (START + 5 * S, nan, 0, 1, Rule.STALE, Adjustment.NONE, -1),
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
    )


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
    )
    return Recording(
        recording.fills[:0],
        recording.orders[:0],
        recording.decisions[:0],
        recording.equity[:0],
        nothing,
        (),
    )


@pytest.fixture
def facts() -> RunFacts:
    """The head of a report."""
    return RunFacts(
        strategy="two_sided",
        symbol="ACME",
        venue="NASDAQ",
        currency="USD",
        fill_model="queue",
        trade_sign_policy="lee_ready",
        fee_terms="maker rebate 0.002/share, taker 0.003/share",
        engine_version="0.1.0",
        strategy_hash="a1b2",
        data_hash="c3d4",
        seed=7,
    )
