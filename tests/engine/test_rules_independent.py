"""Rules against a slow loop that knows the tape, the fills and the page of the format.

The market is random, in half ticks. What rests after every row is worked out from the
conditions' own definitions, in whole numbers, and what fills is taken as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from mmrun.engine.jit import compiled, uncompiled
from mmrun.engine.records import OrderEvent


ROWS = 250
SIZE, LIMIT = 10, 25
QUOTE = {
    "half_spread": "2tick",
    "reservation": "mid - 0.1tick * inventory / 1lot",
    "size": SIZE,
    "requote": {"keep_queue": False},
}
#: (when, then, hold in ms)
TOXICITY: dict[str, tuple[str, Any, int]] = {
    "burst": ("trades(60ms) >= 3", {"widen": 1.5}, 40),
    "wide": ("spread > 2.5tick", {"widen": 2}, 0),
    "thin": ("bid_size < 5 or ask_size < 5", {"size": 0.5}, 15),
    "hit": ("fills(100ms) >= 2", {"size": 0.25}, 0),
    "one_sided": (
        "abs(trade_imbalance(80ms)) > 0.9 and trades(80ms) >= 4",
        {"pull": "adding"},
        30,
    ),
    "falling": ("last_side < 0 and trades(30ms) >= 2", {"pull": "bid"}, 0),
    "long": ("abs(inventory) > 6", "reduce_only", 25),
    "crowded": ("trades(60ms) >= 6", "pull", 20),
}


def market(seed: int) -> str:
    """Quotes that walk, now and then without an ask, and bursts of trades; as text."""
    rng = np.random.default_rng(seed)
    lines, ms, mid = [], 0, 10_000
    for _ in range(ROWS):
        ms += int(rng.choice([1, 5, 12, 50], p=[0.3, 0.3, 0.3, 0.1]))
        mid += int(rng.integers(-2, 3)) if rng.random() < 0.4 else 0
        bid, ask = mid - int(rng.integers(1, 3)), mid + int(rng.integers(1, 3))
        sizes = rng.integers(1, 30, 2)
        side = rng.choice(["buy", "sell"], p=[0.35, 0.65])
        through = mid + (4 if side == "buy" else -4)
        kinds = [
            f"quote {bid / 100:.2f}x{sizes[0]} {ask / 100:.2f}x{sizes[1]}",
            f"quote {bid / 100:.2f}x{sizes[0]} -",
            f"trade {side} {through / 100:.2f}x{sizes[0]}",
        ]
        lines.append(f"{ms} {rng.choice(kinds, p=[0.5, 0.05, 0.45])}")
    return "\n".join(lines)


@dataclass
class Slow:
    """What is known of the tape and of our fills so far; prices in ticks."""

    now: int = 0
    bid: Fraction | None = None
    ask: Fraction | None = None
    sizes: tuple[float, float] = (np.nan, np.nan)
    trades: list[tuple[int, int, float]] = field(default_factory=list)
    fills: list[int] = field(default_factory=list)
    inventory: int = 0
    met: dict[str, bool | None] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)  #: of rules no longer met
    unknown: dict[str, int] = field(default_factory=dict)
    in_force_now: list[str] = field(default_factory=list)

    def row(self, line: str) -> None:
        """Take a row in."""
        ms, kind, *rest = line.split()
        for name, met in self.met.items():
            if met is None:
                passed = int(ms) - self.now
                self.unknown[name] = self.unknown.get(name, 0) + passed
        self.now = int(ms)
        if kind == "trade":
            sign = 1 if rest[0] == "buy" else -1
            self.trades.append((self.now, sign, float(rest[1].split("x")[1])))
            return
        sides = [each.split("x") if each != "-" else None for each in rest]
        self.bid, self.ask = (Fraction(s[0]) * 100 if s else None for s in sides)
        self.sizes = tuple(float(s[1]) if s else np.nan for s in sides)

    def within(self, ms: int) -> list[tuple[int, int, float]]:
        return [trade for trade in self.trades if trade[0] > self.now - ms]

    def conditions(self) -> dict[str, bool | None]:
        """Each condition by its definition; None is unknown."""
        both = self.bid is not None and self.ask is not None
        flow = self.within(80)
        total = sum(size for *_, size in flow)
        signed = sum(sign * size for _, sign, size in flow)
        last = self.trades[-1][1] if self.trades else None
        lately = len(self.within(30))
        thin = [s < 5 for s in self.sizes if s == s]
        return {
            "burst": len(self.within(60)) >= 3,
            "wide": self.ask - self.bid > 2 if both else None,
            "thin": True if any(thin) else (False if len(thin) == 2 else None),
            "hit": sum(at > self.now - 100 for at in self.fills) >= 2,
            "one_sided": abs(signed / total if total else 0.0) > 0.9 and len(flow) >= 4,
            "falling": None
            if last is None and lately >= 2
            else (last is not None and last < 0 and lately >= 2),
            "long": abs(self.inventory) > 6,
            "crowded": len(self.within(60)) >= 6,
        }

    def in_force(self) -> list[str]:
        """Rules in force after this row."""
        before, self.met = self.met, self.conditions()
        for name, (_, _, hold) in TOXICITY.items():
            if self.met[name]:
                self.until[name] = -1
            elif before.get(name):
                self.until[name] = self.now + hold
        return [
            name
            for name in TOXICITY
            if self.met[name] or self.until.get(name, 0) > self.now
        ]

    def wanted(self, side: int) -> tuple[str, int | None, int]:
        """What a side is to show: its rule or `quoted`, the price in ticks, the size."""
        names = self.in_force_now
        away = side * self.inventory
        adds = away >= 0
        for name in names:
            then = TOXICITY[name][1]
            if then == "pull" or (then == {"pull": "bid"} and side > 0):
                return name, None, 0
            if then == {"pull": "adding"} and adds:
                return name, None, 0
        reduces = "long" in names
        if reduces and adds:
            return "long", None, 0
        if self.bid is None or self.ask is None:
            return "missing", None, 0
        room = LIMIT - away
        acts = [TOXICITY[n][1] for n in names if isinstance(TOXICITY[n][1], dict)]
        acts = [] if reduces else acts
        factor = max([1, *(act.get("widen", 1) for act in acts)])
        share = min([1, *(act.get("size", 1) for act in acts)])
        size = int(SIZE * Fraction(share))
        if room <= 0:
            return "max_inventory", None, 0
        size = min(size, room, abs(self.inventory) if reduces else size)
        reservation = (self.bid + self.ask) / 2 - Fraction(self.inventory, 10)
        price = reservation - side * 2 * Fraction(factor)
        ticks = -((-price).__floor__()) if side < 0 else price.__floor__()
        touch = self.ask - 1 if side > 0 else self.bid + 1
        slid = min(ticks, touch) if side > 0 else max(ticks, touch)
        return "quoted", int(slid), size


def shown(recording: Any, side: int, ts: int) -> tuple[str, int | None, int]:
    """What a side shows after all records up to a time."""
    decisions = recording.decisions
    known = decisions[(decisions["side"] == side) & (decisions["ts"] <= ts)]
    price, size = None, 0
    orders = recording.orders
    for row in orders[(orders["side"] == side) & (orders["ts"] <= ts)]:
        if row["event"] in {OrderEvent.NEW, OrderEvent.REPLACE, OrderEvent.REDUCE}:
            price, size = round(row["price"] * 100), int(row["size"])
        elif row["event"] in {OrderEvent.CANCEL, OrderEvent.FILLED}:
            price, size = None, 0
        elif row["event"] == OrderEvent.FILL:
            size -= int(row["size"])
    return recording.rules[known["rule"][-1]], price, size


@pytest.mark.parametrize("mode", [uncompiled, compiled])
@pytest.mark.parametrize("seed", range(4))
def test_what_rests_is_what_the_slow_loop_says(
    run: Callable[..., Any], seed: int, mode: Any
) -> None:
    """After every row, on both sides: rule, price and size; and the time unknown."""
    text = market(seed)
    toxicity = {
        name: {"when": when, "then": then, "hold": f"{hold}ms"}
        for name, (when, then, hold) in TOXICITY.items()
    }

    ran = run(text, QUOTE, toxicity=toxicity, risk={"max_inventory": LIMIT}, mode=mode)

    slow, seen = Slow(), set()
    start = int(ran.totals.first_ts) - 1_000_000 * int(text.split()[0])
    for line in text.split("\n"):
        slow.row(line)
        ts = start + slow.now * 1_000_000
        known = ran.recording.fills[ran.recording.fills["ts"] <= ts]
        slow.fills = [(int(at) - start) // 1_000_000 for at in known["ts"]]
        slow.inventory = int((known["side"] * known["size"]).sum())
        slow.in_force_now = slow.in_force()
        for side in (1, -1):
            wanted = slow.wanted(side)
            assert shown(ran.recording, side, ts) == wanted, (line, slow)
            seen.add(wanted[0])
    assert seen >= {"quoted", "long", "one_sided", "falling", "crowded"}
    found = {rule.name: rule.unknown_ns // 1_000_000 for rule in ran.totals.own_rules}
    assert found == {name: slow.unknown.get(name, 0) for name in TOXICITY}
