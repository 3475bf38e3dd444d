"""A run of a packed tape is that of the same tape looked at row by row, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from mmrun.engine.assumptions import FillModel
from mmrun.engine.jit import Mode, compiled, uncompiled
from mmrun.engine.records import Recording
from mmrun.engine.run import Conditions, drive
from mmrun.feeds.replay import TapeFeed
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, Kind
from mmrun.plan.plan import Plan


ROWS = 200
START_NS = 1_700_000_000_000_000_000
MS = 1_000_000

#: Reads the touch, what trades tell, and the mid between them.
QUOTE = {
    "fair": "0.5 * mid + 0.25 * (coalesce(bid, mid) + coalesce(ask, mid))",
    "half_spread": "0.4tick + 0.1 * coalesce(std(last_price, 1s), 0)",
    "reservation": "fair - 0.2tick * inventory / 1lot + 0.1tick * coalesce(last_side, 0)",
    "bid_size": "10 if coalesce(bid_size, 1) > 3 else 7",
    "ask_size": "10 if coalesce(lag(ask_size, 2), 1) > 3 else 7",
}
#: Evaluated only where prices have moved.
CALM = {
    "half_spread": "0.5tick",
    "reservation": "mid - 0.2tick * inventory / 1lot",
    "size": 10,
    "requote": {"on": "quote"},
}


#: How many rows a batch has, and how kernels run.
WAYS = [(1, compiled), (7, compiled), (65_536, compiled), (7, uncompiled)]


@dataclass(frozen=True)
class Changed:
    """A feed with something else done to each batch."""

    inner: TapeFeed
    change: Callable[[Batch], Batch]

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return self.inner.instruments

    @property
    def watched(self) -> tuple[Instrument, ...]:
        return ()

    @property
    def span(self) -> tuple[int, int]:
        return self.inner.span

    def batches(self) -> Iterator[Batch]:
        return map(self.change, self.inner.batches())


def unpacked(batch: Batch) -> Batch:
    return replace(batch, packed=None)


def tape(seed: int, signed: bool) -> Batch:
    """Trades first; sides that are missing, prices on no tick, silences, calm rows."""
    rng = np.random.default_rng(seed)
    gaps = rng.choice([0, 3, 40, 700], ROWS, p=[0.2, 0.4, 0.3, 0.1])
    kind = rng.choice([Kind.QUOTE, Kind.TRADE, Kind.STATUS], ROWS, p=[0.75, 0.24, 0.01])
    kind[:4] = Kind.TRADE, Kind.STATUS, Kind.TRADE, Kind.QUOTE
    quote, trade = kind == Kind.QUOTE, kind == Kind.TRADE
    mid = 10_000 + np.cumsum(rng.choice([-1, 0, 1], ROWS, p=[0.1, 0.8, 0.1]))
    off = rng.choice([0.0, 0.4, 1e-10], ROWS, p=[0.94, 0.03, 0.03])
    missing = rng.choice([0.0, np.nan], (2, ROWS), p=[0.97, 0.03])
    sides = [-1, 1] if signed else [-1, 0, 0, 1]
    sizes = rng.choice(
        [0.0, 2.0, 5.0, 30.0, np.nan], (3, ROWS), p=[0.02, 0.3, 0.3, 0.33, 0.05]
    )
    at = mid + rng.integers(-1, 2, ROWS)
    return Batch(
        ts=START_NS + np.cumsum(gaps) * MS,
        kind=kind.astype(np.int8),
        bid=np.where(quote, (mid - 1 + off) / 100 + missing[0], np.nan),
        bid_size=np.where(quote, sizes[0], np.nan),
        ask=np.where(quote, (mid + 1 + off) / 100 + missing[1], np.nan),
        ask_size=np.where(quote, sizes[1], np.nan),
        price=np.where(trade, (at + off) / 100, np.nan),
        size=np.where(trade, np.nan_to_num(sizes[2], nan=1.0), np.nan),
        side=np.where(trade, rng.choice(sides, ROWS), 0).astype(np.int8),
        status=np.where(kind == Kind.STATUS, 2, 0).astype(np.int8),
        venue=np.zeros(ROWS, np.int8),
    )


@pytest.fixture
def feed(acme: Instrument) -> Callable[..., TapeFeed]:
    """A tape's feed, with clock rows in silences over 250 ms."""

    def make(rows: int = 65_536, *, signed: bool = False) -> TapeFeed:
        return TapeFeed(tape(7, signed), (acme,), rows=rows, heartbeat_ns=250 * MS)

    return make


def written(recording: Recording) -> list[bytes]:
    """Every record, field by field, and the totals."""
    records = (recording.fills, recording.orders, recording.decisions, recording.equity)
    fields = [each[name].tobytes() for each in records for name in each.dtype.names]
    return [*fields, repr(recording.totals).encode()]


def run(plan: Plan, feed: Any, mode: Mode = compiled) -> Recording:
    return drive(plan, feed, Conditions(model=FillModel(), mode=mode))


@pytest.mark.parametrize("quote", [QUOTE, CALM], ids=["all columns", "calm"])
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_a_packed_run_writes_the_same_bytes(plan_of, feed, quote, signed):
    """However the tape is cut, by plain Python and by machine code."""
    plan = plan_of(quote)
    expected = run(plan, Changed(feed(signed=signed), unpacked))

    found = [written(run(plan, feed(rows, signed=signed), mode)) for rows, mode in WAYS]

    assert len(expected.fills) > 5
    assert all(each == written(expected) for each in found)


def test_packed_prices_are_what_a_run_looks_at(plan_of, feed):
    """A tape that says its bids are lower than they are runs as if they were."""

    def lowered(batch: Batch) -> Batch:
        packed = batch.packed
        if packed is None:
            return batch
        return replace(batch, packed=replace(packed, first=packed.first - 100))

    plan = plan_of(CALM)

    lower = run(plan, Changed(feed(), lowered))

    assert written(lower) != written(run(plan, feed()))


def test_what_is_packed_by_another_tick_is_not_used(plan_of, feed):
    """A venue's tick in the strategy: the tape is looked at row by row."""
    plan = plan_of(QUOTE, venues={"NASDAQ": {"tick": 0.02}})

    packed, plain = run(plan, feed()), run(plan, Changed(feed(), unpacked))

    assert written(packed) == written(plain)
    assert written(packed) != written(run(plan_of(QUOTE), feed()))
