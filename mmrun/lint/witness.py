"""Where something bad happens: which names must be at which of their ends for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from mmrun.lang.nodes import Expr
from mmrun.lang.pointwise import POINTWISE
from mmrun.lang.walk import postorder
from mmrun.lint.intervals import Interval, point
from mmrun.lint.ranges import TooMuchWorkError
from mmrun.lint.refine import Facts
from mmrun.lint.subject import Subject
from mmrun.strategy.spec import Param


#: Whether the bad thing is still possible under further facts.
Possible = Callable[[Facts], bool]

_MOST_NAMES = 12
_SHOWN = 3
_FAR = 1e9  #: for an end that there is not
#: Names that are as the market and the instrument have them, wherever one is.
_GIVEN = frozenset({"bid", "ask", "mid", "weighted_mid", "tick", "lot"})


def where(subject: Subject, formulas: Iterable[Expr], possible: Possible) -> str:
    """`, where edge is 0.5bps and as nothing bounds delta(mid, 1s)`; "" for anywhere.

    Each name is held in turn at its ends, and between them: one that matters is where
    the bad thing goes away at one of these.
    """
    try:
        return _where(subject, tuple(formulas), possible)
    except TooMuchWorkError:
        return ""


def _where(subject: Subject, formulas: tuple[Expr, ...], possible: Possible) -> str:
    ranges = subject.declared
    facts: dict[int, Interval] = {}
    held: list[str] = []
    unbounded: list[str] = []
    for node in _names(subject, formulas):
        number, interval = subject.structure.number(node), ranges.of(node)
        places = _places(interval)
        bad = [x for x in places if possible({**facts, number: point(x)})]
        if not bad or len(bad) == len(places):
            continue
        facts[number] = point(bad[0])
        if abs(bad[0]) == _FAR:
            unbounded.append(subject.text(node))
        else:
            held.append(f"{subject.text(node)} is {_shown(subject, node, bad[0])}")
    parts = [f"where {' and '.join(held[:_SHOWN])}"] if held else []
    if unbounded:
        parts.append(f"as nothing bounds {' and '.join(unbounded[:_SHOWN])}")
    return f", {', '.join(parts)}" if parts else ""


def _places(interval: Interval) -> tuple[float, float, float]:
    """Both ends, far out where there is none, and what lies between."""
    low = interval.low if math.isfinite(interval.low) else -_FAR
    high = interval.high if math.isfinite(interval.high) else _FAR
    bounded = math.isfinite(interval.low) and math.isfinite(interval.high)
    return low, high, low + (high - low) / 2.0 if bounded else max(0.0, low)


def _names(subject: Subject, formulas: Iterable[Expr]) -> list[Expr]:
    """Names and functions over time that are not one value, the innermost left out."""
    found: dict[int, Expr] = {}
    for node in postorder(formulas):
        number = subject.structure.number(node)
        if node.op in POINTWISE or node.op == "const" or number in found:
            continue
        if node.name in _GIVEN:
            continue
        if not subject.declared.of(node).is_point:
            found[number] = node
    inside = {
        subject.structure.number(part)
        for part in postorder(arg for node in found.values() for arg in node.args)
    }
    kept = [node for number, node in found.items() if number not in inside]
    return sorted(kept, key=lambda node: node.op != "param")[:_MOST_NAMES]


def _shown(subject: Subject, node: Expr, value: float) -> str:
    param = subject.params.get(node.name) if node.op == "param" else None
    return written(param, value) if param else f"{value:g}"


def written(param: Param, value: float) -> str:
    """A value of a param in its unit."""
    if param.unit is None:
        return f"{value:g}"
    return f"{value / float(param.unit.scale):g}{param.unit.name}"
