"""DBN files as arrays of records, by the decoder Databento publishes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmrun.importers import zstd
from mmrun.importers.sources import Member
from mmrun.problems import DataError, UsageError


if TYPE_CHECKING:
    import databento_dbn as dbn

Records = NDArray[np.void]  #: structured, the fields of one record type

UNDEF_PRICE = 2**63 - 1
PRICE_STEPS = 1e9  #: a price of 1 in the files
_CHUNK_BYTES = 2**22
_EPOCH = dt.date(1970, 1, 1)
_NS_A_DAY = 86_400 * 10**9
_UNDEF_MULTIPLIER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Definition:
    """What a definition record says of an instrument."""

    symbol: str
    instrument_id: int
    asset: str  #: the product, as ES; empty where there is none
    tick: float | None
    multiplier: float | None  #: money per price unit and contract
    currency: str


@dataclass(frozen=True, slots=True)
class Interval:
    """The days, since 1970, on which an id meant a symbol; the last not included."""

    symbol: str
    instrument_id: int
    first_day: int
    end_day: int


@dataclass(frozen=True, slots=True)
class DbnFile:
    """A file's content; definitions only in one of the schema `definition`."""

    name: str
    schema: str
    dataset: str
    intervals: tuple[Interval, ...]
    records: Records
    definitions: tuple[Definition, ...]


def read_dbn(member: Member) -> DbnFile:
    """Decode a DBN file, packed with zstd or not.

    Raises:
        DataError: it is no DBN file, or not whole.
        UsageError: the decoder is not installed.
    """
    metadata, pieces = _decoded(member.name, member.read())
    schema = str(metadata.schema) if metadata.schema else "mixed"
    definitions: tuple[Definition, ...] = ()
    records = np.zeros(0, [("ts_recv", "u8")])
    if schema == "definition":
        definitions = tuple(_definition(record) for piece in pieces for record in piece)
    else:
        arrays = [_array(member.name, piece, metadata.ts_out) for piece in pieces]
        records = np.concatenate(arrays) if arrays else records
    return DbnFile(
        name=member.name,
        schema=schema,
        dataset=metadata.dataset,
        intervals=tuple(_intervals(metadata.mappings)),
        records=records,
        definitions=definitions,
    )


def by_symbol(file: DbnFile) -> Iterator[tuple[str, int, Records]]:
    """The records of each symbol and publisher; an id without a symbol is its name."""
    records = file.records
    day = (records["ts_recv"] // np.uint64(_NS_A_DAY)).astype(np.int64)
    symbols = np.array([str(i) for i in records["instrument_id"]], object)
    for found in file.intervals:
        mine = records["instrument_id"] == found.instrument_id
        mine &= (day >= found.first_day) & (day < found.end_day)
        symbols[mine] = found.symbol
    for symbol in sorted(set(symbols.tolist())):
        of_symbol = records[symbols == symbol]
        for publisher in np.unique(of_symbol["publisher_id"]).tolist():
            yield symbol, publisher, of_symbol[of_symbol["publisher_id"] == publisher]


def _library() -> Any:
    try:
        import databento_dbn
    except ImportError as error:
        message = (
            "reading DBN files needs databento-dbn: pip install 'mmrun[databento]'"
        )
        raise UsageError(message) from error
    return databento_dbn


def _decoded(name: str, data: bytes) -> tuple[dbn.Metadata, list[list[Any]]]:
    """The metadata and the records, a list for each stretch that was decoded."""
    library = _library()
    packed = data.startswith(zstd.MAGIC)
    _check_start(name, data, packed=packed)
    compression = library.Compression.ZSTD if packed else library.Compression.NONE
    decoder = library.DBNDecoder(compression=compression)
    pieces: list[list[Any]] = []
    try:
        for start in range(0, len(data), _CHUNK_BYTES):
            decoder.write(data[start : start + _CHUNK_BYTES])
            pieces.append(decoder.decode())
    except (library.DBNError, RuntimeError) as error:
        raise _damaged(name, str(error)) from error
    if not pieces or not pieces[0] or decoder.buffer():
        raise _damaged(name, "it is cut short")
    return pieces[0].pop(0), [piece for piece in pieces if piece]


def _check_start(name: str, data: bytes, *, packed: bool) -> None:
    if not data:
        message = f"{name} is empty"
        raise DataError(message)
    if not packed and not data.startswith(b"DBN"):
        message = f"{name} is not a DBN file"
        hint = (
            "expected Databento's binary encoding (.dbn or .dbn.zst), not CSV or JSON"
        )
        raise DataError(message, hint=hint)
    if packed and not zstd.is_whole(data):
        raise _damaged(name, "it is cut short")


def _damaged(name: str, what: str) -> DataError:
    message = f"{name} cannot be decoded: {what}"
    return DataError(message, hint="download or copy it again")


def _array(name: str, records: Sequence[Any], ts_out: bool) -> Records:  # noqa: FBT001
    """Records of one type as a structured array; messages of a live session are left out."""
    kinds = [type(record) for record in records]
    held = [kind for kind in dict.fromkeys(kinds) if hasattr(kind, "ts_recv")]
    if len(held) != 1:
        found = ", ".join(kind.__name__ for kind in held) or "none"
        message = (
            f"{name} holds records of several kinds ({found}); expected one schema"
        )
        raise DataError(message, hint="request one schema a file")
    (kind,) = held
    mine = [r for r, of in zip(records, kinds, strict=True) if of is kind]
    dtype = list(kind._dtypes)  # noqa: SLF001 - the layout its own reader uses
    if ts_out:
        dtype.append(("ts_out", "u8"))
    return np.frombuffer(b"".join(map(bytes, mine)), dtype)


def _intervals(mappings: Mapping[str, Sequence[Any]]) -> Iterator[Interval]:
    for symbol, intervals in mappings.items():
        for found in intervals:
            if found["symbol"].isdigit():
                first, end = found["start_date"], found["end_date"]
                days = (first - _EPOCH).days, (end - _EPOCH).days
                yield Interval(symbol, int(found["symbol"]), *days)


def _definition(record: Any) -> Definition:
    """A futures contract's multiplier is its unit of measure: 50 index points of ES."""
    multiplier = record.contract_multiplier
    if multiplier in {0, _UNDEF_MULTIPLIER}:
        multiplier = _price(record.unit_of_measure_qty)
    return Definition(
        symbol=record.raw_symbol,
        instrument_id=record.instrument_id,
        asset=record.asset,
        tick=_price(record.min_price_increment),
        multiplier=float(multiplier) if multiplier else None,
        currency=record.currency or "USD",
    )


def _price(value: int) -> float | None:
    return None if value in {0, UNDEF_PRICE} else value / PRICE_STEPS
