"""The touch of a tape, held to a book kept row by row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, strategies as st

from mmrun.market.tape import Kind, Side, polars_schema
from mmrun.market.touch import Book, Touches, follow


prices = st.sampled_from([9.98, 9.99, 10.0, 10.01, 10.02])
depth_rows = st.fixed_dictionaries(
    {
        "kind": st.just(int(Kind.DEPTH)),
        "price": prices,
        "size": st.sampled_from([0.0, 0.0, 1.0, 2.0]),
        "side": st.sampled_from([1, -1]),
    }
)
quote_rows = st.fixed_dictionaries(
    {"kind": st.just(int(Kind.QUOTE))},
    optional={
        "bid": prices,
        "ask": prices,
        "bid_size": st.just(3.0),
        "ask_size": st.just(4.0),
    },
)
other_rows = st.sampled_from([{"kind": int(Kind.CLEAR)}, {"kind": int(Kind.TRADE)}])
tapes = st.lists(depth_rows | depth_rows | depth_rows | quote_rows | other_rows, max_size=40)  # fmt: skip


@given(rows=tapes, cuts=st.lists(st.integers(1, 7), min_size=40, max_size=40))
def test_the_touch_is_that_of_a_book_kept_row_by_row(
    rows: list[dict[str, Any]], cuts: list[int]
) -> None:
    """In one piece or in many, levels, quotes and clears give the plain book's touch."""
    schema = polars_schema()
    frame = pl.DataFrame(
        [{"ts": n, **row} for n, row in enumerate(rows)], schema=schema
    )

    book = Book()
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(follow(frame[start : start + cut], book))
        start += cut

    expected = _kept(rows)
    assert _columns([follow(frame, Book())]) == expected
    assert _columns(pieces) == expected


def _columns(parts: list[Touches]) -> list[list[str]]:
    """Touches row by row, as text: NaN equals itself."""
    names = ("ts", "bid", "bid_size", "ask", "ask_size")
    columns = [
        np.concatenate([getattr(part, name) for part in parts]) for name in names
    ]
    return [[str(value) for value in row] for row in zip(*columns, strict=True)]


def _kept(rows: list[dict[str, Any]]) -> list[list[str]]:
    """The same by two dicts."""
    book: dict[int, dict[float, float]] = {Side.BUY: {}, Side.SELL: {}}
    found = []
    for ts, row in enumerate(rows):
        kind = row["kind"]
        if kind == Kind.TRADE:
            continue
        if kind == Kind.DEPTH:
            levels = book[row["side"]]
            levels.pop(row["price"], None)
            if row["size"]:
                levels[row["price"]] = row["size"]
        else:
            book = {Side.BUY: _one(row, "bid"), Side.SELL: _one(row, "ask")}
        bid = max(book[Side.BUY], default=math.nan)
        ask = min(book[Side.SELL], default=math.nan)
        sizes = book[Side.BUY].get(bid, math.nan), book[Side.SELL].get(ask, math.nan)
        found.append([str(v) for v in (ts, bid, sizes[0], ask, sizes[1])])
    return found


def _one(row: dict[str, Any], name: str) -> dict[float, float]:
    """The level of a quote's side, if it has a price."""
    price = row.get(name)
    return {} if price is None else {price: row.get(f"{name}_size", math.nan)}
