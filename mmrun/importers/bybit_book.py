"""Bybit's archived order books: JSON lines to depth rows."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mmrun.importers.rows import in_order, tape_rows
from mmrun.importers.streams import forward, late_note
from mmrun.importers.text import printable
from mmrun.market.tape import IntColumn, Kind, Side, Status
from mmrun.problems import DataError


NS_PER_MS = 1_000_000
_CHUNK_BYTES = 2**25
_LEVEL = pl.List(pl.List(pl.String))
_DATA = pl.Struct({"s": pl.String, "b": _LEVEL, "a": _LEVEL, "u": pl.Int64})
_SCHEMA = pl.Schema(
    [
        ("topic", pl.String()),
        ("type", pl.String()),
        ("ts", pl.Int64()),
        ("cts", pl.Int64()),
        ("data", _DATA),
    ]
)
_TOPIC = re.compile(r"orderbook\.(?P<levels>\d+)\.(?P<symbol>.+)")
_HINT = "expected lines as {topic, type: snapshot|delta, ts, data: {s, b, a, u}, cts}"

#: Places among the rows of one message.
_GAP, _CLEAR, _DEPTH = range(3)


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a file, a row each, and their levels."""

    name: str
    symbol: str
    levels: int
    heads: pl.DataFrame  #: ts (ns), is_snapshot, u
    changes: pl.DataFrame  #: message (row of `heads`), side, price, size


def read_messages(name: str, data: bytes, progress: Callable[[str], None]) -> Messages:
    """Read a file of JSON lines, a stretch at a time.

    Raises:
        DataError: it is empty, cut short, of another format, or of several symbols.
    """
    heads, changes, topics = [], [], set()
    count = 0
    for text in _stretches(data):
        frame = _decoded(name, text, count)
        topics |= set(frame["topic"].unique())
        heads.append(_heads(name, frame, count))
        changes += [_levels(name, frame, side, count) for side in ("b", "a")]
        count += len(frame)
        progress(f"reading {name}: {count:,} messages")
    if not count:
        message = f"{name} is empty"
        raise DataError(message)
    if len(topics) > 1:
        message = f"{name} mixes {' and '.join(sorted(topics))}; expected one book"
        raise DataError(message)
    match = _TOPIC.fullmatch(topics.pop())
    if match is None:
        message = f"{name} holds no order book"
        raise DataError(message, hint=_HINT)
    joined = pl.concat(changes).sort("message", maintain_order=True)
    return Messages(
        name, match["symbol"], int(match["levels"]), pl.concat(heads), joined
    )


def book_rows(symbol: str, files: Sequence[Messages], notes: list[str]) -> pl.DataFrame:
    """The rows of all files of a symbol, in time order.

    Raises:
        DataError: there is no snapshot.
    """
    ordered = sorted(files, key=lambda file: file.heads["ts"][0])
    starts = np.cumsum([0, *(len(file.heads) for file in ordered)])
    heads = pl.concat([file.heads for file in ordered])
    changes = pl.concat(
        file.changes.with_columns(pl.col("message") + int(start))
        for file, start in zip(ordered, starts, strict=False)
    )
    times = forward(heads["ts"].to_numpy(), lambda row: _place(ordered, row))
    notes.extend(late_note(symbol, times))
    known, gaps = _known(symbol, heads, times.ts, notes)
    clears = np.flatnonzero(heads["is_snapshot"].to_numpy())
    changes = changes.filter(pl.Series(known)[changes["message"]])
    return in_order(list(_parts(times.ts, gaps, clears, changes)))


def _parts(
    ts: IntColumn, gaps: IntColumn, clears: IntColumn, changes: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    codes = np.full(len(gaps), int(Status.GAP))
    yield tape_rows(Kind.STATUS, 3 * gaps + _GAP, {"ts": ts[gaps], "status": codes})
    both = np.concatenate([gaps, clears])
    yield tape_rows(Kind.CLEAR, 3 * both + _CLEAR, {"ts": ts[both]})
    message = changes["message"].to_numpy()
    columns = {"ts": ts[message]} | {
        name: changes[name] for name in ("price", "size", "side")
    }
    yield tape_rows(Kind.DEPTH, 3 * message + _DEPTH, columns)


def _known(
    symbol: str, heads: pl.DataFrame, ts: IntColumn, notes: list[str]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], IntColumn]:
    """After which messages the book is known, and the messages that follow a gap."""
    snapshot = heads["is_snapshot"].to_numpy()
    if not snapshot.any():
        message = f"{symbol}: no snapshot, so its book is never known"
        raise DataError(message, hint="the archive's days start with one")
    first = int(np.argmax(snapshot))
    missed = np.diff(heads["u"].to_numpy(), prepend=heads["u"][0] - 1) != 1
    missed &= ~snapshot
    run = np.cumsum(snapshot)
    broken = np.zeros(len(heads), bool)
    breaks = np.flatnonzero(missed & (run > 0))
    gaps = breaks[np.unique(run[breaks], return_index=True)[1]]
    for row in gaps:
        later = np.flatnonzero(snapshot[row:])
        end = row + later[0] if len(later) else len(heads)
        broken[row:end] = True
    known = (run > 0) & ~broken
    notes.extend(_known_notes(symbol, ts, first, gaps, int(np.sum(broken))))
    return known, gaps


def _known_notes(
    symbol: str, ts: IntColumn, first: int, gaps: IntColumn, broken: int
) -> Iterator[str]:
    if first:
        start = pl.select(pl.from_epoch(pl.lit(ts[first]), "ns")).item()
        yield (
            f"{symbol}: the book is known from {start} UTC on; {first:,} messages "
            "before that are left out"
        )
    if len(gaps):
        start = pl.select(pl.from_epoch(pl.lit(ts[gaps[0]]), "ns")).item()
        yield (
            f"{symbol}: update ids are missing {len(gaps):,} times, first at {start} "
            f"UTC; {broken:,} messages up to the next snapshots are left out"
        )


def _stretches(data: bytes) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time."""
    start, end = 0, len(data.rstrip())
    while start < end:
        stop = data.find(b"\n", min(start + _CHUNK_BYTES, end))
        stop = end if stop < 0 else min(stop, end)
        yield data[start:stop].strip()
        start = stop + 1


def _decoded(name: str, text: bytes, before: int) -> pl.DataFrame:
    """The messages of some lines; `before` lines stand before them in the file."""
    try:
        frame = pl.read_ndjson(io.BytesIO(text), schema=_SCHEMA)
    except pl.exceptions.PolarsError as error:
        raise _first_wrong(name, text, before) from error
    needed = frame.select(
        "topic", "type", "ts", pl.col("data").struct.field("s", "b", "a", "u")
    )
    kinds = frame["type"].is_in(["snapshot", "delta"])
    if sum(needed.null_count().row(0)) or not kinds.all():
        raise _first_wrong(name, text, before)
    return frame


def _first_wrong(name: str, text: bytes, before: int) -> DataError:
    for number, line in enumerate(text.split(b"\n"), before + 1):
        try:
            found = json.loads(line)
            complete = {"s", "b", "a", "u"} <= set(found["data"])
            right = found["type"] in {"snapshot", "delta"} and complete
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            shown = printable(line[:60].decode("utf-8", errors="replace"))
            message = f"{name}:{number}: no whole message of an order book: {shown}"
            return DataError(message, hint=_HINT)
    return DataError(f"{name} cannot be read as JSON lines", hint=_HINT)


def _heads(name: str, frame: pl.DataFrame, before: int) -> pl.DataFrame:
    heads = frame.select(
        ts=pl.coalesce("cts", "ts") * NS_PER_MS,
        is_snapshot=pl.col("type") == "snapshot",
        u=pl.col("data").struct.field("u"),
    )
    wrong = heads.select((pl.col("ts") <= 0).arg_true()).to_series()
    if len(wrong):
        message = f"{name}:{before + wrong[0] + 1}: the time is not above 0"
        raise DataError(message)
    return heads


def _levels(name: str, frame: pl.DataFrame, side: str, before: int) -> pl.DataFrame:
    """The levels of one side, a row each; a level is [price, size] as text."""
    given = frame.select(
        message=pl.int_range(pl.len(), dtype=pl.Int64) + before,
        level=pl.col("data").struct.field(side),
    )
    levels = given.filter(pl.col("level").list.len() > 0).explode("level")
    code = int(Side.BUY if side == "b" else Side.SELL)
    rows = levels.select(
        "message",
        side=pl.lit(code, pl.Int64),
        price=pl.col("level")
        .list.get(0, null_on_oob=True)
        .cast(pl.Float64, strict=False),
        size=pl.col("level")
        .list.get(1, null_on_oob=True)
        .cast(pl.Float64, strict=False),
    )
    positive = (
        (pl.col("price") > 0) & (pl.col("size") >= 0) & pl.col("size").is_finite()
    )
    wrong = rows.filter(~positive.fill_null(value=False))
    if len(wrong):
        line = wrong["message"][0] + 1
        message = f"{name}:{line}: a level of '{side}' is no price and size"
        raise DataError(message, hint='levels are ["1.9531","6203"]')
    return rows


def _place(files: Sequence[Messages], row: int) -> str:
    for file in files:
        if row < len(file.heads):
            return f"{file.name}:{row + 1}"
        row -= len(file.heads)
    raise IndexError(row)
