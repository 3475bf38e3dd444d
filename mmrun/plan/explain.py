"""A compiled strategy as facts: what each formula means, and what computes it.

`explain` gives everything, `tree` one formula node by node. The facts are found by
compiling once more with every node of the formulas as a root of its own, so that each
can be followed through the rewrites into the column or register it became.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmrun.lang.names import joined
from mmrun.lang.nodes import Expr, Ticks, input_ticks
from mmrun.lang.scope import describe
from mmrun.lang.show import show_expr
from mmrun.lang.walk import postorder
from mmrun.plan.compile import (
    READABLE,
    TARGET,
    Checked,
    each_instance,
    formulas_of,
    guarded,
    quoted_venues,
    rewritten,
    roots_of,
    split,
)
from mmrun.plan.conversions import conversions
from mmrun.plan.hoist import Hoisting
from mmrun.plan.instances import at_value, shown_outputs
from mmrun.plan.levels import at_level, output_names
from mmrun.plan.places import kind_of, place_of, places_of
from mmrun.plan.plan import OUTPUTS, ColumnStep, SeriesStep, Step
from mmrun.plan.program import Program
from mmrun.strategy.spec import Formula, Guard, Input, Param


@dataclass(frozen=True, slots=True)
class Root:
    """A quote field, a let or a condition as it is meant."""

    name: str
    section: str  #: `quote`, `levels` (after the first), `let` or `rules`
    formula: str  #: conversions written out, lets and fields by their names
    unit: str
    stage: str
    conversions: tuple[str, ...]
    given: bool  #: whether the file has it; else it is the default
    then: str = ""  #: what a rule does: `pull, hold 2s`


@dataclass(frozen=True, slots=True)
class Column:
    """A column, in the order they are computed."""

    name: str
    by: str  #: `numexpr` or `series kernel`
    formula: str  #: other columns by their names
    unit: str
    reads: tuple[str, ...]  #: columns and run values
    ticks: str  #: of a series kernel: the rows at which its input is observed


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value fixed for a run (a param, a formula of params), or an input."""

    name: str
    text: str
    unit: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The residual: what it reads, by kind, and its lines."""

    columns: tuple[str, ...]
    values: tuple[str, ...]
    state: tuple[str, ...]
    previous: tuple[tuple[str, str], ...]  #: `~0` and what it is the last value of
    lines: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]  #: quote field and the register it is in


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that `mmrun explain FILE` says."""

    name: str
    params: tuple[Fixed, ...]
    inputs: tuple[Fixed, ...]
    roots: tuple[Root, ...]
    values: tuple[Fixed, ...]
    columns: tuple[Column, ...]
    residual: Rest
    guards: Rest | None  #: what is left of conditions and target, where there are any


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of one formula's tree."""

    depth: int
    text: str
    unit: str
    stage: str
    by: str  #: what computes it
    value: float | None  #: in base units, None where it is missing or not known


def explain(checked: Checked) -> Explanation:
    """The facts of a compiled strategy."""
    venues, guards = quoted_venues(checked.strategy), tuple(guarded(checked))
    roots = rewritten(roots_of(checked), checked.strategy, venues)
    names = output_names(checked.levels)
    hoisting, residual, guarding = split(roots, checked.levels, venues, guards)
    outputs = tuple(shown_outputs(roots, names, venues))
    conditions = tuple(
        joined(venue, key) for key, venue, _ in each_instance(roots, guards, venues)
    )
    nodes = {id(node): node for node in postorder(roots.values())}
    return Explanation(
        name=checked.strategy.name,
        params=tuple(_param(param) for param in checked.strategy.params),
        inputs=tuple(_input(each) for each in checked.strategy.inputs),
        roots=tuple(_roots(checked)),
        values=tuple(_values(hoisting)),
        columns=tuple(_columns(checked.strategy.inputs, hoisting, nodes)),
        residual=_rest(residual, hoisting, outputs),
        guards=_rest(guarding, hoisting, conditions) if guards else None,
    )


def names_of(checked: Checked) -> tuple[str, ...]:
    """What `tree` can be asked for: quote fields (`bid`, `bid_2`, ...), lets, rules."""
    return (*output_names(checked.levels), *checked.lets, *guarded(checked))


def outline(checked: Checked, name: str) -> tuple[tuple[int, str, Expr], ...]:
    """A formula's nodes with depth and text, operands below their user."""
    field, level = field_of(checked, name)
    named = guarded(checked) | dict(checked.lets) | dict(checked.fields_at(level))
    root = named[field]
    names = shown_names(checked, but=field)
    return tuple(
        (depth, show_expr(node, names if depth else None), node)
        for depth, node in _descend(root)
    )


def tree(
    checked: Checked, name: str, values: Mapping[int, float]
) -> tuple[Branch, ...]:
    """A formula of `names_of`, one node each, operands below their user.

    Args:
        checked: The strategy.
        name: One of `names_of`.
        values: Of nodes by `id`, in base units; NaN is missing.
    """
    lines = outline(checked, name)
    _, level = field_of(checked, name)
    extra = {f"#{id(node)}": node for _, _, node in lines}
    extra = dict(at_level(extra, level, checked.fields))
    venues, guards = quoted_venues(checked.strategy), tuple(guarded(checked))
    roots = rewritten(roots_of(checked) | extra, checked.strategy, venues)
    hoisting, *_ = split(roots, checked.levels, venues, guards)
    conditions = [root for *_, root in each_instance(roots, guards, venues)]
    places = places_of(roots, hoisting, checked.levels, conditions)
    return tuple(
        Branch(
            depth,
            text,
            describe(node.type),
            _stage(node),
            place_of(
                at_value(roots, f"#{id(node)}", venues[0] if venues else ""), places
            ),
            _known(values.get(id(node), math.nan)),
        )
        for depth, text, node in lines
    )


def field_of(checked: Checked, name: str) -> tuple[str, int]:
    """The quote field and level that a name such as `bid_2` means; a let is of level 0."""
    names = output_names(checked.levels)
    if name in checked.lets or name not in names:
        return name, 0
    level, place = divmod(names.index(name), len(OUTPUTS))
    return OUTPUTS[place], level


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _descend(root: Expr) -> Iterator[tuple[int, Expr]]:
    """Nodes from the root down; what stands there again is not unfolded again."""
    seen: set[int] = set()
    stack = [(0, root)]
    while stack:
        depth, node = stack.pop()
        yield depth, node
        if id(node) not in seen:
            seen.add(id(node))
            stack.extend((depth + 1, arg) for arg in reversed(node.args))


# ---- formulas as they are meant


def _roots(checked: Checked) -> Iterator[Root]:
    texts = formulas_of(checked.strategy)
    given = dict(texts.fields)
    if "size" in given:
        given |= dict.fromkeys(("bid_size", "ask_size"), given["size"])
    lets = {let.name: let.formula for let in texts.lets}
    rules = dict(texts.conditions)
    if texts.target is not None:
        rules[TARGET] = texts.target
    bare = {each.name for each in texts.params if each.unit is None}
    bare |= {each.name for each in texts.inputs if each.unit is None}
    sections: tuple[tuple[str, Mapping[str, Expr], Mapping[str, Formula]], ...] = (
        ("quote", checked.fields, given),
        ("levels", dict(_deeper(checked)), {}),
        ("let", checked.lets, lets),
        ("rules", guarded(checked), rules),
    )
    then = {guard.key: _then(guard) for guard in checked.strategy.guards}
    for section, named, written in sections:
        for name, expr in named.items():
            names = shown_names(checked, but=name)
            if section == "levels":
                field = name.removesuffix(_after_first(checked))
                names[id(checked.fields[field])] = field
            text = written.get(name)
            absent = text is None and expr.op == "const"
            yield Root(
                name=name,
                section=section,
                formula="not given" if absent else show_expr(expr, names),
                unit=describe(expr.type),
                stage=_stage(expr),
                conversions=conversions(
                    expr, text.text if text else "", names, frozenset(bare)
                ),
                given=text is not None or section == "levels",
                then=then.get(name, ""),
            )


def _deeper(checked: Checked) -> Iterator[tuple[str, Expr]]:
    """What `quote.levels` makes of the first level's price and size."""
    if checked.levels > 1:
        for name, expr in checked.deeper.items():
            if expr is not checked.fields[name]:
                yield name + _after_first(checked), expr


def _after_first(checked: Checked) -> str:
    return "_2" if checked.levels == 2 else f"_2..{checked.levels}"


def _then(guard: Guard) -> str:
    hold = f", hold {guard.hold_ns / 1e9:.10g}s" if guard.hold_ns else ""
    return f"{guard.then}{hold}"


def shown_names(checked: Checked, *, but: str) -> dict[int, str]:
    """Names to show in place of the nodes of lets and quote fields.

    What only renames a param, a let or a field is that thing itself, and not named.
    """
    texts = formulas_of(checked.strategy)
    written = {let.name: let.formula.text.strip() for let in texts.lets}
    written |= {
        name: f.text.strip() for name, f in texts.fields.items() if name in READABLE
    }
    taken = {*written, *(param.name for param in texts.params)}
    taken |= {each.name for each in texts.inputs}
    nodes = dict(checked.lets) | {name: checked.fields[name] for name in READABLE}
    return {
        id(nodes[name]): name
        for name, text in written.items()
        if name != but and text not in taken
    }


def _stage(node: Expr) -> str:
    return node.stage.name.lower()


def _param(param: Param) -> Fixed:
    unit = param.unit
    if unit is None:
        return Fixed(param.name, f"{param.value:.15g}", "bare number")
    number = param.value if unit.of else param.value / float(unit.scale)
    return Fixed(param.name, f"{number:.15g}", unit.name)


def _input(given: Input) -> Fixed:
    old, default = given.stale_after_ns, given.default
    said = [f"missing once {old / 1e9:.10g}s old"] if old is not None else []
    if default is not None:
        scale = float(given.unit.scale) if given.unit and not given.unit.of else 1.0
        said.append(f"default {default / scale:.15g}")
    unit = given.unit.name if given.unit else "bare number"
    return Fixed(given.name, ", ".join(said) or "as of its time", unit)


# ---- what computes them


def _values(hoisting: Hoisting) -> Iterator[Fixed]:
    for name, node in hoisting.values.items():
        yield Fixed(name, hoisting.texts[name], describe(node.type))


def _columns(
    inputs: Sequence[Input], hoisting: Hoisting, nodes: Mapping[int, Expr]
) -> Iterator[Column]:
    made = {name: nodes[key] for key, name in hoisting.columns.items()}
    for step in hoisting.steps:
        node, reads = made[step.output], _reads(step)
        others = {id(n): name for name, n in made.items() if name in reads}
        yield Column(
            name=step.output,
            by=kind_of(step),
            formula=show_expr(node, others),
            unit=describe(node.type),
            reads=reads,
            ticks=_ticks(step, inputs) if isinstance(step, SeriesStep) else "",
        )


def _reads(step: Step) -> tuple[str, ...]:
    if isinstance(step, ColumnStep):
        return step.program.inputs
    windows = (window.param for window in step.windows)
    return (*step.inputs, *(name for name in windows if name is not None))


def _ticks(step: SeriesStep, inputs: Sequence[Input]) -> str:
    bits = step.ticks
    if bits & Ticks.ANY == Ticks.ANY:
        return "all rows"
    new = [each.name for i, each in enumerate(inputs) if input_ticks(i) & bits]
    said = [f"{_kinds(bits)} rows"] if _kinds(bits) else []
    said += [f"{source}'s {_kinds(kinds)} rows" for source, kinds in step.hears]
    said += [f"rows with a new {' or '.join(new)}"] if new else []
    return " and ".join(said)


def _kinds(bits: int) -> str:
    names = {Ticks.BOOK: "book", Ticks.TRADE: "trade", Ticks.OTHER: "clock"}
    return " and ".join(name for tick, name in names.items() if tick & bits)


def _rest(program: Program, hoisting: Hoisting, outputs: Sequence[str]) -> Rest:
    registers, lines = _lines(program)
    kept = [f"~{index}" for index in range(len(hoisting.previous))]
    places = dict(zip((*outputs, *kept), program.outputs, strict=False))
    return Rest(
        columns=_inputs(program, ""),
        values=_inputs(program, "$"),
        state=_inputs(program, "@"),
        previous=tuple(
            (name, node.name or show_expr(node.args[0]))
            for name, node in zip(kept, hoisting.previous, strict=True)
            if name in places or name in program.inputs
        ),
        lines=tuple(lines),
        outputs=tuple((name, registers[place]) for name, place in places.items()),
    )


def _inputs(program: Program, sign: str) -> tuple[str, ...]:
    """The inputs that begin with a sign; "" for columns, which have none."""
    signs = {name: name[0] if name[0] in "$@~" else "" for name in program.inputs}
    return tuple(name for name, found in signs.items() if found == sign)


def _lines(program: Program) -> tuple[list[str], list[str]]:
    """Names of all registers, and the instructions as text."""
    registers, lines = [*program.inputs], []
    for index, line in enumerate(program.instructions):
        operands = [registers[arg] for arg in line.args]
        registers.append(f"r{index}")
        lines.append(f"r{index} = {_said(line.op, operands, line.value)}")
    return registers, lines


_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
    "and": "and", "or": "or",
}  # fmt: skip


def _said(op: str, operands: Sequence[str], value: float) -> str:
    if op == "const":
        return f"{value!r}"
    if op in _INFIX:
        return f" {_INFIX[op]} ".join(operands)
    if op == "select":
        condition, then, otherwise = operands
        return f"{then} if {condition} else {otherwise}"
    return f"{op}({', '.join(operands)})"
