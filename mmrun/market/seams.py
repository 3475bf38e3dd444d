"""Where an import meets what a dataset holds already: times, instruments, provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import gcd

import numpy as np
import polars as pl

from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Manifest, Provenance, TapeFile
from mmrun.problems import DataError


#: By how much recordings may overlap that were cut by time of receipt, not of exchange.
SEAM_NS = 60 * 10**9
_AGAIN = "replace the dataset with --force, or import into another directory"


def fitted(
    instrument: Instrument, frame: pl.DataFrame, files: Sequence[TapeFile]
) -> pl.DataFrame:
    """Rows that stand between those which are there, in whole.

    A file that ends in the middle of the next one's first moments was cut by the time
    of receipt: the few rows on the wrong side are given the time of the seam.

    Raises:
        DataError: rows of that time are there already.
    """
    if frame.is_empty():
        return frame
    ts = frame["ts"].to_numpy()
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    for file in files:
        if ts[0] > file.last_ts or ts[-1] < file.first_ts:
            continue
        reach, comes_after = _reach(int(ts[0]), int(ts[-1]), file, files)
        if reach > SEAM_NS:
            name = f"{instrument.symbol} at {instrument.venue} {file.date}"
            message = f"rows of {name} are there already, in {file.path}"
            raise DataError(message, hint=f"if these files are right, {_AGAIN}")
        low = max(low, file.last_ts) if comes_after else low
        high = high if comes_after else min(high, file.first_ts)
    return frame.with_columns(pl.Series("ts", np.clip(ts, low, high)))


def _reach(
    first: int, last: int, file: TapeFile, files: Sequence[TapeFile]
) -> tuple[int, bool]:
    """By how much rows overlap a file, and whether they are the later of the two.

    A file that lies in the rows' span is the other's end, or its start, when another
    file stands on that side: a recording spills a second into the next date.
    """
    ways = []
    if file.last_ts < last and (
        file.first_ts < first or any(f.last_ts <= first for f in files)
    ):
        ways.append((file.last_ts - first, True))
    if first < file.first_ts and (
        last < file.last_ts or any(last <= f.first_ts for f in files)
    ):
        ways.append((last - file.first_ts, False))
    return min(ways, default=(SEAM_NS + 1, False))


def united(known: Instrument, found: Instrument) -> Instrument:
    """One instrument of two that bear its name.

    What one of them only guesses the other states; what both guess is the step that
    fits both.

    Raises:
        DataError: they state different things.
    """
    changes: dict[str, object] = {}
    for name in Instrument.__dataclass_fields__:
        if name not in _MERGED:
            value = _one_of(name, known, found)
            changes[name] = value
    changes["depth"] = _deeper(known, found)
    changes["has_trade_side"] = known.has_trade_side and found.has_trade_side
    changes["has_clock"] = known.has_clock or found.has_clock
    changes["expiry"] = known.expiry or found.expiry
    changes["guessed"] = tuple(n for n in known.guessed if n in found.guessed)
    return replace(known, **changes)  # type: ignore[arg-type]


_MERGED = {"depth", "has_trade_side", "has_clock", "expiry", "guessed"}


def _one_of(name: str, known: Instrument, found: Instrument) -> object:
    mine, theirs = getattr(known, name), getattr(found, name)
    if mine == theirs:
        return mine
    if name in known.guessed and name in found.guessed and name != "multiplier":
        return common_part(mine, theirs)
    if name in found.guessed:
        return mine
    if name in known.guessed:
        return theirs
    raise _differs(name, known, mine, theirs)


def _deeper(known: Instrument, found: Instrument) -> int | None:
    """The whole book where one of them has it."""
    if None in {known.depth, found.depth}:
        return None
    if known.depth != found.depth:
        raise _differs("depth", known, known.depth, found.depth)
    return known.depth


def _differs(name: str, known: Instrument, mine: object, theirs: object) -> DataError:
    message = (
        f"the {name} of {known.symbol} at {known.venue} is {mine} in the dataset and "
        f"{theirs} in these files"
    )
    return DataError(message, hint=f"state it with --instrument, or {_AGAIN}")


def common_part(one: float, other: float) -> float:
    """The largest step of which both are whole numbers.

    >>> common_part(0.25, 0.1), common_part(2.0, 3.0)
    (0.05, 1.0)
    """
    a, b = Fraction(repr(one)), Fraction(repr(other))
    return float(
        Fraction(
            gcd(a.numerator * b.denominator, b.numerator * a.denominator),
            a.denominator * b.denominator,
        )
    )


def joined_provenance(manifest: Manifest | None, found: Provenance) -> Provenance:
    """What a dataset says of where it is from when more comes to it.

    Raises:
        DataError: dates, receive times or crossed quotes were treated otherwise.
    """
    if manifest is None:
        return found
    known = manifest.provenance
    for name in ("timezone", "clock_offset_ns", "crossed"):
        mine, theirs = getattr(known, name), getattr(found, name)
        if mine != theirs:
            message = f"the dataset's {_NAMES[name]} is {mine}, that of these files {theirs}; expected one"
            raise DataError(message, hint=_AGAIN)
    return replace(
        known,
        source=_both(known.source, found.source),
        licence=_both(known.licence, found.licence),
    )


_NAMES = {
    "timezone": "timezone",
    "clock_offset_ns": "clock offset (ns)",
    "crossed": "policy for crossed quotes",
}


def _both(one: str, other: str) -> str:
    return "; ".join(dict.fromkeys([*one.split("; "), *other.split("; ")]))
