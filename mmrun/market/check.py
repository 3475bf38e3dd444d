"""What is wrong with a dataset: `mmrun data check`.

Every tape is read once, a row group at a time; the venues of one symbol are read in
step. Row checks (`check_rows`, `check_table`) tally what they see, tape checks (`check_tape`) look at a
sketch of the whole, venue checks (`check_venues`) at the books put together. What is
found is a value: a `Finding` with how often, where first, and a remedy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mmrun.market import check_scope, check_tape, check_venues
from mmrun.market.check_codes import CODES
from mmrun.market.check_finding import (
    SEVERITIES,
    Finding,
    Limits,
    Place,
    Severity,
    Tally,
    percent,
)
from mmrun.market.check_piece import Carried, Piece, pieces
from mmrun.market.check_table import ROW_CHECKS, finding_of
from mmrun.market.dataset import Dataset, files_of
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile
from mmrun.market.storage import Location, on_disk
from mmrun.market.touch import Touches
from mmrun.problems import DataError, NothingSelectedError


__all__ = ["CODES", "Finding", "Limits", "Report", "check_dataset", "refuse_hopeless"]

_STEPS = {"MM523": "tick", "MM572": "lot"}  #: what a finding doubts


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, by symbol and venue, the gravest first."""

    findings: tuple[Finding, ...]
    rows: int

    @property
    def hopeless(self) -> bool:
        """Whether a run on it would mean nothing."""
        return any(finding.hopeless for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(slots=True)
class _Tape:
    """What is known of one symbol at one venue while it is read."""

    instrument: Instrument
    files: tuple[TapeFile, ...]
    tallies: list[Tally] = field(default_factory=lambda: [Tally() for _ in ROW_CHECKS])
    sketch: check_tape.Sketch = field(default_factory=check_tape.Sketch)
    scope: check_scope.Scope = field(default_factory=check_scope.Scope)
    broken: list[Finding] = field(default_factory=list)


def check_dataset(
    dataset: Dataset,
    *,
    symbols: Sequence[str] = (),
    limits: Limits | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Look for everything that is known to go wrong in market data.

    Args:
        dataset: what `load_dataset` gave.
        symbols: which to look at; none for all.
        limits: from where on something is said.
        progress: told which file is being read.

    Raises:
        NothingSelectedError: the dataset has no such symbol.
    """
    limits = limits or Limits()
    chosen = _chosen(dataset, symbols)
    findings: list[Finding] = []
    rows = 0
    for symbol in sorted({instrument.symbol for instrument in chosen}):
        tapes = [
            _Tape(instrument, files_of(dataset, instrument))
            for instrument in chosen
            if instrument.symbol == symbol
        ]
        findings += _check_symbol(dataset, tapes, limits, progress)
        rows += sum(file.row_count for tape in tapes for file in tape.files)
    return Report(tuple(findings), rows)


def refuse_hopeless(
    dataset: Dataset, instrument: Instrument, limits: Limits | None = None
) -> None:
    """Refuse a tape that is crossed too often, by what its manifest says.

    Raises:
        DataError: the share is above the limit.
    """
    limit = (limits or Limits()).max_crossed
    files = files_of(dataset, instrument)
    times = sum(file.book_times for file in files)
    crossed = sum(file.crossed_times for file in files)
    if crossed > limit * times:
        message = (
            f"{instrument.symbol} at {instrument.venue} has its bid above its ask at {crossed:,} of {times:,} times "
            f"({percent(crossed / times)}); expected at most {percent(limit)}"
        )
        hint = "import again leaving such quotes out (`--crossed drop`); `mmrun data check` says more"
        raise DataError(message, hint=hint)


def _chosen(dataset: Dataset, symbols: Sequence[str]) -> list[Instrument]:
    known = sorted({instrument.symbol for instrument in dataset.instruments})
    for symbol in symbols:
        if symbol not in known:
            message = f"{dataset.path} has no symbol '{symbol}': it has {', '.join(known[:10])}"
            raise NothingSelectedError(message)
    return [
        item for item in dataset.instruments if not symbols or item.symbol in symbols
    ]


def _check_symbol(
    dataset: Dataset,
    tapes: Sequence[_Tape],
    limits: Limits,
    progress: Callable[[str], None],
) -> Iterator[Finding]:
    """All findings of one symbol, first venue by venue."""
    together = check_venues.Together(tuple(tape.instrument.venue for tape in tapes))
    streams = [_read(dataset.path, tape, limits, progress) for tape in tapes]
    check_venues.consolidate(streams, together)
    for tape in tapes:
        found = [*_row_findings(tape, limits), *_tape_findings(dataset, tape)]
        at = [finding.at(tape.instrument) for finding in found]
        yield from sorted(at, key=_gravity)
    sketches = {tape.instrument.venue: tape.sketch for tape in tapes}
    between = [
        *check_venues.stood_against(together),
        *check_venues.price_factor(together),
        *check_venues.clocks_apart(sketches),
        *check_venues.delays_apart(sketches),
    ]
    symbol = tapes[0].instrument.symbol
    yield from sorted((replace(f, symbol=symbol) for f in between), key=_gravity)


def _gravity(finding: Finding) -> tuple[int, str]:
    return SEVERITIES.index(finding.severity), finding.code


def _row_findings(tape: _Tape, limits: Limits) -> Iterator[Finding]:
    for check, tally in zip(ROW_CHECKS, tape.tallies, strict=True):
        hint = _finer(check.code, tape.instrument, tally)
        found = finding_of(check, tally, limits, hint)
        if found is not None:
            yield found


def _finer(code: str, instrument: Instrument, tally: Tally) -> str | None:
    """The tick or lot that would fit, for a remedy."""
    name = _STEPS.get(code)
    if name is None or not tally.values:
        return None
    step = check_tape.finest_step(np.array(tally.values), getattr(instrument, name))
    return None if step is None else f"is the {name} {step:g}?"


def _tape_findings(dataset: Dataset, tape: _Tape) -> Iterator[Finding]:
    yield from tape.broken
    yield from check_tape.size_jumps(tape.sketch)
    yield from check_tape.receive_clock(tape.sketch)
    yield from check_tape.days(tape.files)
    yield from check_tape.mixed_book(tape.files)
    yield from check_scope.little(tape.files)
    yield from check_scope.no_trades(tape.files)
    yield from check_scope.no_sizes(tape.scope, tape.files)
    yield from check_scope.wide_spreads(tape.scope, tape.instrument)
    yield from check_scope.guessed(tape.instrument)
    if tape.sketch.delay_ns is not None:
        yield from check_tape.shifted(dataset.manifest.provenance)


def _read(
    root: Location, tape: _Tape, limits: Limits, progress: Callable[[str], None]
) -> Iterator[Touches]:
    """Read a tape, tallying on the way; gives its touches, for its neighbours."""
    carried = Carried(tape.instrument)
    for file in tape.files:
        progress(f"checking {file.symbol} at {file.venue}, {file.date}")
        location = root / file.path
        try:
            with on_disk(location) as copy:
                _check_content(copy(), location, file)
                read = pieces(copy(), location, file, carried)
                touches = _tally(read, tape, limits)
                yield from check_venues.closed(touches, file.last_ts)
        except (DataError, OSError) as error:
            tape.broken.append(_unreadable(file, error))


def _tally(read: Iterable[Piece], tape: _Tape, limits: Limits) -> Iterator[Touches]:
    for piece in read:
        for check, tally in zip(ROW_CHECKS, tape.tallies, strict=True):
            tally.add(check.look(piece, limits), piece.place)
        tape.sketch.add(piece)
        tape.scope.add(piece)
        yield piece.ended


def _check_content(copy: Path, location: Location, file: TapeFile) -> None:
    with copy.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != file.sha256:
        message = f"{location} has other content than its manifest says"
        raise DataError(message)


def _unreadable(file: TapeFile, error: Exception) -> Finding:
    return Finding(
        code="MM590",
        severity="error",
        message=str(error),
        hint="import the data again",
        count=1,
        of=1,
        first=Place(file.path, 1, file.first_ts),
        hopeless=True,
    )
