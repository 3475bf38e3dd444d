"""An import from its sources to a dataset, a day of files at a time.

1. The sources are files, those of a day together (`days`).
2. What the dataset holds already is left out, by the files' content.
3. A day is read by its format; facts that are stated replace guesses (`stated`), receive
   times are shifted (`received`), crossed quotes are treated (`crossed`).
4. It is added to the dataset, in whole or not at all (`market.growing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mmrun.importers import table
from mmrun.importers.crossed import check_book, treated
from mmrun.importers.days import Part, UnitOf, by_day, parts_of
from mmrun.importers.formats import looks_like
from mmrun.importers.received import shifted
from mmrun.importers.rows import Imported
from mmrun.importers.sources import paths_of
from mmrun.importers.stated import Value, guesses, stated
from mmrun.importers.table_map import read_map
from mmrun.market.facts import TapeFacts, facts_of
from mmrun.market.growing import Before, Growing
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Crossed
from mmrun.market.staging import growing
from mmrun.market.storage import Location
from mmrun.market.touch import touch_of
from mmrun.market.writer import check_output
from mmrun.problems import DataError


Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How files are read."""

    format_name: str
    table_map: Path | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)
    clock_offset_ns: int = 0
    crossed: Crossed | None = None  #: None: as the format or the map says

    @property
    def identity(self) -> dict[str, object]:
        """What makes another import of the same files."""
        text = self.table_map.read_text(encoding="utf-8") if self.table_map else ""
        return {
            "format": self.format_name,
            "map": text,
            "facts": sorted(self.facts.items()),
            "clock_offset": self.clock_offset_ns,
            "crossed": self.crossed or "",
        }


@dataclass(frozen=True, slots=True)
class Done:
    """What an import did."""

    days: tuple[tuple[Instrument, TapeFacts], ...]  #: of every tape of every day read
    timezone: str  #: of the dataset's dates
    parts: int  #: of the sources, read together each
    there: int  #: of these, in the dataset already


def import_files(
    sources: Sequence[Path],
    output: Location,
    how: How,
    *,
    replace: bool = False,
    tell: Tell = lambda _: None,
    note: Tell = lambda _: None,
) -> Done:
    """Import files into a new dataset, or add what is missing to the one that is there.

    Args:
        sources: files, zips and directories.
        output: the dataset's directory.
        how: the format, and what the files do not say.
        replace: begin a dataset anew that is there.
        tell: hears what is being done.
        note: hears what the user should know.

    Raises:
        DataError: a file is missing, damaged or holds what cannot be right; the days
            before it are kept, and a call with the same sources goes on there.
        UsageError: the output or a fact cannot be used.
    """
    check_output(output, replace=True)
    reader = _reader(how, sources)
    paths = paths_of(sources, reader.suffixes)
    parts = [
        (part, part.as_import(how.identity)) for part in parts_of(paths, reader.unit_of)
    ]
    there = 0
    days: list[tuple[Instrument, TapeFacts]] = []
    said: dict[str, None] = {}

    def heard(parts: Iterable[Imported]) -> Iterator[Imported]:
        for found in parts:
            days.extend(_facts(found, grown))
            said.update(dict.fromkeys((*found.notes, *guesses(found))))
            yield found

    with growing(output, replace=replace, wanted={i.key for _, i in parts}) as grown:
        for part, source in parts:
            if grown.has(source.key):
                there += 1
                continue
            with _explained(part, how, goes_on=bool(there or days)):
                found = _read(part, reader, how, grown, tell)
                grown.add(heard(found), source=source, progress=tell)
    for sentence in said:
        note(sentence)
    assert grown.manifest is not None
    timezone = grown.manifest.provenance.timezone
    return Done(tuple(days), timezone, len(parts), there)


@dataclass(frozen=True, slots=True)
class _Reader:
    """How a format's files are found, put together and read."""

    suffixes: tuple[str, ...]
    unit_of: UnitOf
    read: Callable[[Sequence[Path], Growing, Tell], Iterable[Imported]]


def _reader(how: How, sources: Sequence[Path]) -> _Reader:
    if how.table_map is not None:
        table_map = read_map(how.table_map)
        table.check_patterns(table_map, paths_of(sources, table.SUFFIXES))

        def by_map(paths: Sequence[Path], _: Growing, tell: Tell) -> Iterable[Imported]:
            return [table.read(paths, table_map, tell)]

        return _Reader(table.SUFFIXES, by_day, by_map)
    module = import_module(f"mmrun.importers.{how.format_name}")
    unit_of = getattr(module, "unit_of", by_day)
    return _Reader(module.SUFFIXES, unit_of, partial(_read_vendor, module, how))


def _read_vendor(
    module: ModuleType, how: How, paths: Sequence[Path], grown: Growing, tell: Tell
) -> Iterable[Imported]:
    """A vendor's files at once, or in parts whose book goes on from what stood before."""
    if not hasattr(module, "stream"):
        return [module.read(paths, tell)]

    def before(symbol: str, venue: str, ts: int) -> Before | None:
        names = (how.facts.get("symbol", symbol), how.facts.get("venue", venue))
        return grown.before(str(names[0]), str(names[1]), ts)

    parts: Iterable[Imported] = module.stream(paths, tell, before=before)
    return parts


def _read(
    part: Part, reader: _Reader, how: How, grown: Growing, tell: Tell
) -> Iterator[Imported]:
    for found in reader.read((*part.context, *part.paths), grown, tell):
        imported = shifted(stated(found, how.facts), how.clock_offset_ns)
        yield treated(imported, how.crossed or imported.provenance.crossed)


def _facts(found: Imported, grown: Growing) -> Iterator[tuple[Instrument, TapeFacts]]:
    """What each tape holds, counted with the book that stood before it.

    Raises:
        DataError: its book crosses where it may not.
    """
    for tape in found.tapes:
        if tape.frame.is_empty():
            continue
        instrument = tape.instrument
        before = grown.before(instrument.symbol, instrument.venue, tape.frame["ts"][0])
        touch = touch_of(tape.frame, before.book if before else None)
        check_book(tape, touch, found.provenance.crossed)
        yield instrument, facts_of(tape.frame, instrument, touch)


@contextmanager
def _explained(part: Part, how: How, *, goes_on: bool) -> Iterator[None]:
    """Say of what cannot be read what it looks like, and that days before it are kept.

    Raises:
        DataError: with more of a remedy.
    """
    try:
        yield
    except DataError as error:
        hints = [error.hint] if error.hint else []
        looks = {path.name: looks_like(path) for path in part.paths if path.is_file()}
        hints += [
            f"{name} looks like {found}: `mmrun import {found}`"
            for name, found in looks.items()
            if found and found != how.format_name
        ][:1]
        if goes_on:
            hints.append(
                "what came before it is kept: call again with the same sources to go on"
            )
        raise DataError(str(error), hint="; ".join(hints)) from error
