"""hftbacktest: its event arrays, `data` in an npz file (or an npy file).

Fields of 8 bytes: ev (kind in the low byte, flags above), exch_ts and local_ts (ns), px,
qty, order_id, ival, fval. Read are the events with the exchange flag, in the order of
`exch_ts`: those with the local flag alone are the same events at another time.

    depth, snapshot (1, 4)     `depth` rows
    clear (3)                  `clear`; of one side down to a price: removals
    trade (2)                  trades, the flagged side is the aggressor's
    BBO (5)                    `quote` rows, if the file has no other depth
    add, cancel, modify        orders, to `depth` rows; fills (13) change nothing
    (10, 11, 12)               the cancel takes all its order has left; the events with
                               their order ids are kept aside

The file holds neither symbol nor tick: the symbol is the start of its name, tick and lot
are guessed, the venue is HFTBACKTEST, and `mmrun import --instrument` states others.
`hftbacktest_out.write_npz` writes such a file from a dataset.

Source: hftbacktest 2.4, `types.py` and the documentation of its data format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from mmrun.importers.days import Unit, by_day_and_name
from mmrun.importers.hftbacktest_events import Events, read_events
from mmrun.importers.hftbacktest_rows import order_messages, tape_frame
from mmrun.importers.rows import Imported
from mmrun.importers.sources import members_of
from mmrun.importers.steps import common_step
from mmrun.importers.streams import forward, late_note, silence_notes
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import Provenance
from mmrun.market.tape import Kind
from mmrun.market.writer import Tape
from mmrun.problems import DataError


VENUE = "HFTBACKTEST"
SUFFIXES = (".npz", ".npy")
_DATE = re.compile(r"[_.-]?\d{8}.*|[_.-]?\d{4}-\d{2}-\d{2}.*")


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    symbol: str
    events: Events


def unit_of(path: Path) -> Unit:
    """The files of a day and symbol."""
    return by_day_and_name(path)


def read(
    sources: Sequence[Path], progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Read event files; those whose names start alike are one tape.

    Args:
        sources: `.npz` and `.npy` files, zips and directories of them.
        progress: told what is being read.

    Raises:
        DataError: a file is damaged, holds no events, or its times overlap another's.
    """
    files = []
    for member in members_of(sources, SUFFIXES):
        progress(f"reading {member.name}")
        events = read_events(member.name, member.read())
        files.append(_File(member.name, _symbol(member.base), events))
    symbols = sorted({file.symbol for file in files})
    notes: list[str] = []
    tapes = [
        _tape(name, [f for f in files if f.symbol == name], notes) for name in symbols
    ]
    return Imported(
        tapes=tuple(tapes),
        provenance=Provenance(source="hftbacktest event files"),
        notes=tuple(notes),
    )


def _symbol(base: str) -> str:
    """The start of a file's name: BTCUSDT of btcusdt_20240808.npz."""
    stem = base.rpartition(".")[0]
    return (_DATE.sub("", stem) or stem).upper()


def _tape(symbol: str, files: Sequence[_File], notes: list[str]) -> Tape:
    events = _joined(files)
    times = forward(events["exch_ts"], lambda row: f"{symbol}, event {row + 1}")
    notes.extend(late_note(symbol, times))
    frame = tape_frame(symbol, events, times.ts, notes)
    notes.extend(silence_notes(symbol, frame))
    quoted = pl.concat([frame["price"], frame["bid"], frame["ask"]])
    sizes = pl.concat([frame["size"], frame["bid_size"], frame["ask_size"]])
    is_touch = frame["kind"].is_in([int(Kind.QUOTE), int(Kind.TRADE)]).all()
    instrument = Instrument(
        symbol=symbol,
        venue=VENUE,
        tick=common_step(quoted),
        lot=common_step(sizes),
        depth=1 if is_touch else None,
        guessed=("tick", "lot"),
    )
    return Tape(instrument, frame, orders=order_messages(events, times.ts))


def _joined(files: Sequence[_File]) -> Events:
    ordered = sorted(files, key=lambda file: int(file.events["exch_ts"][0]))
    for before, after in pairwise(ordered):
        if after.events["exch_ts"][0] < before.events["exch_ts"][-1]:
            message = f"{after.name} starts before {before.name} ends"
            raise DataError(message, hint="give each stretch of time once")
    joined: Events = np.concatenate([file.events for file in ordered])
    return joined
