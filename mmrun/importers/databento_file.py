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
_UNDEF_TIMESTAMP = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Definition:
    """What a definition record says of an instrument."""

    symbol: str
    instrument_id: int
    asset: str  #: the product, as ES; empty where there is none
    tick: float | None
    multiplier: float | None  #: money per price unit and contract
    currency: str
    expiry: str  #: last moment of trading, ISO 8601 UTC; empty where there is none


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
    pieces = _decoded(member.name, member.read())
    metadata: dbn.Metadata = next(pieces)[0]
    schema = str(metadata.schema) if metadata.schema else "mixed"
    definitions: tuple[Definition, ...] = ()
    records = np.zeros(0, [("ts_recv", "u8")])
    if schema == "definition":
        definitions = tuple(_definition(record) for piece in pieces for record in piece)
    else:
        has_sent = bool(metadata.ts_out)
        arrays = [_array(member.name, piece, has_sent=has_sent) for piece in pieces]
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
    """The records of each symbol and publisher.

    An id outside the days of its mapping has the symbol it has on others; one without
    any mapping is its own name.
    """
    records = file.records
    ids = records["instrument_id"]
    day = (records["ts_recv"] // np.uint64(_NS_A_DAY)).astype(np.int64)
    unnamed = {str(number): number for number in np.unique(ids).tolist()}
    names = sorted({*unnamed, *(found.symbol for found in file.intervals)})
    code = np.zeros(len(records), np.int64)
    for name, number in unnamed.items():
        code[ids == number] = names.index(name)
    for found in file.intervals:
        code[ids == found.instrument_id] = names.index(found.symbol)
    for found in file.intervals:
        on_its_days = (day >= found.first_day) & (day < found.end_day)
        code[(ids == found.instrument_id) & on_its_days] = names.index(found.symbol)
    for number in np.unique(code).tolist():
        of_symbol = records[code == number]
        for publisher in np.unique(of_symbol["publisher_id"]).tolist():
            mine = of_symbol["publisher_id"] == publisher
            yield names[number], publisher, of_symbol[mine]


def _library() -> Any:
    try:
        import databento_dbn
    except ImportError as error:
        message = (
            "reading DBN files needs databento-dbn: pip install 'mmrun[databento]'"
        )
        raise UsageError(message) from error
    return databento_dbn


def _decoded(name: str, data: bytes) -> Iterator[list[Any]]:
    """The metadata, then the records, a list for each stretch that was decoded."""
    library = _library()
    packed = data.startswith(zstd.MAGIC)
    _check_start(name, data, packed=packed)
    compression = library.Compression.ZSTD if packed else library.Compression.NONE
    decoder = library.DBNDecoder(compression=compression)
    found = 0
    for start in range(0, len(data), _CHUNK_BYTES):
        try:
            decoder.write(data[start : start + _CHUNK_BYTES])
            piece = decoder.decode()
        except (library.DBNError, RuntimeError) as error:
            raise _damaged(name, str(error)) from error
        parts = (piece[:1], piece[1:]) if not found else (piece,)
        yield from (part for part in parts if part)
        found += len(piece)
    if not found or decoder.buffer():
        raise _damaged(name, "it is cut short")


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


def _array(name: str, records: Sequence[Any], *, has_sent: bool) -> Records:
    """Records of one type as a structured array; messages of a live session are left out.

    Args:
        name: of the file, for messages.
        records: as they were decoded.
        has_sent: whether a last field tells when they were sent.
    """
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
    if has_sent:
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
        expiry=_moment(record.expiration),
    )


def _moment(ts: int) -> str:
    if ts in {0, _UNDEF_TIMESTAMP}:
        return ""
    return f"{dt.datetime.fromtimestamp(ts // 10**9, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _price(value: int) -> float | None:
    return None if value in {0, UNDEF_PRICE} else value / PRICE_STEPS
