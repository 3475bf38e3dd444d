"""A recording as polars frames: names for codes, UTC times, null for no value.

Each frame is a table of columns, in file order; a column says how it is made from the
structured array. Times are `Datetime("ns", "UTC")`, numbers float64, names strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mmrun.engine.records import (
    FIRST_OWN,
    OWN_BITS,
    Adjustment,
    OrderEvent,
    Recording,
)


Column = Callable[[NDArray[Any], Recording], pl.Series]

TIME = pl.Datetime("ns", "UTC")


def _time(field: str) -> Column:
    return lambda rows, _: pl.Series(_plain(rows, field)).cast(TIME)


def _whole(field: str) -> Column:
    return lambda rows, _: pl.Series(_plain(rows, field).astype(np.int64))


def _number(field: str) -> Column:
    """A float column; NaN means there is no value and becomes null."""
    return lambda rows, _: pl.Series(_plain(rows, field)).fill_nan(None)


def _name(field: str, names: Sequence[str | None], offset: int = 0) -> Column:
    """Codes to strings: code c is `names[c + offset]`."""
    return lambda rows, _: _look_up(_plain(rows, field), names, offset)


def _missing(rows: NDArray[Any], recording: Recording) -> pl.Series:
    return _look_up(_plain(rows, "missing"), (None, *recording.missing_names), 1)


def _venue(rows: NDArray[Any], recording: Recording) -> pl.Series:
    return _look_up(_plain(rows, "venue"), recording.venues, 0)


def _plain(rows: NDArray[Any], field: str) -> NDArray[Any]:
    return np.ascontiguousarray(rows[field])


def _look_up(
    codes: NDArray[Any], names: Sequence[str | None], offset: int
) -> pl.Series:
    table = pl.Series(list(names), dtype=pl.String)
    return table.gather(pl.Series(codes.astype(np.int64) + offset))


def _names_of(codes: type[IntEnum]) -> tuple[str | None, ...]:
    """Lower-case names by code; codes that mean nothing are None."""
    by_code = {code.value: code.name.lower() for code in codes}
    return tuple(by_code.get(code) for code in range(max(by_code) + 1))


def _rule(rows: NDArray[Any], recording: Recording) -> pl.Series:
    return _look_up(_plain(rows, "rule"), recording.rules, 0)


def _order_rule(rows: NDArray[Any], recording: Recording) -> pl.Series:
    return _look_up(_plain(rows, "rule"), (None, *recording.rules[1:]), 0)


def _adjustment(rows: NDArray[Any], recording: Recording) -> pl.Series:
    """What adjusted a quote, joined by `+`; None where nothing did."""
    found, which = np.unique(_plain(rows, "adjustment"), return_inverse=True)
    own = recording.rules[FIRST_OWN:]
    names = ["+".join(_adjusted_by(int(bits), own)) or None for bits in found.tolist()]
    return _look_up(which, names, 0)


def _adjusted_by(bits: int, own: Sequence[str]) -> Iterator[str]:
    yield from (str(f.name).lower() for f in Adjustment if f & bits)
    yield from (name for k, name in enumerate(own) if bits >> OWN_BITS + k & 1)


def _order_side(rows: NDArray[Any], _: Recording) -> pl.Series:
    return _look_up(np.sign(_plain(rows, "side")), _SELL_BUY, 1)


def _order_level(rows: NDArray[Any], _: Recording) -> pl.Series:
    return pl.Series(np.abs(_plain(rows, "side")).astype(np.int64) - 1)


_SELL_BUY = ("sell", None, "buy")
_ASK_BID = ("ask", None, "bid")

FILLS: dict[str, Column] = {
    "ts": _time("ts"),
    "known_ts": _time("known_ts"),
    "order_id": _whole("order_id"),
    "venue": _venue,
    "side": _name("side", _SELL_BUY, 1),
    "level": _whole("level"),
    "liquidity": _name("taker", ("maker", "taker")),
    "price": _number("price"),
    "size": _number("size"),
    "mid": _number("mid"),
    "fee": _number("fee"),
    "inventory": _number("inventory"),
}
#: `rule` is why an order was cancelled or rejected, null elsewhere.
ORDERS: dict[str, Column] = {
    "ts": _time("ts"),
    "sent_ts": _time("sent_ts"),
    "order_id": _whole("order_id"),
    "venue": _venue,
    "side": _order_side,
    "level": _order_level,
    "event": _name("event", _names_of(OrderEvent)),
    "price": _number("price"),
    "size": _number("size"),
    "queue_ahead": _number("queue_ahead"),
    "rule": _order_rule,
}
#: `rule` is `quoted` while the side rests; `missing` names the input that was.
DECISIONS: dict[str, Column] = {
    "ts": _time("ts"),
    "venue": _venue,
    "side": _name("side", _ASK_BID, 1),
    "level": _whole("level"),
    "rule": _rule,
    "price": _number("price"),
    "size": _number("size"),
    "adjustment": _adjustment,
    "missing": _missing,
}
EQUITY: dict[str, Column] = {
    "ts": _time("ts"),
    "mid": _number("mid"),
    "bid": _number("bid"),
    "ask": _number("ask"),
    "inventory": _number("inventory"),
    "net_pnl": _number("net_pnl"),
    "spread_pnl": _number("spread_pnl"),
    "inventory_pnl": _number("inventory_pnl"),
    "fees": _number("fees"),
    "rebates": _number("rebates"),
}
#: The frames of a run, by name; each name is also a field of `Recording`.
TABLES = {
    "fills": FILLS,
    "orders": ORDERS,
    "decisions": DECISIONS,
    "equity": EQUITY,
}


def frame(name: str, recording: Recording) -> pl.DataFrame:
    """One of `TABLES` as a frame, a row for each of the recording's."""
    rows = getattr(recording, name)
    return pl.DataFrame(
        {column: make(rows, recording) for column, make in TABLES[name].items()}
    )


def frames(recording: Recording) -> dict[str, pl.DataFrame]:
    """All frames of a run, by name."""
    return {name: frame(name, recording) for name in TABLES}
