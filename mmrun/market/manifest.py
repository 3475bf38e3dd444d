"""`dataset.yaml`: what a dataset says about itself, as records and as YAML.

The manifest is the first thing read and the last thing written. It names every tape
file with its size and SHA-256, so that a missing or truncated file is found before any
row is decoded. Times are ns since 1970 UTC; dates are dates in `timezone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Literal

import yaml

from mmrun.market.instrument import Instrument


FORMAT_VERSION = 1
MANIFEST_NAME = "dataset.yaml"

Crossed = Literal["keep", "drop", "fail"]
CROSSED_POLICIES: tuple[Crossed, ...] = ("keep", "drop", "fail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a dataset came from and what was done to it on the way in."""

    source: str  #: a sentence: format, files
    licence: str = "not stated"
    timezone: str = "UTC"  #: partition dates and sessions are in it
    clock_offset_ns: int = 0  #: already added to every `recv_ts`
    crossed: Crossed = "keep"  #: what was done to quotes with the bid above the ask


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeFile:
    """One Parquet file: one symbol at one venue on one date."""

    path: str  #: relative to the manifest, with forward slashes
    symbol: str
    venue: str
    date: str  #: YYYY-MM-DD in the dataset's timezone
    first_ts: int
    last_ts: int
    rows: Mapping[str, int]  #: by kind, lower-case; kinds without rows are absent
    bytes: int
    sha256: str
    book_times: int = 0  #: times at which the book changed
    crossed_times: int = 0  #: of these, with the bid above the ask at the end
    last_id: int | None = None  #: the venue's id of the book's last change

    @property
    def row_count(self) -> int:
        """Rows of all kinds."""
        return sum(self.rows.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """Order messages with their ids, beside the tape file they became depth rows of."""

    path: str  #: relative to the manifest
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Files that were read together: a day of a source."""

    key: str  #: SHA-256 (hex) of the files and of how they were read
    sources: tuple[str, ...]  #: names


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All of `dataset.yaml`; files in order of symbol, venue and time."""

    provenance: Provenance
    instruments: tuple[Instrument, ...]
    files: tuple[TapeFile, ...]
    orders: tuple[OrderFile, ...] = ()
    imports: tuple[Import, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) over the instruments and the hashes of all files."""
        data = to_data(self)
        parts = [repr(data["instruments"]), *(file.sha256 for file in self.files)]
        return sha256("\n".join(parts).encode()).hexdigest()


def to_data(manifest: Manifest) -> dict[str, Any]:
    """The manifest as plain data in the order it is written."""
    provenance = manifest.provenance
    return {
        "mmrun": FORMAT_VERSION,
        "source": provenance.source,
        "licence": provenance.licence,
        "timezone": provenance.timezone,
        "clock_offset": f"{provenance.clock_offset_ns}ns",
        "crossed": provenance.crossed,
        "instruments": [_instrument_data(found) for found in manifest.instruments],
        "rows": sum_rows(manifest.files),
        "span": {
            "first_ts": min(file.first_ts for file in manifest.files),
            "last_ts": max(file.last_ts for file in manifest.files),
        },
        "files": [_file_data(file) for file in manifest.files],
        **_given("orders", [asdict(file) for file in manifest.orders]),
        **_given("imports", [_import_data(found) for found in manifest.imports]),
    }


def to_yaml(manifest: Manifest) -> str:
    """The text of `dataset.yaml`; equal manifests give equal text."""
    return yaml.safe_dump(
        to_data(manifest), sort_keys=False, width=10_000, allow_unicode=True
    )


def from_data(data: Mapping[str, Any]) -> Manifest:
    """Build the records from data of the schema's shape.

    Raises:
        KeyError, TypeError, ValueError: the data has another shape.
    """
    provenance = Provenance(
        source=data["source"],
        licence=data["licence"],
        timezone=data["timezone"],
        clock_offset_ns=int(data["clock_offset"].removesuffix("ns")),
        crossed=CROSSED_POLICIES[CROSSED_POLICIES.index(data["crossed"])],
    )
    instruments = [_instrument(row, provenance) for row in data["instruments"]]
    files = [TapeFile(**{**row, "date": str(row["date"])}) for row in data["files"]]
    return Manifest(
        provenance=provenance,
        instruments=tuple(instruments),
        files=tuple(files),
        orders=tuple(OrderFile(**row) for row in data.get("orders", ())),
        imports=tuple(
            Import(key=row["key"], sources=tuple(row["sources"]))
            for row in data.get("imports", ())
        ),
    )


def sum_rows(files: tuple[TapeFile, ...]) -> dict[str, int]:
    """Rows by kind over all files, kinds in the order they are first met."""
    total: dict[str, int] = {}
    for file in files:
        for kind, count in file.rows.items():
            total[kind] = total.get(kind, 0) + count
    return total


def _instrument_data(instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "venue": instrument.venue,
        "tick": instrument.tick,
        "lot": instrument.lot,
        "multiplier": instrument.multiplier,
        "inverse": instrument.inverse,
        "currency": instrument.currency,
        "depth": "full" if instrument.depth is None else instrument.depth,
        "trade_sides": instrument.has_trade_side,
        "clock_rows": instrument.has_clock,
        **_given("expiry", instrument.expiry),
        **_given("guessed", list(instrument.guessed)),
    }


def _instrument(row: Mapping[str, Any], provenance: Provenance) -> Instrument:
    return Instrument(
        symbol=row["symbol"],
        venue=row["venue"],
        tick=float(row["tick"]),
        lot=float(row["lot"]),
        multiplier=float(row["multiplier"]),
        inverse=row["inverse"],
        currency=row["currency"],
        timezone=provenance.timezone,
        depth=None if row["depth"] == "full" else row["depth"],
        has_trade_side=row["trade_sides"],
        has_clock=row["clock_rows"],
        expiry=row.get("expiry", ""),
        guessed=tuple(row.get("guessed", ())),
    )


def _file_data(file: TapeFile) -> dict[str, Any]:
    data = asdict(file)
    last_id = data.pop("last_id")
    return {**data, "rows": dict(file.rows), **_given("last_id", last_id)}


def _import_data(found: Import) -> dict[str, Any]:
    return {"key": found.key, "sources": list(found.sources)}


def _given(name: str, value: Any) -> dict[str, Any]:
    """A key that is only written when there is something to say."""
    return {name: value} if value else {}
