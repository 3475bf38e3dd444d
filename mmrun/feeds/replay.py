"""Replay of recorded tapes: a dataset's files, or a batch in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from mmrun.feeds.cache import tape_folder
from mmrun.feeds.clock import Heartbeat, slices, with_clock
from mmrun.feeds.limited_folder import LimitedFolder
from mmrun.feeds.merge import merged, of_venue, selected, with_others
from mmrun.feeds.tape_file import read_rows
from mmrun.market.dataset import Dataset, Days, choose_instruments, files_of
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile
from mmrun.market.packing import with_packed
from mmrun.market.tape import Batch


DEFAULT_ROWS = 65_536
DEFAULT_HEARTBEAT_NS = 1_000_000_000

Sessions = Sequence[tuple[int, int]]  #: (open, close) in ns, in time order


class Replay:
    """A dataset's rows of one symbol, at one venue or several, as a feed."""

    def __init__(
        self,
        dataset: Dataset,
        symbol: str | None = None,
        *,
        venues: Sequence[str] = (),
        rows: int = DEFAULT_ROWS,
        heartbeat_ns: int = DEFAULT_HEARTBEAT_NS,
        session: Sessions | None = None,
        days: Days | None = None,
        watched: Sequence[Instrument] = (),
    ) -> None:
        """Choose what to replay; nothing is decoded yet.

        Args:
            dataset: what `load_dataset` gave.
            symbol: which symbol; None when the dataset has one.
            venues: the venues that are wanted, in order; empty for all.
            rows: how many rows a batch may have at most.
            heartbeat_ns: silence after which a clock row comes; 0 for none.
            session: when clock rows may come; None for always.
            days: first and last date, both included; None for all.
            watched: instruments of the dataset whose rows come too, from the first of
                these days' on to the last row of what is replayed.

        Raises:
            DataError: no one symbol is meant.
            UsageError: it is on none of the venues.
            NothingSelectedError: the dataset has none of the days.
        """
        self.instruments = choose_instruments(dataset, symbol, venues)
        self._root = dataset.path
        self.watched = tuple(watched)
        self._files = [files_of(dataset, each, days) for each in self.instruments]
        self._others = [files_of(dataset, each, days) for each in self.watched]
        self._rows = rows
        self._heartbeat = _heartbeat(self.instruments, heartbeat_ns, session)

    @property
    def files(self) -> tuple[TapeFile, ...]:
        """The tape files that are replayed, venue by venue, in time order."""
        return tuple(file for files in self._files for file in files)

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts` of the files, ns."""
        firsts = [files[0].first_ts for files in self._files]
        return min(firsts), max(files[-1].last_ts for files in self._files)

    def batches(self) -> Iterator[Batch]:
        """The rows in time order, clock rows included.

        Raises:
            DataError: a file cannot be reached or decoded.
            UsageError: the environment gives the cache no size.
        """
        folder = tape_folder()
        traded = zip(self.instruments, self._files, strict=True)
        streams = [self._stream(*each, folder) for each in traded]
        rows = with_clock(merged(streams), self._heartbeat, self._rows)
        watched = zip(self.watched, self._others, strict=True)
        others = [self._stream(*each, folder) for each in watched]
        return with_others(rows, others, len(streams), self._rows)

    def _stream(
        self, of: Instrument, files: Sequence[TapeFile], folder: LimitedFolder
    ) -> Iterator[Batch]:
        """The rows of one instrument."""
        for file in files:
            yield from read_rows(self._root / file.path, file, folder, of.tick)


@dataclass(frozen=True)
class TapeFeed:
    """Rows in memory as a feed: for tests and for tapes made in Python."""

    batch: Batch
    instruments: tuple[Instrument, ...]
    rows: int = DEFAULT_ROWS
    heartbeat_ns: int = DEFAULT_HEARTBEAT_NS
    session: Sessions | None = None
    watched: tuple[Instrument, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts` of what is traded, ns; (0, 0) where it has no rows."""
        ts = self._own.ts
        return (int(ts[0]), int(ts[-1])) if len(ts) else (0, 0)

    def batches(self) -> Iterator[Batch]:
        """The rows, clock rows included."""
        heartbeat = _heartbeat(self.instruments, self.heartbeat_ns, self.session)
        rows = with_clock(slices(self._own, self.rows), heartbeat, self.rows)
        first = len(self.instruments)
        places = range(first, first + len(self.watched))
        others = [slices(of_venue(self.batch, k), self.rows) for k in places]
        return with_others(rows, others, first, self.rows)

    @cached_property
    def _own(self) -> Batch:
        """The rows of what is traded, packed where they are one instrument's alone."""
        if self.watched:
            return selected(self.batch, self.batch.venue < len(self.instruments))
        if len(self.instruments) > 1:
            return self.batch
        return with_packed(self.batch, self.instruments[0].tick)


def _heartbeat(
    instruments: Sequence[Instrument], interval_ns: int, session: Sessions | None
) -> Heartbeat:
    """No clock rows are added to a tape that holds recorded ones."""
    recorded = any(instrument.has_clock for instrument in instruments)
    return Heartbeat(
        interval_ns=0 if recorded else interval_ns,
        sessions=None if session is None else tuple(session),
    )
