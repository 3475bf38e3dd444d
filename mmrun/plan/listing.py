"""An explained plan as text for people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mmrun.lang.nodes import Expr
from mmrun.lang.scope import describe
from mmrun.plan.explain import Branch, Column, Explanation, Rest, Root


#: Values of nodes by `id`; NaN is missing.
Values = Mapping[int, float]

_WIDEST = 60  #: characters of a formula in a tree, before its unit


def plan_text(found: Explanation) -> str:
    """The whole plan: params, inputs, formulas as meant, run values, columns, residual."""
    fields = [root for root in found.roots if root.section == "quote"]
    levels = [root for root in found.roots if root.section == "levels"]
    lets = [root for root in found.roots if root.section == "let"]
    rules = [root for root in found.roots if root.section == "rules"]
    parts = [
        _section("params", _table([(p.name, p.text, p.unit) for p in found.params])),
        _section("inputs", _table([(i.name, i.unit, i.text) for i in found.inputs])),
        _section("quote, as meant", _roots(fields)),
        _section("levels after the first, as meant", _roots(levels)),
        _section("let, as meant", _roots(lets)),
        _section("rules, as meant", _roots(rules)),
        _section(
            "run values: computed once, when a run starts",
            _table([(v.name, v.unit, v.text) for v in found.values]),
        ),
        _section(
            "columns: market data alone, in blocks of rows, in this order",
            _columns(found.columns),
        ),
        _section(
            "residual: one row after the other, where own state is read",
            _residual(found.residual),
        ),
        _section(
            "guards: what is left of the rules, at rows that change what they read",
            _residual(found.guards) if found.guards else [],
        ),
    ]
    return "\n\n".join([found.name, *(part for part in parts if part)])


def tree_text(branches: Sequence[Branch]) -> str:
    """A formula's tree: a node a line with unit, stage, what computes it, and value."""
    head = ("", "unit", "stage", "computed by", "value")
    rows = [
        (
            _indented(branch.depth, branch.text),
            branch.unit,
            branch.stage,
            branch.by,
            value_text(branch.value),
        )
        for branch in branches
    ]
    return "\n".join(line[2:] for line in _table([head, *rows]))


def values_text(
    lines: Sequence[tuple[int, str, Expr]], values: Values
) -> tuple[str, ...]:
    """A formula's nodes but for its numbers, indented, each with its value and unit."""
    rows = [
        (_indented(depth, text), value_text(values.get(id(node))), describe(node.type))
        for depth, text, node in lines
        if node.op != "const" or depth == 0
    ]
    return tuple(line[2:] for line in _table(rows))


def value_text(value: float | None) -> str:
    """A value in base units; `missing` where there is none."""
    return "missing" if value is None or math.isnan(value) else f"{value:.10g}"


def _indented(depth: int, text: str) -> str:
    room = max(_WIDEST - 2 * depth, 20)
    return "  " * depth + (text if len(text) <= room else text[: room - 1] + "…")


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *lines]) if lines else ""


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their columns, but for the last, filled up to one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1:] = [0]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _roots(roots: Sequence[Root]) -> list[str]:
    rows = [
        (root.name, root.unit, root.stage, root.formula + _default(root))
        for root in roots
    ]
    lines = []
    for root, line in zip(roots, _table(rows) if rows else [], strict=True):
        lines.append(line)
        lines += [f"      {sentence}" for sentence in root.conversions]
        lines += [f"      then {root.then}"] if root.then else []
    return lines


def _default(root: Root) -> str:
    return "" if root.given or root.formula == "not given" else "    (default)"


def _columns(columns: Sequence[Column]) -> list[str]:
    rows = [(c.name, c.by, c.unit, c.formula) for c in columns]
    lines = []
    for column, line in zip(columns, _table(rows) if rows else [], strict=True):
        ticks = f", observed at {column.ticks}" if column.ticks else ""
        lines += [line, f"      reads {' '.join(column.reads) or 'no column'}{ticks}"]
    return lines


def _residual(rest: Rest) -> list[str]:
    return [
        *_table(list(_inputs(rest))),
        *(f"  {line}" for line in rest.lines),
        *_table([(name, f"= {register}") for name, register in rest.outputs]),
    ]


def _inputs(rest: Rest) -> Iterator[tuple[str, str]]:
    last = [f"{name} is the last {text}" for name, text in rest.previous]
    kinds = (
        ("columns", rest.columns),
        ("run values", rest.values),
        ("own state", rest.state),
        ("last quote", last),
    )
    for title, names in kinds:
        separator = ", " if title == "last quote" else " "
        yield f"reads {title}", separator.join(names) or "none"
