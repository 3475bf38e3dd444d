"""Steps that need only be computed at trade rows, since nobody looks at them elsewhere.

`sample(std(ret(last_price), 5s), trade)` asks for a deviation of what ticks at trades,
at trades: the steps under the `sample` run on the batch's trade rows alone, and what
they give is the same to the bit, since a row that does not tick leaves the sums of a
window as they are (`engine.series`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from mmrun.engine.jit import Mode, kernel
from mmrun.engine.observe import Observed
from mmrun.lang.nodes import Ticks
from mmrun.market.tape import Batch, CodeColumn, FloatColumn, IntColumn, Kind
from mmrun.plan.plan import ColumnStep, Plan, SeriesStep, Step


_TRADE, _TRADED = int(Kind.TRADE), int(Ticks.TRADE)
#: Market columns whose value at a trade row is the row's own.
AT_TRADES = ("last_price", "last_size", "last_side")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that steps run on, and the columns made of them so far."""

    ts: IntColumn
    bits: CodeColumn
    known: dict[str, FloatColumn]
    #: what a function observes where a column was not made: values at trade rows
    tape: Mapping[str, FloatColumn]

    def observed(self, name: str) -> FloatColumn:
        """What an over-time function reads under that name."""
        return self.known[name] if name in self.known else self.tape[name]


@dataclass(frozen=True, slots=True)
class TradeRows:
    """A batch's trade rows: their indices, and the rows by themselves."""

    rows: IntColumn
    stretch: Stretch


class AtTrades(NamedTuple):
    """Arrays of trade rows to fill; those of AT_TRADES, in its order, may be empty."""

    rows: IntColumn  #: indices in the batch
    ts: IntColumn
    bits: CodeColumn
    price: FloatColumn
    size: FloatColumn
    side: FloatColumn


def trade_rows(
    batch: Batch,
    seen: Observed,
    others: IntColumn,
    names: Iterable[str],
    take: Callable[..., Any],
    mode: Mode,
) -> TradeRows:
    """The trade rows of a batch, with the named columns of AT_TRADES.

    `others` are the indices of the rows that are no quotes; `take` gives arrays to fill.
    """
    most, names = len(others), set(names)
    wanted = [most if name in names else 0 for name in AT_TRADES]
    out = AtTrades(
        take(most, np.int64),
        take(most, np.int64),
        take(most, np.int8),
        *map(take, wanted),
    )
    tape = batch.kind, batch.ts, batch.price, batch.size, seen.side
    count = mode(look_at_trades)(tape, others, out)
    if count < most:
        out = AtTrades._make(column[:count] for column in out)
    known = dict(zip(AT_TRADES, out[3:], strict=True))
    known = {name: column for name, column in known.items() if name in names}
    return TradeRows(out.rows, Stretch(out.ts, out.bits, known, {}))


@kernel
def look_at_trades(tape, others, out):  # type: ignore[no-untyped-def]
    """What the trade rows among `others` show, one after another; how many they are."""
    kind, ts, price, size, side = tape
    found = np.uint64(0)
    for k in range(len(others)):
        row = np.uint64(others[k])
        out.rows[found] = others[k]
        out.ts[found] = ts[row]
        out.bits[found] = _TRADED
        if len(out.price) > 0:
            out.price[found] = price[row]
        if len(out.size) > 0:
            out.size[found] = size[row]
        if len(out.side) > 0:
            out.side[found] = side[row]
        found += np.uint64(kind[row] == _TRADE)
    return np.int64(found)


_NONE = np.zeros(0, np.int64)
NO_TRADES = TradeRows(_NONE, Stretch(_NONE, _NONE.astype(np.int8), {}, {}))


def sparse_steps(plan: Plan) -> frozenset[str]:
    """The outputs of the steps that run at trade rows alone."""
    found: set[str] = set()
    for step in plan.steps:
        if _made_of_trades(step, found):
            found.add(step.output)
    while stray := {name for name in found if not _only_sampled(name, plan, found)}:
        found -= stray
        found -= {s.output for s in plan.steps if not _made_of_trades(s, found)}
    return frozenset(found)


def read_at_trades(plan: Plan, sparse: frozenset[str]) -> tuple[str, ...]:
    """The columns of AT_TRADES that those steps read."""
    read = {n for step in plan.steps if step.output in sparse for n in read_by(step)}
    return tuple(sorted(read.intersection(AT_TRADES)))


def read_by(step: Step) -> tuple[str, ...]:
    """The columns and run values that a step reads."""
    return step.program.inputs if isinstance(step, ColumnStep) else step.inputs


def samples_trades(step: Step) -> TypeGuard[SeriesStep]:
    """Whether a step is `sample(..., trade)`."""
    return (
        isinstance(step, SeriesStep)
        and step.op == "sample"
        and step.ticks == Ticks.TRADE
    )


def _made_of_trades(step: Step, found: set[str]) -> bool:
    """Whether a step can be computed from trade rows and steps that are."""
    if samples_trades(step):
        return False
    columns = [name for name in read_by(step) if not name.startswith("$")]
    if isinstance(step, SeriesStep):
        return step.ticks == Ticks.TRADE and all(
            name in found or name in AT_TRADES for name in columns
        )
    return bool(columns) and all(name in found or name in AT_TRADES for name in columns)


def _only_sampled(name: str, plan: Plan, found: set[str]) -> bool:
    """Whether all that read a step are such steps, or sample it at trades."""
    if name in plan.read_at_rows:
        return False
    return all(
        step.output in found or samples_trades(step) for step in readers(name, plan)
    )


def readers(name: str, plan: Plan) -> Iterator[Step]:
    """The steps that read a column."""
    return (step for step in plan.steps if name in read_by(step))
