"""The market of one venue or reference: its columns, beside those of what is quoted.

A *sight* looks at some of a feed's rows and takes all others for time passing: one
venue's own book, or the consolidated one of a reference on several. Its columns have
the names that formulas give them, `NASDAQ.bid`, `spy.last_price`. Nothing of this runs
when no formula reads such a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmrun.engine.bind import per_tick, ticks_per_unit, too_deep
from mmrun.engine.consolidate import observe_venues
from mmrun.engine.jit import Mode
from mmrun.engine.kept import KEPT, KeptColumns
from mmrun.engine.levels import Levels
from mmrun.engine.observe import OBSERVER, Observed, TapeRows, observe
from mmrun.engine.state import new_records
from mmrun.lang.names import joined, split
from mmrun.lang.nodes import FIRST_INPUT, Ticks
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, CodeColumn, FloatColumn, Kind
from mmrun.plan.plan import Plan, SeriesStep


TOUCH = ("bid", "bid_size", "ask", "ask_size")


def rows_of(batch: Batch, streams: Sequence[int]) -> Batch:
    """The batch with rows of those streams, `venue` counting them; others are clock."""
    places = np.full(128, -1, np.int8)
    places[list(streams)] = np.arange(len(streams))
    place = places[batch.venue]
    kind = np.where(place < 0, np.int8(Kind.CLOCK), batch.kind)
    venue = np.where((place < 0) | (kind == Kind.CLOCK), np.int8(0), place)
    return replace(batch, kind=kind, venue=venue, packed=None)


def new_observers(ticks: Sequence[float]) -> Any:
    """What `observe` carries, one a venue."""
    observers = new_records(OBSERVER, len(ticks))
    for observer, tick in zip(observers, ticks, strict=True):
        seen = observer.seen
        seen.tick = tick
        seen.ticks_per_unit = ticks_per_unit(tick)
        seen.per_tick = per_tick(tick)
        seen.bid = seen.bid_size = seen.ask = seen.ask_size = np.nan
        seen.last_trade = np.nan
    return observers


@dataclass(slots=True)
class Sight:
    """The columns of one source, with their state; of a venue the data lacks, missing."""

    source: str
    streams: Sequence[int]  #: the feed's instruments that it looks at
    names: Sequence[str]  #: the columns that are read, without the source
    stale_after_ns: int  #: silence after which one of several has no part
    levels: Levels
    observers: Any  #: OBSERVER, one a stream
    mode: Mode
    kept: KeptColumns

    def look(self, batch: Batch) -> tuple[CodeColumn, dict[str, FloatColumn]]:
        """The bits of the next rows, as what they are to the source, and the columns."""
        if not self.streams:
            missing = np.full(len(batch), np.nan)
            bits = np.full(len(batch), Ticks.OTHER, np.int8)
            return bits, {joined(self.source, name): missing for name in self.names}
        rows = rows_of(batch, self.streams)
        seen = self._observe(rows)
        known: dict[str, FloatColumn] = {n: getattr(seen, n) for n in ("mid", *TOUCH)}
        known |= self.levels.run(rows)
        for name in self.names:
            if name in KEPT:
                known[name] = self.kept.fill(name, rows, seen, np.empty(len(rows)))
        return seen.bits, {joined(self.source, n): known[n] for n in self.names}

    def _observe(self, rows: Batch) -> Observed:
        count = len(rows)
        out = Observed(
            bits=np.zeros(count, np.int8),
            mid=np.empty(count),
            bid=np.empty(count),
            bid_size=np.empty(count),
            ask=np.empty(count),
            ask_size=np.empty(count),
            first=np.empty(count, np.int64),
            second=np.empty(count, np.int64),
            side=np.zeros(count, np.int8),
        )
        tape = TapeRows(*(getattr(rows, name) for name in TapeRows._fields))
        if len(self.streams) == 1:
            done = self.mode(observe)(self.observers, 0, tape, out)
        else:
            look = self.mode(observe_venues)
            done = look(self.observers, 0, tape, out, self.stale_after_ns)
        if done < count:
            raise too_deep()
        return out


def streams_of(
    plan: Plan, instruments: Sequence[Instrument], watched: Sequence[Instrument]
) -> dict[str, tuple[int, ...]]:
    """The sources whose market a plan reads, each with its places in the feed."""
    names = {split(name)[0] for name in plan.base_columns}
    for step in plan.steps:
        names |= {of for of, _ in step.hears} if isinstance(step, SeriesStep) else set()
    symbols = {each.name: each.symbol for each in plan.strategy.references}
    feed = list(enumerate((*instruments, *watched)))
    found: dict[str, tuple[int, ...]] = {}
    for source in sorted(names - {""}):
        symbol = symbols.get(source, instruments[0].symbol)
        here = [(n, each) for n, each in feed if each.symbol == symbol]
        own = (n for n, each in here if source in symbols or each.venue == source)
        found[source] = tuple(own)
    return found


def new_sights(
    names: Sequence[str],
    streams: Mapping[str, Sequence[int]],
    ticks: Sequence[float],
    stale_after_ns: int,
    mode: Mode,
) -> dict[str, Sight]:
    """The sights of a run before its first batch, by source.

    Args:
        names: the market columns that are read, those of sources among them.
        streams: the sources that are looked at, each with the feed's instruments that
            are its own.
        ticks: the feed's instruments' price steps.
        stale_after_ns: silence after which one of several venues has no part.
        mode: how kernels run.
    """
    found = {}
    for source, own in streams.items():
        read = [rest for of, rest in map(split, names) if of == source]
        steps = [ticks[index] for index in own]
        found[source] = Sight(
            source=source,
            streams=own,
            names=read,
            stale_after_ns=stale_after_ns,
            levels=Levels(read if own else (), steps or [1.0], stale_after_ns, mode),
            observers=new_observers(steps),
            mode=mode,
            kept=KeptColumns(mode),
        )
    return found


def of_one_source(step: SeriesStep) -> bool:
    """Whether a step ticks at rows of one source alone: its own bits say what they are."""
    return len(step.hears) == 1 and step.ticks == Ticks.NEVER


def bits_beside(
    step: SeriesStep, bits: CodeColumn, seen: Mapping[str, CodeColumn]
) -> CodeColumn:
    """The rows' bits for a step that ticks at rows of sources too, as `FIRST_INPUT`."""
    if of_one_source(step):
        return seen[step.hears[0][0]]
    new = np.logical_or.reduce([seen[source] & kinds for source, kinds in step.hears])
    found: CodeColumn = bits | new * np.int8(FIRST_INPUT)
    return found
