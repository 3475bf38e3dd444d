"""Columns in an Arrow IPC file, mapped: arrays over the file's pages, nothing copied.

Takes a frame of numbers without nulls, gives an uncompressed file of one record batch
that any Arrow reader opens. polars copies such a file when it reads it; here the
places of its buffers are read from the footer and the arrays lie over the mapping. The
mapping is private and copied on write: arrays are writable, the file is never changed.
A mapping ends, and its pages no longer count as this process's, when its last array
does.

Of the format (https://arrow.apache.org/docs/format/Columnar.html, "IPC File Format",
with File.fbs and Message.fbs) this reads what a footer says of record batches. The
caller has made sure that the bytes are those that were written. Beyond that, places are
checked against the file's length, so that nothing ends in a signal.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray


if TYPE_CHECKING:
    import polars as pl

Columns = Mapping[str, NDArray[Any]]

_MAGIC = b"ARROW1"
_I32, _U32, _U16, _I64 = (struct.Struct(f"<{code}") for code in "iIHq")
_PREFIX_BYTES = 8  #: of a message: a continuation marker and a length

# Places of fields in their tables.
_FOOTER_BATCHES = 3
_MESSAGE_HEADER = 2
_BATCH_ROWS, _BATCH_BUFFERS = 0, 2


def write_columns(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as one record batch.

    Raises:
        OSError, polars.exceptions.PolarsError: it cannot be written.
    """
    whole = frame.rechunk()
    whole.write_ipc(path, compression="uncompressed", record_batch_size=len(whole))


def map_file(path: Path) -> mmap.mmap:
    """A file's bytes as a private mapping.

    Raises:
        OSError, ValueError: it cannot be mapped, or is empty.
    """
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def columns_in(
    mapped: mmap.mmap, types: Mapping[str, np.dtype[Any]], rows: int
) -> Columns:
    """The columns of a mapped file, by name.

    Args:
        mapped: what `map_file` gave of a file of `write_columns`.
        types: name to type of all the file's columns, in its order.
        rows: how many rows it has.

    Raises:
        ValueError: it is no such file.
    """
    try:
        found, places = _layout(mapped)
        if found != rows:
            msg = f"{found} rows where {rows} were written"
            raise ValueError(msg)
        return {
            name: np.frombuffer(mapped, kind, rows, place)
            for (name, kind), place in zip(types.items(), places, strict=True)
        }
    except struct.error as problem:
        raise ValueError("no Arrow IPC file") from problem


def _layout(data: mmap.mmap) -> tuple[int, Sequence[int]]:
    """Number of rows, and where each column's values start."""
    end = len(data) - len(_MAGIC) - _I32.size
    if data[-len(_MAGIC) :] != _MAGIC:
        raise ValueError("no Arrow IPC file")
    footer = _follow(data, end - _at(_I32, data, end))
    (block,) = _structs(data, _field(data, footer, _FOOTER_BATCHES), words=3)
    start, body = block[0], block[0] + (block[1] & 0xFFFFFFFF)  # i64, i32 + padding
    message = _follow(data, start + _PREFIX_BYTES)
    batch = _follow(data, _field(data, message, _MESSAGE_HEADER))
    rows = _at(_I64, data, _field(data, batch, _BATCH_ROWS))
    buffers = _structs(data, _field(data, batch, _BATCH_BUFFERS), words=2)
    # Two a column: which values are there, empty where all are; and the values.
    return rows, [body + at for at, _ in buffers[1::2]]


def _at(kind: struct.Struct, data: mmap.mmap, place: int) -> int:
    if place < 0:
        raise ValueError("a place before the file's start")
    return int(kind.unpack_from(data, place)[0])


def _follow(data: mmap.mmap, place: int) -> int:
    """Where the table, or the vector, is that is referred to from a place."""
    return place + _at(_U32, data, place)


def _field(data: mmap.mmap, table: int, number: int) -> int:
    """Where a table has its field of a number."""
    known = table - _at(_I32, data, table)
    entry = 2 * _U16.size + number * _U16.size  # after the sizes of both
    if entry >= _at(_U16, data, known) or not (at := _at(_U16, data, known + entry)):
        raise ValueError("a field that every file has is missing")
    return table + at


def _structs(data: mmap.mmap, place: int, *, words: int) -> list[list[int]]:
    """A vector of structs of so many 64-bit words each."""
    vector = _follow(data, place)
    count = _at(_U32, data, vector)
    found = np.frombuffer(data, "<i8", count * words, vector + _U32.size)
    return found.reshape(count, words).tolist()
