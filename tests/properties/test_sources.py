"""Formulas of venues and references in a run, held to a plain slow evaluation.

The run is of two venues, beside a third and a reference of two. Beside it goes a plain
loop: dictionaries of what each instrument last said, own fills counted as they come, and
`lang.evaluate` once for each venue with its own carried state.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml
from hypothesis import given, settings, strategies as st

from mmrun import api
from mmrun.engine.jit import uncompiled
from mmrun.engine.run import Conditions, start
from mmrun.feeds.replay import TapeFeed
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Ticks
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, Kind
from mmrun.plan.compile import Checked
from mmrun.testing.trace import trace


VENUES = ("NASDAQ", "IEX")
QUOTED = tuple(Instrument(symbol="A", venue=v, tick=0.01, lot=1.0) for v in VENUES)
WATCHED = (
    Instrument(symbol="A", venue="BATS", tick=0.01, lot=1.0),
    Instrument(symbol="SPY", venue="ARCA", tick=0.01, lot=1.0),
)
#: What formulas call each instrument.
NAMES = (*VENUES, "BATS", "spy")
FEES = {"NASDAQ": 0.0002, "IEX": -0.0001}
FORMULAS = {
    "own": "venue.mid - 0.1 * venue.spread * venue.queue_imbalance",
    "named": "IEX.weighted_mid + BATS.spread",
    "window": "mean(venue.mid, 3s) - std(venue.bid, 4)",
    "mixed": "mean(venue.mid - mid, 2s) + ewma(spy.mid + venue.last_price, 1s)",
    "flow": "1tick * (venue.trade_imbalance(3s) - spy.trade_imbalance(2s))",
    "flows": "1tick * (NASDAQ.trades(5s) + BATS.volume(5s) / 1lot + spy.ofi(5s) / 1lot)",
    "impact": "venue.kyle_lambda(6s, bar=1s) * venue.signed_volume(2s)",
    "ages": "1tick * (venue.age(quote) + spy.age(trade)) / 1s",
    "lagged": "lag(spy.mid, 2) - delta(venue.last_price, 1)",
    "sampled": "sample(venue.mid, trade)",
    "state": "1tick * (venue.inventory / 1lot + venue.fill_count) + venue.maker_cost",
    "back": "0.5 * coalesce(prev(venue.inventory), 0lot) / 1lot * 1tick",
}
#: Wide of every venue's market, so that it is not taken at once, but for prints through it.
QUOTE = {
    "fair": "mid + 0.001 * (venue.mid - mid)",
    "half_spread": "12tick",
    "size": 5,
    "post_only": "off",
}

rows = st.lists(
    st.fixed_dictionaries(
        {
            "gap": st.sampled_from([1, 300, 900, 2500]),  # ms
            "venue": st.integers(0, 3),
            "trade": st.booleans(),
            "bid": st.integers(9_990, 10_000),
            "wide": st.integers(1, 4),
            "sizes": st.tuples(st.integers(1, 9), st.integers(1, 9)),
            "side": st.sampled_from([1, -1]),
            "through": st.sampled_from([0, 0, 20]),
        }
    ),
    min_size=1,
    max_size=25,
)


@cache
def strategy() -> Checked:
    """The strategy, its lets the formulas."""
    document = {
        "mmrun": 1,
        "name": "two",
        "let": FORMULAS,
        "quote": QUOTE,
        "references": {"spy": {"symbol": "SPY"}},
        "venues": {"NASDAQ": {"maker_fee": "2bps"}, "IEX": {"maker_rebate": "1bps"}},
        "risk": "none",
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "two.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        found, problems = api.read(path)
    assert found is not None, problems
    return found


@settings(max_examples=40)
@given(tape=rows)
def test_a_run_at_two_venues_computes_what_the_definition_says(
    tape: list[dict[str, Any]],
) -> None:
    """Every formula, after every row, at either venue, NaN included."""
    checked = strategy()
    whole = batch(tape)
    traced = trace(checked, VENUES)
    feed = TapeFeed(whole, QUOTED, heartbeat_ns=0, watched=WATCHED)
    run = start(traced.plan, feed, Conditions(mode=uncompiled))
    run.formulas = (traced.quotes, traced.guards)
    slow = {venue: Evaluator(checked.lets) for venue in VENUES}
    market = Market()
    begun = False

    for i in range(len(whole)):
        run.feed(whole.rows(i, i + 1))

        begun = begun or whole.venue[i] < 2
        market.take(whole, i)
        held = counted(run)
        for venue in VENUES:
            row = market.row(venue, int(whole.ts[i]), held, begun=begun)
            expected = slow[venue].step(row)
            found = traced.last.get(venue, ({},))[0] if begun else {}
            for name, value in expected.items() if found else ():
                got = found[id(checked.lets[name])]
                assert same(got, value), (i, venue, name, got, value)
    assert traced.last or not begun


def same(got: float, value: float) -> bool:
    return got == value or (math.isnan(got) and math.isnan(value))


def batch(tape: list[dict[str, Any]]) -> Batch:
    """The rows as the engine reads them."""
    trade = np.array([row["trade"] for row in tape])
    bid = np.array([row["bid"] for row in tape]) / 100
    ask = np.array([row["bid"] + row["wide"] for row in tape]) / 100
    side = np.array([row["side"] for row in tape], np.int8)
    away = np.array([row["through"] * row["side"] for row in tape]) / 100
    sizes = np.array([row["sizes"] for row in tape], np.float64)
    price = np.round(np.where(side > 0, ask, bid) + away, 2)
    return Batch(
        ts=np.cumsum([row["gap"] * 1_000_000 for row in tape], dtype=np.int64),
        kind=np.where(trade, Kind.TRADE, Kind.QUOTE).astype(np.int8),
        bid=np.where(trade, np.nan, bid),
        bid_size=np.where(trade, np.nan, sizes[:, 0]),
        ask=np.where(trade, np.nan, ask),
        ask_size=np.where(trade, np.nan, sizes[:, 1]),
        price=np.where(trade, price, np.nan),
        size=np.where(trade, sizes[:, 0], np.nan),
        side=np.where(trade, side, 0).astype(np.int8),
        status=np.zeros(len(tape), np.int8),
        venue=np.array([row["venue"] for row in tape], np.int8),
    )


class Market:
    """What each instrument last said, in dictionaries."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, float]] = {name: {} for name in NAMES}
        self.ticks: dict[str, Ticks] = {}
        self.last: dict[str, float] = {}

    def take(self, whole: Batch, i: int) -> None:
        """Let a row in."""
        name = NAMES[int(whole.venue[i])]
        trade = whole.kind[i] == Kind.TRADE
        columns = ("price", "size", "side") if trade else TOUCH
        renamed = [f"last_{c}" if trade else c for c in columns]
        now = {
            r: float(getattr(whole, c)[i])
            for r, c in zip(renamed, columns, strict=True)
        }
        self.said[name] |= now
        self.last |= now if name in VENUES and trade else {}
        self.ticks = {name: Ticks.TRADE if trade else Ticks.BOOK}

    def row(
        self, venue: str, ts: int, held: dict[str, tuple[float, float]], *, begun: bool
    ) -> Row:
        """The row as formulas at a venue see it."""
        market = {
            f"{n}.{k}": v for n, said in self.said.items() for k, v in said.items()
        }
        market |= {f"venue.{k}": v for k, v in self.said[venue].items()}
        market |= self.last | consolidated([self.said[v] for v in VENUES])
        mid = (market["bid"] + market["ask"]) / 2
        states: dict[str, float] = {}
        for name, (size, count) in held.items():
            states |= {f"{name}.inventory": size, f"{name}.fill_count": count}
            states[f"{name}.maker_cost"] = FEES[name] * mid
        states |= {
            f"venue.{key.split('.')[1]}": value
            for key, value in states.items()
            if key.split(".")[0] == venue
        }
        heard = dict(self.ticks)
        if venue in heard:
            heard["venue"] = heard[venue]
        own = [ticks for name, ticks in self.ticks.items() if name in VENUES]
        return Row(
            ts,
            own[0] if own else Ticks.OTHER,
            market,
            {"tick": 0.01, "lot": 1.0},
            states,
            heard=heard,
            evaluates_quotes=begun,
        )


TOUCH = ("bid", "bid_size", "ask", "ask_size")


def consolidated(books: list[dict[str, float]]) -> dict[str, float]:
    """The best bid and ask of those that show one, sizes summed."""
    bids = [(b["bid"], b["bid_size"]) for b in books if "bid" in b]
    asks = [(b["ask"], b["ask_size"]) for b in books if "ask" in b]
    if not bids:
        return dict.fromkeys(TOUCH, math.nan)
    bid, ask = max(p for p, _ in bids), min(p for p, _ in asks)
    return {
        "bid": bid,
        "bid_size": sum(s for p, s in bids if p == bid),
        "ask": ask,
        "ask_size": sum(s for p, s in asks if p == ask),
    }


def counted(run: Any) -> dict[str, tuple[float, float]]:
    """Inventory and fills at each venue, of the fills recorded so far."""
    fills = run.recorder.records("fills")
    return {
        name: (
            float((fills["side"] * fills["size"])[fills["venue"] == k].sum()),
            float((fills["venue"] == k).sum()),
        )
        for k, name in enumerate(VENUES)
    }
