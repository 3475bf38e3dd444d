"""A plan that also tells the value of every node of its formulas.

Each node becomes an output of the residual of its own, after the plan's: the engine
runs as it always does, on the first outputs, and the others are kept aside. Columns and
registers are more than the plan's own, the quotes are the same (a test holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from mmrun.engine.interpret import interpret
from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.plan.compile import Checked, compile_plan, rewritten, roots_of
from mmrun.plan.hoist import hoist
from mmrun.plan.instances import at_value, blocks
from mmrun.plan.levels import at_level, output_names
from mmrun.plan.passes import Roots
from mmrun.plan.plan import OUTPUTS, Plan
from mmrun.plan.program import Program


#: Beyond, nodes are not traced: the engine has 512 columns and 1,024 registers.
MOST_NODES = 300

#: The value of every traced node at one level, by `id`; NaN is missing.
Values = Mapping[int, float]


@dataclass(slots=True)
class Trace:
    """A traced plan, and as its formula what the engine calls at each evaluation."""

    plan: Plan
    #: OUTPUTS of each block and level, the traced nodes at each venue, then what `prev`
    #: reads
    program: Program
    places: tuple[Mapping[int, int], ...]  #: by level: a node's place among the values
    traced: int  #: values at each venue
    seen: Callable[[Values], None] = lambda _: None
    #: of the last evaluation, by venue and level
    last: dict[str, tuple[Values, ...]] = field(default_factory=dict)

    def __call__(self, registers: Any) -> None:
        """Fill the plan's outputs in, and keep the nodes' values."""
        first = len(self.program.inputs)
        found = interpret(self.program, [float(v) for v in registers[:first]])
        own = len(OUTPUTS) * self.plan.levels * self.plan.blocks
        end = own + self.traced * len(self.plan.venues)
        outputs = found[:own] + found[end:]
        registers[first : first + len(outputs)] = outputs
        for index, venue in enumerate(self.plan.venues):
            start = own + index * self.traced
            self.last[venue] = tuple(
                {key: found[start + place] for key, place in places.items()}
                for places in self.places
            )
            for values in self.last[venue]:
                self.seen(values)


def trace(checked: Checked, venues: Sequence[str]) -> Trace:
    """A plan that is traced, its own quote fields first.

    `venues` are those that are quoted: what depends on one is traced at each.
    """
    plan = compile_plan(checked, venues)
    named = [*checked.fields.values(), *checked.lets.values()]
    named += [] if checked.share is None else [checked.share]
    named += checked.deeper.values() if checked.levels > 1 else ()
    nodes = dict.fromkeys([*named, *postorder(named)])
    at = [_at(nodes, level, checked.fields) for level in range(checked.levels)]
    every = list(dict.fromkeys(each for found in at for each in found.values()))
    values = every[: MOST_NODES // max(1, plan.blocks)]
    index = {id(node): place for place, node in enumerate(values)}
    extra = {f"#{place}": node for place, node in enumerate(values)}
    roots = rewritten(roots_of(checked) | extra, checked.strategy, venues)
    names = output_names(checked.levels)
    fields = [each for b in blocks(roots, names, venues) for each in b.values()]
    traced = {
        (venue, key): at_value(roots, key, venue)
        for venue, key in product(venues, extra)
    }
    hoisting, program = hoist([*fields, *traced.values()], roots)
    end = len(fields) + len(traced)
    outputs = program.outputs[: len(fields)] + program.outputs[end:]
    plan = replace(
        plan,
        values=hoisting.values,
        steps=tuple(hoisting.steps),
        residual=replace(program, outputs=outputs),
        texts=hoisting.texts,
        own=hoisting.own,
    )
    places = tuple(
        {key: index[id(node)] for key, node in found.items() if id(node) in index}
        for found in at
    )
    return Trace(plan, program, places, len(values))


def _at(nodes: Iterable[Expr], level: int, fields: Roots) -> dict[int, Expr]:
    """What nodes are at a level, by their `id`."""
    roots = {str(id(node)): node for node in nodes}
    return {int(key): node for key, node in at_level(roots, level, fields).items()}
