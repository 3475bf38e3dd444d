"""What a row of the table of functions holds: how one is called, what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mmrun.lang.names import joined, named
from mmrun.lang.nodes import Expr, Stage, Ticks


Category = Literal["pointwise", "over_time", "order_flow", "own_fills", "special"]
Kind = Literal[
    "number",  # any number
    "any",  # a number or a condition
    "series",  # a number of market data
    "any_series",  # a number or a condition of market data
    "window",  # a time or a count of ticks, a literal or a param
    "time",  # a time, a literal or a param
    "decay",  # a number between 0 and 1, a literal or a param
    "count",  # a whole number, a literal or a param
    "bucket",  # a size, bare or not, of literals and params
    "rows",  # the word trade or quote
    "side",  # the word bid or ask
    "ticks",  # a whole number of ticks, a literal
    "back",  # of prev: market data, own state, or a quote field's name
]
#: How a result's type follows from the arguments'; see `results.RESULTS`.
Result = Literal[
    "same",  # as x
    "meet",  # what all arguments agree on
    "root",  # half the powers
    "ratio_of_ratio",  # takes a ratio, gives a plain one
    "plain",  # a plain ratio
    "condition",
    "return",  # a relative price if x is a price, else a plain ratio
    "per_root_time",  # x per sqrt(time)
    "price",
    "size",
    "time",
    "price_per_size",
    "per_time",
    "relative",
]
#: When a function over time has no value yet.
WarmUp = Literal[
    "never",  # counts and sums are 0 when empty
    "empty",  # missing while its window holds nothing
    "first",  # missing before the first observation
    "ticks",  # missing before so many ticks
    "time",  # missing before so long
    "whole",  # missing until its whole window has passed since the first observation
    "buckets",  # missing until so many buckets are full
    "fills",  # missing before so many fills
    "quoted",  # missing while we were not quoted
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `optional` ones have a `default` or are alternatives."""

    name: str
    kind: Kind
    optional: bool = False
    default: str = ""  #: a literal
    many: bool = False  #: takes this and all further positional arguments

    def __str__(self) -> str:
        if self.many:
            return f"{self.name}, ..."
        if self.default:
            return f"{self.name}={self.default}"
        return f"{self.name}=..." if self.optional else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A row of the table."""

    name: str
    category: Category
    parameters: tuple[Parameter, ...] = ()
    result: Result = "same"
    look_back: Literal["none", "ticks", "window", "all"] = "none"
    stage: Stage = Stage.CONSTANT  #: at least this; else the largest of the arguments'
    ticks: Ticks = Ticks.NEVER  #: of functions that read the tape themselves
    warm_up: WarmUp = "never"
    doc: str
    definition: str = ""  #: the formula, where `doc` does not say it all
    example: str
    reads: tuple[str, ...] = ()  #: market names that are inputs without being written

    @property
    def over_time(self) -> bool:
        """Whether it is a column that carries state from row to row."""
        if self.category == "own_fills" or self.name in {"prev", "age"}:
            return False
        return self.look_back != "none"

    def split(
        self, args: Sequence[Expr], source: str = ""
    ) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
        """The arguments of a checked call as inputs and window lengths.

        Inputs are what is observed row by row, the names in `reads` among them, of the
        source that the call has; a decay counts as a window length.
        """
        observed = int(self.parameters[0].kind in {"series", "any_series"})
        rows = (named(joined(source, name)) for name in self.reads)
        leaves = tuple(row.leaf(0, 0) for row in rows if row is not None)
        return (*args[:observed], *leaves), tuple(args[observed:])

    @property
    def signature(self) -> str:
        """`ewma(x, half_life=..., decay=...)`."""
        return f"{self.name}({', '.join(map(str, self.parameters))})"
