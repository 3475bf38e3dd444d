"""A tape held in memory between runs, so that only the first of them decodes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from mmrun.market.instrument import Instrument
from mmrun.market.tape import BATCH_COLUMNS, PACKED_COLUMNS, Batch, Feed


#: Held at most where the machine does not say what it has.
_DEFAULT_BYTES = 4 * 2**30


def half_of_memory() -> int:
    """Half of the machine's memory in bytes: what a tape may take."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):  # Windows
        return _DEFAULT_BYTES


@dataclass(slots=True)
class HeldTape:
    """The batches a feed gave, for the next feed that would give the same.

    Two feeds give the same batches when they were made of the same: dataset files (with
    their hashes), days, heartbeat, sessions. Another feed takes the place of what is
    held. A tape larger than `limit` bytes is not held: every run reads it again.
    """

    limit: int = field(default_factory=half_of_memory)
    batches: list[Batch] = field(default_factory=list)
    whole: bool = False  #: all batches are there
    made_of: object = None

    @property
    def rows(self) -> int:
        """Rows held, clock rows included."""
        return sum(map(len, self.batches))

    @property
    def bytes(self) -> int:
        """Memory of the arrays held."""
        return sum(map(_bytes, self.batches))

    def feed(self, feed: Feed) -> Feed:
        """The same feed, read from memory where it is held."""
        made_of = vars(feed)
        if made_of != self.made_of:
            self.batches, self.whole, self.made_of = [], False, made_of
        return _FromMemory(feed, self)


@dataclass(frozen=True, slots=True)
class _FromMemory:
    """A feed whose batches are held, once it has been read to its end."""

    inner: Feed
    tape: HeldTape

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return self.inner.instruments

    @property
    def watched(self) -> tuple[Instrument, ...]:
        return self.inner.watched

    @property
    def span(self) -> tuple[int, int]:
        return self.inner.span

    def batches(self) -> Iterator[Batch]:
        if self.tape.whole:
            yield from self.tape.batches
            return
        read: list[Batch] | None = []
        size = 0
        for batch in self.inner.batches():
            size += _bytes(batch)
            if read is not None and size <= self.tape.limit:
                read.append(batch)
            else:
                read = None
            yield batch
        if read is not None:
            self.tape.batches, self.tape.whole = read, True


def _bytes(batch: Batch) -> int:
    held = [getattr(batch, name) for name in BATCH_COLUMNS]
    if batch.packed is not None:
        held += [getattr(batch.packed, name) for name in PACKED_COLUMNS]
    return sum(array.nbytes for array in held)
