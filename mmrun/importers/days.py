"""Which files are read together: those of a day, as far as names tell days.

An import reads a day at a time, so that memory does not grow with the number of days,
an interruption loses one day, and a day that is there is not read again. A format says
with its `unit_of` which files belong together; what no day can be told of is read at
once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmrun.market.manifest import Import


_DATE = re.compile(
    r"(?<!\d)(?P<y>(19|20)\d\d)-?(?P<m>0[1-9]|1[0-2])-?(?P<d>[0-3]\d)(?!\d)"
)


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """What the name of a file says of its place among others."""

    day: str  #: sorts as time does; empty: not told
    rest: str = ""  #: what else must be alike


@dataclass(frozen=True, slots=True)
class Part:
    """Files that are read together."""

    paths: tuple[Path, ...]
    context: tuple[Path, ...]  #: read with every part: definitions

    @property
    def name(self) -> str:
        """For people."""
        first, *others = self.paths
        return f"{first.name} and {len(others)} more" if others else first.name

    def as_import(self, how: Mapping[str, object]) -> Import:
        """What identifies it: the files' names and content, and how they are read."""
        digest = hashlib.sha256(repr(sorted(how.items())).encode())
        for path in self.paths:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"\n{path.name} {content}".encode())
        names = tuple(path.name for path in self.paths)
        return Import(key=digest.hexdigest(), sources=names)


UnitOf = Callable[[Path], Unit | None]


def day_in(path: Path) -> tuple[str, str]:
    """The date in a file's name, and what stands before it; empty without one.

    >>> day_in(Path("glbx-mdp3-20231225.mbo.dbn.zst"))
    ('2023-12-25', 'glbx-mdp3-')
    """
    match = _DATE.search(path.name)
    if match is None:
        return "", ""
    return f"{match['y']}-{match['m']}-{match['d']}", path.name[: match.start()]


def by_day(path: Path) -> Unit:
    """All files of a date."""
    return Unit(day_in(path)[0])


def by_day_and_name(path: Path) -> Unit:
    """The files of a date whose names start alike."""
    day, start = day_in(path)
    return Unit(day, start.lower())


def parts_of(paths: Sequence[Path], unit_of: UnitOf) -> list[Part]:
    """The files by what is read together, in order of days.

    Args:
        paths: files, in the order they were given.
        unit_of: of a file; None for one that every part needs.
    """
    units = {path: unit_of(path) for path in dict.fromkeys(paths)}
    context = tuple(path for path, unit in units.items() if unit is None)
    told = {path: unit for path, unit in units.items() if unit is not None}
    untold = {unit.rest for unit in told.values() if not unit.day}
    groups: dict[Unit, list[Path]] = {}
    for path, unit in told.items():
        key = Unit("", unit.rest) if unit.rest in untold else unit
        groups.setdefault(key, []).append(path)
    if not groups:
        return [Part(context, ())]
    return [Part(tuple(groups[unit]), context) for unit in sorted(groups)]
