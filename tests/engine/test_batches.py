"""How a feed is cut into batches, and how kernels run, shows in no byte of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from mmrun.engine.jit import compiled, uncompiled
from mmrun.engine.records import Recording


ROWS = 300

#: Reads sizes, windows, own orders, ages and its own last value.
RESTLESS = {
    "fair": "0.5 * prev(fair) + 0.5 * mid if not missing(prev(fair)) else mid",
    "half_spread": "0.3tick + 0.1 * coalesce(std(mid, 2s), 0)",
    "reservation": "fair - 0.1tick * inventory / 1lot",
    "bid_size": "10 if missing(working_bid) else 7",
    "ask_size": "10 if inventory_age < 1 else 5",
    "requote": {"max_age": "3s", "keep_queue": False},
}
#: Reads the market and the inventory alone: evaluated only where these have changed.
CALM = {
    "half_spread": "0.5tick",
    "reservation": "mid - 0.2tick * inventory / 1lot",
    "size": 10,
    "requote": {"on": "quote"},
}
#: Several quotes a side: by a step on one, by a formula that reads `level` on the other.
LADDER = {
    "fair": "mid - 0.2tick * inventory / 1lot",
    "bid": "fair - (0.5 + 1.5 * level) * 1tick",
    "ask": "fair + 0.5tick",
    "bid_size": 10,
    "ask_size": "6lot + 3lot * level",
    "levels": {"count": 3, "step": "1tick + 0.2 * coalesce(std(mid, 2s), 0)"},
}
#: Levels that fold onto the touch, evaluate at every row and lose their queues.
JOINED = {
    **LADDER,
    "place": "join",
    "requote": {"max_age": "3s", "keep_queue": False, "tolerance": "1tick"},
}
#: Rules of every action: of the market, of own fills and of time; limits of a day.
RULES = {
    "toxicity": {
        "thin": {"when": "bid_size < 4", "then": {"size": 0.5}},
        "burst": {"when": "trades(100ms) >= 3", "then": {"widen": 2}, "hold": "60ms"},
        "flow": {
            "when": "abs(trade_imbalance(1s)) > 0.8 and trades(1s) >= 4",
            "then": {"pull": "adding"},
            "hold": "200ms",
        },
        "hit": {"when": "fills(300ms) >= 2", "then": "pull", "hold": "100ms"},
        "picked_off": {
            "when": "own_markout(50ms, over=5s, min_fills=2) < -0.5bps",
            "then": {"pull": "bid"},
        },
        "long": {
            "when": "abs(inventory - target_inventory) > 12",
            "then": "reduce_only",
        },
        "lost": {"when": "net_pnl < prev(net_pnl) - 0.02", "then": {"pull": "ask"}},
    },
    "risk": {
        "max_inventory": 40,
        "stale_after": "2s",
        "target_inventory": "5lot if queue_imbalance > 0 else -5",
        "max_inventory_age": {"limit": "800ms", "then": "flatten"},
        "max_drawdown": {"limit": 2, "then": "reduce_only"},
        "max_daily_loss": {"limit": 3, "then": "stop"},
    },
}
LIMITS = {"risk": {"max_inventory": 40, "stale_after": "2s"}}
DELAYS = (5, 30, 20, 12)  # ms: feed, order, cancel, response
HOURS = [(50, 20_000), (21_000, 10_000_000)]


def quotes_and_trades(seed: int) -> str:
    """A walking touch, trades about it on both sides, a halt now and then; as text."""
    rng = np.random.default_rng(seed)
    lines, ms, mid = [], 0, 10_000
    for _ in range(ROWS):
        ms += int(rng.choice([0, 3, 40, 700], p=[0.2, 0.4, 0.35, 0.05]))
        mid += int(rng.integers(-1, 2)) if rng.random() < 0.3 else 0
        bid, ask = (mid - 1) / 100, (mid + int(rng.integers(0, 2))) / 100
        sizes = rng.integers(1, 30, 2)
        trade = ("buy", ask) if rng.random() < 0.5 else ("sell", bid)
        kinds = [
            f"quote {bid:.2f}x{sizes[0]} {ask:.2f}x{sizes[1]}",
            f"trade {trade[0]} {trade[1]:.2f}x{sizes[0]}",
            f"status {rng.choice(['halt', 'resume'], p=[0.1, 0.9])}",
        ]
        lines.append(f"{ms} {rng.choice(kinds, p=[0.7, 0.28, 0.02])}")
    return "\n".join(lines)


def levels_and_trades(seed: int) -> str:
    """A book of levels that come, go and start over, and trades; as text."""
    rng = np.random.default_rng(seed)
    lines, ms = [], 0
    for _ in range(ROWS):
        ms += int(rng.choice([0, 3, 40, 700], p=[0.2, 0.4, 0.35, 0.05]))
        side, away = rng.choice(["bid", "ask"]), int(rng.integers(1, 5))
        price = (10_000 - away if side == "bid" else 10_000 + away) / 100
        taker = "sell" if side == "bid" else "buy"
        size = int(rng.integers(0, 20))
        kinds = [
            f"depth {side} {price:.2f}x{size}",
            f"trade {taker} {price:.2f}x{size + 1}",
            "clear",
        ]
        lines.append(f"{ms} {rng.choice(kinds, p=[0.78, 0.21, 0.01])}")
    return "\n".join(lines)


#: At two venues beside a third and another instrument: own books, own state, mixtures.
OF_VENUES = {
    "fair": "0.5 * venue.mid + 0.5 * coalesce(mean(spy.mid, 2s) / 2, mid)",
    "half_spread": "max(venue.spread / 2, 0.5tick) + 0 * abs(venue.maker_cost)",
    "reservation": "fair - 0.1tick * venue.inventory / 1lot"
    " + 1tick * (venue.trade_imbalance(2s) + spy.trade_imbalance(1s))",
    "bid_size": "10 if missing(venue.working_bid) else 7",
    "ask_size": "10 if coalesce(lag(BATS.bid_size - mid / 1tick * 1lot, 2), 0lot) > 0 else 5",
    "requote": {"keep_queue": False},
}
MORE = {
    "beside": [{"venue": "IEX"}],
    "watched": [{"symbol": "SPY", "venue": "ARCA"}, {"venue": "BATS"}],
    "references": {"spy": {"symbol": "SPY"}},
    "allocate": {"by": "1lot + coalesce(venue.bid_size, 0lot)", "minimum": 1},
    "venues": {"NASDAQ": {"maker_fee": "1bps"}, "IEX": {"maker_rebate": "0.002/share"}},
}


def of_four(seed: int) -> str:
    """Rows as `quotes_and_trades` makes them, each of one of four instruments."""
    rng = np.random.default_rng(seed)
    lines = quotes_and_trades(seed).splitlines()
    return "\n".join(f"{line} @{rng.integers(4)}" for line in lines)


CASES: dict[str, tuple[Callable[..., str], dict[str, Any], dict[str, Any]]] = {
    "calm": (quotes_and_trades, CALM, {}),
    "calm, limits": (quotes_and_trades, CALM, LIMITS),
    "calm, delays": (quotes_and_trades, CALM, {"latency": DELAYS, **LIMITS}),
    "calm, whole fills": (quotes_and_trades, CALM, {"fills": "hftbacktest"}),
    "restless": (quotes_and_trades, RESTLESS, {}),
    "restless, delays": (quotes_and_trades, RESTLESS, {"latency": DELAYS, **LIMITS}),
    "hours, clock": (quotes_and_trades, RESTLESS, {"sessions": HOURS} | LIMITS),
    "venues": (of_four, OF_VENUES, MORE),
    "venues, ladder": (of_four, {**OF_VENUES, "levels": {"count": 2}}, MORE),
    "venues, delays": (of_four, OF_VENUES, {"latency": DELAYS, **LIMITS, **MORE}),
    "ladder": (quotes_and_trades, LADDER, {}),
    "ladder, limits": (quotes_and_trades, JOINED, LIMITS),
    "ladder, delays": (quotes_and_trades, LADDER, {"latency": DELAYS, **LIMITS}),
    "ladder, whole fills": (levels_and_trades, LADDER, {"fills": "hftbacktest"}),
    "rules": (quotes_and_trades, CALM, RULES),
    "rules, delays": (quotes_and_trades, RESTLESS, {"latency": DELAYS} | RULES),
    "rules, hours": (quotes_and_trades, CALM, {"sessions": HOURS} | RULES),
    "rules, levels": (levels_and_trades, CALM, RULES),
    "rules, ladder": (quotes_and_trades, LADDER, RULES),
    "levels": (levels_and_trades, CALM, {}),
    "levels, delays": (levels_and_trades, RESTLESS, {"latency": DELAYS}),
}


def content(recording: Recording) -> dict[str, Any]:
    """Every record and total as bytes or plain values; NaN equals NaN."""
    names = ("fills", "orders", "decisions", "equity")
    records = {
        f"{name}.{column}": getattr(recording, name)[column].tobytes()
        for name in names
        for column in getattr(recording, name).dtype.names
    }
    totals = {
        f.name: np.asarray(getattr(recording.totals, f.name)).tobytes()
        for f in fields(recording.totals)
        if f.name != "own_rules"
    }
    return records | totals | {"own_rules": recording.totals.own_rules}


#: Cases of several seconds, which have a quick one beside them.
SLOW = {
    "venues, ladder",
    "venues, delays",
    "ladder, limits",
    "ladder, delays",
    "rules, delays",
    "rules, hours",
}


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in CASES
    ]
)
def recorded(
    request: pytest.FixtureRequest, run: Callable[..., Any]
) -> Callable[..., Recording]:
    """Runs a case; keys say how: the rows of a batch, the mode."""
    tape, quote, keys = CASES[request.param]
    text = tape(seed=7)

    def make(**how: Any) -> Recording:
        recording: Recording = run(
            text, quote, heartbeat_ms=250, **keys, **how
        ).recording
        return recording

    return make


def test_batches_leave_no_trace(recorded: Callable[..., Recording]) -> None:
    """Rows one by one, by seven, and all at once give the same bytes."""
    whole = recorded(rows=4096, mode=compiled)

    one_by_one, by_seven = (recorded(rows=n, mode=compiled) for n in (1, 7))

    assert len(whole.fills) > 0
    assert len(whole.decisions) > 2
    assert content(one_by_one) == content(whole)
    assert content(by_seven) == content(whole)


def test_machine_code_and_python_give_the_same_bytes(
    recorded: Callable[..., Recording],
) -> None:
    """Compiled kernels record what the same code records as plain Python."""
    python = recorded(mode=uncompiled)

    machine_code = recorded(mode=compiled)

    assert content(machine_code) == content(python)
