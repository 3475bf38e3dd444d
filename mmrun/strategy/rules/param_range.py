"""A param's value lies in its range, and the range's lower bound comes first.

PASS:
    params: {edge: {value: 1.0, range: [0.5, 4]}}

FAIL:
    params: {edge: {value: 5, range: [0.5, 4]}}
    params: {edge: {value: 1, range: [4, 0.5]}}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Items, Scalar, Section
from mmrun.problems import Problem, problem_at
from mmrun.strategy.values import in_unit, param_unit


ID = "MM135"
READS: tuple[str, ...] = ()


def check(document: Document) -> Iterator[Problem]:
    """A problem at the value outside, or at the range that is empty."""
    params = document.at("params")
    for name in params.entries if isinstance(params, Section) else ():
        yield from _check_param(document, name)


def _check_param(document: Document, name: str) -> Iterator[Problem]:
    node = document.at("params", name)
    value = document.at("params", name, "value")
    bounds = document.at("params", name, "range")
    if node is None or not isinstance(bounds, Items):
        return
    unit = param_unit(node)
    texts = [item.text for item in bounds.items if isinstance(item, Scalar)]
    limits = [in_unit(item, unit) for item in bounds.items]
    if len(limits) != 2 or limits[0] is None or limits[1] is None:
        return
    if limits[0] > limits[1]:
        place = document.key_place("params", name, "range")
        message = f"expected the lower bound first, got [{', '.join(texts)}]"
        yield problem_at(place, ID, message, hints=("swap the two",))
        return
    number = in_unit(value, unit)
    if not isinstance(value, Scalar) or number is None:
        return
    if not limits[0] <= number <= limits[1]:
        between = f"from {texts[0]} to {texts[1]}"
        message = f"expected '{name}' {between}, got {value.text}"
        hints = ("change the value or the range",)
        yield problem_at(value.place, ID, message, hints=hints)
