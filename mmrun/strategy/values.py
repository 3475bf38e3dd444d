"""Literals of a valid file in base units; the schema has checked their form.

Prices in quote currency, sizes in the instrument's units, ratios as fractions, times
in ns where a name says so. Arithmetic is on exact fractions, rounded once.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, cast

from mmrun.documents import Node, Scalar, Section
from mmrun.documents.writing import number_text
from mmrun.strategy.spec import Amount, Fee, Formula
from mmrun.units import Quantity, Unit, parse_literal, parse_unit


def quantity(node: Node | None) -> Quantity | None:
    """The literal a scalar holds, None for anything else."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool):
        return None
    if isinstance(node.value, str):
        return parse_literal(node.text)
    return None if node.value is None else parse_literal(number_text(node))


def number(node: Node) -> float:
    """A number without a unit."""
    return _quantity(node).value


def duration_ns(node: Node) -> int:
    """A time in whole nanoseconds."""
    return _quantity(node).nanoseconds


def duration_or_off_ns(node: Node) -> int | None:
    """A time in whole nanoseconds, None for `off`."""
    off = isinstance(node, Scalar) and node.value == "off"
    return None if off else duration_ns(node)


def amount(node: Node) -> Amount:
    """A price or size, absolute or in ticks or lots."""
    found = _quantity(node)
    of = found.unit.of if found.unit else ""
    return Amount(found.value, cast("Literal['', 'tick', 'lot']", of))


def clock_seconds(node: Node) -> float:
    """`09:30:00` in seconds after midnight."""
    text = node.text if isinstance(node, Scalar) else ""
    parts = [Fraction(part) for part in text.split(":")]
    return float(sum(p * s for p, s in zip(parts, (3600, 60, 1), strict=False)))


def fee(node: Node, *, sign: Literal[1, -1] = 1) -> Fee:
    """A fee rate; `sign` -1 for a rebate, which is written positive."""
    if isinstance(node, Section):
        return Fee(sign * number(node.entries["flat"].node), "flat")
    found = _quantity(node)
    rate = sign * found.value + 0.0  # no negative zero
    return Fee(
        rate, cast("Literal['value', 'share', 'contract']", found.per or "value")
    )


def formula(node: Node) -> Formula:
    """A formula's text; a number is its shortest decimal."""
    scalar = cast("Scalar", node)
    is_text = isinstance(scalar.value, str)
    return Formula(scalar.text if is_text else number_text(scalar), scalar.place)


def param_unit(node: Node) -> Unit | None:
    """A param's or input's unit: `unit:`, else the one its value is written with."""
    if not isinstance(node, Section):
        return written_unit(node)
    declared = node.entries.get("unit")
    if declared is not None and isinstance(declared.node, Scalar):
        return parse_unit(declared.node.text)
    value = node.entries.get("value") or node.entries.get("default")
    return written_unit(value.node) if value else None


def written_unit(node: Node | None) -> Unit | None:
    """The unit glued to a literal."""
    found = quantity(node)
    return found.unit if found else None


def in_unit(node: Node | None, unit: Unit | None) -> float | None:
    """A param's number in base units; None if its own unit does not fit `unit`.

    A bare number is in `unit`. Ticks and lots stay counts.
    """
    found = quantity(node)
    if found is None:
        return None
    if found.unit is None:
        return float(Fraction(found.number) * (unit.scale if unit else 1))
    if unit is None or (found.unit.dimension, found.unit.of) != (
        unit.dimension,
        unit.of,
    ):
        return None
    return found.value


def _quantity(node: Node) -> Quantity:
    found = quantity(node)
    if found is None:
        raise AssertionError("a literal the schema should have refused")
    return found
