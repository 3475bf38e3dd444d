"""The two trees of a formula: as written (`Node`), and as meant (`Expr`).

`parse` gives a `Node` tree: what the user wrote, with character offsets. `check` turns
it into an `Expr` tree: names resolved, lets replaced by what they stand for, unit
conversions written out, every node with its type, stage and ticks. `Expr`s form a
graph: a let used twice is one object, so walk them with a memo keyed by identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Literal

from mmrun.units import RATIO, Dimension, Quantity


@dataclass(frozen=True, slots=True)
class Number:
    """A literal, with its unit if it has one."""

    quantity: Quantity
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name, or a dotted name such as `venue.maker_cost`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    op: Literal["-", "not"]
    operand: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison, `and` or `or`."""

    op: str
    left: Node
    right: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments, keyword=argument)`."""

    name: str
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...]
    start: int
    end: int


Node = Number | Name | Unary | Binary | Conditional | Call


class Stage(IntEnum):
    """What a value depends on; a node's stage is the largest of its operands'."""

    CONSTANT = 0
    PARAM = 1  #: params, tick, lot, max_inventory: fixed for a run
    DATA = 2  #: market data: a column
    STATE = 3  #: the strategy's own state: left to the row-by-row residual


class Ticks(IntFlag):
    """The rows at which a data value is observed anew.

    Bits from `FIRST_INPUT` on are inputs, in the order of the strategy's `inputs`: the
    rows at which a new value of theirs is seen, whatever else the row is.
    """

    NEVER = 0
    BOOK = 1  #: quote, depth and clear rows
    TRADE = 2
    OTHER = 4  #: clock and status rows: only ages and the time of day move here
    ANY = 7


#: The bit of a strategy's first input.
FIRST_INPUT = 8


def input_ticks(index: int) -> Ticks:
    """The bit of the input at that place, counted from 0."""
    return Ticks(FIRST_INPUT << index)


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, and for numbers a dimension.

    `relative` marks ratios that are relative prices (bps, returns); `bare` marks
    numbers without a unit, which take the unit of what they meet.
    """

    kind: Literal["number", "bool"] = "number"
    dimension: Dimension = RATIO
    relative: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """A checked node. Values are float64; missing is NaN; booleans are 0, 1 or NaN.

    `op` is one of
      leaves: `const` (value in `value`), `param`, `market`, `state`, `input` and
        `given` (the leaf's name in `name`, with its source: `NASDAQ.mid`; `tick` and
        `lot` are params);
      pointwise, whose `name` is what they are called where nobody wrote them: `neg add sub mul div mod pow not and or lt le gt ge eq ne if` and the
        pointwise names of `lang.functions`; `if` has (condition, then, otherwise);
      over time: the over-time names of `lang.functions`, arguments in signature order,
        windows as constant or param expressions (seconds when their dimension is time,
        else a count of ticks);
      order flow and own fills: as over time, their source in `name`;
      `prev`: the value of a state expression at the last quote evaluation; of a quote
        field, `name` holds the field and `args` is empty.
    """

    op: str
    args: tuple[Expr, ...] = ()
    name: str = ""
    value: float = 0.0
    type: Type = Type()
    stage: Stage = Stage.CONSTANT
    ticks: Ticks = Ticks.NEVER
    hears: frozenset[tuple[str, Ticks]] = (
        frozenset()
    )  #: rows of a source it ticks at too
    start: int = 0  #: characters of the formula it came from
    end: int = 0
