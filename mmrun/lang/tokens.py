"""Formula text to tokens: numbers with units glued on, names, operators.

The first character that belongs to no token ends the reading: one syntax error a
formula is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from mmrun.units import UNITS, Quantity, parse_literal


KEYWORDS = frozenset({"if", "else", "and", "or", "not"})

_DIGITS = r"[0-9](?:_?[0-9])*"
_PATTERN = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
    |(?P<number>(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<foreign>//|&&|\|\||<>|:=|\^)
    |(?P<operator>\*\*|<=|>=|==|!=|[-+*/%<>(),=])""",
    re.VERBOSE,
)
_LETTERS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: What other languages write, and what to write here.
_SPELLINGS = {
    "//": "write floor(a / b)",
    "&&": "write and",
    "&": "write and",
    "||": "write or",
    "|": "write or",
    "!": "write not",
    "<>": "write !=",
    "^": "write ** for a power",
    "?": "write x if condition else y",
    ":": "write x if condition else y",
    ":=": "name a formula under `let:`",
    "#": "comments stand outside the formula",
    '"': "formulas have no strings",
    "'": "formulas have no strings",
    "[": "formulas have no subscripts; lag(x, 1) looks back",
    "{": "formulas have no braces",
    "\u2212": "write - (the plain minus sign)",
    "\u2013": "write - (the plain minus sign)",
    "\u00d7": "write *",
    "\u00f7": "write /",
    "\u2264": "write <=",
    "\u2265": "write >=",
    "$": "amounts are in quote currency: write the number alone",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula; `quantity` belongs to numbers alone."""

    kind: Literal["number", "name", "keyword", "operator", "end"]
    text: str
    start: int
    end: int
    quantity: Quantity | None = None


class FormulaSyntaxError(Exception):
    """The one syntax error of a formula; `parse` turns it into a `Problem`."""

    def __init__(
        self, code: str, message: str, start: int, end: int, *hints: str
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.hints = hints


def tokenize(text: str) -> list[Token]:
    """All tokens of a formula, the last of kind `end`.

    Raises:
        FormulaSyntaxError: at a character or number that is none (MM201, MM205, MM206).
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup == "foreign":
            raise _unexpected(text, position, match[0] if match else text[position])
        position = match.end()
        if match.lastgroup == "number":
            tokens.append(_number(text, match.start(), position))
            position = tokens[-1].end
        elif match.lastgroup == "name":
            kind = "keyword" if match[0] in KEYWORDS else "name"
            tokens.append(Token(kind, match[0], match.start(), position))  # type: ignore[arg-type]
        elif match.lastgroup == "operator":
            tokens.append(Token("operator", match[0], match.start(), position))
    return [*tokens, Token("end", "", len(text), len(text))]


def _unexpected(text: str, start: int, found: str) -> FormulaSyntaxError:
    end = start + len(found)
    hints = (_SPELLINGS[found],) if found in _SPELLINGS else ()
    shown = found if found.isprintable() else f"U+{ord(found):04X}"
    before = text[:start].rstrip()
    where = f" after '{before[-12:]}'" if before else ""
    return FormulaSyntaxError(
        "MM201", f"unexpected '{shown}'{where} in a formula", start, end, *hints
    )


def _number(text: str, start: int, end: int) -> Token:
    """The number at `start`, with the letters that follow it as its unit."""
    letters = _LETTERS.match(text, end)
    unit = letters[0] if letters else ""
    if unit and unit not in UNITS:
        raise _not_a_unit(text[start:end], unit, end)
    end += len(unit)
    quantity = _in_range(text[start:end])
    if quantity is None:
        raise FormulaSyntaxError(
            "MM206", f"{text[start:end]} is outside the range of a float", start, end
        )
    return Token("number", text[start:end], start, end, quantity)


def _in_range(text: str) -> Quantity | None:
    """The literal, or None where its exact value over- or underflows a float."""
    quantity = parse_literal(text)
    try:
        lost = quantity is None or (quantity.value == 0.0) != (quantity.number == 0)
    except OverflowError:
        return None
    return None if lost else quantity


def _not_a_unit(number: str, letters: str, start: int) -> FormulaSyntaxError:
    close = get_close_matches(letters.lower(), UNITS, n=1)
    if letters == "m":
        hints = [f"write {number}min or {number}ms"]
    elif close:
        hints = [f"did you mean {number}{close[0]}?"]
    else:
        hints = [f"write {number} * {letters} to multiply"]
    return FormulaSyntaxError(
        "MM205",
        f"'{letters}' glued to {number} is not a unit; units are {' '.join(UNITS)}",
        start,
        start + len(letters),
        *hints,
    )
