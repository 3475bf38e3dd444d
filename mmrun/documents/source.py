"""The text of a file, and where the characters of its scalars stand.

A formula error is found at an offset of the *decoded* scalar; the person who wrote it
looks at the file. `TextPlace` maps the one to the other, for plain, quoted and block
scalars. The map is made only when something is wrong.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from mmrun.documents.offsets import align
from mmrun.problems import Span


#: What the YAML scanner takes for the end of a line.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_BLANK = " \t\r\n\x85\u2028\u2029"
#: Tags and anchors that may stand before a value.
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+")


@dataclass(frozen=True)
class Source:
    """A file's name, as the user wrote it, and its text."""

    file: str
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _BREAK.finditer(self.text))]

    def position(self, index: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    @cached_property
    def _lines(self) -> dict[int, str]:
        """Lines that were asked for: problems on one line share its text."""
        return {}

    def line_text(self, line: int) -> str:
        """A source line without its line break; empty beyond the end."""
        if not 1 <= line <= len(self._starts):
            return ""
        if line not in self._lines:
            start = self._starts[line - 1]
            match = _BREAK.search(self.text, start)
            end = match.start() if match else len(self.text)
            self._lines[line] = self.text[start:end]
        return self._lines[line]

    def span(self, start: int, end: int) -> Span:
        """The span of the characters `start` to `end` (exclusive)."""
        return Span(self.file, *self.position(start), *self.position(max(start, end)))


@dataclass(frozen=True, eq=False)
class TextPlace:
    """Where a node of a document stands; a `mmrun.problems.Place`.

    `style` is YAML's: "" plain, "'", '"', "|" or ">" for scalars, "{" for lists and
    sections, whose place is their first line.
    """

    source: Source
    start: int
    end: int
    style: str = ""
    decoded: str = field(default="", repr=False)

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The span of characters of the decoded text; the whole scalar by default.

        Offsets that cannot be mapped give the whole scalar.
        """
        if start == 0 and end is None:
            return self._whole
        offsets = self._offsets
        last = len(self.decoded) if end is None else min(end, len(self.decoded))
        if offsets is None or not 0 <= start <= len(self.decoded):
            return self._whole
        if start >= last:  # an empty stretch, such as the end of the text
            return self.source.span(*self._after(start))
        return self.source.span(offsets[start][0], offsets[last - 1][1])

    def line_text(self, line: int) -> str:
        """The source line with that number, from 1."""
        return self.source.line_text(line)

    @property
    def file(self) -> str:
        """The file's name."""
        return self.source.file

    @property
    def line(self) -> int:
        """The line, from 1, at which it starts."""
        return self._whole.line

    @cached_property
    def _first(self) -> int:
        """Offset of the value itself, after any anchor."""
        match = _PROPERTIES.match(self.source.text, self.start, self.end)
        return match.end() if match else self.start

    @cached_property
    def _whole(self) -> Span:
        text, start, end = self.source.text, self._first, self.end
        if self.style in {"|", ">"}:
            header = _BREAK.search(text, start, end)
            start = header.end() if header else start
        while start < end and self.style in {"|", ">"} and text[start] in _BLANK:
            start += 1
        while end > start and text[end - 1] in _BLANK:
            end -= 1
        match = _BREAK.search(text, start, end) if self.style == "{" else None
        return self.source.span(start, match.start() if match else end)

    @cached_property
    def _offsets(self) -> list[tuple[int, int]] | None:
        """Start and end in the file of every decoded character."""
        raw = self.source.text[self._first : self.end]
        found = align(self.decoded, raw, self.style)
        if found is None:
            return None
        return [(self._first + start, self._first + end) for start, end in found]

    def _after(self, start: int) -> tuple[int, int]:
        """An empty stretch just before decoded character `start`."""
        offsets = self._offsets or []
        if start < len(offsets):
            return offsets[start][0], offsets[start][0]
        end = offsets[-1][1] if offsets else self._first
        return end, end
