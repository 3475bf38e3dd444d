"""A tree of nodes as canonical YAML: equal content gives equal text.

Keys a schema knows stand in the schema's order, keys the user named in alphabetical
order; numbers are the shortest decimal of what was written; text is plain where a
reader cannot take it for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mmrun.documents.keys import Keys
from mmrun.documents.nodes import Items, Node, Scalar, Section
from mmrun.documents.scalars import read_plain


_SAFE = re.compile(r"[A-Za-z0-9_.(/<>=+*-][A-Za-z0-9_ .,;()/<>=+*%^'|-]*\Z")
_SAFE_IN_FLOW = re.compile(r"[A-Za-z0-9_.(/+*-][A-Za-z0-9_ .()/+*-]*\Z")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_PLAIN_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_LARGEST_PLAIN_EXPONENT = 16

Note = Callable[[Node], str]


def canonical(node: Node, schema: Mapping[str, Any] | None = None) -> str:
    """The node as YAML text that ends with a line break.

    Args:
        node: the tree.
        schema: gives the order of keys; alphabetical without.
    """
    return _text(node, Keys.of(schema or {}), lambda _: "")


def annotated(node: Node, schema: Mapping[str, Any] | None = None) -> str:
    """As `canonical`, every value followed by `# file:line` of where it was written."""
    note: Note = lambda n: f"{n.place.file}:{n.place.line}"  # noqa: E731
    return _text(node, Keys.of(schema or {}), note)


def _text(node: Node, keys: Keys, note: Note) -> str:
    lines = _Lines(note)
    if isinstance(node, Section) and node.entries:
        lines.section(node, keys, 0)
    else:
        lines.add(0, _flow(node), note(node))
    return lines.finish()


class _Lines:
    """Collects lines with a remark each, and aligns the remarks."""

    def __init__(self, note: Note) -> None:
        self.note = note
        self.lines: list[tuple[str, str]] = []

    def add(self, indent: int, text: str, remark: str = "") -> None:
        self.lines.append((" " * indent + text, remark))

    def section(self, node: Section, keys: Keys, indent: int) -> None:
        order = {name: index for index, name in enumerate(keys.known)}
        for name in sorted(node.entries, key=lambda k: (order.get(k, len(order)), k)):
            self.entry(name, node.entries[name].node, keys.under(name), indent)

    def entry(self, name: str, node: Node, keys: Keys, indent: int) -> None:
        key = _key(name)
        if isinstance(node, Section) and node.entries:
            self.add(indent, f"{key}:")
            self.section(node, keys, indent + 2)
        elif isinstance(node, Items) and not all(
            isinstance(item, Scalar) for item in node.items
        ):
            self.add(indent, f"{key}:")
            for item in node.items:
                self.item(item, indent + 2)
        else:
            self.add(indent, f"{key}: {_flow(node)}", self.note(node))

    def item(self, node: Node, indent: int) -> None:
        self.add(indent, f"- {_flow(node)}", self.note(node))

    def finish(self) -> str:
        width = max((len(text) for text, remark in self.lines if remark), default=0)
        return "".join(
            f"{text:<{width}}  # {remark}\n" if remark else f"{text}\n"
            for text, remark in self.lines
        )


def _flow(node: Node, *, nested: bool = False) -> str:
    """A node on one line."""
    if isinstance(node, Items):
        return "[" + ", ".join(_flow(item, nested=True) for item in node.items) + "]"
    if isinstance(node, Section):
        pairs = (
            f"{_key(name)}: {_flow(node.entries[name].node, nested=True)}"
            for name in sorted(node.entries)
        )
        return "{" + ", ".join(pairs) + "}"
    return _scalar(node, nested=nested)


def _scalar(node: Scalar, *, nested: bool) -> str:
    value = node.value
    if isinstance(value, str):
        return _quoted_if_needed(value, nested=nested)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return number_text(node)


def number_text(node: Scalar) -> str:
    """A number scalar as the shortest exact decimal, readable as a formula too.

    >>> number_text(Scalar(0.5, "0.50", None))
    '0.5'
    """
    try:
        number = Decimal(node.text)
    except ArithmeticError:  # octal and hexadecimal
        return str(node.value)
    number = number.normalize() if len(number.as_tuple().digits) <= 28 else number
    if abs(number.adjusted()) <= _LARGEST_PLAIN_EXPONENT:
        return f"{number:f}" if number else "0"
    return str(number).replace("E+", "e").replace("E", "e")


def _quoted_if_needed(text: str, *, nested: bool) -> str:
    safe = _SAFE_IN_FLOW if nested else _SAFE
    if (
        safe.match(text)
        and text == text.strip()
        and not text.startswith(("- ", "--", "...", ">", "*"))
        and text != "-"
        and isinstance(read_plain(text).value, str)
        and not read_plain(text).code
    ):
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _PLAIN_ESCAPES:
        return _PLAIN_ESCAPES[char]
    code = ord(char)
    if char.isprintable():
        return char
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"


def _key(name: str) -> str:
    return name if _KEY.match(name) else _quoted(name)
