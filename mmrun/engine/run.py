"""The loop: a plan meets a feed, and what happened is recorded.

For every batch of the feed
  1. Columns: prices as ticks, trade signs, the touch (`observe.observe`, of several
     venues `consolidate.observe_venues`), the markets of single venues and references
     (`sights`), a run's inputs (`asof`), then numexpr expressions and over-time
     functions in turn; what rows alone read is computed at fresh rows, where something
     that it is made of changes (`layout`, `fresh`); lives in `pipeline.Pipeline`. Rows
     of what is not quoted are clock rows from here on.
  2. Rows, one after another; lives in `kernel.advance`. For each row
     a. Run what is due before it, in time order: answers and fill notices reaching us,
        session open and close, flattening, silence, requests reaching a venue, the
        equity grid. Requests and the grid of exactly the row's time wait for the rows
        of that time. Deadlines may cancel; placing happens only at rows. Lives in
        `guards.run_due`.
     b. Apply the row to its venue. A trade is matched against our resting orders in
        queue order, its size consumed once; a book row moves the book, marks the
        inventory held so far to the new mid, fills orders it reaches, and lowers what
        is ahead of us. Lives in `kernel.apply_row`, `fills`, `book`.
     c. Book the fills: against the mid now in force (on a trade row the last book
        row's, on a book row the new one), then fees. Lives in `accounts.fill`.
     d. Update own state: cost, P&L, peaks; lives in `accounts.watch_equity`.
     e. Look at guards: conditions of the strategy's own rules, where something they read
        has changed (`rules.watch_rules`), session, halts, silence, a crossed book,
        stop_all. Rules in force pull sides or change quotes (`rules.weigh`), a guard pulls
        both sides of a venue. Lives in `guards.apply_guards`. While positions are
        flattened, a taker order follows; lives in `guards.flatten`.
     f. At the rows `requote.on` names: formulas (`quoting.evaluate_formulas`: the
        residual, a compiled function), then at each venue rounding, own crossing,
        post-only, limits (`quoting.target_price`, `quoting.limited_size`); what several
        levels have to do with each other, in `ladder`.
     g. Compare with the working orders and send requests, at once when all latencies
        are zero; lives in `quoting.quote_venue`, `ladder.quote_levels`, `orders`.
     h. Record what changed: fills and order events as they happen, decisions when a
        side's rule changes (`orders.log_decision`), equity on its grid.

Steps d to f are taken where something they read has changed since they were last taken
(`state.changed`, `state.steady`): elsewhere they would find the same. What most rows of
most runs ask for, our two orders moved or filled whole, is done in a loop of its own, to
the same result (`engine.plain`); so are, in other runs, quote rows at prices that have
not moved (`kernel.is_calm`). Time is counted when what it is counted by is about to
change; lives in `clock`.

All state is in the arrays of `state.Machine` and in the pipeline, so any split of the
feed into batches gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrun.engine import kernel
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.beside import awaited, one_beside
from mmrun.engine.bind import (
    configure,
    is_inverse,
    new_machine,
    run_values,
    shared_sizes,
    too_deep,
)
from mmrun.engine.columns import use_threads
from mmrun.engine.interpret import python_residual
from mmrun.engine.jit import Mode, uncompiled
from mmrun.engine.pipeline import Columns, Pipeline, new_pipeline
from mmrun.engine.records import (
    DECISION,
    EQUITY,
    FILL,
    FIRST_OWN,
    ORDER,
    OwnRule,
    Recording,
    Totals,
)
from mmrun.engine.residual import Residual, compile_residual
from mmrun.engine.state import (
    KEPT_FILLS,
    LEVELS,
    NEVER,
    ROOM,
    ROW_ROOM,
    TRUE,
    Machine,
    new_machines,
)
from mmrun.market.inputs import InputColumn
from mmrun.market.tape import EMPTY, Batch, Feed
from mmrun.plan.compile import at_venues
from mmrun.plan.plan import Plan
from mmrun.plan.program import Program
from mmrun.problems import DataError


SECOND_NS = 1_000_000_000
#: Grid steps of the equity record; the first that gives at most GRID_POINTS.
GRID_STEPS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600)
GRID_POINTS = 100_000
#: Rows of the first batch that go ahead.
FIRST_ROWS = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what assumptions a plan runs."""

    model: FillModel = field(default_factory=FillModel)
    latency: Latency = field(default_factory=Latency)
    #: (open, close) ns, in order; None: one endless session
    sessions: Sequence[tuple[int, int]] | None = None
    #: ns to add to UTC for the session's local time, at a UTC time in ns
    utc_offset: Callable[[int], int] = lambda _: 0
    #: the strategy's inputs by name; one that is not there has its default alone
    inputs: Mapping[str, InputColumn] = field(default_factory=dict)
    mode: Mode = uncompiled


class _Recorder:
    """What the kernel's output arrays held whenever they were emptied, end to end."""

    def __init__(self, machines: Any) -> None:
        """Look at the arrays of one machine; they are empty."""
        plain = machines.view(np.ndarray)
        self._counts = {name: plain["state"][f"{name}_used"] for name in _RECORDS}
        self._written = {name: _as_bytes(plain[name][0]) for name in _RECORDS}
        self._kept = {name: np.empty(0, np.uint8) for name in _RECORDS}
        self._used = dict.fromkeys(_RECORDS, 0)

    def empty(self) -> None:
        """Take what the machine has written."""
        for name, dtype in _RECORDS.items():
            if count := int(self._counts[name][0]):
                self._append(name, self._written[name][: count * dtype.itemsize])
                self._counts[name][0] = 0

    def records(self, name: str) -> Any:
        """All records of a kind, in the order they were written."""
        last = int(self._counts[name][0]) * _RECORDS[name].itemsize
        if not self._used[name]:
            return self._written[name][:last].view(_RECORDS[name])
        self._append(name, self._written[name][:last])
        return self._kept[name][: self._used[name]].view(_RECORDS[name])

    def _append(self, name: str, written: NDArray[np.uint8]) -> None:
        used, end = self._used[name], self._used[name] + len(written)
        if end > len(self._kept[name]):
            grown = np.empty(4 * end, np.uint8)
            grown[:used] = self._kept[name][:used]
            self._kept[name] = grown
        self._kept[name][used:end] = written
        self._used[name] = end


def _as_bytes(records: Any) -> NDArray[np.uint8]:
    """The memory of contiguous records; numpy copies records field by field."""
    view: NDArray[np.uint8] = records.view(np.uint8)
    return view


#: The machine's output arrays, and what they are made of.
_RECORDS = {"fills": FILL, "orders": ORDER, "decisions": DECISION, "equity": EQUITY}


def drive(
    plan: Plan,
    feed: Feed,
    conditions: Conditions,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Recording:
    """Run a plan over a feed; `progress` is told the rows done after each batch."""
    return start(plan, feed, conditions).over(feed, progress=progress)


def start(plan: Plan, feed: Feed, conditions: Conditions) -> Run:
    """Bind a plan to a feed's instrument, ready to run; nothing has been read yet."""
    if conditions.mode is not uncompiled:  # which needs no numexpr
        use_threads(1)
    instruments, watched = feed.instruments, feed.watched
    plan = at_venues(plan, [instrument.venue for instrument in instruments])
    tick, lot, multiplier = shared_sizes(plan.strategy, instruments)
    config = configure(
        plan.strategy,
        multiplier,
        inverse=is_inverse(instruments),
        model=conditions.model,
        latency=conditions.latency,
        grid_ns=grid_step(*feed.span),
        plan=plan,
    )
    values = run_values(plan, tick, lot)
    always = ((-NEVER, NEVER),)
    sessions = always if conditions.sessions is None else tuple(conditions.sessions)
    pipeline = new_pipeline(
        plan,
        instruments,
        values,
        sessions=sessions,
        utc_offset=conditions.utc_offset,
        inputs=conditions.inputs,
        mode=conditions.mode,
        watched=watched,
    )
    machines = new_machine(
        plan,
        instruments,
        config,
        values,
        columns=pipeline.columns,
        sessions=sessions,
    )
    venues = tuple(instrument.venue for instrument in instruments)
    programs = (plan.residual, plan.guards) if plan.guards.outputs else (plan.residual,)
    run = Run(
        plan,
        venues,
        pipeline,
        machines,
        conditions.mode,
        tuple(_formula(program, conditions.mode) for program in programs),
    )
    run.warm()
    return run


def grid_step(first_ts: int, last_ts: int) -> int:
    """The step of the equity grid for a tape of that span, ns."""
    for step in GRID_STEPS_S:
        if (last_ts - first_ts) // (step * SECOND_NS) <= GRID_POINTS:
            return step * SECOND_NS
    return GRID_STEPS_S[-1] * SECOND_NS


def _formula(program: Program, mode: Mode) -> Residual | Callable[[Any], None]:
    """A program in the form the mode runs: machine code, or plain Python."""
    if mode is not uncompiled:
        return compile_residual(program)
    return python_residual(program)


def _short_first(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, a little of the first by itself: the kernel waits for that alone."""
    for batch in batches:
        yield batch.rows(0, min(FIRST_ROWS, len(batch)))
        if len(batch) > FIRST_ROWS:
            yield batch.rows(FIRST_ROWS, len(batch))
        break
    yield from batches


@dataclass(slots=True)
class Run:
    """A run under way: feed it batches, then finish."""

    plan: Plan
    venues: tuple[str, ...]
    pipeline: Pipeline
    machines: Any  #: MACHINE[1]
    mode: Mode
    #: of the quotes, and of the guards where there are any
    formulas: tuple[Residual | Callable[[Any], None], ...]
    recorder: _Recorder = field(init=False)
    last_ts: int = 0

    def __post_init__(self) -> None:
        """Where the machine's output goes."""
        self.recorder = _Recorder(self.machines)

    def warm(self) -> None:
        """Compile or load the kernels on no rows, so that running is all that is timed."""
        rows, block = self.pipeline.run(EMPTY)
        scratch = new_machines()
        self.mode(kernel.advance)(scratch, rows, 0, block, self._calls)
        self.mode(kernel.finish)(scratch, 0)

    def over(
        self, feed: Feed, *, progress: Callable[[int], None] = lambda _: None
    ) -> Recording:
        """Run all batches of a feed; `progress` is told the rows done after each.

        While the kernel runs one batch, the columns of the next are computed beside it.
        """
        done = 0
        for columns in self._columns_ahead(feed):
            done += self._advance(columns)
            progress(done)
        return self.finish()

    def _columns_ahead(self, feed: Feed) -> Iterator[Columns]:
        """The columns of each batch; the next is read and computed meanwhile."""
        batches = _short_first(feed.batches())

        def columns() -> Columns | None:
            batch = next(batches, None)
            return None if batch is None else self.pipeline.run(batch)

        with one_beside() as beside:
            coming = beside.submit(columns)
            while (ready := awaited(coming)) is not None:
                coming = beside.submit(columns)
                yield ready

    def feed(self, batch: Batch) -> None:
        """Run one batch; afterwards nothing of it is kept but the state it left."""
        self._advance(self.pipeline.run(batch))

    def _advance(self, columns: Columns) -> int:
        """Run the rows of a batch whose columns are there; how many they were."""
        rows, block = columns
        count = len(rows.ts)
        advance = self.mode(kernel.advance)
        calls = self._calls
        done = advance(self.machines, rows, 0, block, calls)
        while done < count:
            self._make_room()
            done = advance(self.machines, rows, done, block, calls)
        if count:
            self.last_ts = int(rows.ts[-1])
        if self.machines.view(np.ndarray)["state"]["watch_full"][0]:
            msg = (
                f"a window holds more than {KEPT_FILLS:,} own fills, or gaps in quoting"
            )
            raise DataError(msg, hint="shorten the windows of fills and own_markout")
        return count

    @property
    def _calls(self) -> kernel.Formulas:
        """The programs as kernels take them: an address each, or a Python function."""
        calls = [f.address if isinstance(f, Residual) else f for f in self.formulas]
        return kernel.Formulas(calls[0], calls[-1])

    def _make_room(self) -> None:
        """Empty the outputs; what still lacks room then cannot be had."""
        self.recorder.empty()
        plain = self.machines.view(np.ndarray)  # a record's attributes are slow
        if plain["venues"]["book"]["count"].max() + 1 >= LEVELS:
            raise too_deep()
        if plain["state"]["notice_count"][0] + ROW_ROOM > ROOM:
            msg = f"more than {ROOM - ROW_ROOM} fills were under way to us at once"
            raise DataError(msg, hint="shorten the response latency")

    def finish(self) -> Recording:
        """What happened, once the feed has ended."""
        machine = self.machines[0]
        ended = self.mode(kernel.finish)
        while machine.state.started and not ended(self.machines, self.last_ts):
            self._make_room()
        self.pipeline.close()
        recorder = self.recorder
        return Recording(
            fills=recorder.records("fills"),
            orders=recorder.records("orders"),
            decisions=recorder.records("decisions"),
            equity=recorder.records("equity"),
            totals=_totals(self.plan, machine, self.pipeline, self.last_ts),
            missing_names=tuple(
                self.plan.texts.get(name, name.lstrip("$@~%"))
                for name in self.plan.residual.inputs
            ),
            venues=self.venues,
        )


def _totals(plan: Plan, machine: Machine, pipeline: Pipeline, last_ts: int) -> Totals:
    state = machine.state
    true = machine.accounts[TRUE]
    seen = pipeline.observers.view(np.ndarray)["seen"]
    count = int(machine.config.venues)
    venues = machine.venues.view(np.ndarray)[:count]
    codes = FIRST_OWN + len(plan.strategy.guards)
    rule_ns, both_ns = venues["rule_ns"][..., :codes], venues["both_ns"]
    if count == 1:  # of one venue the run's own say it
        rule_ns, both_ns = machine.rule_ns[None, :, :codes], np.array([state.both_ns])
    multiplier = float(machine.config.multiplier)
    position = float(true.position)
    mid = float(state.mid)
    marked = -1.0 / mid if machine.config.inverse == 1 and mid else mid
    unrealized = position * (marked - float(true.cost)) * multiplier
    return Totals(
        events=int(state.events),
        quotes=int(state.quotes),
        trades=int(state.trades),
        first_ts=int(state.first_ts),
        last_ts=last_ts,
        final_mid=float(state.mid),
        final_inventory=position,
        cash=float(true.cash),
        spread_pnl=float(state.spread_pnl),
        inventory_pnl=float(state.inventory_pnl),
        fees=float(true.fees),
        rebates=float(true.rebates),
        realized_pnl=float(true.realized),
        unrealized_pnl=unrealized if position else 0.0,
        max_drawdown=float(state.max_drawdown),
        max_abs_inventory=float(state.max_abs_inventory),
        abs_inventory_ns=float(state.abs_inventory_ns),
        rule_ns=machine.rule_ns[:, :codes].copy(),
        session_ns=int(state.session_ns),
        both_ns=int(state.both_ns),
        touch_ns=machine.touch_ns.copy(),
        orders=int(state.orders),
        cancels=int(state.cancels),
        rejects=int(state.rejects),
        signed_trades=int(seen["inferred"].sum()),
        unknown_trades=int(seen["unknown"].sum()),
        venue_rule_ns=rule_ns.copy(),
        venue_both_ns=both_ns.copy(),
        watched_rows=np.zeros(0, np.int64)
        if pipeline.watched is None
        else pipeline.watched.copy(),
        level_rule_ns=machine.level_ns[: int(machine.config.levels), :, :codes].copy(),
        own_rules=tuple(_own_rules(plan, machine)),
    )


def _own_rules(plan: Plan, machine: Machine) -> Iterator[OwnRule]:
    """What became of each rule; of one that there is at each venue, over them all."""
    rules = machine.rules.view(np.ndarray)[: int(machine.config.rules)]
    for code, guard in enumerate(plan.strategy.guards, FIRST_OWN):
        of = rules[rules["code"] == code]
        unknown_ns = int(of["unknown_ns"].max(initial=0))
        yield OwnRule(guard.name, int(of["events"].sum()), unknown_ns)
