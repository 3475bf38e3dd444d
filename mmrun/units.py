"""Values with units: `"5bps"` is a number and a dimension.

Inside the program every number is in a base unit: prices and money in quote currency,
sizes in the instrument's units, time in seconds, ratios as fractions. bps, pct and ms
are scales of literals, not types. Ticks and lots depend on the instrument, so a
quantity in ticks stays one until a plan is bound to data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple


class Dimension(NamedTuple):
    """Powers of price, size and time, counted in halves so that sqrt(time) fits."""

    price: int = 0
    size: int = 0
    time: int = 0

    def times(self, other: Dimension) -> Dimension:
        """The dimension of a product."""
        return Dimension(*(a + b for a, b in zip(self, other, strict=True)))

    def over(self, other: Dimension) -> Dimension:
        """The dimension of a quotient."""
        return Dimension(*(a - b for a, b in zip(self, other, strict=True)))

    def power(self, halves: int) -> Dimension | None:
        """The dimension to the power `halves`/2, None where quarters would arise."""
        scaled = [a * halves for a in self]
        if any(value % 2 for value in scaled):
            return None
        return Dimension(*(value // 2 for value in scaled))

    def __str__(self) -> str:
        return _show_dimension(self)


RATIO = Dimension()
PRICE = Dimension(price=2)
SIZE = Dimension(size=2)
TIME = Dimension(time=2)
MONEY = Dimension(price=2, size=2)


@dataclass(frozen=True, slots=True)
class Unit:
    """A dimension with the scale in which a user writes it."""

    name: str  #: as the user writes it: "bps", "price/sqrt(s)"
    dimension: Dimension
    scale: Fraction = Fraction(1)  #: base units in one of these
    relative: bool = False  #: a relative price: beside a price it is taken of mid
    of: str = ""  #: "tick" or "lot" when the scale is the instrument's


#: Units that can be glued to a literal, and stand alone in `unit:`.
UNITS = {
    unit.name: unit
    for unit in (
        Unit("bps", RATIO, Fraction(1, 10_000), relative=True),
        Unit("pct", RATIO, Fraction(1, 100), relative=True),
        Unit("tick", PRICE, of="tick"),
        Unit("lot", SIZE, of="lot"),
        Unit("ns", TIME, Fraction(1, 10**9)),
        Unit("us", TIME, Fraction(1, 10**6)),
        Unit("ms", TIME, Fraction(1, 1_000)),
        Unit("s", TIME),
        Unit("min", TIME, Fraction(60)),
        Unit("h", TIME, Fraction(3_600)),
        Unit("d", TIME, Fraction(86_400)),
    )
}
#: Names only for `unit:` and its products of powers.
_NAMED = UNITS | {
    unit.name: unit
    for unit in (
        Unit("price", PRICE),
        Unit("size", SIZE),
        Unit("time", TIME),
        Unit("money", MONEY),
        Unit("ratio", RATIO),
    )
}
#: Longer exponents than a float's are refused: their exact values would fill memory.
_DIGITS = r"\d(?:_?\d)*"
_NUMBER = (
    rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?0*\d{{1,3}})?"
)
_LITERAL = re.compile(rf"\s*({_NUMBER})\s*([a-z]+)?(?:/(share|contract))?\s*\Z")
_LARGEST_EXPONENT = 300
_LONGEST_UNIT = 100
_LARGEST_POWER = 8
_UNIT_TOKEN = re.compile(r"\s*([a-z]+|\d+|\*\*|[*/()])")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A literal: the exact decimal as written, and its unit (None when bare)."""

    number: Decimal
    unit: Unit | None = None
    per: str = ""  #: "share" or "contract" in fees

    @property
    def value(self) -> float:
        """The correctly rounded float in base units; ticks and lots count as ones."""
        scale = self.unit.scale if self.unit else Fraction(1)
        return float(Fraction(self.number) * scale)

    @property
    def nanoseconds(self) -> int:
        """A time in whole nanoseconds, rounded half to even."""
        scale = self.unit.scale if self.unit else Fraction(1)
        return round(Fraction(self.number) * scale * 10**9)


def parse_literal(text: str) -> Quantity | None:
    """Read `5bps`, `2tick`, `0.0020/share` or a bare number; None if it is neither.

    A number beyond 1e300, or nearer to 0 than 1e-300, is none either: its exact
    fraction could take up all memory.

    >>> parse_literal("0.3bps").value
    3e-05
    >>> parse_literal("250ms").nanoseconds
    250000000
    """
    match = _LITERAL.match(text)
    if match is None:
        return None
    number, name, per = match.groups()
    if name is not None and name not in UNITS:
        return None
    exact = _bounded(number.replace("_", ""))
    if exact is None:
        return None
    return Quantity(exact, UNITS[name] if name else None, per or "")


def _bounded(text: str) -> Decimal | None:
    """The exact decimal, None if it is too large or too small; zero is plain zero."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    if not number:
        return Decimal(0)
    return number if abs(number.adjusted()) <= _LARGEST_EXPONENT else None


def parse_unit(text: str) -> Unit | None:
    """Read a `unit:` value: a product of powers of price, size and time, or a scale.

    >>> parse_unit("price/sqrt(s)").dimension
    Dimension(price=2, size=0, time=-1)
    >>> parse_unit("parsec") is None
    True
    """
    if text in _NAMED:
        return _NAMED[text]
    if len(text) > _LONGEST_UNIT:
        return None
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        match = _UNIT_TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append(match[1])
        position = match.end()
    try:
        unit, rest = _product(tokens)
    except (IndexError, ValueError):
        return None
    return None if rest else Unit(text, unit.dimension, unit.scale)


def _product(tokens: list[str]) -> tuple[Unit, list[str]]:
    unit, tokens = _factor(tokens)
    while tokens and tokens[0] in "*/":
        sign = 1 if tokens[0] == "*" else -1
        other, tokens = _factor(tokens[1:])
        factor = _power(other, 2 * sign)
        unit = Unit(
            "", unit.dimension.times(factor.dimension), unit.scale * factor.scale
        )
    return unit, tokens


def _factor(tokens: list[str]) -> tuple[Unit, list[str]]:
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        unit, rest = _closed(*_product(rest))
    elif head == "sqrt":
        unit, rest = _closed(*_product(rest[1:]))
        unit = _power(unit, 1)
    elif head == "1":
        unit = Unit("", RATIO)
    elif head in _NAMED and not _NAMED[head].of:
        unit = Unit("", _NAMED[head].dimension, _NAMED[head].scale)
    else:
        raise ValueError(head)
    if rest and rest[0] == "**":
        exponent = int(rest[1])
        if exponent > _LARGEST_POWER:
            raise ValueError(exponent)
        return _power(unit, 2 * exponent), rest[2:]
    return unit, rest


def _closed(unit: Unit, tokens: list[str]) -> tuple[Unit, list[str]]:
    if tokens[0] != ")":
        raise ValueError(tokens[0])
    return unit, tokens[1:]


def _power(unit: Unit, halves: int) -> Unit:
    dimension = unit.dimension.power(halves)
    if dimension is None or (halves % 2 and unit.scale != 1):
        raise ValueError(unit.name)
    scale = unit.scale ** (halves // 2) if halves % 2 == 0 else unit.scale
    return Unit("", dimension, Fraction(scale))


def _show_dimension(dimension: Dimension) -> str:
    """`price/sqrt(time)`, `1/(price*size)`, `ratio`."""
    names = ("price", "size", "time")
    above = [_show_power(n, h) for n, h in zip(names, dimension, strict=True) if h > 0]
    below = [_show_power(n, -h) for n, h in zip(names, dimension, strict=True) if h < 0]
    if not above and not below:
        return "ratio"
    top = "*".join(above) or "1"
    if not below:
        return top
    bottom = "*".join(below)
    return f"{top}/({bottom})" if len(below) > 1 else f"{top}/{bottom}"


def _show_power(name: str, halves: int) -> str:
    if halves == 1:
        return f"sqrt({name})"
    if halves == 2:
        return name
    return f"{name}**{halves // 2}" if halves % 2 == 0 else f"{name}**({halves}/2)"
