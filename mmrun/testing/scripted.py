"""A tape run by the engine itself, its kernels as plain Python.

Rows up to a moment are one batch, which changes nothing of what happens, so that the
last evaluation before the moment is known; what rests then is read off the order log,
and why off the decision log.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.jit import uncompiled
from mmrun.engine.opening import open_with
from mmrun.engine.quote import rules_of
from mmrun.engine.records import OrderEvent, Recording, Rule
from mmrun.engine.run import Conditions, start
from mmrun.feeds.clock import Heartbeat, with_clock
from mmrun.feeds.merge import of_venue, selected, with_others
from mmrun.market.calendars import calendar_between
from mmrun.market.inputs import InputRows
from mmrun.market.instrument import Instrument
from mmrun.market.sessions import (
    TradingSession,
    sessions_between,
    utc_offset,
    wall_ns,
)
from mmrun.market.tape import BATCH_COLUMNS, Batch
from mmrun.problems import DataError
from mmrun.strategy.spec import Session, Strategy
from mmrun.testing.shown import Fill, Played, Rung, Shown, Side, sizes
from mmrun.testing.trace import Trace, Values


#: Tapes are of a Tuesday without a holiday or a change of clocks near.
DAY = date(2024, 1, 9)
MIDNIGHT_NS = wall_ns(DAY, 0.0, ZoneInfo("UTC"))
NOON_NS = wall_ns(DAY, 43_200.0, ZoneInfo("UTC"))
_ROWS = 65_536
_SYMBOL = "TEST"
_FINE_TICK = 1e-6  #: of references, whose own is not known
_CLEAR = frozenset({OrderEvent.CANCEL, OrderEvent.FILLED})
_SET = frozenset({OrderEvent.NEW, OrderEvent.REPLACE, OrderEvent.REDUCE})


def conditions_for(
    strategy: Strategy, model: FillModel, latency: Latency
) -> Conditions:
    """The strategy's session of one day, the engine's kernels as Python.

    Raises:
        DataError: the strategy's calendar has no session on that day.
    """
    timezone, sessions = _sessions(strategy.session)
    hours = [(each.open_ns, each.close_ns) for each in sessions]
    return Conditions(
        model=model,
        latency=latency,
        sessions=hours or None,
        utc_offset=utc_offset(timezone),
        mode=uncompiled,
    )


def _sessions(session: Session) -> tuple[str, tuple[TradingSession, ...]]:
    """The time zone, and the sessions of the day; none: one without end."""
    if session.calendar is not None:
        calendar = calendar_between(session.calendar, NOON_NS, NOON_NS)
        found = tuple(s for s in calendar.sessions if s.date == DAY)
        if not found:
            message = f"the calendar {session.calendar} has no session on {DAY}"
            raise DataError(message, hint="tapes are played on that day")
        return calendar.timezone, found
    if session.open_s is None or session.close_s is None:
        return session.timezone, ()
    found = sessions_between(
        NOON_NS,
        NOON_NS,
        timezone=session.timezone,
        open_s=session.open_s,
        close_s=session.close_s,
    )
    return session.timezone, found


@dataclass(frozen=True, slots=True)
class Opening:
    """What a tape starts from."""

    inventory: float = 0.0
    cost: float = math.nan  #: average price of the inventory; needed where there is one
    #: by name: times in ns from the session's open, and values as columns hold them
    inputs: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Column:
    """An input's values; each is known at its time."""

    rows: InputRows

    def pieces(self) -> Iterator[InputRows]:
        """All of them."""
        yield self.rows


def run_tape(
    traced: Trace,
    batch: Batch,
    venues: Sequence[str],
    ends: Sequence[int],
    conditions: Conditions,
    watched: Sequence[Instrument] = (),
    opening: Opening | None = None,
) -> Played:
    """Run rows whose times count from the session's open; what is shown at each end.

    Args:
        traced: the plan.
        batch: rows in time order.
        venues: the names that its rows' `venue` counts, those of what is quoted.
        ends: ns from the session's open; the tape goes on to the last.
        conditions: fill model, latency, session.
        watched: what is read and not quoted; rows' `venue` counts on.
        opening: inventory and inputs; none if left out.
    """
    before = opening or Opening()
    strategy = traced.plan.strategy
    open_ns = conditions.sessions[0][0] if conditions.sessions else MIDNIGHT_NS
    end_ns = max(ends, default=0)
    feed = _Feed(strategy, batch, venues, open_ns, end_ns, conditions, tuple(watched))
    columns = {n: _column(each, open_ns) for n, each in before.inputs.items()}
    run = start(traced.plan, feed, replace(conditions, inputs=columns))
    open_with(run.machines, before.inventory, before.cost, open_ns)
    run.formulas = (traced.quotes, traced.guards)
    (rows,) = feed.batches()
    values: dict[int, tuple[Mapping[str, tuple[Values, ...]], ...]] = {}
    done = 0
    for end in sorted(set(ends)):
        after = int(np.searchsorted(rows.ts, open_ns + end, side="right"))
        run.feed(rows.rows(done, after))
        done, values[end] = after, (dict(traced.last), dict(traced.guards.last))
    run.feed(rows.rows(done, len(rows)))
    run.last_ts = max(run.last_ts, feed.span[1])
    recording = run.finish()
    nothing: tuple[Values, ...] = ({},) * traced.plan.levels
    shown = tuple(
        {
            venue: _shown(
                recording,
                index,
                open_ns,
                end,
                values[end][0].get(venue, nothing),
                values[end][1].get(venue, nothing)[0],
                opening=before,
            )
            for index, venue in enumerate(recording.venues)
        }
        for end in ends
    )
    return Played(shown, _acted(recording, open_ns + max(ends, default=0)))


def watched_instruments(
    strategy: Strategy, names: Sequence[str]
) -> tuple[Instrument, ...]:
    """What is read and not quoted, by the names that formulas have for it."""
    tick, lot = sizes(strategy)
    symbols = {each.name: each.symbol for each in strategy.references}
    return tuple(
        Instrument(symbol=symbols[name], venue=name, tick=_FINE_TICK, lot=_FINE_TICK)
        if name in symbols
        else Instrument(symbol=_SYMBOL, venue=name, tick=tick, lot=lot)
        for name in names
    )


@dataclass(frozen=True, slots=True)
class _Feed:
    """A tape as the engine's feed: heartbeats in its silences, up to its last end."""

    strategy: Strategy
    batch: Batch
    venues: Sequence[str]
    open_ns: int
    end_ns: int  #: from the open
    conditions: Conditions
    watched: tuple[Instrument, ...]

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        tick, lot = sizes(self.strategy)
        return tuple(
            Instrument(symbol=_SYMBOL, venue=venue, tick=tick, lot=lot)
            for venue in self.venues
        )

    @property
    def span(self) -> tuple[int, int]:
        ts = selected(self.batch, self.batch.venue < len(self.venues)).ts
        last = max(int(ts[-1]), self.end_ns)
        return self.open_ns + int(ts[0]), self.open_ns + last

    def batches(self) -> Iterator[Batch]:
        """All rows as one batch."""
        columns = {n: getattr(self.batch, n) for n in BATCH_COLUMNS}
        rows = Batch(**columns | {"ts": self.batch.ts + self.open_ns})
        sessions = self.conditions.sessions
        heartbeat = Heartbeat(
            interval_ns=self.strategy.session.heartbeat_ns,
            sessions=None if sessions is None else tuple(sessions),
        )
        first = len(self.venues)
        own = with_clock([selected(rows, rows.venue < first)], heartbeat, _ROWS)
        places = range(first, first + len(self.watched))
        others = [iter([of_venue(rows, place)]) for place in places]
        pieces = list(with_others(own, others, first, _ROWS))
        whole = Batch(
            *(
                np.concatenate([getattr(piece, name) for piece in pieces])
                for name in BATCH_COLUMNS
            )
        )
        until = int(np.searchsorted(whole.ts, self.span[1], side="right"))
        yield whole.rows(0, until)


def _shown(
    recording: Recording,
    venue: int,
    open_ns: int,
    end: int,
    values: tuple[Values, ...],
    conditions: Values,
    *,
    opening: Opening,
) -> Shown:
    ts = open_ns + end
    fills = tuple(
        Fill(
            recording.venues[int(row["venue"])],
            int(row["ts"]) - open_ns,
            "buy" if row["side"] > 0 else "sell",
            float(row["price"]),
            float(row["size"]),
        )
        for row in _until(recording.fills, ts)
    )
    bought = sum(f.size if f.side == "buy" else -f.size for f in fills)
    levels = tuple(
        Rung(
            _side(recording, venue, 1, level, ts),
            _side(recording, venue, -1, level, ts),
            each,
        )
        for level, each in enumerate(values)
    )
    inventory = opening.inventory + float(bought)
    return Shown(levels, conditions, inventory, fills)


def _column(values: Sequence[tuple[int, float]], open_ns: int) -> _Column:
    times = np.array([open_ns + at for at, _ in values], np.int64)
    return _Column(InputRows(times, times, np.array([x for _, x in values])))


def _until(records: Any, ts: int) -> Any:
    return records[records["ts"] <= ts]


def _side(recording: Recording, venue: int, side: int, level: int, ts: int) -> Side:
    """What rests on a side at a level after all records up to a time, or its rule."""
    decisions, orders = (
        _until(rows, ts) for rows in (recording.decisions, recording.orders)
    )
    here = (decisions["venue"] == venue) & (decisions["side"] == side)
    decided = decisions[here & (decisions["level"] == level)]
    rule = int(decided["rule"][-1]) if len(decided) else Rule.NO_DATA
    own = (orders["venue"] == venue) & (orders["side"] == side * (level + 1))
    price, size = _resting(orders[own])
    if price is None:
        return Side(None, 0.0, recording.rules[rule])
    return Side(price, size, None)


def _resting(orders: Any) -> tuple[float | None, float]:
    """Price and open size after a side's order events."""
    price: float | None = None
    size = 0.0
    for row in orders:
        event = OrderEvent(int(row["event"]))
        if event in _SET:
            price, size = float(row["price"]), float(row["size"])
        elif event in _CLEAR:
            price, size = None, 0.0
        elif event is OrderEvent.FILL:
            size -= float(row["size"])
    return price, size


def _acted(recording: Recording, ts: int) -> frozenset[str]:
    found: set[str] = set()
    for row in _until(recording.decisions, ts):
        rule, adjustment = int(row["rule"]), int(row["adjustment"])
        found |= rules_of(rule, adjustment, recording.rules)
    return frozenset(found)
