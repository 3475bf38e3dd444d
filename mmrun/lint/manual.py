"""A rule's manual as data: its docstring's title, text and examples."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from types import ModuleType


_EXAMPLE = re.compile(r"^(FAIL|PASS):\n((?:(?:    .*)?\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Manual:
    """What `mmrun explain CODE` shows of a rule."""

    title: str
    text: str  #: paragraphs, as wide as they come
    failing: tuple[str, ...]  #: parts of strategy files
    passing: tuple[str, ...]


def manual_of(rule: ModuleType) -> Manual:
    """The manual in a rule's docstring."""
    doc = f"{rule.__doc__ or ''}\n"
    title, _, rest = doc.partition("\n")
    examples: dict[str, list[str]] = {"FAIL": [], "PASS": []}
    for match in _EXAMPLE.finditer(rest):
        examples[match[1]].append(textwrap.dedent(match[2]).strip() + "\n")
    paragraphs = _EXAMPLE.sub("", rest).split("\n\n")
    text = "\n\n".join(" ".join(each.split()) for each in paragraphs if each.strip())
    failing, passing = tuple(examples["FAIL"]), tuple(examples["PASS"])
    return Manual(title[:1].lower() + title[1:].rstrip("."), text, failing, passing)
