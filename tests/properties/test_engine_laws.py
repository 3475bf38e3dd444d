"""Laws of the engine (engine.md, Laws), for made-up tapes, strategies and latencies."""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mmrun.api import build
from mmrun.engine import bind
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.jit import compiled, uncompiled
from mmrun.engine.records import OrderEvent, Recording, Rule
from mmrun.engine.run import Conditions, drive
from mmrun.feeds.replay import TapeFeed
from mmrun.ledger.accounting import statement
from mmrun.ledger.entries import entries
from mmrun.market.instrument import Instrument
from mmrun.market.tape import BATCH_COLUMNS, Batch, Kind, Status
from mmrun.plan.plan import Plan


MS = 1_000_000
START_NS = 1_700_000_000 * 1000 * MS
LIMIT = 25.0
ACME = Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0)
DEEP = Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0, depth=3)
#: A second venue, coarser in ticks and lots.
SECOND = Instrument(symbol="ACME", venue="IEX", tick=0.02, lot=2.0)


# ---- made-up tapes: rows of ticks, sizes and codes, mirrored by changing signs

#: Time to the next row in ms, 0 being one of the same time.
gaps = st.sampled_from((0, 0, 1, 1, 2, 5, 20))
sizes = st.integers(1, 20)


@dataclass(frozen=True)
class Line:
    """A row before it has its time and place: ticks are from the middle of 100.00."""

    gap: int
    kind: Kind
    bid: int = 0
    ask: int = 0
    bid_size: int = 0
    ask_size: int = 0
    side: int = 0
    status: Status = Status.NONE
    venue: int = 0


steps = st.integers(-4, 4)
quote_lines = st.builds(
    lambda gap, mid, width, b, a: Line(gap, Kind.QUOTE, mid - width // 2, mid + (width + 1) // 2, b, a),
    gaps, steps, st.sampled_from((1, 1, 2, 3, 5, 0, -1)), sizes, sizes,
)  # fmt: skip
trade_lines = st.builds(
    lambda gap, at, size, side: Line(gap, Kind.TRADE, at, at, size, size, side),
    gaps, st.integers(-6, 6), sizes, st.sampled_from((1, -1, 1, -1, 0)),
)  # fmt: skip
depth_lines = st.builds(
    lambda gap, side, at, size: Line(gap, Kind.DEPTH, side * -at, side * -at, size, size, side),
    gaps, st.sampled_from((1, -1)), st.integers(-1, 6), st.integers(0, 20),
)  # fmt: skip
clock_lines = st.builds(Line, gaps, st.just(Kind.CLOCK))
halts = st.sampled_from((Status.HALT, Status.RESUME, Status.RESUME, Status.STALE))
status_lines = st.builds(
    lambda gap, status: Line(gap, Kind.STATUS, status=status), gaps, halts
)
FIRST = Line(0, Kind.QUOTE, -1, 1, 5, 5)

quote_tapes = st.lists(
    st.one_of(
        quote_lines, trade_lines, quote_lines, trade_lines, clock_lines, status_lines
    ),
    max_size=40,
).map(lambda lines: [FIRST, *lines])
depth_tapes = st.lists(
    st.one_of(depth_lines, depth_lines, trade_lines, clock_lines), max_size=40
).map(lambda lines: [*SNAPSHOT, *lines])
SNAPSHOT = [
    Line(0, Kind.CLEAR),
    *(Line(0, Kind.DEPTH, -k, -k, 5, 5, 1) for k in (1, 2, 3)),
    *(Line(0, Kind.DEPTH, k, k, 5, 5, -1) for k in (1, 2, 3)),
]


def at_second(line: Line) -> Line:
    """The line at the second venue, on its grid."""
    if line.kind == Kind.CLOCK:
        return line
    return replace(line, venue=1, bid=line.bid // 2 * 2, ask=-(-line.ask // 2) * 2)


both_tapes = st.lists(
    st.one_of(
        quote_lines,
        trade_lines,
        quote_lines.map(at_second),
        trade_lines.map(at_second),
        clock_lines,
        status_lines,
        status_lines.map(at_second),
        st.just(Line(0, Kind.CLEAR, venue=1)),
    ),
    max_size=50,
).map(lambda lines: [FIRST, *lines])


def batch_of(lines: list[Line], sign: int = 1) -> Batch:
    """The lines as a batch; with sign -1 bids and asks change places."""
    count = len(lines)
    low, high = ("bid", "ask") if sign > 0 else ("ask", "bid")
    columns: dict[str, Any] = {
        name: np.full(count, math.nan)
        for name in ("bid", "bid_size", "ask", "ask_size", "price", "size")
    }
    columns["ts"] = START_NS + MS * np.cumsum([line.gap for line in lines])
    columns["kind"] = np.array([line.kind for line in lines], np.int8)
    columns["side"] = np.array([sign * line.side for line in lines], np.int8)
    columns["status"] = np.array([line.status for line in lines], np.int8)
    columns["venue"] = np.array([line.venue for line in lines], np.int8)
    for i, line in enumerate(lines):
        if line.kind == Kind.QUOTE:
            columns[low][i], columns[high][i] = (
                price(sign * line.bid),
                price(sign * line.ask),
            )
            columns[f"{low}_size"][i] = line.bid_size
            columns[f"{high}_size"][i] = line.ask_size
        elif line.kind in {Kind.TRADE, Kind.DEPTH}:
            columns["price"][i], columns["size"][i] = (
                price(sign * line.bid),
                line.bid_size,
            )
    return Batch(**{name: columns[name] for name in BATCH_COLUMNS})


def price(ticks: int) -> float:
    return (10_000 + ticks) / 100


# ---- made-up strategies and conditions

PRICES = (
    "bid: bid, ask: ask",
    "bid: bid - 1tick, ask: ask + 1tick",
    "half_spread: 1tick",
    "half_spread: 2tick, reservation: fair - 1tick * inventory / 5lot",
    "fair: 'coalesce(ewma(mid, 5ms), mid)', half_spread: 1tick",
)
REQUOTES = (
    "{}",
    "{on: quote}",
    "{on: trade}",
    "{tolerance: 2tick}",
    "{min_life: 3ms}",
    "{max_age: 4ms}",
    "{after_fill: 3ms}",
    "{keep_queue: false}",
    "{keep_queue: false, tolerance: 1tick, min_life: 1ms, max_age: 10ms}",
)
RISKS = (
    "",
    ", max_position_value: 1500",
    ", stale_after: 4ms",
    ", price_collar: 3bps",
    ", crossed_book: 'off'",
)
LADDERS = (
    "",
    "",
    ", levels: {count: 3}",
    ", levels: {count: 2, step: 2tick, size_factor: 0.5}",
    ", levels: {count: 3, step: 0tick}, place: {improve: 1tick}",
    ", place: join",
)
#: The same of bids and asks, as a mirror wants them.
BUSY = "{when: trades(5ms) >= 2, then: {widen: 2}, hold: 3ms}"
HIT = "{when: fills(9ms) >= 1, then: {size: 0.5}}"
FLOW = "{when: abs(trade_imbalance(9ms)) > 0.5, then: {pull: adding}, hold: 4ms}"
LONG = "{when: abs(inventory) > 6, then: reduce_only, hold: 1ms}"
WIDE = "{when: spread > 2.5tick, then: pull, hold: 2ms}"
DONE = "{when: fill_count >= 3, then: stop}"
RULES = (
    "",
    "",
    f"toxicity: {{busy: {BUSY}, hit: {HIT}}}\n",
    f"toxicity: {{flow: {FLOW}, long: {LONG}}}\n",
    f"toxicity: {{wide: {WIDE}, done: {DONE}}}\n",
)
FEE = "{maker_rebate: 0.0020/share, taker_fee: 0.0030/share}"
strategies = st.builds(
    "mmrun: 1\n"
    "quote: {{{}, bid_size: {}, ask_size: 7, requote: {}, post_only: {}{}}}\n"
    "venues: {{NASDAQ: {}, IEX: {{maker_fee: 1bps, taker_fee: 3bps}}}}\n"
    "risk: {{max_inventory: 25{}}}\n{}".format,
    st.sampled_from(PRICES),
    st.sampled_from(("7", "'min(7lot, bid_size)'")),
    st.sampled_from(REQUOTES),
    st.sampled_from(("slide", "slide", "skip", "reject", "'off'")),
    st.sampled_from(LADDERS),
    st.just(FEE),
    st.sampled_from(RISKS),
    st.sampled_from(RULES),
)
models = st.sampled_from(
    [FillModel(), FillModel(), FillModel("touch"), FillModel("through")]
)
delays = st.integers(0, 6).map(lambda ms: ms * MS)
latencies = st.one_of(
    st.just(Latency()),
    st.builds(
        Latency, feed_ns=delays, order_ns=delays, cancel_ns=delays, response_ns=delays
    ),
)


@cache
def plan_of(text: str) -> Plan:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "strategy.yaml"
        path.write_text(text, encoding="utf-8")
        return build(path)


@dataclass(frozen=True)
class Case:
    """A tape and under what conditions it is run."""

    lines: list[Line]
    text: str
    model: FillModel
    latency: Latency
    sessions: tuple[tuple[int, int], ...] | None = None
    venues: tuple[Instrument, ...] = (ACME,)

    def run(
        self,
        lines: list[Line] | None = None,
        *,
        rows: int = 65_536,
        sign: int = 1,
        mode: Any = uncompiled,
    ) -> Recording:
        batch = batch_of(self.lines if lines is None else lines, sign)
        feed = TapeFeed(batch, self.venues, rows=rows, heartbeat_ns=0)
        conditions = Conditions(
            model=self.model,
            latency=self.latency,
            mode=mode,
            sessions=None
            if self.sessions is None
            else [(START_NS + a * MS, START_NS + b * MS) for a, b in self.sessions],
        )
        return drive(plan_of(self.text), feed, conditions)


SESSIONS = (None, None, ((0, 30), (60, 1000)), ((5, 50),))
#: What `engine.plain` may run, and what makes it leave a row to the others.
plain_strategies = st.builds(
    "mmrun: 1\n"
    "quote: {{{}, size: {}, requote: {}}}\n"
    "venues: {{NASDAQ: {}}}\n"
    "risk: {{max_inventory: {}{}}}\n".format,
    st.sampled_from(
        (
            *PRICES,
            "half_spread: 0.6tick",
            "half_spread: 0.4tick, reservation: mid - 0.3tick * inventory / 5lot",
            "bid: mid - 0.3tick, ask: 'mid + 0.3tick if inventory < 9 else bid + 2tick'",
            "half_spread: '0.5tick + coalesce(sample(std(last_price, 1s), trade), 0)'",
        )
    ),
    st.sampled_from(("5", "5", "'5 if inventory < 9 else 7'", "'min(7lot, bid_size)'")),
    st.sampled_from(("{}", "{on: quote}", "{on: trade}", "{keep_queue: false}")),
    st.sampled_from((FEE, "{maker_fee: 1bps}", "{maker_fee: 0.005/share}")),
    st.sampled_from(("25", "25", "12")),
    st.sampled_from(
        (
            *RISKS,
            ", allow_short: false",
            ", stale_after: 12ms",
            ", price_collar: 1.6bps",
        )
    ),
)
unknown_sizes = st.builds(replace, quote_lines, bid_size=st.sampled_from((0, math.nan)))
plain_tapes = st.lists(
    st.one_of(*[quote_lines] * 9, *[trade_lines] * 7, clock_lines, unknown_sizes),
    min_size=30,
    max_size=60,
).map(lambda lines: [FIRST, *lines])
plain = st.builds(
    Case,
    plain_tapes,
    plain_strategies,
    st.sampled_from([FillModel("hftbacktest"), *[FillModel(), FillModel("touch")]]),
    st.just(Latency()),
    st.sampled_from(SESSIONS),
)
quoted = st.builds(
    Case, quote_tapes, strategies, models, latencies, st.sampled_from(SESSIONS)
)
several = st.builds(
    Case,
    both_tapes,
    strategies,
    models,
    latencies,
    st.sampled_from(SESSIONS),
    st.just((ACME, SECOND)),
)
deep = st.builds(
    Case, depth_tapes, strategies, models, latencies, st.none(), st.just((DEEP,))
)
cases = st.one_of(quoted, several, deep)
#: Quick runs have fewer.
law = settings(deadline=None, max_examples=40 if os.environ.get("CI") else 25)


def written(recording: Recording) -> list[bytes]:
    """Everything a recording holds, field by field: padding bytes mean nothing."""
    r = recording
    arrays = (r.fills, r.orders, r.decisions, r.equity)
    columns = [array[name] for array in arrays for name in array.dtype.names]
    t = r.totals
    totals = (t.rule_ns, t.touch_ns, t.venue_rule_ns, repr(t).encode())
    return [np.asarray(column).tobytes() for column in (*columns, *totals)]


# ---- the laws


@law
@given(cases)
def test_position_is_the_sum_of_fills(case: Case) -> None:
    """After every fill, and at the end."""
    recording = case.run()

    fills = recording.fills
    position = np.cumsum(fills["side"] * fills["size"])
    assert fills["inventory"].tolist() == position.tolist()
    assert recording.totals.final_inventory == (position[-1] if len(position) else 0.0)


@law
@given(cases)
def test_net_is_spread_and_inventory_less_fees(case: Case) -> None:
    """Cash and marked position are the attribution's sum, to 1e-9."""
    recording = case.run()

    t = recording.totals
    account = statement(
        entries(recording.fills), final_mid=t.final_mid, inventory_pnl=t.inventory_pnl
    )
    assert account.attribution.holds
    assert t.cash == pytest.approx(account.cash, rel=1e-12, abs=1e-9)
    assert t.spread_pnl == pytest.approx(account.attribution.spread, abs=1e-9)
    assert t.fees == pytest.approx(account.attribution.fees, abs=1e-12)
    assert t.rebates == pytest.approx(account.attribution.rebates, abs=1e-12)
    assert t.realized_pnl + t.unrealized_pnl == pytest.approx(
        account.realized + account.unrealized, abs=1e-9
    )


@law
@given(cases)
def test_position_and_working_size_stay_within_the_limit(case: Case) -> None:
    """At every event of the order log, over all venues, latency included."""
    text = case.text.replace(", max_position_value: 1500", "")  # that limit moves

    recording = replace(case, text=text).run()

    working, position = Counter[tuple[int, int]](), 0.0
    for row in recording.orders:
        slot, event = int(row["side"]), row["event"]
        at = slot, int(row["venue"])
        if event in {OrderEvent.NEW, OrderEvent.REPLACE, OrderEvent.REDUCE}:
            working[at] = row["size"]
        elif event == OrderEvent.CANCEL:
            working[at] = 0
        elif event in {OrderEvent.FILL, OrderEvent.FILLED}:
            working[at] -= row["size"]
            position += np.sign(slot) * row["size"]
        bids = sum(size for (slot, _), size in working.items() if slot > 0)
        asks = sum(size for (slot, _), size in working.items() if slot < 0)
        assert position + bids <= LIMIT
        assert position - asks >= -LIMIT


@law
@given(cases)
def test_the_log_adds_up(case: Case) -> None:
    """Every fill is of the working order, and `FILLED` or a cancel leaves nothing."""
    recording = case.run()

    left = Counter[tuple[int, int]]()
    for row in recording.orders:
        side = int(row["side"]), int(row["venue"])
        event, size = row["event"], row["size"]
        if event in {OrderEvent.NEW, OrderEvent.REPLACE, OrderEvent.REDUCE}:
            assert size > 0.0
            assert (event == OrderEvent.NEW) == (left[side] == 0.0)
            left[side] = size
        elif event == OrderEvent.CANCEL:
            assert left[side] == size
            left[side] = 0
        elif event != OrderEvent.REJECT:
            assert 0.0 < size <= left[side]
            left[side] -= size
            assert (left[side] == 0.0) == (event == OrderEvent.FILLED)


@law
@given(cases)
def test_a_maker_fills_at_its_own_price(case: Case) -> None:
    """Maker fills are at the working price, taker fills at it or better."""
    recording = case.run()

    working: dict[tuple[int, int], float] = {}
    takers = iter(recording.fills["taker"].tolist())
    for row in recording.orders:
        side, event = int(row["side"]), row["event"]
        if event in {OrderEvent.NEW, OrderEvent.REPLACE}:
            working[side, row["venue"]] = row["price"]
        elif event in {OrderEvent.FILL, OrderEvent.FILLED}:
            better = side * (working[side, row["venue"]] - row["price"])
            assert better >= 0 if next(takers) else better == 0


@law
@given(cases)
def test_own_orders_never_meet(case: Case) -> None:
    """At every event of the log our bids at a venue are below our asks there."""
    recording = case.run()

    working: dict[int, dict[int, float]] = {0: {}, 1: {}}
    for row in recording.orders:
        side, event, here = int(row["side"]), row["event"], working[int(row["venue"])]
        if event in {OrderEvent.NEW, OrderEvent.REPLACE}:
            here[side] = row["price"]
        elif event in {OrderEvent.CANCEL, OrderEvent.FILLED}:
            here.pop(side, None)
        bids = (price for slot, price in here.items() if slot > 0)
        asks = (price for slot, price in here.items() if slot < 0)
        assert max(bids, default=-math.inf) < min(asks, default=math.inf)


@law
@given(quoted | several)
def test_a_trade_fills_no_more_than_its_size(case: Case) -> None:
    """Maker fills of a time and venue without book rows: at most what traded there."""
    batch = batch_of(case.lines)
    known = batch.kind == Kind.TRADE
    places = list(zip(batch.ts.tolist(), batch.venue.tolist(), strict=True))
    traded = Counter[tuple[int, int]]()
    for at, is_trade, size in zip(places, known, batch.size, strict=True):
        traded[at] += size if is_trade else 0
    book_times = {places[row] for row in np.flatnonzero(batch.kind <= Kind.CLEAR)}

    recording = case.run()

    filled = Counter[tuple[int, int]]()
    for row in recording.fills[recording.fills["taker"] == 0]:
        filled[int(row["ts"]), int(row["venue"])] += row["size"]
    for at, size in filled.items():
        assert at in book_times or size <= traded[at]


def until(recording: Recording, ts: int) -> list[str]:
    """What was recorded at or before a time."""
    arrays = (recording.fills, recording.orders, recording.decisions, recording.equity)
    return [repr(a[a["ts"] <= ts].tolist()) for a in arrays]


def later(lines: list[Line]) -> list[Line]:
    """The lines, the first of them at a time of its own."""
    return [replace(line, gap=max(1, line.gap)) for line in lines[:1]] + lines[1:]


@law
@given(
    quoted | several,
    st.integers(1, 40),
    st.lists(quote_lines | trade_lines, max_size=8),
)
def test_no_look_ahead(case: Case, cut: int, other: list[Line]) -> None:
    """Other rows after a time, or none, change nothing at or before it."""
    seen = case.lines[:cut]
    last = START_NS + MS * sum(line.gap for line in seen)

    whole = case.run([*seen, *later(case.lines[cut:])])
    changed = case.run([*seen, *later(other)])

    assert until(whole, last) == until(changed, last)


@law
@given(cases, st.integers(1, 9))
def test_batching_is_invisible(case: Case, rows: int) -> None:
    """Batches of any size give the same bytes as one."""
    whole, split = case.run(), case.run(rows=rows)

    assert written(split) == written(whole)


@law
@given(cases)
def test_the_same_run_gives_the_same_bytes(case: Case) -> None:
    """Nothing of a run is left to chance or to the run before."""
    first, second = case.run(), case.run()

    assert written(first) == written(second)


@law
@given(cases)
def test_rules_account_for_all_of_the_session(case: Case) -> None:
    """Per side the durations of the rules sum to the session's time."""
    t = case.run().totals

    assert t.rule_ns.sum(axis=1).tolist() == [t.session_ns, t.session_ns]
    assert set(t.venue_rule_ns.sum(axis=2).ravel().tolist()) == {t.session_ns}
    if len(t.level_rule_ns) > 1:
        assert set(t.level_rule_ns.sum(axis=2).ravel().tolist()) == {t.session_ns}
        assert (t.level_rule_ns[:, :, 0].max(axis=0) <= t.rule_ns[:, 0]).all()
    assert t.both_ns <= t.rule_ns[:, 0].min()
    assert (t.venue_both_ns <= t.venue_rule_ns[:, :, 0].min(axis=1)).all()
    assert (t.venue_rule_ns[:, :, 0].max(axis=0) <= t.rule_ns[:, 0]).all()
    assert (t.touch_ns <= t.rule_ns[:, 0]).all()
    if case.sessions is None:
        assert t.session_ns == t.last_ts - t.first_ts


@law
@given(cases)
def test_decisions_alternate_and_tell_the_durations(case: Case) -> None:
    """The time between decisions on a side of a venue is what its rules were given.

    Of several levels each has its own decisions, and on one venue its own time.
    """
    recording = replace(case, sessions=None).run()

    t, decisions = recording.totals, recording.decisions
    counted = {(venue, 0): rule_ns for venue, rule_ns in enumerate(t.venue_rule_ns)}
    if len(t.level_rule_ns) > 1:
        levels = enumerate(t.level_rule_ns) if len(case.venues) == 1 else ()
        counted = {(0, level): rule_ns for level, rule_ns in levels}
    for (venue, level), (index, side) in product(counted, enumerate((1, -1))):
        here = (decisions["side"] == side) & (decisions["venue"] == venue)
        rows = decisions[here & (decisions["level"] == level)]
        ends = np.append(rows["ts"][1:], t.last_ts)
        sums = np.zeros_like(t.rule_ns[index])
        np.add.at(sums, rows["rule"], ends - rows["ts"])
        assert sums.tolist() == counted[venue, level][index].tolist()


@law
@given(quoted | several, st.integers(0, 1))
def test_halted_no_request_but_cancels(case: Case, venue: int) -> None:
    """From a halt's row to the one that ends it, at the venue halted."""
    batch = batch_of(case.lines)
    here = batch.venue == venue
    halted = None
    spans = []
    for ts, status in zip(batch.ts[here], batch.status[here], strict=True):
        if status == Status.HALT and halted is None:
            halted = ts
        elif status == Status.RESUME and halted is not None:
            spans.append((halted, ts))
            halted = None
    if halted is not None:
        spans.append((halted, START_NS + 10**15))

    recording = case.run()

    orders = recording.orders[recording.orders["venue"] == venue]
    requests = orders[orders["event"] <= OrderEvent.REDUCE]
    for start, end in spans:
        inside = requests[(requests["sent_ts"] > start) & (requests["sent_ts"] < end)]
        assert set(inside["event"].tolist()) <= {int(OrderEvent.CANCEL)}


@law
@given(cases)
def test_after_a_stop_no_request_but_cancels(case: Case) -> None:
    """From the row whose fill is the third that we know of."""
    text = case.text.partition("toxicity")[0] + f"toxicity: {{done: {DONE}}}\n"

    recording = replace(case, text=text, sessions=None).run()

    stopped = recording.decisions["rule"] == recording.rules.index("done")
    for ts in recording.decisions["ts"][stopped][:1]:
        orders = recording.orders
        sent = orders[(orders["event"] <= OrderEvent.REDUCE) & (orders["sent_ts"] > ts)]
        assert set(sent["event"].tolist()) <= {int(OrderEvent.CANCEL)}


@law
@given(quoted)
def test_latencies_are_exact(case: Case) -> None:
    """Every request has its effect feed + order, or feed + cancel, after it was sent."""
    recording = case.run()

    orders, latency = recording.orders, case.latency
    travel = {
        event: latency.feed_ns
        + (latency.cancel_ns if event == OrderEvent.CANCEL else latency.order_ns)
        for event in OrderEvent
    }
    for row in orders[(orders["event"] <= OrderEvent.REDUCE)]:
        cut_short = row["event"] == OrderEvent.CANCEL and row["rule"] == 18
        expected = travel[OrderEvent.NEW if cut_short else row["event"]]
        assert row["ts"] - row["sent_ts"] == expected
    known = recording.fills["known_ts"] - recording.fills["ts"]
    assert set(known.tolist()) <= {max(latency.feed_ns, latency.response_ns)}


def of_side(recording: Recording, side: int, sign: int) -> list[tuple[Any, ...]]:
    """The orders of a side, prices as ticks from the middle, with a sign."""
    rows = recording.orders[np.sign(recording.orders["side"]) == side]
    return [
        (
            r["ts"],
            abs(r["side"]),
            r["event"],
            r["size"],
            r["rule"],
            r["venue"],
            sign * round(r["price"] * 100 - 10_000),
        )
        for r in rows
    ]


@law
@given(cases)
def test_a_mirrored_tape_gives_mirrored_orders(case: Case) -> None:
    """Bids and asks changed about 100.00: what our bids did our asks do."""
    symmetric = case.text.replace("'min(7lot, bid_size)'", "7")
    symmetric = symmetric.replace(", price_collar: 3bps", "")
    symmetric = symmetric.replace(", max_position_value: 1500", "")
    same = replace(case, text=symmetric)

    plain, mirrored = same.run(), same.run(sign=-1)

    assert of_side(mirrored, -1, -1) == of_side(plain, 1, 1)
    assert of_side(mirrored, 1, -1) == of_side(plain, -1, 1)


@settings(deadline=None, max_examples=15)
@given(cases)
def test_compiled_and_plain_give_the_same_bytes(case: Case) -> None:
    """Machine code and Python are two ways to run one kernel."""
    plain, fast = case.run(), case.run(mode=compiled)

    assert written(fast) == written(plain)


def at_first(recording: Recording) -> list[bytes]:
    """What was recorded, decisions at the first venue alone."""
    first = recording.decisions[recording.decisions["venue"] == 0]
    tables = (recording.fills, recording.orders, first, recording.equity)
    return [table[name].tobytes() for table in tables for name in table.dtype.names]


@law
@given(st.one_of(quoted, deep))
def test_a_venue_that_shows_nothing_changes_nothing(case: Case) -> None:
    """One venue and one without a row are one venue; no halts, which the mid outlives."""
    case = replace(case, lines=[x for x in case.lines if x.kind != Kind.STATUS])
    beside = replace(case, venues=(*case.venues, replace(SECOND, tick=0.01, lot=1.0)))

    alone, together = case.run(), beside.run()

    assert at_first(together) == at_first(alone)
    silent = together.decisions[together.decisions["venue"] == 1]
    assert set(silent["rule"].tolist()) <= {Rule.NO_DATA, Rule.SESSION, Rule.STALE}
    assert together.totals.rule_ns.tolist() == alone.totals.rule_ns.tolist()


@law
@given(plain, st.sampled_from((1, 7, 65_536)))
def test_rows_that_pass_as_plain_pass_as_any_other(case: Case, rows: int) -> None:
    """The loop of `engine.plain` records what the steps for any row record."""
    with patch.object(bind, "_rows_are_plain", return_value=False):
        by_steps = case.run(mode=compiled)

    assert written(case.run(rows=rows, mode=compiled)) == written(by_steps)
