"""Checks between venues: one symbol's books put together, by time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations

import numpy as np

from mmrun.market.check_finding import Finding, length, percent
from mmrun.market.check_piece import joined
from mmrun.market.check_rows import JUMP
from mmrun.market.check_tape import Sketch
from mmrun.market.tape import FloatColumn, IntColumn
from mmrun.market.touch import Touches


MAX_DELAY_APART_NS = 500_000_000
_SHIFTS = range(-24, 25)  #: half hours: what timezones differ by
_LEAST_MINUTES = 60  #: that two venues must share at a shift
_CLEARLY = 3.0  #: times nearer to one another than unshifted
_NOTE_SHARE = 0.01
_ALIKE = 1e-6  #: mids nearer than that are said to be the same

Pair = tuple[str, str]


@dataclass(slots=True)
class Together:
    """How often the books of a symbol's venues stand against one another."""

    venues: tuple[str, ...]
    times: int = 0  #: at which two or more venues have a book
    crossed: int = 0  #: some venue's bid above another's ask
    locked: int = 0
    pairs: dict[Pair, int] = field(default_factory=dict)  #: bidder, asker: crossed
    apart: dict[Pair, list[FloatColumn]] = field(default_factory=dict)  #: mid to mid

    def add(self, books: Sequence[Touches]) -> None:
        """Add some times; every venue's touches are of the same ones."""
        there = [~np.isnan(book.bid + book.ask) for book in books]
        shared = np.sum(there, axis=0) > 1
        crossed = np.zeros(len(shared), bool)
        locked = np.zeros(len(shared), bool)
        for i, j in permutations(range(len(books)), 2):
            above = books[i].bid > books[j].ask
            pair = (self.venues[i], self.venues[j])
            self.pairs[pair] = self.pairs.get(pair, 0) + int(above.sum())
            crossed |= above
            locked |= books[i].bid == books[j].ask
        self.times += int(shared.sum())
        self.crossed += int((crossed & shared).sum())
        self.locked += int((locked & ~crossed & shared).sum())
        for i, j in combinations(range(len(books)), 2):
            ratio = (books[i].bid + books[i].ask) / (books[j].bid + books[j].ask)
            known = ratio[np.isfinite(ratio) & (ratio > 0)]
            kept = self.apart.setdefault((self.venues[i], self.venues[j]), [])
            kept.append(known[:: max(1, len(known) // 256)])


def consolidate(streams: Sequence[Iterator[Touches]], together: Together) -> None:
    """Read all venues' touches in step and count how they stand.

    Of each venue only what lies beyond the slowest venue's last time is held. A
    stream's times rise; a venue without a book gives NaN.
    """
    if len(streams) == 1:
        for _ in streams[0]:  # nothing to stand against; reading it is what counts
            pass
        return
    waiting: list[Touches | None] = [next(stream, None) for stream in streams]
    latest: list[Touches | None] = [None] * len(streams)
    while any(touches is not None for touches in waiting):
        horizon = min(int(t.ts[-1]) for t in waiting if t is not None)
        due = [None if t is None else t.take(t.ts <= horizon) for t in waiting]
        times = np.sort(np.concatenate([t.ts for t in due if t is not None]))
        times = times[np.append(True, times[1:] != times[:-1])]
        books = [
            _at(times, before, after) for before, after in zip(latest, due, strict=True)
        ]
        together.add(books)
        latest = [book.take(np.array([-1])) for book in books]
        for k, touches in enumerate(waiting):
            if touches is not None:
                rest = touches.take(touches.ts > horizon)
                waiting[k] = rest if len(rest) else next(streams[k], None)


def _at(times: IntColumn, before: Touches | None, after: Touches | None) -> Touches:
    """A venue's touch at each of the times."""
    parts = [_nothing(int(times[0]) - 1)]
    parts += [part for part in (before, after) if part is not None]
    known = joined(*parts)
    found = known.take(np.searchsorted(known.ts, times, "right") - 1)
    return Touches(
        found.row, times, found.bid, found.bid_size, found.ask, found.ask_size
    )


def _nothing(ts: int) -> Touches:
    """No book at a time."""
    none = np.array([np.nan])
    return Touches(np.array([-1]), np.array([ts]), none, none, none, none)


def closed(touches: Iterator[Touches], last_ts: int) -> Iterator[Touches]:
    """The touches of a file, and none after its last row."""
    for part in touches:
        if len(part):
            yield replace(part, ts=np.maximum.accumulate(part.ts))
    yield _nothing(last_ts + 1)


def stood_against(together: Together) -> Iterator[Finding]:
    """Venues whose books cross or lock one another."""
    if together.crossed:
        share = together.crossed / together.times
        (bidder, asker), most = max(together.pairs.items(), key=lambda item: item[1])
        yield Finding(
            code="MM560",
            severity="warning" if share > _NOTE_SHARE else "note",
            message=(
                f"at {together.crossed:,} of {together.times:,} times ({percent(share)}) one venue's bid is above another's ask, "
                f"most often {bidder}'s above {asker}'s ({most:,} of these{_apart(together, bidder, asker)})"
            ),
            hint="a basis between instruments, clocks that differ, or one consolidated stream taken for venues' own books",
            count=together.crossed,
            of=together.times,
        )
    if together.locked:
        yield Finding(
            code="MM561",
            severity="note",
            message=f"at {together.locked:,} of {together.times:,} times ({percent(together.locked / together.times)}) one venue's bid equals another's ask",
            count=together.locked,
            of=together.times,
        )


def _apart(together: Together, bidder: str, asker: str) -> str:
    ratio = _median_ratio(together, bidder, asker)
    if ratio is None or abs(ratio - 1) < _ALIKE:
        return ""
    return f"; mids {(ratio - 1) * 1e4:+.3g} bps apart"


def _median_ratio(together: Together, one: str, other: str) -> float | None:
    """Median of one venue's mid by another's."""
    kept, turned = together.apart.get((one, other)), False
    if kept is None:
        kept, turned = together.apart.get((other, one), []), True
    ratios = np.concatenate([np.zeros(0), *kept])
    if not len(ratios):
        return None
    found = float(np.median(ratios))
    return 1 / found if turned else found


def price_factor(together: Together) -> Iterator[Finding]:
    """Venues whose prices are in different units."""
    for one, other in together.apart:
        ratio = _median_ratio(together, one, other)
        if ratio is not None and not 1 / JUMP < ratio < JUMP:
            yield Finding(
                code="MM562",
                severity="warning",
                message=f"{one}'s prices are {ratio:.3g} times {other}'s",
                hint="is one in cents, pips or inverse? scale it at import",
            )


def clocks_apart(sketches: Mapping[str, Sketch]) -> Iterator[Finding]:
    """Venues that agree far better when one is moved by half hours."""
    for one, other in combinations(sketches, 2):
        shift = best_shift(sketches[one].mids, sketches[other].mids)
        if shift:
            yield Finding(
                code="MM553",
                severity="warning",
                message=f"{other}'s prices agree with {one}'s when its clock is moved by {shift / 2:+g} h",
                hint=f"give {other}'s file its own timezone at import",
            )


def best_shift(one: Mapping[int, float], other: Mapping[int, float]) -> int:
    """Half hours to add to the other's times so that both agree; 0 when none helps.

    Args:
        one: mids by minute.
        other: those of another venue.
    """
    spreads = {shift: _disagreement(one, other, shift) for shift in _SHIFTS}
    known = {shift: found for shift, found in spreads.items() if found is not None}
    if len(known) < 2:
        return 0
    best = min(known, key=lambda shift: (known[shift], abs(shift)))
    rest = min(found for shift, found in known.items() if shift != best)
    return best if rest >= _CLEARLY * known[best] else 0


def _disagreement(
    one: Mapping[int, float], other: Mapping[int, float], shift: int
) -> float | None:
    """Standard deviation of mid by mid, with the other's times moved; None: too few."""
    moved = {minute + 30 * shift: mid for minute, mid in other.items()}
    shared = sorted(one.keys() & moved.keys())
    if len(shared) < _LEAST_MINUTES:
        return None
    return float(np.std([one[minute] / moved[minute] for minute in shared]))


def delays_apart(sketches: Mapping[str, Sketch]) -> Iterator[Finding]:
    """Venues of which one arrives much later than another."""
    delays = {
        name: sketch.delay_ns
        for name, sketch in sketches.items()
        if sketch.delay_ns is not None
    }
    if len(delays) < 2:
        return
    slow, quick = (
        max(delays, key=delays.__getitem__),
        min(delays, key=delays.__getitem__),
    )
    apart = delays[slow] - delays[quick]
    yield Finding(
        code="MM554",
        severity="warning" if apart > MAX_DELAY_APART_NS else "note",
        message=f"{slow} is received {length(apart)} later after its exchange time than {quick}",
        hint="measured latency holds each venue to its own; a difference this large is a clock's"
        if apart > MAX_DELAY_APART_NS
        else "",
    )
