"""Align the decoded text of a YAML scalar with the characters that wrote it.

YAML folds lines, doubles quotes and decodes escapes. Every visible decoded character
is matched with the next visible raw one; blanks map to a blank of the same stretch.
The result is exact for visible characters, which is where formula errors start.
"""

from __future__ import annotations


_BREAKS = "\r\n\x85\u2028\u2029"
_BLANK = " \t" + _BREAKS
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v",
    "f": "\f", "r": "\r", "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}


def align(decoded: str, raw: str, style: str) -> list[tuple[int, int]] | None:
    """Start and end in `raw` of every character of `decoded`.

    Args:
        decoded: the scalar's text.
        raw: what the file holds, quotes or block header included.
        style: "" for plain, "'", '"', "|" or ">".

    Returns:
        One pair a character, or None if the two do not fit together.
    """
    position = _opening(raw, style)
    pairs: list[tuple[int, int]] = []
    for char in decoded:
        step = _blank if char in _BLANK else _visible
        pair = step(char, raw, position, style)
        if pair is None:
            return None
        pairs.append(pair)
        position = pair[1]
    return pairs


def _opening(raw: str, style: str) -> int:
    if style in {"|", ">"}:
        ends = [raw.find(char) for char in _BREAKS if char in raw]
        return min(ends, default=len(raw) - 1) + 1
    return 1 if style else 0


def _blank(char: str, raw: str, position: int, style: str) -> tuple[int, int]:
    """A blank takes up one raw character if that is a blank too, else none."""
    if style == '"':
        position = _after_continuation(raw, position)
        written, end = _escape(raw, position)
        if written == char:
            return position, end
    here = raw[position : position + 1]
    if raw.startswith("\r\n", position) and char == "\n":
        return position, position + 2
    if here == char or (char == "\n" and here and here in _BREAKS):
        return position, position + 1
    return position, position


def _visible(char: str, raw: str, position: int, style: str) -> tuple[int, int] | None:
    position = _after_blanks(raw, position, style)
    if style == '"' and raw.startswith("\\", position):
        written, end = _escape(raw, position)
        return (position, end) if written == char else None
    if style == "'" and raw.startswith("''", position):
        return (position, position + 2) if char == "'" else None
    return (position, position + 1) if raw.startswith(char, position) else None


def _after_blanks(raw: str, position: int, style: str) -> int:
    while position < len(raw) and raw[position] in _BLANK:
        position += 1
    if style == '"' and _after_continuation(raw, position) > position:
        return _after_blanks(raw, _after_continuation(raw, position), style)
    return position


def _after_continuation(raw: str, position: int) -> int:
    """Skip a backslash at a line's end and the next line's indentation."""
    after = raw[position + 1 : position + 2]
    if not raw.startswith("\\", position) or not after or after not in _BREAKS:
        return position
    position += 1
    while position < len(raw) and raw[position] in _BLANK:
        position += 1
    return position


def _escape(raw: str, position: int) -> tuple[str, int]:
    """The character an escape stands for and where it ends; "" if there is none."""
    if not raw.startswith("\\", position):
        return "", position
    kind = raw[position + 1 : position + 2]
    if kind in _HEX:
        end = position + 2 + _HEX[kind]
        return chr(int(raw[position + 2 : end], 16)), end
    return _ESCAPES.get(kind, ""), position + 2
