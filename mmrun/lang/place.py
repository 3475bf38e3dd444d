"""A place for formulas that stand alone: of a command line, a test, a printed tree."""

from __future__ import annotations

from dataclasses import dataclass

from mmrun.problems import Span
from mmrun.strategy.spec import Formula


@dataclass(frozen=True, slots=True)
class TextPlace:
    """The whole of a text, its first character at line 1, column 1 of `file`."""

    text: str
    file: str = "<formula>"

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The span of characters `start` to `end` (exclusive; None: the text's end)."""
        last = len(self.text) if end is None else end
        return Span(self.file, *self._position(start), *self._position(last))

    def line_text(self, line: int) -> str:
        """The line with that number, from 1."""
        return self.text.split("\n")[line - 1]

    def _position(self, offset: int) -> tuple[int, int]:
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def formula(text: str, file: str = "<formula>") -> Formula:
    """Text as a formula of its own."""
    return Formula(text, TextPlace(text, file))
