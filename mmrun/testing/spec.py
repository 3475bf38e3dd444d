"""The frozen records a test file becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmrun.documents import Node, Scalar, TextPlace
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.market.tape import Batch


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be off, in its own unit, or in ticks for prices alone."""

    value: float = 0.0
    in_ticks: bool = False


@dataclass(frozen=True, slots=True)
class TapeInput:
    """A value of an input of the strategy, as a line of a tape says it."""

    at_ns: int  #: from the session's open
    name: str
    text: str  #: the value
    name_at: tuple[int, int]  #: text offsets
    text_at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tape:
    """The rows of a tape; times are ns from the session's open."""

    batch: Batch
    place: TextPlace
    venues: Mapping[str, tuple[int, int]]  #: name to its first mention: text offsets
    inputs: tuple[TapeInput, ...] = ()  #: in time order


@dataclass(frozen=True, slots=True)
class Want:
    """One expected value: `bid: 149.85`."""

    key: str
    node: Node
    place: TextPlace  #: the key's


@dataclass(frozen=True, slots=True)
class Moment:
    """What must be shown at one time."""

    at_ns: int | None  #: from the tape's start; None: a single state
    venue: Scalar | None
    wants: tuple[Want, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test."""

    name: str
    place: TextPlace  #: the name's
    settings: Mapping[str, tuple[TextPlace, Scalar]]  #: to its key's place and value
    given: Mapping[str, tuple[TextPlace, Scalar]]
    tape: Tape | None
    model: FillModel = field(default_factory=FillModel)
    latency: Latency = field(default_factory=Latency)
    tolerance: Tolerance = Tolerance()
    moments: tuple[Moment, ...] = ()
    problems: Want | None = None

    @property
    def overrides(self) -> tuple[str, ...]:
        """The settings as -s takes them."""
        return tuple(
            f"{name}={value.text}" for name, (_, value) in self.settings.items()
        )


@dataclass(frozen=True, slots=True)
class TestFile:
    """A test file: the strategy under test and its tests."""

    path: Path
    strategy: Path
    tests: tuple[Test, ...]
