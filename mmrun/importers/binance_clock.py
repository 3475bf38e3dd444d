"""When Binance's book messages happened, also those that do not say.

Spot tells the time neither of its best quotes nor of snapshots. They are given the
latest time they can have: a message cannot be received before it is sent, so the
largest (sent - received) of a minute bounds how far the recorder's clock is behind, and
what is received at r was sent at r plus that or before. A trade thus stands before the
quote it caused, though spot publishes trades after quotes. Update ids then put each
message between the depth messages around it, whose times are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Delay:
    """Received minus sent over a recording, ns: negative when a clock is off."""

    lowest: int
    median: int
    highest: int


def delay_of(books: pl.DataFrame, trades: pl.DataFrame) -> Delay | None:
    """How long messages took by the two clocks; None when one is not known."""
    received = _sent(books, trades).select(-pl.col("ahead"))["ahead"].sort()
    if not len(received):
        return None
    return Delay(received[0], received[len(received) // 2], received[-1])


def in_update_order(books: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Book messages by update id, `ts` filled and never going back.

    Without any time of Binance, the time of receipt stands in.
    """
    ahead = _sent(books, trades)
    by_minute = ahead.group_by("minute").agg(pl.col("ahead").max())
    overall = ahead["ahead"].max() if len(ahead) else 0
    rows = (
        books.with_columns(_minute())
        .join(by_minute, on="minute", how="left", maintain_order="left")
        .sort("last", "kind", "line")
    )
    known = pl.col("ts")
    latest = pl.col("recv") + pl.col("ahead").fill_null(overall)
    between = latest.clip(known.forward_fill(), known.backward_fill())
    return rows.with_columns(known.fill_null(between).cum_max()).select(books.columns)


def _sent(books: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """`minute` of receipt and `ahead`, sent minus received, where both are known."""
    columns = ("recv", "event")
    both = pl.concat([books.select(columns), trades.select(columns)]).drop_nulls()
    return both.select(_minute(), (pl.col("event") - pl.col("recv")).alias("ahead"))


def _minute() -> pl.Expr:
    return (pl.col("recv") // _MINUTE_NS).alias("minute")
