"""Lines `<receive time, ns> <JSON>` of Binance's streams, decoded a block at a time.

Decoding is polars'; only when it fails are the lines looked at one by one.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, cast

import polars as pl

from mmrun.importers.sources import Member
from mmrun.importers.text import printable
from mmrun.problems import DataError


BLOCK_BYTES = 2**23  #: text that is decoded at once

_START = 240  #: characters in which a message says what it is
HINT = "expected lines `<receive time, ns> <JSON of Binance>`"
_LEVEL_LIST = pl.List(pl.List(pl.String))
_SHARED = {"s": pl.String, "ps": pl.String, "E": pl.Int64, "T": pl.Int64}
_TRADE = {
    **_SHARED,
    "p": pl.String,
    "q": pl.String,
    "m": pl.Boolean,
    "M": pl.Boolean,
    "X": pl.String,
}


@dataclass(frozen=True, slots=True)
class Stream:
    """How messages of one kind are told from others and which fields they have."""

    pattern: str  #: what their JSON holds
    fields: Mapping[str, Any]


#: Looked for in this order; the first that fits names the message.
STREAMS = {
    "snapshot": Stream(
        r'"lastUpdateId"\s*:',
        {
            "symbol": pl.String,
            "pair": pl.String,
            "E": pl.Int64,
            "T": pl.Int64,
            "lastUpdateId": pl.Int64,
            "bids": _LEVEL_LIST,
            "asks": _LEVEL_LIST,
        },
    ),
    "depth": Stream(
        r'"e"\s*:\s*"depthUpdate"',
        {
            **_SHARED,
            "U": pl.Int64,
            "u": pl.Int64,
            "pu": pl.Int64,
            "b": _LEVEL_LIST,
            "a": _LEVEL_LIST,
        },
    ),
    "trade": Stream(r'"e"\s*:\s*"trade"', {**_TRADE, "t": pl.Int64}),
    "aggTrade": Stream(r'"e"\s*:\s*"aggTrade"', {**_TRADE, "a": pl.Int64}),
    "bookTicker": Stream(
        r'"B"\s*:\s*"',
        {
            **_SHARED,
            "u": pl.Int64,
            "b": pl.String,
            "B": pl.String,
            "a": pl.String,
            "A": pl.String,
        },
    ),
}


#: What was decoded, by the name of the stream
Frames = dict[str, pl.DataFrame]


def blocks_of(member: Member) -> Iterator[bytes]:
    """The file's text in pieces that end with a line; one that was cut off is left out."""
    try:
        with _opened(member) as file:
            while block := file.read(BLOCK_BYTES):
                yield _without_cut_line(block + file.readline())
    except (OSError, EOFError, zlib.error) as error:
        message = f"{member.name} is not a whole file: {error}"
        raise DataError(message, hint="get it again, or unpack what can be") from error


def _without_cut_line(block: bytes) -> bytes:
    """A recorder that stops in the middle of a message leaves half a line."""
    last = block[block.rfind(b"\n") + 1 :]
    try:
        json.loads(last.partition(b" ")[2] or b"0")
    except ValueError:
        return block[: len(block) - len(last)]
    return block


def _opened(member: Member) -> IO[bytes]:
    if member.path.suffix.lower() == ".zip":
        return BytesIO(member.read())
    with member.path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(
        "IO[bytes]", gzip.open(member.path) if packed else member.path.open("rb")
    )


def split_lines(name: str, block: bytes, first: int) -> pl.DataFrame:
    """`line`, `recv` and `json` of a block; blank lines are left out."""
    texts = pl.Series("text", block.decode("utf-8", "replace").split("\n"), pl.String)
    rows = texts.to_frame().with_row_index("line", first)
    rows = rows.with_columns(pl.col("line").cast(pl.Int64))
    if block.endswith(b"\n"):
        rows = rows.head(-1)
    parts = pl.col("text").str.splitn(" ", 2).struct
    split = rows.select(
        "line",
        parts.field("field_0").cast(pl.Int64, strict=False).alias("recv"),
        parts.field("field_1").str.strip_chars_start().alias("json"),
    )
    start = pl.col("json").str.head(_START)
    known = split.select("line", "recv", "json", _stream_of(start).alias("stream"))
    readable = pl.col("recv").is_not_null() & start.str.starts_with("{")
    blank = rows["text"].str.strip_chars() == ""
    wrong = ~(known.select(readable.fill_null(value=False)).to_series() | blank)
    if wrong.any():
        line, text = rows.row(wrong.arg_true()[0])
        shown = printable(text[:40])
        message = f"{name}:{line + 1}: '{shown}' is no recorded message"
        raise DataError(message, hint=HINT)
    return known


def _stream_of(text: pl.Expr) -> pl.Expr:
    """The name in `STREAMS` of a message, or null."""
    return pl.coalesce(
        pl.when(text.str.contains(stream.pattern)).then(pl.lit(name))
        for name, stream in STREAMS.items()
    )


def decode(name: str, rows: pl.DataFrame, stream: str) -> pl.DataFrame:
    """`line`, `recv` and the fields of one stream's messages, alone or wrapped."""
    fields = STREAMS[stream].fields
    chosen = rows.filter(pl.col("stream") == stream)
    kind = pl.Struct({"data": pl.Struct(fields), **fields})
    try:
        message = chosen["json"].str.json_decode(kind).struct
    except pl.exceptions.PolarsError as error:
        raise _first_wrong(name, chosen) from error
    wrapped = message.field("data").struct
    columns = [
        pl.select(pl.coalesce(wrapped.field(field), message.field(field))).to_series()
        for field in fields
    ]
    return chosen.select("line", "recv").hstack(columns)


def _first_wrong(name: str, rows: pl.DataFrame) -> DataError:
    for line, text in rows.select("line", "json").iter_rows():
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            finding = (
                f"{name}:{line + 1}: {error.msg} in column {error.pos + 1} of the JSON"
            )
            return DataError(finding, hint="the file is damaged: get it again")
    return DataError(f"{name} holds a message with a field of another type")
