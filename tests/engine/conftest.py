"""Tiny tapes written as text, strategies as a few YAML keys, runs as short tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from mmrun.api import build
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.jit import Mode, uncompiled
from mmrun.engine.kernel import Rows
from mmrun.engine.observe import SAME
from mmrun.engine.records import Adjustment, OrderEvent, Recording, Rule
from mmrun.engine.run import Conditions, drive
from mmrun.feeds.replay import TapeFeed
from mmrun.market.inputs import InputRows
from mmrun.market.instrument import Instrument
from mmrun.market.tape import BATCH_COLUMNS, Batch, Kind, Side, Status
from mmrun.plan.plan import Plan


MS = 1_000_000
START_NS = 1_700_000_000 * 1000 * MS

#: A bid and an ask that do not move, far enough from each other to trade apart.
FIXED = {"bid": 99.99, "ask": 100.01, "size": 10}

ACME = Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0)

_SIDES = {"buy": Side.BUY, "sell": Side.SELL, "bid": Side.BUY, "ask": Side.SELL}
_SIDES["unknown"] = Side.UNKNOWN
Row = dict[str, float]


def _level(text: str, name: str, size: str) -> Row:
    """`99.99x300`; `99.99` of unknown size; `-` nothing."""
    if text == "-":
        return {}
    price, _, amount = text.partition("x")
    return {name: float(price)} | ({size: float(amount)} if amount else {})


def row_of(line: str) -> Row:
    """A tape row from `10 trade sell 99.99x100`; the time is in ms from the start.

    `@1` at its end is the second venue.
    """
    line, _, venue = line.partition("@")
    ms, kind, *rest = line.split()
    row: Row = {"ts": START_NS + round(float(ms) * MS), "kind": Kind[kind.upper()]}
    row["venue"] = int(venue or 0)
    if kind == "quote":
        return (
            row
            | _level(rest[0], "bid", "bid_size")
            | _level(rest[1], "ask", "ask_size")
        )
    if kind in {"trade", "depth"}:
        return row | {"side": _SIDES[rest[0]]} | _level(rest[1], "price", "size")
    if kind == "status":
        return row | {"status": Status[rest[0].upper()]}
    return row


def batch_of_rows(rows: list[Row]) -> Batch:
    """Rows as a batch; what a row does not have is NaN, or 0 for codes."""
    dtypes = {
        "ts": np.int64,
        "kind": np.int8,
        "side": np.int8,
        "status": np.int8,
        "venue": np.int8,
    }
    columns = {}
    for name in BATCH_COLUMNS:
        default = 0 if name in dtypes else np.nan
        values = [row.get(name, default) for row in rows]
        columns[name] = np.array(values, dtypes.get(name, np.float64))
    return Batch(**columns)


def tape(text: str) -> Batch:
    """A tape of one row a line; a part after `#` is left out."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return batch_of_rows([row_of(line) for line in lines if line])


def at_rows(rows: Rows, block: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the kernel reads at each row, [column, row]: the fresh row then in force."""
    return block[:, np.cumsum(rows.bits & SAME == 0)]


def ms(ts: int) -> float:
    """A recorded time in ms from the start."""
    return (int(ts) - START_NS) / MS


@dataclass(frozen=True)
class Ran:
    """A recording in short tuples, times in ms from the start."""

    recording: Recording

    @property
    def totals(self) -> Any:
        return self.recording.totals

    @property
    def net(self) -> float:
        """Cash and marked position after fees, quote currency."""
        t = self.totals
        held = t.final_inventory * t.final_mid if t.final_inventory else 0.0
        return t.cash + held - t.fees + t.rebates

    @property
    def fills(self) -> list[tuple[float, int, float, float]]:
        """(ms, side, price, size)."""
        names = ("side", "price", "size")
        return [
            (ms(r["ts"]), *(r[n].item() for n in names)) for r in self.recording.fills
        ]

    @property
    def orders(self) -> list[tuple[float, str, int, float, float]]:
        """(ms at the venue, event, side, price, size), fills left out."""
        fills = (OrderEvent.FILL, OrderEvent.FILLED)
        return [
            (
                ms(r["ts"]),
                OrderEvent(r["event"]).name,
                int(np.sign(r["side"])),
                r["price"].item(),
                r["size"].item(),
            )
            for r in self.recording.orders
            if r["event"] not in fills
        ]

    @property
    def ladder(self) -> list[tuple[float, str, int, float, float]]:
        """(ms at the venue, event, ±(1 + level), price, size), fills left out."""
        fills = (OrderEvent.FILL, OrderEvent.FILLED)
        rows = [r for r in self.recording.orders if r["event"] not in fills]
        return [
            (at, event, int(r["side"]), price, size)
            for r, (at, event, _, price, size) in zip(rows, self.orders, strict=True)
        ]

    @property
    def bids(self) -> list[tuple[float, str, float, float]]:
        """The buy side of `orders`, without its side."""
        return [(t, e, p, s) for t, e, side, p, s in self.orders if side > 0]

    @property
    def bid_rules(self) -> list[tuple[float, str]]:
        """(ms, rule) of the bid's decisions."""
        return self._rules(1)

    @property
    def ask_rules(self) -> list[tuple[float, str]]:
        """(ms, rule) of the ask's decisions."""
        return self._rules(-1)

    @property
    def adjustments(self) -> list[tuple[float, int, Adjustment]]:
        """(ms, side, adjustment) of the decisions that rest."""
        return [
            (ms(r["ts"]), int(r["side"]), Adjustment(int(r["adjustment"])))
            for r in self.recording.decisions
            if r["rule"] == Rule.QUOTED
        ]

    def level(self, level: int) -> Ran:
        """What was recorded at one of several levels; the totals are of all."""
        recording = self.recording
        orders = recording.orders[np.abs(recording.orders["side"]) == level + 1]
        one = {
            name: (rows := getattr(recording, name))[rows["level"] == level]
            for name in ("fills", "decisions")
        }
        return Ran(replace(recording, orders=orders, **one))

    def at(self, venue: int) -> Ran:
        """What was recorded at one of several venues; the totals are of all."""
        one = {
            name: (rows := getattr(self.recording, name))[rows["venue"] == venue]
            for name in ("fills", "orders", "decisions")
        }
        return Ran(replace(self.recording, **one))

    def _rules(self, side: int) -> list[tuple[float, str]]:
        return [
            (ms(r["ts"]), self.recording.rules[r["rule"]].upper())
            for r in self.recording.decisions
            if r["side"] == side
        ]


@dataclass(frozen=True)
class Own:
    """Values of an input: (ms from the start, value in base units)."""

    values: list[tuple[float, float]]

    def pieces(self) -> Iterator[InputRows]:
        ts = np.array([START_NS + round(at * MS) for at, _ in self.values])
        yield InputRows(ts, ts, np.array([value for _, value in self.values]))


@pytest.fixture
def plan_of(tmp_path: Path) -> Callable[..., Plan]:
    """Compiles a strategy from its keys: quotes `FIXED` and no limits unless said."""

    def make(quote: dict[str, Any] | None = None, **keys: Any) -> Plan:
        document = {"mmrun": 1, "quote": FIXED if quote is None else quote}
        document |= {"risk": "none"} | keys
        path = tmp_path / "strategy.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return build(path)

    return make


@pytest.fixture
def run(plan_of: Callable[..., Plan]) -> Callable[..., Ran]:
    """Runs a tape's text through a strategy's keys; times and latencies are in ms."""

    def drive_text(
        text: str | Batch,
        quote: dict[str, Any] | None = None,
        *,
        fills: str = "queue",
        latency: tuple[float, float, float, float] = (0, 0, 0, 0),
        sessions: list[tuple[float, float]] | None = None,
        instrument: dict[str, Any] | None = None,
        beside: Sequence[dict[str, Any]] = (),
        watched: Sequence[dict[str, Any]] = (),
        rows: int = 65_536,
        heartbeat_ms: float = 0,
        mode: Mode = uncompiled,
        joined: dict[str, list[tuple[float, float]]] | None = None,
        **keys: Any,
    ) -> Ran:
        name, _, ticks = fills.partition(":")
        feed = TapeFeed(
            tape(text) if isinstance(text, str) else text,
            tuple(replace(ACME, **each) for each in (instrument or {}, *beside)),
            rows=rows,
            heartbeat_ns=round(heartbeat_ms * MS),
            watched=tuple(replace(ACME, **each) for each in watched),
        )
        names = ("feed_ns", "order_ns", "cancel_ns", "response_ns")
        delays = {n: round(v * MS) for n, v in zip(names, latency, strict=True)}
        conditions = Conditions(
            model=FillModel(name, int(ticks or 1)),  # type: ignore[arg-type]
            latency=Latency(**delays),
            sessions=None
            if sessions is None
            else [
                (START_NS + round(a * MS), START_NS + round(b * MS))
                for a, b in sessions
            ],
            mode=mode,
            inputs={name: Own(values) for name, values in (joined or {}).items()},
        )
        return Ran(drive(plan_of(quote, **keys), feed, conditions))

    return drive_text


@pytest.fixture(name="tape")
def tape_fixture() -> Callable[[str], Batch]:
    """Makes a batch from a tape's text."""
    return tape
