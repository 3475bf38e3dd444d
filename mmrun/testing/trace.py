"""A plan that also tells the value of every node of its formulas.

Each node becomes an output of the residual of its own, after the plan's: the engine
runs as it always does, on the first outputs, and the others are kept aside. Columns and
registers are more than the plan's own, the quotes are the same (a test holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from mmrun.engine.interpret import interpret
from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.plan.compile import Checked, compile_plan, rewritten, roots_of
from mmrun.plan.hoist import hoist
from mmrun.plan.instances import at_value, blocks
from mmrun.plan.plan import OUTPUTS, Plan
from mmrun.plan.program import Program


#: Beyond, nodes are not traced: the engine has 512 columns and 1,024 registers.
MOST_NODES = 300

#: The value of every traced node, by `id`; NaN is missing.
Values = Mapping[int, float]


@dataclass(slots=True)
class Trace:
    """A traced plan, and as its formula what the engine calls at each evaluation."""

    plan: Plan
    #: OUTPUTS of each block, the traced nodes at each venue, then what `prev` reads
    program: Program
    nodes: tuple[Expr, ...]
    seen: Callable[[Values], None] = lambda _: None
    #: of the last evaluation, by venue
    last: dict[str, Values] = field(default_factory=dict)

    def __call__(self, registers: Any) -> None:
        """Fill the plan's outputs in, and keep the nodes' values."""
        first = len(self.program.inputs)
        found = interpret(self.program, [float(v) for v in registers[:first]])
        own = len(OUTPUTS) * self.plan.blocks
        end = own + len(self.nodes) * len(self.plan.venues)
        outputs = found[:own] + found[end:]
        registers[first : first + len(outputs)] = outputs
        for index, venue in enumerate(self.plan.venues):
            start = own + index * len(self.nodes)
            values = found[start : start + len(self.nodes)]
            self.last[venue] = dict(zip(map(id, self.nodes), values, strict=True))
            self.seen(self.last[venue])


def trace(checked: Checked, venues: Sequence[str]) -> Trace:
    """A plan that is traced, its own quote fields first.

    `venues` are those that are quoted: what depends on one is traced at each.
    """
    plan = compile_plan(checked, venues)
    named = list(roots_of(checked).values())
    most = MOST_NODES // max(1, plan.blocks)
    nodes = tuple(dict.fromkeys([*named, *postorder(named)]))[:most]
    extra = {f"#{index}": node for index, node in enumerate(nodes)}
    roots = rewritten(roots_of(checked) | extra, checked.strategy, venues)
    fields = [each for b in blocks(roots, OUTPUTS, venues) for each in b.values()]
    traced = {at: at_value(roots, at[1], at[0]) for at in product(venues, extra)}
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
    return Trace(plan, program, nodes)
