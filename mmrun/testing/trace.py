"""A plan that also tells the value of every node of its formulas.

Each node becomes an output of its own, after the plan's: those of quotes of the
residual, those of conditions of the guards' program. The engine runs as it always does,
on the first outputs, and the others are kept aside. Columns and registers are more than
the plan's own, the quotes are the same (a test holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from mmrun.engine.interpret import interpret
from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.plan.compile import (
    Checked,
    compile_plan,
    each_instance,
    guarded,
    rewritten,
    roots_of,
)
from mmrun.plan.hoist import hoist
from mmrun.plan.instances import at_value, blocks
from mmrun.plan.levels import at_level, output_names
from mmrun.plan.passes import Roots
from mmrun.plan.plan import Plan
from mmrun.plan.program import Program


#: Beyond, nodes are not traced: the engine has 512 columns and 1,024 registers.
MOST_NODES = 300

#: The value of every traced node at one level, by `id`; NaN is missing.
Values = Mapping[int, float]


@dataclass(slots=True)
class Told:
    """A program as the engine calls it; what its nodes are worth is kept."""

    #: the engine's outputs, the traced nodes at each venue, then what `prev` reads
    program: Program
    outputs: int  #: before the nodes
    places: tuple[Mapping[int, int], ...]  #: by level: a node's place among the values
    traced: int  #: values at each venue
    venues: Sequence[str]
    seen: Callable[[Values], None] = lambda _: None
    #: of the last evaluation, by venue and level
    last: dict[str, tuple[Values, ...]] = field(default_factory=dict)

    def __call__(self, registers: Any) -> None:
        """Fill the engine's outputs in, and keep the nodes' values."""
        first = len(self.program.inputs)
        found = interpret(self.program, [float(v) for v in registers[:first]])
        outputs = found[: self.outputs] + found[self._end :]
        registers[first : first + len(outputs)] = outputs
        for index, venue in enumerate(self.venues):
            start = self.outputs + index * self.traced
            self.last[venue] = tuple(
                {key: found[start + place] for key, place in places.items()}
                for places in self.places
            )
            for values in self.last[venue]:
                self.seen(values)

    @property
    def plain(self) -> Program:
        """The program without the nodes."""
        places = self.program.outputs
        kept = places[: self.outputs] + places[self._end :]
        return replace(self.program, outputs=kept)

    @property
    def _end(self) -> int:
        return self.outputs + self.traced * len(self.venues)


@dataclass(frozen=True, slots=True)
class Trace:
    """A traced plan, and what the engine calls for quotes and for guards."""

    plan: Plan
    quotes: Told
    guards: Told

    @property
    def last(self) -> dict[str, tuple[Values, ...]]:
        """By venue and level, of each node the value of its last evaluation, by `id`."""
        quotes, guards = self.quotes.last, self.guards.last
        nothing: tuple[Values, ...] = ({},) * len(self.quotes.places)
        return {
            venue: tuple(
                {**values, **guards.get(venue, nothing)[0]}
                for values in quotes.get(venue, nothing)
            )
            for venue in quotes.keys() | guards.keys()
        }


def trace(
    checked: Checked,
    venues: Sequence[str],
    seen: Callable[[Values], None] = lambda _: None,
) -> Trace:
    """A plan that is traced, its own quote fields first.

    Args:
        checked: the strategy.
        venues: those that are quoted: what depends on one is traced at each.
        seen: told the values at every evaluation of quotes, and of guards.
    """
    plan = compile_plan(checked, venues)
    guards = guarded(checked)
    named = [*checked.fields.values(), *checked.lets.values()]
    named += [] if checked.share is None else [checked.share]
    named += checked.deeper.values() if checked.levels > 1 else ()
    most = MOST_NODES // max(1, plan.blocks)
    of_quotes = [_at(named, level, checked.fields) for level in range(checked.levels)]
    of_guards = [_at([*guards.values()], 0, checked.fields)]
    quoting, guarding = (_traced(found, most) for found in (of_quotes, of_guards))
    extra = {f"#{id(node)}": node for node in (*quoting, *guarding)}
    roots = rewritten(roots_of(checked) | extra, checked.strategy, venues)
    names = output_names(checked.levels)
    fields = [each for b in blocks(roots, names, venues) for each in b.values()]
    conditions = [root for *_, root in each_instance(roots, guards, venues)]
    traced = [
        [at_value(roots, f"#{id(node)}", venue) for venue, node in product(venues, of)]
        for of in (quoting, guarding)
    ]
    hoisting, *programs = hoist([*fields, *traced[0]], roots, [*conditions, *traced[1]])
    quotes, told = (
        Told(program, outputs, _places(found, nodes), len(nodes), venues, seen)
        for program, outputs, found, nodes in (
            (programs[0], len(fields), of_quotes, quoting),
            (programs[1], len(conditions), of_guards, guarding),
        )
    )
    plan = replace(
        plan,
        values=hoisting.values,
        steps=tuple(hoisting.steps),
        residual=quotes.plain,
        guards=told.plain,
        texts=hoisting.texts,
        own=hoisting.own,
    )
    return Trace(plan, quotes, told)


def _at(named: Sequence[Expr], level: int, fields: Roots) -> dict[int, Expr]:
    """What formulas' nodes are at a level, by their `id`; the formulas first."""
    nodes = dict.fromkeys([*named, *postorder(named)])
    roots = {str(id(node)): node for node in nodes}
    return {int(key): node for key, node in at_level(roots, level, fields).items()}


def _traced(at: Sequence[Mapping[int, Expr]], most: int) -> tuple[Expr, ...]:
    """The nodes of all levels, each once, as many as may be traced."""
    return tuple(dict.fromkeys(e for found in at for e in found.values()))[:most]


def _places(
    at: Sequence[Mapping[int, Expr]], nodes: Sequence[Expr]
) -> tuple[Mapping[int, int], ...]:
    """By level, where a node's value is among those of what is traced."""
    index = {id(node): place for place, node in enumerate(nodes)}
    return tuple(
        {key: index[id(node)] for key, node in found.items() if id(node) in index}
        for found in at
    )
