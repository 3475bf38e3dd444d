"""The formats that are read: one row each, and which of them a file looks like."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


_HEAD_BYTES = 65_536
_SEEN_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A vendor's format; its importer is the module of that name."""

    name: str
    files: str  #: what they are, for `--help`
    names: str = r"(?!)"  #: a pattern of their names
    starts: str = r"(?!)"  #: a pattern of how one of their first lines begins
    magic: tuple[bytes, ...] = ()  #: first bytes


#: In the order in which a file is compared with them.
FORMATS = (
    Format(
        name="databento",
        files="DBN files; needs the extra `databento` of mmrun",
        names=r".*\.dbn(\.zst)?\Z",
        magic=(b"DBN", b"\x28\xb5\x2f\xfd"),
    ),
    Format(
        name="hftbacktest",
        files="event files (npz)",
        names=r".*\.np[yz]\Z",
        magic=(b"\x93NUMPY",),
    ),
    Format(
        name="bybit",
        files="archived order books and trades (JSON lines, CSV)",
        starts=r'\{"topic":\s*"orderbook|timestamp,symbol,side,size,price,tickDirection|id,timestamp,price,volume,side',
    ),
    Format(
        name="binance",
        files="recorded websocket lines (gzip), public dumps (CSV, zip)",
        names=r"[A-Z0-9_]+-(trades|aggTrades|bookTicker)-\d{4}-\d\d.*\.csv\Z",
        starts=r"\d{19} \{|.*(first_update_id|is_buyer_maker|best_bid_price)",
    ),
    Format(
        name="tardis",
        files="normalised data of crypto exchanges (CSV)",
        starts=r"exchange,symbol,timestamp,local_timestamp",
    ),
    Format(
        name="prosperity",
        files="days of the IMC Prosperity competition (CSV)",
        starts=r"day;timestamp;product|timestamp;buyer;seller",
    ),
    Format(
        name="lobster",
        files="pairs of message and orderbook CSV (zip, CSV)",
        names=r"[^_]+_\d{4}-\d\d-\d\d_\d+_\d+_(message|orderbook)_\d+\.csv\Z",
        starts=r"\d{5}(\.\d+)?,[1-7],\d+,\d+,-?\d+,-?1\b",
    ),
    Format(
        name="lean",
        files="QuantConnect Lean ticks of US equities and forex (zip, CSV)",
        names=r"\d{8}_[^_]+_(quote_tick|trade_tick|tick_quote|tick_trade)\.csv\Z",
        starts=r"\d{1,8},\d+(\.\d+)?,\d+(\.\d+)?(,\d+,\d+,[A-Z],[0-9A-Fa-f]*,[01])?\s*\Z|\d{1,8},\d+,\d+,[A-Z],[0-9A-Fa-f]*,[01]\s*\Z",
    ),
)


#: One's own files, which only their map can tell.
TABLE = Format(name="table", files="own CSV or Parquet, with --map", magic=(b"PAR1",))


def looks_like(path: Path) -> str | None:
    """The name of the format a file looks like, by its name and its start."""
    for base, head in _heads(path):
        for known in (*FORMATS, TABLE):
            if re.match(known.names, base, re.IGNORECASE) or head.startswith(
                known.magic
            ):
                return known.name
        lines = head.decode("utf-8-sig", "replace").split("\n")[:_SEEN_LINES]
        for known in FORMATS:
            if any(re.match(known.starts, line) for line in lines):
                return known.name
    return None


def _heads(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and start of a file, unpacked, or of the first member of a zip."""
    try:
        if zipfile.is_zipfile(path) and path.suffix.lower() != ".npz":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    with archive.open(name) as member:
                        yield name.rpartition("/")[2], member.read(_HEAD_BYTES)
        else:
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES)
            packed = zlib.decompressobj(zlib.MAX_WBITS | 16)
            is_gzip = head.startswith(b"\x1f\x8b")
            base = path.name.removesuffix(".gz")
            yield base, packed.decompress(head) if is_gzip else head
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile):
        return
