"""A param's or input's unit is one that exists, and its numbers fit it.

PASS:
    params:
      edge: {value: 5, unit: bps, range: [1, 10]}
      wide: {value: 5bps, range: [1bps, 0.1pct]}
      sigma: {value: 0.02, unit: price/sqrt(s)}
    inputs:
      alpha: {unit: bps, default: 0bps}

FAIL:
    params:
      edge: {value: 5, unit: parsec}
      wide: {value: 2tick, unit: bps}
      life: {value: 250ms, unit: size}
    inputs:
      theo: {unit: price, default: 2bps}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Items, Node, Scalar, Section, did_you_mean
from mmrun.problems import Problem, problem_at
from mmrun.strategy.values import in_unit, param_unit, quantity
from mmrun.units import UNITS, Unit, parse_unit


ID = "MM134"
READS: tuple[str, ...] = ()

_KNOWN = (*UNITS, "price", "size", "time", "money", "ratio")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the unit, or at each number that does not fit it."""
    for section in ("params", "inputs"):
        named = document.at(section)
        for name in named.entries if isinstance(named, Section) else ():
            yield from _check_one(document, section, name)


def _check_one(document: Document, section: str, name: str) -> Iterator[Problem]:
    declared = document.at(section, name, "unit")
    if isinstance(declared, Scalar) and parse_unit(declared.text) is None:
        yield _unknown(declared)
        return
    node = document.at(section, name)
    unit = param_unit(node) if node else None
    yield from _misfits(numbers(document, section, name), unit)


def _unknown(declared: Scalar) -> Problem:
    message = f"unknown unit '{declared.text}'"
    hints = (
        *did_you_mean(declared.text, _KNOWN),
        "or a product of powers of price, size and time: price/sqrt(s)",
    )
    return problem_at(declared.place, ID, message, hints=hints)


def _misfits(nodes: list[Scalar], unit: Unit | None) -> Iterator[Problem]:
    for node in nodes:
        found = quantity(node)
        if found is None or found.unit is None or in_unit(node, unit) is not None:
            continue
        expected = f"a number in {unit.name}" if unit else "a number without a unit"
        message = f"expected {expected}, got '{node.text}'"
        hint = "write `unit: tick`" if found.unit.of else "write all in one unit"
        yield problem_at(node.place, ID, message, hints=(hint,))


def numbers(document: Document, section: str, name: str) -> list[Scalar]:
    """A param's value and the bounds of its range, an input's default."""
    found: list[Node | None] = [document.at(section, name)]
    found += [document.at(section, name, key) for key in ("value", "default")]
    bounds = document.at(section, name, "range")
    found += bounds.items if isinstance(bounds, Items) else ()
    return [each for each in found if isinstance(each, Scalar)]
