"""The event arrays of hftbacktest: their layout and how a file is opened."""

from __future__ import annotations

import io
import zipfile
import zlib
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mmrun.problems import DataError


Events = NDArray[np.void]  #: of `EVENT_DTYPE`

EVENT_DTYPE = np.dtype(
    [
        ("ev", "<u8"),
        ("exch_ts", "<i8"),
        ("local_ts", "<i8"),
        ("px", "<f8"),
        ("qty", "<f8"),
        ("order_id", "<u8"),
        ("ival", "<i8"),
        ("fval", "<f8"),
    ]
)

EXCHANGE, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28


class Code(IntEnum):
    """The low byte of `ev`."""

    DEPTH = 1
    TRADE = 2
    CLEAR = 3
    SNAPSHOT = 4
    BBO = 5
    ADD = 10
    CANCEL = 11
    MODIFY = 12
    FILL = 13


_HINT = "expected an npz file with the array `data` of hftbacktest's event_dtype"


def read_events(name: str, data: bytes) -> Events:
    """The events an exchange processes, in file order.

    Raises:
        DataError: the file is empty, damaged, or holds something else.
    """
    array = _array(name, data)
    if array.dtype.names != EVENT_DTYPE.names:
        message = f"{name} holds an array of {array.dtype.names or array.dtype}"
        raise DataError(message, hint=_HINT)
    events: Events = array.astype(EVENT_DTYPE)
    events = events[(events["ev"] & np.uint64(EXCHANGE)) > 0]
    if not len(events):
        message = f"{name} has no events of the exchange"
        raise DataError(message, hint=_HINT)
    _check(name, events)
    return events


def codes_of(events: Events) -> NDArray[np.int64]:
    """The low byte of each event."""
    return (events["ev"] & np.uint64(0xFF)).astype(np.int64)


def sides_of(events: Events) -> NDArray[np.int64]:
    """`market.tape.Side` of each event's flags."""
    buy = (events["ev"] & np.uint64(BUY)) > 0
    sell = (events["ev"] & np.uint64(SELL)) > 0
    return buy.astype(np.int64) - sell.astype(np.int64)


def _array(name: str, data: bytes) -> NDArray[np.void]:
    if not data:
        message = f"{name} is empty"
        raise DataError(message)
    try:
        found = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            if "data" not in found.files:
                message = f"{name} has no array `data`, only {', '.join(found.files)}"
                raise DataError(message, hint=_HINT)
            array: NDArray[np.void] = found["data"]
            return array
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        message = f"{name} cannot be read: {error}"
        raise DataError(message, hint=_HINT) from error


def _check(name: str, events: Events) -> None:
    known = np.isin(codes_of(events), list(Code))
    row = int(np.argmin(known))
    if not known[row]:
        message = f"{name}, event {row + 1}: unknown kind {codes_of(events)[row]}"
        raise DataError(message, hint=_HINT)
    finite = np.isfinite(events["px"]) & np.isfinite(events["qty"])
    right = (finite & (events["qty"] >= 0)) | (codes_of(events) == Code.CLEAR)
    row = int(np.argmin(right))
    if not right[row]:
        shown = f"px {events['px'][row]}, qty {events['qty'][row]}"
        message = f"{name}, event {row + 1}: {shown}; expected numbers, qty 0 or more"
        raise DataError(message)
