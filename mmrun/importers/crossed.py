"""Quotes whose bid stands above their ask: kept, left out, or a reason to refuse.

A quote row can be left out, and the one before it goes on to hold. A book of depth rows
cannot lose some of its changes, so where it crosses only `keep` and `fail` are possible.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from mmrun.importers.rows import Imported
from mmrun.market.growing import Tape
from mmrun.market.manifest import Crossed
from mmrun.market.tape import Kind
from mmrun.problems import DataError


def treated(imported: Imported, policy: Crossed) -> Imported:
    """The tapes with their crossed quotes treated, and how many there were.

    Raises:
        DataError: there are some and the policy is `fail`.
    """
    tapes, notes = [], list(imported.notes)
    for tape in imported.tapes:
        kept, found = _treated(tape, policy)
        tapes.append(kept)
        notes += found
    provenance = replace(imported.provenance, crossed=policy)
    return replace(
        imported, tapes=tuple(tapes), provenance=provenance, notes=tuple(notes)
    )


def _treated(tape: Tape, policy: Crossed) -> tuple[Tape, list[str]]:
    is_crossed = (pl.col("bid") > pl.col("ask")).fill_null(value=False)
    count, locked, of = tape.frame.select(
        is_crossed.sum().alias("crossed"),
        (pl.col("bid") == pl.col("ask")).sum().alias("locked"),
        (pl.col("kind") == int(Kind.QUOTE)).sum().alias("of"),
    ).row(0)
    if not count and not locked:
        return tape, []
    name = f"{tape.instrument.symbol} at {tape.instrument.venue}"
    if count and policy == "fail":
        raise _refused(name, f"{count:,} of {of:,} quotes ({count / of:.2%})")
    done = "left out" if policy == "drop" else "kept"
    note = (
        f"{name}: {count:,} of {of:,} quotes ({count / of:.2%}) have the bid above the "
        f"ask and were {done}; {locked:,} ({locked / of:.2%}) have both equal"
    )
    frame = tape.frame.filter(~is_crossed) if policy == "drop" else tape.frame
    return replace(tape, frame=frame), [note]


def check_book(tape: Tape, touch: pl.DataFrame, policy: Crossed) -> None:
    """Refuse a book of depth rows that crosses where it may not.

    Args:
        tape: of which quotes were treated.
        touch: best bid and ask at the end of each of its times.
        policy: what may be.

    Raises:
        DataError: it crosses, and the policy is not `keep`.
    """
    count = touch.select((pl.col("bid") > pl.col("ask")).sum()).item()
    if not count or policy == "keep":
        return
    name = f"{tape.instrument.symbol} at {tape.instrument.venue}"
    shown = f"{count:,} of {len(touch):,} times ({count / len(touch):.2%})"
    if policy == "fail":
        raise _refused(name, shown)
    message = f"{name} has the bid above the ask at {shown}, in a book of depth rows; expected quotes to leave out"
    hint = "keep them (--crossed keep): a run pulls its quotes meanwhile; in auctions quote within a `session`"
    raise DataError(message, hint=hint)


def _refused(name: str, shown: str) -> DataError:
    message = f"{name} has the bid above the ask: {shown}; --crossed fail allows none"
    return DataError(message, hint="leave them out (--crossed drop), or keep them")
