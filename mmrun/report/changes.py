"""What changed from one run to the next: settings and formulas, then figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmrun.documents import Items, Node, Scalar, read_text
from mmrun.documents.nodes import leaves
from mmrun.report.drawing import amount, decimals, percent
from mmrun.report.metrics import METRICS
from mmrun.report.run import Run


_NONE = "-"
#: Shares of time or size that are said in percent; other ratios are numbers.
_SHARES = ("_uptime", "fill_ratio", "time_at_touch")
_LABEL, _CELL = 26, 15


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of two runs; None where a run has no value."""

    name: str
    unit: str
    before: float | None
    now: float | None


def render(before: Run, now: Run) -> str:
    """What is set otherwise, and the figures that differ, side by side.

    Returns:
        Lines, ending in a line break.
    """
    settings = changed_settings(before.strategy_yaml, now.strategy_yaml)
    figures = changed_figures(before.summary, now.summary)
    lines = [f"  {line}" for line in settings]
    lines += _table(figures) if figures else ["no figure changed"]
    return "\n".join(lines) + "\n"


def changed_settings(before: str, now: str) -> list[str]:
    """Lines that say which values of two resolved strategies differ.

    >>> changed_settings("params: {edge: 1}", "params: {edge: 2}")
    ['params.edge: 1 -> 2']
    """
    old, new = _values(before), _values(now)
    return [
        f"{name}: {old.get(name, _NONE)} -> {new.get(name, _NONE)}"
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def _values(resolved: str) -> dict[str, str]:
    document, _ = read_text(resolved, "strategy.yaml")
    assert document is not None  # the program wrote it
    return {".".join(map(str, p)): _text(node) for p, node in leaves(document.root)}


def _text(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text
    return "[]" if isinstance(node, Items) else "{}"


def changed_figures(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[Figure, ...]:
    """The numbers in which two summaries differ, in the order of `METRICS`."""
    return tuple(
        figure
        for metric in METRICS
        for figure in _figures(metric.key, metric.unit, before, now)
        if figure.before != figure.now
    )


def _figures(
    key: str, unit: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> list[Figure]:
    """A metric's number, or a number for each side and rule of unquoted time."""
    if key == "unquoted_time_s":
        old, new = before[key], now[key]
        pairs = dict.fromkeys(
            (side, rule) for side in new for rule in (*old[side], *new[side])
        )
        return [
            Figure(f"{side} {rule}, s", unit, old[side].get(rule), new[side].get(rule))
            for side, rule in pairs
        ]
    if unit in ("text", "table") or key in ("latency", "attribution_residual"):
        return []
    return [Figure(key, unit, before[key], now[key])]


def _table(figures: tuple[Figure, ...]) -> list[str]:
    head = f"{'':<{_LABEL}}{'before':>{_CELL}}{'now':>{_CELL}}{'difference':>{_CELL}}"
    return [head, *map(_line, figures)]


def _line(figure: Figure) -> str:
    before, now = figure.before, figure.now
    cells = [_said(figure, before), _said(figure, now), _NONE]
    if before is not None and now is not None:
        cells[2] = _difference(figure, now - before)
    return f"{figure.name:<{_LABEL}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


def _said(figure: Figure, value: float | None) -> str:
    """A value in its unit, with the decimals of the larger of the two."""
    if value is None:
        return _NONE
    if figure.unit in ("count", "size", "whole"):
        return amount(value)
    if figure.name.endswith(_SHARES):
        return percent(value)
    return f"{value:,.{_places(figure)}f}"


def _difference(figure: Figure, difference: float) -> str:
    if figure.unit in ("count", "size", "whole"):
        return ("+" if difference > 0 else "") + amount(difference)
    if figure.name.endswith(_SHARES):
        return f"{difference * 100:+.1f} points"
    return f"{difference:+,.{_places(figure)}f}"


def _places(figure: Figure) -> int:
    known = [value for value in (figure.before, figure.now) if value is not None]
    return decimals(known)
