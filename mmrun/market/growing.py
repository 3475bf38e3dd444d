"""A dataset that grows import by import, each of them all or nothing.

An import's files are written first and named in the manifest afterwards, which is
replaced in one step: what the manifest does not name is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import polars as pl

from mmrun.market.dataset import in_time
from mmrun.market.day_file import (
    folder_of,
    split_by_date,
    write_order_file,
    write_tape_file,
)
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import (
    MANIFEST_NAME,
    Import,
    Manifest,
    OrderFile,
    Provenance,
    TapeFile,
    to_yaml,
)
from mmrun.market.reader import read_file
from mmrun.market.seams import fitted, joined_provenance, united
from mmrun.market.storage import Location
from mmrun.market.touch import Book, follow
from mmrun.problems import DataError


@dataclass(frozen=True, slots=True)
class Tape:
    """All rows of one symbol at one venue, `market.tape.COLUMNS`, in time order."""

    instrument: Instrument
    frame: pl.DataFrame
    orders: pl.DataFrame | None = None  #: order messages in time order, `ts` first
    last_id: int | None = None  #: the venue's id of the book's last change


class Part(Protocol):
    """Tapes and where they are from, as an importer gives them."""

    @property
    def tapes(self) -> Sequence[Tape]:
        """One for each symbol and venue."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Source, licence and timezone, for the manifest."""
        ...


@dataclass(frozen=True, slots=True)
class Tapes:
    """Tapes that are written at once."""

    tapes: Sequence[Tape]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Before:
    """What stood in a book when its last import ended."""

    ts: int  #: of its last row, ns
    book: Book
    last_id: int | None  #: the venue's id of its last change; None where not known


@dataclass(slots=True)
class Growing:
    """A dataset being written; `manifest` is what is there so far."""

    root: Path  #: where new files are written
    manifest: Manifest | None = None
    home: Location | None = None  #: where the files are that were there before
    _books: dict[tuple[str, str], tuple[int, Book]] = field(default_factory=dict)

    def has(self, key: str) -> bool:
        """Whether an import is there."""
        imports = self.manifest.imports if self.manifest else ()
        return any(found.key == key for found in imports)

    def before(self, symbol: str, venue: str, ts: int) -> Before | None:
        """The book that stood before a time; None where nothing is known of it."""
        files = [f for f in self._files(symbol, venue) if f.first_ts < ts]
        if not files:
            return None
        last = files[-1]
        done, book = self._books.get((symbol, venue), (-1, Book()))
        if done != last.last_ts:
            book = self._book_after(files)
        return Before(last.last_ts, replace(book), last.last_id)

    def add(
        self,
        parts: Iterable[Part],
        *,
        source: Import | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Add the tapes of an import, part after part: all of them, or on any error none.

        Raises:
            DataError: rows of that time are there already, or the facts of an
                instrument or of the dataset are others.
        """
        held = self.manifest
        written: list[TapeFile | OrderFile] = []
        try:
            for part in parts:
                provenance = joined_provenance(self.manifest, part.provenance)
                start = len(written)
                instruments = []
                for tape in part.tapes:
                    name = (tape.instrument.symbol, tape.instrument.venue)
                    frame = fitted(tape.instrument, tape.frame, self._files(*name))
                    instruments.append(self._united(tape.instrument))
                    fitting = replace(tape, frame=frame)
                    written.extend(self._write(fitting, provenance.timezone, progress))
                self._note(provenance, instruments, written[start:])
            self._finish(source)
        except BaseException:
            self.manifest = held
            self._books.clear()
            for file in written:
                (self.root / file.path).unlink(missing_ok=True)
            raise

    def _files(self, symbol: str, venue: str) -> list[TapeFile]:
        files = self.manifest.files if self.manifest else ()
        mine = [file for file in files if (file.symbol, file.venue) == (symbol, venue)]
        return sorted(mine, key=in_time)

    def _book_after(self, files: Sequence[TapeFile]) -> Book:
        """What is displayed after the last of an instrument's files.

        Read are those from the last one on in which the book starts over.
        """
        start = len(files) - 1
        while start > 0 and not {"quote", "clear"} & files[start].rows.keys():
            start -= 1
        book = Book()
        for file in files[start:]:
            is_new = (self.root / file.path).exists()
            place = self.root if is_new or self.home is None else self.home
            follow(read_file(place, file), book)
        return book

    def _united(self, instrument: Instrument) -> Instrument:
        for known in self.manifest.instruments if self.manifest else ():
            if (known.symbol, known.venue) == (instrument.symbol, instrument.venue):
                return united(known, instrument)
        return instrument

    def _write(
        self, tape: Tape, timezone: str, progress: Callable[[str], None]
    ) -> Iterator[TapeFile | OrderFile]:
        """A file a day; the book goes on from day to day."""
        if tape.frame.is_empty():
            return
        name = (tape.instrument.symbol, tape.instrument.venue)
        before = self.before(*name, tape.frame["ts"][0])
        book = before.book if before else Book()
        days = list(split_by_date(tape.frame, timezone))
        for number, (date, frame) in enumerate(days, 1):
            progress(f"writing {tape.instrument.symbol} {date}: {len(frame):,} rows")
            path = self._free(tape.instrument, date, "part")
            file = write_tape_file(self.root, path, frame, book, tape.instrument)
            yield replace(file, last_id=tape.last_id if number == len(days) else None)
        self._books[name] = (tape.frame["ts"][-1], book)
        if tape.orders is not None:
            for date, orders in split_by_date(tape.orders, timezone):
                path = self._free(tape.instrument, date, "orders")
                yield write_order_file(self.root, path, orders)

    def _free(self, instrument: Instrument, date: str, stem: str) -> str:
        """The first name that the manifest does not hold; a leftover is overwritten."""
        held = self.manifest
        taken = {file.path for file in held.files} if held else set()
        taken |= {file.path for file in held.orders} if held else set()
        folder = folder_of(instrument, date)
        number = 0
        while (path := f"{folder}/{stem}-{number}.parquet") in taken:
            number += 1
        return path

    def _note(
        self,
        provenance: Provenance,
        instruments: Sequence[Instrument],
        written: Sequence[TapeFile | OrderFile],
    ) -> None:
        """Name what was written; on disk nothing is named yet."""
        old = self.manifest or Manifest(provenance=provenance, instruments=(), files=())
        known = {(i.symbol, i.venue): i for i in (*old.instruments, *instruments)}
        files = [*old.files, *(f for f in written if isinstance(f, TapeFile))]
        orders = [*old.orders, *(f for f in written if isinstance(f, OrderFile))]
        self.manifest = replace(
            old,
            provenance=provenance,
            instruments=tuple(known[name] for name in sorted(known)),
            files=tuple(sorted(files, key=lambda f: (f.symbol, f.venue, in_time(f)))),
            orders=tuple(sorted(orders, key=lambda f: f.path)),
        )

    def _finish(self, source: Import | None) -> None:
        """Replace the manifest on disk, in one step."""
        if self.manifest is None or not self.manifest.files:
            message = "there are no rows to write"
            raise DataError(message)
        if source is not None:
            imports = (*self.manifest.imports, source)
            self.manifest = replace(self.manifest, imports=imports)
        partial = self.root / f".{MANIFEST_NAME}"
        partial.write_text(to_yaml(self.manifest), encoding="utf-8")
        partial.replace(self.root / MANIFEST_NAME)
