"""Columns of the user's own, as the engine takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from mmrun.market.tape import FloatColumn, IntColumn


class InputRows(NamedTuple):
    """Consecutive values of one input, as arrays of one length.

    `ts` rises, within and between pieces; of equal times the later row holds.
    """

    ts: IntColumn  #: ns since 1970 UTC, the time of the value
    known_ts: IntColumn  #: ns, when it became known: never before `ts`
    value: FloatColumn  #: in base units, not NaN


class InputColumn(Protocol):
    """One input's values, read a piece at a time."""

    def pieces(self) -> Iterator[InputRows]:
        """All values from the first, in the order of their times."""
        ...
