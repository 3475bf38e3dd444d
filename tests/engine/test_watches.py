"""Own fills over time as formulas see them: counts, rates, markouts, the day's P&L."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mmrun.engine.accounts import FIRST_WATCH, STATE_NAMES, own_state
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.jit import compiled, uncompiled
from mmrun.engine.run import Conditions, start
from mmrun.feeds.replay import TapeFeed
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, Kind
from mmrun.plan.plan import Plan


MS = 1_000_000
Run = Callable[..., Any]
#: An ask far from the market tells the value: it stands so many ticks above 200.
BID = {"bid": 99.99, "bid_size": 10, "ask_size": 10}
#: Two fills of the bid, at 10 and 1010 ms, of 10 and of 4.
TAPE = """
    0 quote 99.98x30 100.02x30
    10 trade sell 99.98x10
    20 quote 99.98x30 100.02x31
    1010 trade sell 99.98x4
    1020 quote 99.98x30 100.02x30
    1500 quote 100.00x30 100.04x30
    2000 quote 100.00x30 100.04x31
    3020 quote 100.02x30 100.06x30
    4020 quote 100.02x30 100.06x31
"""


def told(
    run: Run, formula: str, text: str = TAPE, **keys: Any
) -> list[tuple[float, int]]:
    """What the formula gave where it changed: (ms, ticks above 200)."""
    quote = BID | {"ask": f"200 + 1tick * round({formula})"} | keys.pop("quote", {})
    ran = run(text, quote, **keys)
    return [
        (t, round((price - 200) * 100))
        for t, event, side, price, _ in ran.orders
        if side < 0 and event in {"NEW", "REPLACE"}
    ]


@pytest.mark.parametrize("mode", [compiled, uncompiled])
def test_fills_leave_a_window_once_they_are_as_old(run: Run, mode: Any) -> None:
    """Two fills, one after the other a second old; nothing is sold."""
    assert told(run, "fills(1s)", mode=mode) == [(0, 0), (10, 1), (3020, 0)]
    assert told(run, "bid_fills(2s)", mode=mode) == [
        (0, 0), (10, 1), (1010, 2), (2000 + 1020, 0),
    ]  # fmt: skip
    assert told(run, "ask_fills(2s)", mode=mode) == [(0, 0)]


def test_a_window_may_be_a_param(run: Run) -> None:
    """Its value is data: nothing is compiled anew."""
    found = told(run, "fills(w)", params={"w": {"value": 2, "unit": "s"}})

    assert found == [(0, 0), (10, 1), (1010, 2), (3020, 0)]


def test_a_fill_counts_once_we_have_heard_of_it(run: Run) -> None:
    """Its age runs from the fill, known only after the response."""
    found = told(run, "fills(1s)", latency=(0, 0, 0, 1200))

    assert [value for _, value in found] == [0]


def test_markouts_are_of_the_mid_a_horizon_later(run: Run) -> None:
    """Ten bought at 99.99 with the mid at 100.02 a second and a half later, four then."""
    markout = "coalesce(own_markout(1.5s, over=1min, min_fills={n}), -1bps) / 1bps"

    one, two = (told(run, markout.format(n=n)) for n in (1, 2))

    # (100.02 - 99.99) / 99.99 is 3.0003 bps, both fills' horizons end at that mid.
    assert one == [(0, -1), (2000, 3)]
    assert two == [(0, -1), (3020, 3)]


def test_the_day_s_profit_starts_at_the_open(run: Run) -> None:
    """What was made before the second open is not of its day."""
    found = told(
        run,
        "daily_pnl / (1lot * 1tick)",
        sessions=[(0, 1600), (1700, 9000)],
        session={"open": "09:30", "close": "16:00", "timezone": "UTC"},
    )

    # 14 at 99.99, mid 100.02 at the second open, 100.04 from 3020 on: 28 ticks.
    assert found[-1] == (3020, 28)


def test_what_is_ahead_of_us_is_seen(run: Run) -> None:
    """Joined behind twenty; a trade and a smaller size lower it."""
    text = """
        0 quote 99.99x20 100.02x30
        10 quote 99.99x20 100.02x31
        20 trade sell 99.99x5
        30 quote 99.99x12 100.02x31
    """

    found = told(run, "coalesce(queue_ahead_bid / 1lot, -1)", text)

    assert found == [(0, -1), (10, 20), (20, 15), (30, 12)]


def test_more_fills_than_are_kept_are_an_error(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a count that is wrong."""
    from mmrun.engine import run as running, watches
    from mmrun.problems import DataError

    monkeypatch.setattr(watches, "KEPT_FILLS", 1)
    monkeypatch.setattr(running, "KEPT_FILLS", 1)

    with pytest.raises(DataError, match="more than 1 own fills"):
        told(run, "fills(2s)")


# ---- beside a slow reading of the fills


NAMES = (
    "fills(3s)", "bid_fills(3s)", "ask_fills(700ms)", "fill_rate(2s) * 1s",
    "own_markout(1s, over=4s, min_fills=2)",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """A row's time, own state after it, whether quoted, mid, and fills so far."""

    ts: int
    values: dict[str, float]
    quoted: bool
    mid: float
    fills: list[tuple[int, int, float, float]]


def random_tape(tape: Callable[[str], Batch], seed: int) -> Batch:
    """Quotes that walk a few ticks and trades at the touch."""
    chance = np.random.default_rng(seed)
    ms, middle, lines = 0, 10_000, []
    for _ in range(250):
        ms += int(chance.choice([1, 40, 300, 900]))
        middle += int(chance.integers(-1, 2))
        bid, ask = (middle - 1) / 100, (middle + 1) / 100
        if chance.random() < 0.5:
            lines.append(f"{ms} quote {bid:.2f}x{chance.integers(1, 9)} {ask:.2f}x5")
        else:
            side, price = (
                ("buy", ask + 0.02) if chance.random() < 0.5 else ("sell", bid - 0.02)
            )
            lines.append(f"{ms} trade {side} {price:.2f}x{chance.integers(1, 20)}")
    return tape("\n".join(["0 quote 99.99x5 100.01x5", *lines]))


def rows_seen(plan: Plan, batch: Batch, mode: Any) -> Iterator[Seen]:
    """Each row by itself through the machine."""
    acme = Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0)
    conditions = Conditions(model=FillModel("queue"), latency=Latency(), mode=mode)
    run = start(plan, TapeFeed(batch, (acme,)), conditions)
    names = [name[1:] for name in plan.residual.inputs if name[0] == "@"]
    watched = [name for name in names if name not in STATE_NAMES]
    m = run.machines[0]
    for row in range(len(batch)):
        run.feed(batch.rows(row, row + 1))
        run.recorder.empty()
        ts = int(batch.ts[row])
        values = {
            name: float(uncompiled(own_state)(m, FIRST_WATCH + place, ts))
            for place, name in enumerate(watched)
        }
        fills = [
            (int(f["ts"]), int(f["side"]), float(f["price"]), float(f["size"]))
            for f in run.recorder.records("fills")
        ]
        quoted = any(m.venues[0].slots[side].live == 1 for side in (0, 1))
        yield Seen(ts, values, quoted, float(m.state.mid), fills)


def slowly(rows: list[Seen], now: Seen) -> dict[str, float]:
    """The same from all fills, mids and times of quoting, summed at every row."""

    def within(window_ms: int, *sides: int) -> list[tuple[int, int, float, float]]:
        start = now.ts - window_ms * MS
        return [f for f in now.fills if f[0] > start and f[1] in sides]

    since = now.ts - 2000 * MS
    ends = [*(row.ts for row in rows[1:]), now.ts]
    quoted = sum(
        max(0, min(end, now.ts) - max(row.ts, since))
        for row, end in zip(rows, ends, strict=True)
        if row.quoted and row.ts < now.ts
    )
    ripe = [f for f in within(4000, 1, -1) if f[0] + 1000 * MS < now.ts]
    gained = value = 0.0
    for ts, side, price, size in ripe:
        mid = [row.mid for row in rows if row.ts <= ts + 1000 * MS][-1]
        gained += side * size * (mid - price)
        value += size * price
    fills = len(within(2000, 1, -1))
    return {
        "fills(3s)": len(within(3000, 1, -1)),
        "bid_fills(3s)": len(within(3000, 1)),
        "ask_fills(0.7s)": len(within(700, -1)),
        "fill_rate(2s)": fills / (quoted / 1e9) if quoted else math.nan,
        "own_markout(1s, 4s, 2)": gained / value if len(ripe) >= 2 else math.nan,
    }


@pytest.mark.parametrize(
    ("seed", "mode"), [*((seed, compiled) for seed in range(4)), (0, uncompiled)]
)
def test_watches_are_what_all_fills_say(
    plan_of: Callable[..., Plan], tape: Callable[[str], Batch], seed: int, mode: Any
) -> None:
    """Row by row over a random market that fills both sides."""
    read = " + ".join(f"coalesce(0 * {name}, 0)" for name in NAMES)
    quote = {
        "bid": "bid",
        "ask": f"ask + ({read}) * 1tick",
        "size": "3 if bid_size > 2lot else 0",
    }
    plan, batch = plan_of(quote), random_tape(tape, seed)

    rows = list(rows_seen(plan, batch, mode))

    assert len(rows[-1].fills) > 20
    assert (batch.kind == Kind.TRADE).sum() > 50
    for place, row in enumerate(rows):
        assert row.values == pytest.approx(
            slowly(rows[: place + 1], row), rel=1e-12, nan_ok=True
        )
