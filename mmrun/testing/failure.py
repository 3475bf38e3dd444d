"""What a test expected and did not get, with what is behind it."""

from __future__ import annotations

from dataclasses import dataclass

from mmrun.documents import TextPlace


@dataclass(frozen=True, slots=True)
class Behind:
    """A formula with the value of each node at one moment; or a problem that was found."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One expected value that was not shown."""

    key: str
    expected: str
    got: str
    place: TextPlace  #: of the expected value
    at: str = ""  #: the moment, as written; "" for a single state
    #: what it came of: formulas, a node and its value a line; or the problems found
    behind: tuple[Behind, ...] = ()
    replacement: str | None = None  #: what --update writes; None: it has no spelling
