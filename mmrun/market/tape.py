"""The tape: one row is one event, and this file is its schema.

Rows are in time order; rows of one time keep their order. Columns that a row's kind
does not use are null in files and NaN (or 0 for codes) in batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mmrun.market.instrument import Instrument


if TYPE_CHECKING:
    import polars as pl

FloatColumn = NDArray[np.float64]
IntColumn = NDArray[np.int64]
CodeColumn = NDArray[np.int8]


class Kind(IntEnum):
    """What a row tells."""

    QUOTE = 0  #: best bid and ask with sizes, absolute: the book is these two levels
    DEPTH = 1  #: the size now displayed at one price of one side; 0 removes the level
    CLEAR = 2  #: the book starts over; a snapshot is this and depth rows
    TRADE = 3  #: price, size, aggressor side
    STATUS = 4  #: a change of the venue's state, in `status`
    CLOCK = 5  #: time passing, added by a feed


class Side(IntEnum):
    """Of a depth row the side of the book, of a trade the aggressor."""

    BUY = 1
    UNKNOWN = 0
    SELL = -1


class Status(IntEnum):
    """What a status row says."""

    NONE = 0
    HALT = 1
    RESUME = 2
    AUCTION = 3
    CONNECTED = 4
    STALE = 5
    GAP = 6


#: Column name to polars type name, in file order.
COLUMNS = {
    "ts": "Int64",  # ns since 1970 UTC, exchange time
    "recv_ts": "Int64",  # ns, when our side saw it; null when unknown
    "kind": "UInt8",  # Kind
    "bid": "Float64",  # quote rows; null: no bid
    "bid_size": "Float64",  # quote rows; null: size not known
    "ask": "Float64",
    "ask_size": "Float64",
    "price": "Float64",  # depth and trade rows
    "size": "Float64",
    "side": "Int8",  # Side, depth and trade rows
    "status": "UInt8",  # Status
}


def polars_schema() -> pl.Schema:
    """`COLUMNS` as a polars schema (polars is imported here, not before)."""
    import polars as pl

    return pl.Schema({name: getattr(pl, kind) for name, kind in COLUMNS.items()})


@dataclass(frozen=True, slots=True)
class Packed:
    """Prices of a batch's rows as whole ticks, in arrays of the batch's length.

    Made once (`market.packing`), for rows of quotes and trades alone.
    """

    tick: float  #: of which they are whole numbers
    first: IntColumn  #: quote: the bid's ticks, NO_BID for none; trade: half ticks
    second: IntColumn  #: quote: the ask's ticks, NO_ASK for none
    calm: CodeColumn  #: 1: a quote at the prices of the row before, a quote too, by
    #: whose sizes what is ahead of an order at the touch can only fall; else 0

    def rows(self, start: int, stop: int) -> Packed:
        """The rows from `start` to before `stop`, as views."""
        columns = (getattr(self, name)[start:stop] for name in PACKED_COLUMNS)
        return Packed(self.tick, *columns)


#: The columns of what is packed, in the order of its arguments.
PACKED_COLUMNS = ("first", "second", "calm")


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive tape rows of an instrument as arrays of one length.

    `ts` int64 ns; `kind`, `side`, `status`, `venue` int8; the rest float64, NaN where a
    row's kind has no such value. All C-contiguous. `venue` is an index into a feed's
    instruments, those that are watched after them; 0 of clock rows. What is packed is
    so in addition: without it a run finds the same.
    """

    ts: IntColumn
    kind: CodeColumn
    bid: FloatColumn
    bid_size: FloatColumn
    ask: FloatColumn
    ask_size: FloatColumn
    price: FloatColumn
    size: FloatColumn
    side: CodeColumn
    status: CodeColumn
    venue: CodeColumn
    packed: Packed | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, start: int, stop: int) -> Batch:
        """The rows from `start` to before `stop`, as views."""
        packed = None if self.packed is None else self.packed.rows(start, stop)
        columns = (getattr(self, name)[start:stop] for name in BATCH_COLUMNS)
        return Batch(*columns, packed=packed)


#: The columns of a batch, in the order of its arguments.
BATCH_COLUMNS = tuple(name for name in Batch.__dataclass_fields__ if name != "packed")


#: A batch without rows.
EMPTY = Batch(
    ts=np.zeros(0, np.int64),
    kind=np.zeros(0, np.int8),
    bid=np.zeros(0),
    bid_size=np.zeros(0),
    ask=np.zeros(0),
    ask_size=np.zeros(0),
    price=np.zeros(0),
    size=np.zeros(0),
    side=np.zeros(0, np.int8),
    status=np.zeros(0, np.int8),
    venue=np.zeros(0, np.int8),
)


class Feed(Protocol):
    """Where batches come from: recorded or live, one loop for both."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is traded, with tick and lot: one a venue."""
        ...

    @property
    def watched(self) -> tuple[Instrument, ...]:
        """What formulas read and is not quoted; rows' `venue` counts on with these."""
        ...

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts` of what is traded, ns; of a live feed to the far future."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Batches in time order, clock rows included; any split is equivalent."""
        ...
