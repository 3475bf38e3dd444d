"""A batch becomes columns: observed, held, computed by numexpr and series in turn.

State is carried from batch to batch, so any split of a tape gives the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.asof import AsOf, Joined, bits_with
from mmrun.engine.bind import sizes_of, too_deep
from mmrun.engine.buffers import Buffers, give_back, spare_buffers
from mmrun.engine.columns import ColumnProgram, compile_program
from mmrun.engine.consolidate import observe_venues
from mmrun.engine.fresh import FreshColumns
from mmrun.engine.interpret import InterpretedColumn
from mmrun.engine.jit import Mode, uncompiled
from mmrun.engine.kept import KEPT, KeptColumns
from mmrun.engine.kernel import Rows
from mmrun.engine.layout import lay_out, parted
from mmrun.engine.levels import Levels
from mmrun.engine.observe import Observed, TapeRows, observe
from mmrun.engine.observe_quotes import NOT_PACKED, NOT_QUOTES, observe_quotes
from mmrun.engine.series import SeriesRunner
from mmrun.engine.sights import (
    Sight,
    bits_beside,
    new_observers,
    new_sights,
    of_one_source,
    rows_of,
    streams_of,
)
from mmrun.engine.sparse import (
    NO_TRADES,
    Stretch,
    TradeRows,
    read_at_trades,
    samples_trades,
    sparse_steps,
    trade_rows,
)
from mmrun.engine.state import NEVER
from mmrun.lang.names import level_of, split
from mmrun.lang.nodes import FIRST_INPUT, Ticks, input_ticks
from mmrun.market.inputs import InputColumn
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, CodeColumn, IntColumn, Kind, Packed
from mmrun.plan.plan import ColumnStep, Plan, SeriesStep, Step


T = TypeVar("T", bound=np.generic)
Floats = NDArray[np.float64]
_DAY_S = 86_400

#: A batch as the kernel takes it.
Columns = tuple[Rows, Floats]


@dataclass(slots=True)
class Pipeline:
    """The columns of one run, with their state.

    What `run` gives stays as it is during its next call, and no longer: the kernel
    reads one batch while the columns of the next are computed.
    """

    plan: Plan
    values: Mapping[str, float]
    sessions: Sequence[tuple[int, int]]
    utc_offset: Callable[[int], int]  #: ns to add to UTC for local time, at a UTC time
    mode: Mode
    kept: KeptColumns
    observers: Any  #: OBSERVER, one a venue
    tick: float  #: of the first of them
    stale_after_ns: int  #: silence after which a venue has no part in the market
    levels: Levels  #: the market columns of deeper levels
    fresh: FreshColumns  #: what the kernel reads
    read: frozenset[str]  #: the market columns that are read
    held_columns: tuple[str, ...]  #: those of them to be made beside the touch
    sparse: frozenset[str]  #: the steps that run on trade rows alone
    read_at_trades: tuple[str, ...]  #: the market columns that those read
    opens: NDArray[np.int64]  #: times at which windows start over and have not yet, ns
    due: NDArray[np.int64]  #: those of them in the batch
    sights: Mapping[str, Sight]  #: the markets of single venues and references, by name
    watched: NDArray[np.int64] | None  #: rows of each instrument that is not quoted
    begun: bool = False  #: a row of what is quoted has come
    seen: dict[str, CodeColumn] = field(default_factory=dict)  #: bits of each sight
    looked: dict[str, Floats] = field(default_factory=dict)  #: and its columns
    programs: dict[str, ColumnProgram | InterpretedColumn] = field(default_factory=dict)
    runners: dict[str, SeriesRunner] = field(default_factory=dict)
    inputs: dict[str, AsOf] = field(default_factory=dict)  #: by column (`%alpha`)
    joined: dict[str, Joined] = field(default_factory=dict)  #: of this batch
    constants: dict[str, Floats] = field(default_factory=dict)
    buffers: Buffers = field(default_factory=spare_buffers)
    others: Buffers = field(default_factory=spare_buffers)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the kernel's block holds."""
        return self.fresh.layout.columns

    def run(self, batch: Batch) -> Columns:
        """The rows as the kernel reads them, and a float64 block [column, fresh row].

        A row is fresh where a column's bit pattern is not that of the row before; the
        first of the block is what the rows before the batch ended with.

        Rows of what is not quoted come to it as clock rows; those before the first of
        what is are looked at and left out.
        """
        if self.watched is None:
            return self._run(batch)
        ahead = 0
        if not self.begun:
            own = np.flatnonzero(batch.venue < len(self.observers))
            ahead = int(own[0]) if len(own) else len(batch)
            self.begun = bool(len(own))
        if ahead:
            self._run(batch.rows(0, ahead))
        return self._run(batch.rows(ahead, len(batch)))

    def _own_rows(self, batch: Batch) -> Batch:
        """Look at the markets of single sources; the rows of what is quoted."""
        self.looked, self.seen = {}, {}
        for source, sight in self.sights.items():
            self.seen[source], columns = sight.look(batch)
            self.looked |= columns
        if self.watched is None:
            return batch
        quoted = len(self.observers)
        others = batch.venue[batch.venue >= quoted] - quoted
        self.watched += np.bincount(others, minlength=len(self.watched))
        return rows_of(batch, range(quoted))

    def _run(self, batch: Batch) -> Columns:
        batch = self._own_rows(batch)
        self.buffers, self.others = self.others, self.buffers
        self.buffers.begin()
        self.due = self.opens
        if len(self.opens):
            count = np.searchsorted(self.opens, batch.ts[-1:], side="right").sum()
            self.due, self.opens = self.opens[:count], self.opens[count:]
        leaves = self.fresh.begin(len(batch), self.buffers)
        seen, others = self._observe(batch, leaves)
        trades = NO_TRADES
        if self.sparse:
            take, mode = self.buffers.take, self.mode
            trades = trade_rows(batch, seen, others, self.read_at_trades, take, mode)
        self._trade_steps(trades)
        self._dense_steps(batch, seen, trades, leaves)
        block = self._late_steps(batch.ts, seen.bits, trades.rows)
        rows = Rows(
            ts=batch.ts,
            kind=batch.kind,
            bits=seen.bits,
            mid=seen.mid,
            bid_size=batch.bid_size,
            ask_size=batch.ask_size,
            first=seen.first,
            second=seen.second,
            size=batch.size,
            side=seen.side,
            status=batch.status,
            venue=batch.venue,
        )
        return rows, block

    def close(self) -> None:
        """No batch comes any more, and nobody reads what was given."""
        give_back(self.others)
        give_back(self.buffers)

    def _observe(
        self, batch: Batch, leaves: Mapping[str, Floats]
    ) -> tuple[Observed, IntColumn]:
        """What the rows show, and the indices of those that are no quotes."""
        count = len(batch)
        take = self.buffers.take
        prices = count if self.read & {"bid", "ask"} else 0
        sizes = count if self.read & {"bid_size", "ask_size"} else 0
        packed = self._packed(batch)

        def place(name: str, length: int) -> Floats:
            return leaves[name] if name in leaves else take(length)

        out = Observed(
            bits=take(count, np.int8),
            mid=place("mid", count),
            bid=place("bid", prices),
            bid_size=place("bid_size", sizes),
            ask=place("ask", prices),
            ask_size=place("ask_size", sizes),
            first=take(count, np.int64) if packed is None else packed.first,
            second=take(count, np.int64) if packed is None else packed.second,
            side=take(count, np.int8),
        )
        calm = NOT_PACKED if packed is None else packed.calm
        tape = TapeRows(*(getattr(batch, name) for name in TapeRows._fields))
        others = take(count, np.int64)
        if len(self.observers) > 1:
            look = self.mode(observe_venues)
            done = look(self.observers, 0, tape, out, self.stale_after_ns)
        else:
            found = self.mode(observe_quotes)(self.observers, tape, calm, out, others)
            if found != NOT_QUOTES:
                return out, others[:found]
            done = self.mode(observe)(self.observers, 0, tape, out)
        if done < count:
            raise too_deep()
        return out, np.flatnonzero(batch.kind != Kind.QUOTE)

    def _packed(self, batch: Batch) -> Packed | None:
        """What is packed of a batch of one venue, if by the run's own price step."""
        packed = batch.packed
        if packed is None or packed.tick != self.tick or len(self.observers) > 1:
            return None
        return packed

    def _market_columns(self, batch: Batch, seen: Observed) -> dict[str, Floats]:
        known: dict[str, Floats] = {
            "mid": seen.mid,
            "bid": seen.bid,
            "bid_size": seen.bid_size,
            "ask": seen.ask,
            "ask_size": seen.ask_size,
        }
        for name in self.held_columns:
            known[name] = self._base(name, batch, seen)
        self.joined = {name: one.join(batch.ts) for name, one in self.inputs.items()}
        known |= self.levels.run(batch)
        known |= self.looked
        return known | {name: one.value for name, one in self.joined.items()}

    def _base(self, name: str, batch: Batch, seen: Observed) -> Floats:
        if name in KEPT:
            out = self.buffers.take(len(batch))
            return self.kept.fill(name, batch, seen, out)
        if name == "time_of_day":
            return self._time_of_day(batch.ts)
        return self._time_left(batch.ts)

    def _time_of_day(self, ts: NDArray[np.int64]) -> Floats:
        """Seconds since local midnight."""
        hours = ts // 3_600_000_000_000
        found, index = np.unique(hours, return_inverse=True)
        offsets = np.array([self.utc_offset(int(h) * 3_600_000_000_000) for h in found])
        local = ts + offsets[index]
        result: Floats = (local % (_DAY_S * 1_000_000_000)) / 1e9
        return result

    def _time_left(self, ts: NDArray[np.int64]) -> Floats:
        """Seconds to the close of the session a row is in; missing outside."""
        if not self.sessions or self.sessions[0][1] >= NEVER:
            return np.full(len(ts), np.nan)
        opens = np.array([o for o, _ in self.sessions])
        closes = np.array([c for _, c in self.sessions])
        index = np.searchsorted(opens, ts, side="right") - 1
        left = (closes[index] - ts) / 1e9
        return np.where((index >= 0) & (left > 0), left, np.nan)

    def _trade_steps(self, trades: TradeRows) -> None:
        """The columns at trade rows alone."""
        places = self.fresh.hold(len(trades.rows), self.buffers)
        for step in self.plan.steps:
            if (name := step.output) in self.sparse:
                out = places.get(name)
                if out is None:
                    out = self.buffers.take(len(trades.rows))
                self._compute(step, trades.stretch, out)
                trades.stretch.known[name] = out

    def _dense_steps(
        self,
        batch: Batch,
        seen: Observed,
        trades: TradeRows,
        leaves: Mapping[str, Floats],
    ) -> None:
        """The columns at every row; what fresh rows are made of goes into `leaves`."""
        known = self._market_columns(batch, seen)
        tape = {"last_price": batch.price, "last_size": batch.size}
        whole = Stretch(batch.ts, seen.bits, known, tape)
        elsewhere = self.fresh.layout.elsewhere
        for step in self.plan.steps:
            if (name := step.output) in elsewhere:
                continue
            out = leaves.get(name)
            if out is None:
                out = self.buffers.take(len(batch))
            known[name] = out
            if samples_trades(step) and step.inputs[0] in self.sparse:
                self._spread(step, trades, batch.ts, out)
            else:
                self._compute(step, whole, out)
        for name, row in leaves.items():
            if known[name] is not row:
                row[:] = known[name]

    def _late_steps(self, ts: IntColumn, bits: CodeColumn, trades: IntColumn) -> Floats:
        """The columns that the kernel reads, at fresh rows; the others are SAME."""
        layout = self.fresh.layout
        if len(self.due) and layout.held:
            self.fresh.start_over(trades, np.searchsorted(ts, self.due), bits)
        held = self.fresh.all_held()
        for step in self.plan.steps:
            if isinstance(step, ColumnStep) and step.output in held:
                self._pointwise(step, held, held[step.output])
        found = self.fresh.find(bits, self.buffers)
        for step in self.plan.steps:
            if isinstance(step, ColumnStep) and step.output in layout.late:
                if (out := found.known.get(step.output)) is None:
                    out = found.known[step.output] = self.buffers.take(found.number)
                self._pointwise(step, found.known, out)
        return self.fresh.keep(found, bits, self.buffers)

    def _compute(self, step: Step, on: Stretch, out: Floats) -> None:
        if isinstance(step, ColumnStep):
            self._pointwise(step, on.known, out)
            return
        inputs = [on.observed(name) for name in step.inputs]
        bits = self._bits(step, on.bits)
        runner = self.runners[step.output]
        for here in self._since_opens(on.ts, runner):
            columns = [_part(column, here) for column in inputs]
            ts = _part(on.ts, here)
            runner.run(ts, _part(bits, here), columns, _part(out, here))

    def _pointwise(
        self, step: ColumnStep, known: Mapping[str, Floats], out: Floats
    ) -> None:
        inputs = [
            self.constants[name] if name.startswith("$") else known[name]
            for name in step.program.inputs
        ]
        self.programs[step.output].run(inputs, out)

    def _spread(
        self, step: SeriesStep, trades: TradeRows, ts: IntColumn, out: Floats
    ) -> None:
        """What is sampled at trades, at every row."""
        runner = self.runners[step.output]
        values = trades.stretch.known[step.inputs[0]]
        for here in self._since_opens(ts, runner):
            if here == slice(0, len(ts)):
                runner.spread(trades.rows, values, out)
                continue
            low, high = np.searchsorted(trades.rows, (here.start, here.stop))
            runner.spread(
                trades.rows[low:high] - here.start, values[low:high], out[here]
            )

    def _since_opens(
        self, ts: NDArray[np.int64], runner: SeriesRunner
    ) -> Iterator[slice]:
        """Rows of the batch between opens; the runner starts over before each open."""
        opens = np.searchsorted(ts, self.due).tolist() if len(self.due) else ()
        edges = (0, *opens, len(ts))
        for nth, (start, stop) in enumerate(pairwise(edges)):
            if nth:
                runner.restart()
            yield slice(start, stop)

    def _bits(self, step: SeriesStep, bits: CodeColumn) -> CodeColumn:
        """The rows' bits for a step; all inputs that it looks at share one."""
        names = _ticking(step, self.plan)
        bits = bits_with(bits, [self.joined[n] for n in names]) if names else bits
        return bits_beside(step, bits, self.seen) if step.hears else bits


def _part(column: NDArray[T], rows: slice) -> NDArray[T]:
    """Those rows of a column: it itself, which kernels know, where they are all."""
    return column if rows == slice(0, len(column)) else column[rows]


def _ticking(step: SeriesStep, plan: Plan) -> list[str]:
    """The inputs whose new values a step observes, as columns."""
    inputs = enumerate(plan.strategy.inputs)
    return [f"%{each.name}" for i, each in inputs if input_ticks(i) & step.ticks]


def _on_one_bit(step: SeriesStep) -> SeriesStep:
    """The step with the bits of all inputs and sources as `FIRST_INPUT`, in one byte."""
    if of_one_source(step):
        return replace(step, ticks=step.hears[0][1])
    others = FIRST_INPUT if step.ticks >= FIRST_INPUT or step.hears else 0
    return replace(step, ticks=step.ticks & Ticks.ANY | others)


def _held_columns(plan: Plan, sparse: frozenset[str]) -> tuple[str, ...]:
    """Market columns beside the touch that somebody reads at every row.

    What looks at trade rows alone takes a trade's price and size from the tape.
    """
    at_trades = ("last_price", "last_size")
    read: set[str] = set(plan.read_at_rows)
    for step in plan.steps:
        if step.output in sparse:
            continue
        if isinstance(step, ColumnStep):
            read |= set(step.program.inputs)
        else:
            over_trades = step.ticks == Ticks.TRADE
            read |= {n for n in step.inputs if not (over_trades and n in at_trades)}
    made = {"mid", "bid", "bid_size", "ask", "ask_size"}
    names = (n for n in plan.base_columns if n in read - made and not split(n)[0])
    return tuple(n for n in names if level_of(n) is None)


def new_pipeline(
    plan: Plan,
    instruments: Sequence[Instrument],
    values: Mapping[str, float],
    *,
    sessions: Sequence[tuple[int, int]],
    utc_offset: Callable[[int], int],
    mode: Mode,
    inputs: Mapping[str, InputColumn] | None = None,
    watched: Sequence[Instrument] = (),
) -> Pipeline:
    """The columns of a run before its first batch; `watched` are not quoted."""
    ticks = [sizes_of(plan.strategy, each)[0] for each in instruments]
    stale_after = plan.strategy.risk.stale_after_ns
    stale_after_ns = NEVER if stale_after is None else stale_after
    sparse = sparse_steps(plan)
    plan = parted(plan, sparse)
    pipeline = Pipeline(
        plan=plan,
        values=values,
        sessions=sessions,
        utc_offset=utc_offset,
        mode=mode,
        kept=KeptColumns(mode),
        observers=new_observers(ticks),
        tick=ticks[0],
        stale_after_ns=stale_after_ns,
        levels=Levels(plan.base_columns, ticks, stale_after_ns, mode),
        sights=new_sights(
            plan.base_columns,
            streams_of(plan, instruments, watched),
            [*ticks, *(each.tick for each in watched)],
            stale_after_ns,
            mode,
        ),
        watched=np.zeros(len(watched), np.int64) if watched else None,
        fresh=FreshColumns(lay_out(plan, sparse), mode),
        read=frozenset(plan.base_columns),
        held_columns=_held_columns(plan, sparse),
        sparse=sparse,
        read_at_trades=read_at_trades(plan, sparse),
        opens=np.array(
            [opens for opens, _ in sessions if plan.strategy.session.reset_windows],
            np.int64,
        ),
        due=np.zeros(0, np.int64),
        constants={name: np.array(value) for name, value in values.items()},
    )
    make = InterpretedColumn if mode is uncompiled else compile_program
    for step in plan.steps:
        if isinstance(step, ColumnStep):
            pipeline.programs[step.output] = make(step.program)
        else:
            narrow = _on_one_bit(step)
            pipeline.runners[step.output] = SeriesRunner(narrow, values, mode=mode)
    for each in plan.strategy.inputs:
        if (name := f"%{each.name}") in plan.input_columns:
            pipeline.inputs[name] = AsOf(each, (inputs or {}).get(each.name))
    return pipeline
