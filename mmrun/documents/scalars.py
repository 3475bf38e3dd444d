"""What a plain scalar is: the core schema of YAML 1.2, and what other readers see.

    1e-3, .5, 017, 0o17, 0x1f   numbers (0.001, 0.5, 17, 15, 31)
    true, false, null, ~        themselves
    yes, no, on, off, 1:30      text
    .inf, .nan, 1e999           not numbers a strategy can hold: an error

YAML 1.1 readers, among them Python's own, disagree about some of these. Where a file
would mean something else there, the reader warns. `on` and `off` are words of mmrun's
formats and pass; so does `1_000`, a literal with the same value in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


Value = None | bool | int | float | str

_WORDS: dict[str, Value] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")

_BOOLEAN_ELSEWHERE = re.compile(r"(?:yes|Yes|YES|no|No|NO|y|Y|n|N)\Z")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+\Z")
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_BINARY = re.compile(r"[-+]?0b[01_]+\Z")


@dataclass(frozen=True, slots=True)
class Reading:
    """A plain scalar's value, and what is odd about it."""

    value: Value
    code: str = ""  #: MM105, MM106 or MM107 with its message, else ""
    message: str = ""
    hint: str = ""


def read_plain(text: str) -> Reading:
    """Read a plain (unquoted) scalar.

    >>> read_plain("1e-3").value
    0.001
    >>> read_plain("no").value
    'no'
    """
    if text in _WORDS:
        return Reading(_WORDS[text])
    if _NOT_FINITE.match(text):
        return _not_finite(text)
    if _FLOAT.match(text):
        return _number(text)
    if _OCTAL.match(text) or _HEX.match(text):
        return Reading(int(text, 0))
    return _text(text)


def _number(text: str) -> Reading:
    if not _is_usable(text):
        return _not_finite(text)
    if not _INTEGER.match(text):
        return Reading(float(text))
    value = int(text)
    if not _LEADING_ZERO.match(text):
        return Reading(value)
    return Reading(
        value,
        "MM107",
        f"{text} is the number {value} here; readers of YAML 1.1 see octal",
        f"write {value}",
    )


def _is_usable(text: str) -> bool:
    """Whether a number is 0, or of a size between 1e-300 and 1e300."""
    size = abs(float(text))
    mantissa = re.split("[eE]", text)[0]
    return 1e-300 <= size <= 1e300 or not mantissa.strip("+-.0")


def _not_finite(text: str) -> Reading:
    message = f"expected a finite number within 1e300, got {text[:40]}"
    return Reading(text, "MM106", message, "leave the key out")


def _text(text: str) -> Reading:
    if _BOOLEAN_ELSEWHERE.match(text):
        return Reading(
            text,
            "MM105",
            f"{text} is text here; readers of YAML 1.1 see true or false",
            f'write true or false, or "{text}" for the text',
        )
    if _SEXAGESIMAL.match(text) or _BINARY.match(text):
        return Reading(
            text,
            "MM107",
            f"{text} is text here; readers of YAML 1.1 see a number",
            f'quote it: "{text}"',
        )
    return Reading(text)
