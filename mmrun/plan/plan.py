"""A compiled strategy: frozen, printable, independent of data until it is bound."""

from __future__ import annotations

from dataclasses import dataclass

from mmrun.plan.program import Program


@dataclass(frozen=True, slots=True)
class ColumnStep:
    """One numexpr expression: a column from columns and params."""

    output: str
    program: Program  #: its inputs are names of columns or params; one output


@dataclass(frozen=True, slots=True)
class SeriesStep:
    """One over-time function: a column from columns, with state carried on.

    `op` is a name of `lang.functions`; `window` is (params' name or None, seconds,
    ticks): see `Window`.
    """

    output: str
    op: str
    inputs: tuple[str, ...]  #: column names, in signature order
    windows: tuple[Window, ...]  #: window and decay arguments, in signature order
    ticks: int  #: lang.nodes.Ticks bits: the rows at which the inputs are observed


@dataclass(frozen=True, slots=True)
class Window:
    """The length an over-time function looks back, or its decay.

    Exactly one of `constant` and `param` holds: a number, or the name of a value known
    when the run starts. `timed` says whether it counts seconds or ticks.
    """

    timed: bool
    constant: float | None = None
    param: str | None = None


Step = ColumnStep | SeriesStep
