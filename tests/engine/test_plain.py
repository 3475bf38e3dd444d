"""Rows that pass in the loop of `engine.plain`, held to the steps that any row takes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import pytest

from mmrun.engine import bind, kernel, plain
from mmrun.engine.jit import compiled
from mmrun.engine.plain import run_plain
from mmrun.engine.state import ROW_ROOM
from tests.engine.test_batches import content


#: Strategies of columns and inventory alone: the engine's usual case.
QUOTES: dict[str, dict[str, Any]] = {
    "leaning": {
        "half_spread": "0.7tick",
        "reservation": "mid - 0.2tick * inventory / 10lot",
        "size": 10,
        "requote": {"on": "quote"},
    },
    "on ticks": {"bid": "bid - 1tick", "ask": "ask", "size": 10},
    "by volatility": {
        "half_spread": "0.4tick + coalesce(sample(std(last_price, 2s), trade), 0)",
        "size": "10 if inventory < 10 else 7",
    },
    "after trades": {
        "half_spread": "0.6tick",
        "size": 10,
        "requote": {"on": "trade"},
        "rounding": "inward",
    },
    "own queue lost": {
        "half_spread": "0.5tick",
        "reservation": "mid - 0.1tick * inventory / 10lot",
        "size": 10,
        "requote": {"keep_queue": False},
    },
}
RISKS: dict[str, dict[str, Any]] = {
    "wide": {"max_inventory": 400},
    "tight": {"max_inventory": 25},
    "valued": {
        "max_inventory": 100,
        "max_position_value": 3000,
        "price_collar": "1.7bps",
    },
    "long only": {"max_inventory": 60, "allow_short": False},
    "wary": {"max_inventory": 100, "stale_after": "500ms", "crossed_book": "off"},
}
FEES: tuple[dict[str, str], ...] = (
    {"maker_fee": "0.1bps"},
    {"maker_rebate": "0.002/share"},
)
MODELS = ("hftbacktest", "queue", "touch", "through")


def walk(seed: int, rows: int = 400) -> str:
    """A touch that walks, sizes that come and go, trades about it; gaps and odd books."""
    rng = np.random.default_rng(seed)
    lines, ms, mid = [], 0, 10_000
    for _ in range(rows):
        ms += int(rng.choice([0, 4, 60, 900], p=[0.2, 0.5, 0.27, 0.03]))
        mid += int(rng.integers(-1, 2)) if rng.random() < 0.3 else 0
        bid, ask = (mid - 1) / 100, (mid + int(rng.integers(0, 3))) / 100
        b, a, size = rng.integers(1, 30, 3)
        shown = f"{bid:.2f}x{b} {ask:.2f}x{a}"
        crossed = f"{ask + 0.02:.2f}x{b} {ask:.2f}x{a}"
        unknown, empty = f"{bid:.2f} {ask:.2f}x{a}", f"- {ask:.2f}x{a}"
        odd = rng.choice([unknown, empty, crossed, "clock"])
        at = f"{rng.choice(['buy', 'sell', 'unknown'], p=[0.45, 0.45, 0.1])}"
        trade = f"trade {at} {rng.choice([bid, ask, bid - 0.01]):.2f}x{size}"
        kind = rng.choice(3, p=[0.67, 0.3, 0.03])
        quote = "clock" if odd == "clock" else f"quote {odd}"
        lines.append(f"{ms} {[f'quote {shown}', trade, quote][kind]}")
    return "\n".join(lines)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each stretch of plain rows had."""
    stretches: list[int] = []

    def counted(m: Any, v: Any, rows: Any, row: int, *others: Any) -> Any:
        end, *rest = run_plain(m, v, rows, row, *others)
        stretches.append(int(end) - row)
        return end, *rest

    monkeypatch.setattr(kernel, "run_plain", counted)
    return stretches


@pytest.mark.parametrize("fills", range(len(MODELS)))
@pytest.mark.parametrize("quote", range(len(QUOTES)))
def test_plain_rows_record_what_the_steps_of_any_row_record(
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    passed: list[int],
    quote: int,
    fills: int,
) -> None:
    """Fills, orders, decisions, equity and times, to the byte; the steps in machine code."""
    risk = list(RISKS.values())[(quote + fills) % len(RISKS)]
    keys = {"risk": risk, "venues": {"NASDAQ": FEES[fills % len(FEES)]}}
    how = {"fills": MODELS[fills], "heartbeat_ms": 250 * (quote % 2), **keys}
    of = list(QUOTES.values())[quote]
    text = walk(seed=10 * quote + fills)
    quick = run(text, of, **how).recording

    monkeypatch.setattr(bind, "_rows_are_plain", lambda _: False)
    monkeypatch.setattr(kernel, "run_plain", run_plain)  # as machine code has it
    by_steps = run(text, of, **how, mode=compiled).recording

    assert content(quick) == content(by_steps)
    assert sum(passed) > 0


def test_most_rows_of_a_usual_run_are_plain(
    run: Callable[..., Any], passed: list[int]
) -> None:
    """Fills, new orders and the equity grid included."""
    text = walk(seed=1, rows=1000)
    keys = {"risk": RISKS["wide"], "fills": "hftbacktest"}

    recording = run(text, QUOTES["leaning"], **keys).recording

    assert len(recording.fills) > 50
    assert sum(passed) > 0.75 * 1000


def test_what_is_free_of_a_level_is_left_as_depth_rows_made_it(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, passed: list[int]
) -> None:
    """Rounded as it was summed up: 0.3 that grows to 0.9; before the close all is taken."""
    text = """
        0 depth bid 99.99x5
        0 depth ask 100.01x0.3
        1 depth ask 100.01x0.9
        2 trade buy 100.02x40
        3 trade unknown 100.00x1
        4 trade unknown 100.00x1
        85 trade unknown 100.00x1"""
    of = {"bid": "bid", "ask": "ask + 1tick", "size": 2}
    hours = {"open": "00:00:00", "close": "23:59:59", "flatten_before_close": "20ms"}
    how = {
        "instrument": {"lot": 0.1, "depth": None},
        "session": hours,
        "sessions": [(0, 100)],
    }
    quick = run(text, of, **how).recording

    monkeypatch.setattr(bind, "_rows_are_plain", lambda _: False)
    by_steps = run(text, of, **how).recording

    assert quick.fills["taker"].tolist() == [0, 1]
    assert content(quick) == content(by_steps)
    assert sum(passed) > 0


def test_plain_rows_go_on_where_they_ran_out_of_room(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, passed: list[int]
) -> None:
    """Room for two rows at a time, then for none, as when outputs are nearly full."""
    text, how = walk(seed=1), {"risk": RISKS["wide"], "fills": "hftbacktest"}
    whole = run(text, QUOTES["leaning"], **how).recording
    stretches = passed.copy()
    passed.clear()
    room = cycle((ROW_ROOM + 6, ROW_ROOM + 2))
    monkeypatch.setattr(plain, "records_left", lambda m: next(room))

    in_pieces = run(text, QUOTES["leaning"], **how).recording

    assert content(in_pieces) == content(whole)
    assert len(passed) > 2 * len(stretches)
