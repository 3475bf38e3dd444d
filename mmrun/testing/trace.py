"""A plan that also tells the value of every node of its formulas.

Each node becomes an output of the residual of its own, after the plan's: the engine
runs as it always does, on the first outputs, and the others are kept aside. Columns and
registers are more than the plan's own, the quotes are the same (a test holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mmrun.engine.interpret import interpret
from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.plan.compile import Checked, compile_plan, rewritten, roots_of
from mmrun.plan.hoist import hoist
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
    program: Program  #: OUTPUTS, the traced nodes, then what `prev` reads
    nodes: tuple[Expr, ...]
    seen: Callable[[Values], None] = lambda _: None
    last: dict[int, float] = field(default_factory=dict)  #: of the last evaluation

    def __call__(self, registers: Any) -> None:
        """Fill the plan's outputs in, and keep the nodes' values."""
        first = len(self.program.inputs)
        found = interpret(self.program, [float(v) for v in registers[:first]])
        end = len(OUTPUTS) + len(self.nodes)
        outputs = found[: len(OUTPUTS)] + found[end:]
        registers[first : first + len(outputs)] = outputs
        keys = map(id, self.nodes)
        self.last = dict(zip(keys, found[len(OUTPUTS) : end], strict=True))
        self.seen(self.last)


def trace(checked: Checked) -> Trace:
    """A plan that is traced, its own quote fields first."""
    named = list(roots_of(checked).values())
    nodes = tuple(dict.fromkeys([*named, *postorder(named)]))[:MOST_NODES]
    extra = {f"#{index}": node for index, node in enumerate(nodes)}
    roots = rewritten(roots_of(checked) | extra)
    fields = {name: roots[name] for name in OUTPUTS}
    traced = [roots[key] for key in extra]
    hoisting, program = hoist([*fields.values(), *traced], fields)
    end = len(OUTPUTS) + len(traced)
    outputs = program.outputs[: len(OUTPUTS)] + program.outputs[end:]
    plan = replace(
        compile_plan(checked),
        values=hoisting.values,
        steps=tuple(hoisting.steps),
        residual=replace(program, outputs=outputs),
        texts=hoisting.texts,
    )
    return Trace(plan, program, nodes)
