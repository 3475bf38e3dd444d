"""A compiled strategy: frozen, printable, independent of data until it is bound.

Input names in programs say what is read: a column bears its plain name (`bid`, `c3`),
an input of the strategy begins with `%` (`%alpha`), a value fixed for a run begins with `$` (`$edge`), own state with `@` (`@inventory`), a
value of the last quote evaluation with `~` (`~0`). What is of one venue or reference has
its name before a dot (`NASDAQ.bid`, `@NASDAQ.inventory`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mmrun.lang.nodes import Expr
from mmrun.plan.program import Program
from mmrun.strategy.spec import Strategy


#: What the residual gives of each level, in order, level after level; the values of
#: `~0`, `~1`, … follow.
OUTPUTS = ("fair", "half_spread", "reservation", "bid", "ask", "bid_size", "ask_size")


@dataclass(frozen=True, slots=True)
class Window:
    """The length an over-time function looks back, or its decay.

    Exactly one of `constant` and `param` holds: a number, or the name (with its `$`)
    of a value known when the run starts. `timed` says seconds, else ticks.
    """

    timed: bool
    constant: float | None = None
    param: str | None = None

    def length(self, values: Mapping[str, float]) -> float:
        """The number, of a run with these values."""
        if self.param is not None:
            return float(values[self.param])
        return math.nan if self.constant is None else float(self.constant)


@dataclass(frozen=True, slots=True)
class OwnCall:
    """A function of own fills, such as `fills(10s)`: the kernel keeps what it needs."""

    op: str
    windows: tuple[Window, ...]
    venue: str = ""  #: whose fills; "" those of all


@dataclass(frozen=True, slots=True)
class ColumnStep:
    """One numexpr expression: a column from columns and run values."""

    output: str
    program: Program  #: one output


@dataclass(frozen=True, slots=True)
class SeriesStep:
    """One over-time function: a column from columns, with state carried on."""

    output: str
    op: str  #: a name of `lang.functions`
    inputs: tuple[str, ...]  #: column names, in signature order
    windows: tuple[Window, ...]  #: window and decay arguments, in signature order
    #: lang.nodes.Ticks bits: the rows at which the inputs are observed; of `sample`
    #: the rows that are sampled
    ticks: int
    #: rows of a venue or reference at which they are observed too: name and Ticks bits
    hears: tuple[tuple[str, int], ...] = ()


Step = ColumnStep | SeriesStep


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What the engine runs, printable by `mmrun explain`."""

    strategy: Strategy
    meant: Mapping[str, Expr]  #: OUTPUTS and named lets, before the passes
    venues: tuple[str, ...]  #: that are quoted; none where only the data tells
    #: `venue`, venues and references that OUTPUTS and guards read names of
    sources: tuple[str, ...]
    roots: Mapping[str, Expr]  #: after the passes, `NASDAQ.bid` of one venue
    values: Mapping[str, Expr]  #: run values computed when a run starts, `$` included
    steps: tuple[Step, ...]  #: columns, each after what it reads
    residual: (
        Program  #: outputs: OUTPUTS of each level, `blocks` times, then the `~` values
    )
    blocks: int  #: 1, or where the quotes of venues differ one a venue
    guards: Program  #: outputs: conditions as `rules` says, then the target if given
    #: of each condition the place of its rule in `strategy.guards`, and the venue it is
    #: of, "" of all
    rules: tuple[tuple[int, str], ...]
    texts: Mapping[str, str]  #: what a column or run value stands for, for people
    own: Mapping[str, OwnCall]  #: functions of own fills by input (`@fills(10s)`)

    def __repr__(self) -> str:
        columns = ", ".join(step.output for step in self.steps) or "none"
        rest = len(self.residual.instructions)
        return (
            f"<Plan {self.strategy.name}: columns {columns}; residual of {rest} steps>"
        )

    @property
    def levels(self) -> int:
        """Quotes a side."""
        return self.strategy.quoting.levels.count

    @property
    def base_columns(self) -> tuple[str, ...]:
        """The market columns that steps and residual read, sorted."""
        made = {step.output for step in self.steps}
        return tuple(sorted(n for n in self._read - made if n[0] not in "$@~%"))

    @property
    def input_columns(self) -> tuple[str, ...]:
        """The strategy's inputs that are read, as columns (`%alpha`), sorted."""
        return tuple(sorted(n for n in self._read if n[0] == "%"))

    @property
    def read_at_rows(self) -> tuple[str, ...]:
        """What the kernel reads at a row: columns, run values, state, each once."""
        return tuple(dict.fromkeys((*self.residual.inputs, *self.guards.inputs)))

    @property
    def _read(self) -> set[str]:
        read = set(self.read_at_rows)
        for step in self.steps:
            read |= set(
                step.program.inputs if isinstance(step, ColumnStep) else step.inputs
            )
        return read

    @property
    def previous_count(self) -> int:
        """How many values of the last evaluation the residual keeps."""
        return len(self.residual.outputs) - len(OUTPUTS) * self.levels * self.blocks
