"""What a formula is checked against, and where its problems are gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from mmrun.lang.names import LOT, TICK
from mmrun.lang.nodes import Expr, Node, Stage, Ticks, Type, input_ticks
from mmrun.problems import Problem, problem_at
from mmrun.strategy.spec import Formula, Input, Param, Venue
from mmrun.units import RATIO, Dimension, Unit


_SHOWN = 48  #: characters of a formula quoted in a message


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of a strategy that a formula can see.

    `bindings` holds params, inputs, and the lets and quote fields that are already
    checked; a name of `pending` that is not among them could not be (its own problems
    are reported elsewhere, so using it is not a problem again). `values` are what params
    are worth, where known, so that a window of no length is found before a run.
    `venues` are those of the file, none where it leaves them to the dataset;
    `references` are the names that stand for other instruments.
    """

    bindings: Mapping[str, Expr] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    units_off: bool = False
    values: Mapping[str, float] = field(default_factory=dict)
    venues: tuple[Venue, ...] = ()
    references: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Operand:
    """A checked operand with the text it came from."""

    node: Node
    expr: Expr


@dataclass(frozen=True, slots=True)
class Context:
    """One formula being checked; `problems` grows as it is."""

    formula: Formula
    scope: Scope
    problems: list[Problem] = field(default_factory=list)

    def text(self, node: Node) -> str:
        """What the user wrote for a node, on one line, shortened."""
        written = " ".join(self.formula.text[node.start : node.end].split())
        return written if len(written) <= _SHOWN else written[: _SHOWN - 1] + "…"

    def error(self, code: str, message: str, node: Node, *hints: str) -> None:
        """Report what makes the node meaningless."""
        self.problems.append(
            problem_at(
                self.formula.place,
                code,
                message,
                hints=hints,
                start=node.start,
                end=node.end,
            )
        )

    def unit_error(
        self,
        code: str,
        message: str,
        node: Node,
        *hints: str,
        apart: Sequence[Node] = (),
    ) -> bool:
        """Report a unit error, a warning under `units: off`; whether to go on.

        `apart` are the operands that do not go together.
        """
        self.error(code, message, node, *hints)
        place = self.formula.place
        marks = tuple(place.span(part.start, part.end) for part in apart)
        self.problems[-1] = replace(
            self.problems[-1],
            severity="warning" if self.scope.units_off else "error",
            marks=marks,
        )
        return self.scope.units_off


def param_expr(param: Param) -> Expr:
    """A param as formulas see it: in base units, ticks and lots multiplied out."""
    kind = _type_in(param.unit)
    leaf = Expr("param", name=param.name, type=kind, stage=Stage.PARAM)
    return _in_base_units(leaf, param.unit)


def input_expr(given: Input, index: int) -> Expr:
    """The strategy's input at that place as formulas see it: units as of a param."""
    kind, ticks = _type_in(given.unit), input_ticks(index)
    leaf = Expr("input", name=given.name, type=kind, stage=Stage.DATA, ticks=ticks)
    return _in_base_units(leaf, given.unit)


def _type_in(unit: Unit | None) -> Type:
    if unit is None:
        return Type(bare=True)
    dimension = RATIO if unit.of else unit.dimension
    return Type(dimension=dimension, relative=unit.relative)


def _in_base_units(leaf: Expr, unit: Unit | None) -> Expr:
    return in_instrument_units(leaf, unit.of) if unit and unit.of else leaf


class Spanned(Protocol):
    """Whatever stands at characters `start` to `end` of a formula."""

    @property
    def start(self) -> int:
        """The first character, from 0."""
        ...

    @property
    def end(self) -> int:
        """The character after the last."""
        ...


def in_instrument_units(count: Expr, of: str) -> Expr:
    """A count of ticks or lots as a price or size."""
    unit = {"tick": TICK, "lot": LOT}[of]
    return compose("mul", (count, unit), unit.type, count)


def constant(value: float, kind: Type, at: Spanned) -> Expr:
    """A number that stands at `at`."""
    return Expr("const", value=value, type=kind, start=at.start, end=at.end)


def compose(op: str, args: tuple[Expr, ...], kind: Type, at: Spanned) -> Expr:
    """A pointwise node: its stage and ticks are those of all its operands."""
    ticks = Ticks.NEVER
    hears: frozenset[tuple[str, Ticks]] = frozenset()
    for arg in args:
        ticks |= arg.ticks
        hears |= arg.hears
    stage = max((arg.stage for arg in args), default=Stage.CONSTANT)
    return Expr(
        op,
        args,
        type=kind,
        stage=stage,
        ticks=ticks,
        hears=hears,
        start=at.start,
        end=at.end,
    )


def describe(kind: Type) -> str:
    """A type in a few words: `price`, `relative price`, `bare number`."""
    if kind.kind == "bool":
        return "condition"
    if kind.bare:
        return "bare number"
    return "relative price" if kind.relative else describe_dimension(kind.dimension)


def describe_dimension(dimension: Dimension) -> str:
    """A dimension as a user writes it; price*size is money."""
    return "money" if dimension == (2, 2, 0) else str(dimension)
