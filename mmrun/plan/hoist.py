"""The split: market data goes into columns, own state stays in the residual.

A maximal subtree that depends on data and run values alone is one column. Over-time
functions are columns of their own and part numexpr expressions at their boundary. What
depends on run values alone is computed once, when a run starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmrun.lang.functions import FUNCTIONS, OWN
from mmrun.lang.nodes import Expr, Stage
from mmrun.lang.show import show
from mmrun.lang.sources import source_of
from mmrun.plan.lower import lower
from mmrun.plan.plan import ColumnStep, OwnCall, SeriesStep, Step, Window
from mmrun.plan.program import Program


#: numexpr takes 63 inputs and 255 registers; a step stays well below both.
MOST_INPUTS = 48
MOST_NODES = 120


@dataclass(slots=True)
class Hoisting:
    """Columns and run values found so far."""

    steps: list[Step] = field(default_factory=list)
    values: dict[str, Expr] = field(default_factory=dict)
    columns: dict[int, str] = field(default_factory=dict)
    named: dict[int, str] = field(default_factory=dict)
    previous: list[Expr] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    own: dict[str, OwnCall] = field(default_factory=dict)


def hoist(
    outputs: Sequence[Expr], fields: Mapping[str, Expr], guards: Sequence[Expr] = ()
) -> tuple[Hoisting, Program, Program]:
    """Split `outputs` and `guards` into columns and a residual program each.

    `fields` are the quote fields by name, for `prev(half_spread)`, as `instantiate`
    left them. What `prev` reads is kept at quote evaluations, so the outputs' program
    gives it for the guards too.
    """
    h = Hoisting()
    # What prev() reads may itself read prev(), so its expressions are found as the
    # program is lowered; lower again with them as outputs until none is new.
    while True:
        kept = [_previous_root(node, fields) for node in h.previous]
        program = lower([*outputs, *kept], lambda node: _residual_leaf(node, h))
        guarding = lower(guards, lambda node: _residual_leaf(node, h))
        if len(kept) == len(h.previous):
            break
    return h, program, guarding


def _previous_root(node: Expr, fields: Mapping[str, Expr]) -> Expr:
    return fields[node.name] if node.name else node.args[0]


def _residual_leaf(node: Expr, h: Hoisting) -> str | None:
    if node.op == "const":
        return None
    if node.op == "state":
        return f"@{node.name}"
    if node.op in OWN:
        name = f"@{show(node)}"
        windows = tuple(_window(arg, h) for arg in node.args)
        h.own[name] = OwnCall(node.op, windows, source_of(node))
        return name
    if node.op == "prev":
        return _previous_name(node, h)
    if node.stage <= Stage.PARAM:
        return _value_name(node, h)
    if node.stage == Stage.DATA:
        return column_of(node, h)
    return None


def _previous_name(node: Expr, h: Hoisting) -> str:
    for index, known in enumerate(h.previous):
        same_args = [id(a) for a in known.args] == [id(a) for a in node.args]
        if known.name == node.name and same_args:
            return f"~{index}"
    h.previous.append(node)
    return f"~{len(h.previous) - 1}"


def _value_name(node: Expr, h: Hoisting) -> str:
    """The name of a value fixed for a run: a param, or a formula of params."""
    if node.op == "param":
        name = f"${node.name}"
    else:
        name = h.named.setdefault(id(node), f"${len(h.named)}")
    h.values[name] = node
    h.texts[name] = show(node)
    return name


def column_of(node: Expr, h: Hoisting) -> str:
    """The column that holds a data expression, made now if it is not there yet."""
    if node.op == "market":
        return node.name
    if node.op == "input":
        h.texts[f"%{node.name}"] = node.name
        return f"%{node.name}"
    if id(node) not in h.columns:
        step = _series(node, h) if _is_series(node) else _pointwise(node, h)
        h.steps.append(step)
        h.columns[id(node)] = step.output
        h.texts[step.output] = show(node)
    return h.columns[id(node)]


def _is_series(node: Expr) -> bool:
    return node.op in FUNCTIONS and FUNCTIONS[node.op].over_time


def _new_column(h: Hoisting) -> str:
    return f"c{len(h.steps)}"


def _pointwise(node: Expr, h: Hoisting) -> ColumnStep:
    _split_large(node, h)

    def leaf(inner: Expr) -> str | None:
        if inner.op == "const":
            return None
        if inner.stage <= Stage.PARAM:
            return _value_name(inner, h)
        known = inner.op in {"market", "input"} or id(inner) in h.columns
        if known or _is_series(inner):
            return column_of(inner, h)
        return None

    program = lower([node], leaf)
    return ColumnStep(_new_column(h), program)


def _split_large(node: Expr, h: Hoisting) -> None:
    """Make columns of a node's operands until it fits one numexpr expression."""
    inner = list(_own_nodes(node, h))
    leaves = {id(n) for n in inner if not n.args}
    if len(inner) <= MOST_NODES and len(leaves) <= MOST_INPUTS:
        return
    for arg in node.args:
        if arg.stage == Stage.DATA and arg.args:
            column_of(arg, h)


def _own_nodes(node: Expr, h: Hoisting) -> Iterator[Expr]:
    """The distinct nodes that would be computed within one expression."""
    seen: set[int] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if current is node or not (_is_series(current) or id(current) in h.columns):
            stack.extend(current.args)


def _series(node: Expr, h: Hoisting) -> SeriesStep:
    inputs, windows = FUNCTIONS[node.op].split(node.args, source_of(node))
    names = [column_of(arg, h) for arg in inputs]
    return SeriesStep(
        output=_new_column(h),
        op=node.op,
        inputs=tuple(names),
        windows=tuple(_window(arg, h) for arg in windows),
        ticks=int(node.ticks),
        hears=tuple(sorted((source, int(bits)) for source, bits in node.hears)),
    )


def _window(node: Expr, h: Hoisting) -> Window:
    timed = node.type.dimension.time != 0
    if node.op == "const":
        return Window(timed, constant=node.value)
    return Window(timed, param=_value_name(node, h))
