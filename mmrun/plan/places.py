"""What computes a node: a column, a series kernel, the residual, or a run value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mmrun.lang.functions import OWN
from mmrun.lang.names import split
from mmrun.lang.nodes import Expr, Stage
from mmrun.lang.walk import postorder
from mmrun.plan.hoist import Hoisting
from mmrun.plan.levels import output_names
from mmrun.plan.passes import Roots
from mmrun.plan.plan import ColumnStep, Step


NOT_COMPILED = "not compiled: no quote needs it"

#: What computes a node, by its `id`.
Places = Mapping[int, str]


def kind_of(step: Step) -> str:
    """The back end of a column."""
    return "numexpr" if isinstance(step, ColumnStep) else "series kernel"


def place_of(node: Expr, places: Places) -> str:
    """What computes a rewritten node."""
    if node.op == "const":
        return "constant"
    return places.get(id(node), NOT_COMPILED)


def places_of(
    roots: Roots, hoisting: Hoisting, levels: int, guards: Iterable[Expr]
) -> Places:
    """What computes the nodes of the rewritten quote fields and of the guards' roots."""
    nodes = {id(node): node for node in postorder(roots.values())}
    made = {step.output: kind_of(step) for step in hoisting.steps}
    columns = {key: f"{made[name]} {name}" for key, name in hoisting.columns.items()}
    within: dict[int, list[str]] = {}
    for key, name in hoisting.columns.items():
        if made[name] == "numexpr":
            for node in _inside(nodes[key], columns):
                within.setdefault(id(node), []).append(name)
    rest = _of_residual([*_outputs(roots, levels), *guards], hoisting)
    inner = {key: f"numexpr, within {' '.join(names)}" for key, names in within.items()}
    values = {id(node): f"run value {name}" for name, node in hoisting.values.items()}
    market = {
        key: f"{node.op} column"
        for key, node in nodes.items()
        if node.op in {"market", "input"} and (key in rest or key in within)
    }
    return rest | inner | market | columns | values


def _inside(root: Expr, columns: Mapping[int, str]) -> Iterator[Expr]:
    """The market data below a column's, down to other columns; each once."""
    seen: set[int] = set()
    stack = list(root.args)
    while stack:
        node = stack.pop()
        if id(node) in seen or node.stage <= Stage.PARAM:
            continue
        seen.add(id(node))
        yield node
        if id(node) not in columns:
            stack.extend(node.args)


def _outputs(roots: Roots, levels: int) -> Iterator[Expr]:
    """The quote fields of all levels, those of one venue too."""
    names = output_names(levels)
    for key, root in roots.items():
        if key in names or split(key)[1] in names:
            yield root


def _of_residual(outputs: Iterable[Expr], hoisting: Hoisting) -> dict[int, str]:
    """Own state and what is computed from it, and parts of run values."""
    kept = [arg for node in hoisting.previous for arg in node.args]
    found = {}
    for node in postorder([*outputs, *kept]):
        if node.op == "state" or node.op in OWN:
            found[id(node)] = "own state"
        elif node.stage <= Stage.PARAM:
            found[id(node)] = "run value"
        else:
            found[id(node)] = "residual"
    last = {id(node): f"last quote ~{i}" for i, node in enumerate(hoisting.previous)}
    return found | last
