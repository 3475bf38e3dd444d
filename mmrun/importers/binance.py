"""Binance: recorded websocket lines and public dumps of spot and both futures.

A file is of one symbol; each of Binance's markets is a venue, and several files of a
symbol and venue (days, or trades and books apart) are one tape:

    .csv .parquet   dumps                                        `binance_dump`
    anything else   lines `<receive time, ns> <JSON>`, gzip too  `binance_stream`

The tape is in exchange time; at one time trades stand before the book change they
caused. A recording with a snapshot gives `depth` rows of the whole book, with every
best quote in it (`binance_book`); without one its best quotes are `quote` rows. Spot
tells no time of its quotes: see `binance_clock`. Trades of insurance fund and
deleveraging, and those without size, meet no order and are left out.

A recording is read a block at a time (`stream`), so that its length does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from mmrun.importers.binance_dump import read_dump
from mmrun.importers.binance_record import FOLDERS, Recording, joined
from mmrun.importers.binance_stream import has_snapshot, read_blocks
from mmrun.importers.binance_tape import BookBefore, tapes_of
from mmrun.importers.days import Unit, day_in
from mmrun.importers.rows import Imported
from mmrun.importers.sources import Member, members_of
from mmrun.market.growing import Tape
from mmrun.market.manifest import Provenance
from mmrun.market.seams import united


SUFFIXES = (".csv", ".parquet", ".gz", ".log", ".jsonl")

_TABLES = (".csv", ".parquet")
_FILE_ROWS = 2**19  #: some 40 MB in memory
_Tell = Callable[[str], None]


def _nothing(_symbol: str, _venue: str, _ts: int) -> None:
    """No book before."""


def unit_of(path: Path) -> Unit:
    """The files of a day, symbol and market."""
    folders = [folder.lower() for folder in path.resolve().parent.parts]
    market = [folder for folder in folders if folder in FOLDERS][-1:]
    symbol = re.split(r"[_.\-]", path.name)[0].upper()
    return Unit(day_in(path)[0], "/".join([*market, symbol]))


def read(sources: Sequence[Path], progress: _Tell = lambda _: None) -> Imported:
    """Read recordings and dumps at once.

    Args:
        sources: files, zips of dumps, and directories of them.
        progress: told what is being read.

    Raises:
        DataError: a file is missing, damaged or holds what cannot be right, or depth
            has no snapshot to begin at and nothing else is there.
    """
    (imported,) = _at_once(list(members_of(sources, SUFFIXES)), _nothing, progress)
    return imported


def stream(
    sources: Sequence[Path],
    progress: _Tell = lambda _: None,
    *,
    before: BookBefore = _nothing,
) -> Iterator[Imported]:
    """Read recordings and dumps: of a recording alone a part at a time, else at once.

    Args:
        sources: files, zips of dumps, and directories of them.
        progress: told what is being read.
        before: tells the book that stood before, for recordings that go on from it.

    Raises:
        DataError: as `read`.
    """
    members = list(members_of(sources, SUFFIXES))
    if len(members) > 1 or members[0].base.lower().endswith(_TABLES):
        yield from _at_once(members, before, progress)
        return
    (member,) = members
    tapes = tapes_of(
        read_blocks(member, progress), has_snapshot=has_snapshot(member), before=before
    )
    for tape, notes in _gathered(tapes):
        yield _imported([(tape, notes)])


def _gathered(
    tapes: Iterable[tuple[Tape, list[str]]],
) -> Iterator[tuple[Tape, list[str]]]:
    """Parts of the tape put together until they are worth a file."""
    held: list[Tape] = []
    for tape, notes in tapes:
        held.append(tape)
        if notes or sum(len(part.frame) for part in held) >= _FILE_ROWS:
            yield _one(held), notes
            held = []


def _one(parts: Sequence[Tape]) -> Tape:
    """One part of several; steps that are guessed fit them all."""
    instrument = parts[0].instrument
    for part in parts[1:]:
        instrument = united(instrument, part.instrument)
    frame = pl.concat([part.frame for part in parts])
    return Tape(instrument, frame, last_id=parts[-1].last_id)


def _at_once(
    members: Sequence[Member], before: BookBefore, progress: _Tell
) -> Iterator[Imported]:
    files: dict[tuple[str, str], list[Recording]] = {}
    for member in members:
        progress(f"reading {member.name}")
        found = _read_file(member, progress)
        files.setdefault((found.symbol, found.market.venue), []).append(found)
    results: list[tuple[Tape, list[str]]] = []
    for key in sorted(files):
        recording = joined(files[key])
        progress(f"putting {recording.symbol} of {recording.market.title} in order")
        whole = bool(recording.counts["snapshot"])
        results += tapes_of([(recording, True)], has_snapshot=whole, before=before)
    yield _imported(results)


def _imported(results: Sequence[tuple[Tape, list[str]]]) -> Imported:
    names = [f"{t.instrument.symbol} at {t.instrument.venue}" for t, _ in results]
    return Imported(
        tapes=tuple(tape for tape, _ in results),
        provenance=Provenance(source="; ".join(f"Binance, {name}" for name in names)),
        notes=tuple(
            f"{name}: {note}"
            for name, (_, found) in zip(names, results, strict=True)
            for note in found
        ),
    )


def _read_file(member: Member, progress: _Tell) -> Recording:
    if member.base.lower().endswith(_TABLES):
        return read_dump(member)
    return joined([block for block, _ in read_blocks(member, progress)])
