"""Task T1 in hftbacktest 2.4: the other side of `bench.py`, in an environment of its own.

    python benchmarks/hftbacktest_t1.py TAPE.parquet

Reads a tape of quotes and trades, then runs T1 once for each line on stdin and prints
one JSON object a run: CPU seconds, fills, inventory, P&L. The first line printed tells
the seconds spent loading, converting and compiling.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import hftbacktest as hft
import numpy as np
import polars as pl
from hftbacktest.types import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    event_dtype,
)
from numba import njit


TICK, LOT, SIZE = 0.01, 1.0, 100.0
BASE, LEAN, FACTOR, LIMIT, FEE = 0.4e-4, 0.5, 2.0, 1000.0, 0.1e-4
WINDOW_NS = 5_000_000_000
BOTH = EXCH_EVENT | LOCAL_EVENT
BID, ASK = 1, 2  # order ids


def convert(tape: pl.DataFrame) -> Any:
    """Quotes as level changes (a touch that moves takes its old level along), trades."""
    parts = []
    rows = tape.with_row_index("row")
    for side, code in (("bid", BUY_EVENT), ("ask", SELL_EVENT)):
        quotes = rows.filter(pl.col("kind") == 0)
        price = pl.col(side)
        moved = quotes.filter(price != price.shift(1)).join(
            quotes.select("row", old=price.shift(1)), on="row"
        )
        order = 0 if side == "bid" else 2
        parts += [
            _events(quotes, order, BOTH | DEPTH_EVENT | code, side, f"{side}_size"),
            _events(moved, order + 1, BOTH | DEPTH_EVENT | code, "old", None),
        ]
    for sign, code in ((1, BUY_EVENT), (-1, SELL_EVENT)):
        trades = rows.filter((pl.col("kind") == 1) & (pl.col("side") == sign))
        parts.append(_events(trades, 0, BOTH | TRADE_EVENT | code, "price", "size"))
    events = pl.concat(parts).sort("row", "order")
    data = np.zeros(len(events), event_dtype)
    data["ev"] = events["ev"].to_numpy()
    data["exch_ts"] = data["local_ts"] = events["ts"].to_numpy()
    data["px"], data["qty"] = events["px"].to_numpy(), events["qty"].to_numpy()
    return data


def _events(
    rows: pl.DataFrame, order: int, code: int, price: str, size: str | None
) -> pl.DataFrame:
    return rows.select(
        "row",
        "ts",
        order=pl.lit(order),
        ev=pl.lit(code, pl.UInt64),
        px=pl.col(price),
        qty=pl.lit(0.0) if size is None else pl.col(size),
    )


@njit
def deviation(count, sums):
    """Population deviation of returns from their sum and sum of squares, in percent."""
    mean = sums[0] / count
    return 100.0 * np.sqrt(max(sums[1] / count - mean * mean, 0.0))


@njit
def strategy(backtest):
    """T1: spread by trade volatility, lean on inventory, post-only, one lot a side."""
    room = 1 << 14
    times, returns = np.empty(room, np.int64), np.empty(room)
    sums = np.zeros(2)
    head = count = 0
    last = vol = mid = 0.0
    bid_at = ask_at = 0
    while backtest.wait_next_feed(False, 3_600_000_000_000) != 1:
        trades = backtest.last_trades(0)
        if len(trades) > 0:
            for trade in trades:
                if last > 0.0:
                    change = trade.px / last - 1.0
                    slot = (head + count) % room
                    times[slot], returns[slot] = trade.local_ts, change
                    count += 1
                    sums[0] += change
                    sums[1] += change * change
                    while times[head] < trade.local_ts - WINDOW_NS:
                        sums[0] -= returns[head]
                        sums[1] -= returns[head] * returns[head]
                        head = (head + 1) % room
                        count -= 1
                    vol = deviation(count, sums)
                last = trade.px
            backtest.clear_last_trades(0)
            continue
        depth = backtest.depth(0)
        inventory = backtest.position(0)
        mid = (depth.best_bid + depth.best_ask) / 2.0
        half = mid * BASE * (1.0 + 10.0 * vol)
        middle = mid - LEAN * (inventory / LIMIT) * half * FACTOR
        bid = int(np.floor((middle - half) / TICK + 1e-9))
        ask = int(np.ceil((middle + half) / TICK - 1e-9))
        bid = min(bid, depth.best_ask_tick - 1)
        ask = max(ask, depth.best_bid_tick + 1)
        backtest.clear_inactive_orders(0)
        orders = backtest.orders(0)
        has_bid, has_ask = BID in orders, ASK in orders
        if inventory >= LIMIT:
            if has_bid:
                backtest.cancel(0, BID, False)
        elif not has_bid:
            backtest.submit_buy_order(
                0, BID, bid * TICK, SIZE, hft.GTX, hft.LIMIT, False
            )
            bid_at = bid
        elif bid != bid_at:
            backtest.modify(0, BID, bid * TICK, SIZE, False)
            bid_at = bid
        if inventory <= -LIMIT:
            if has_ask:
                backtest.cancel(0, ASK, False)
        elif not has_ask:
            backtest.submit_sell_order(
                0, ASK, ask * TICK, SIZE, hft.GTX, hft.LIMIT, False
            )
            ask_at = ask
        elif ask != ask_at:
            backtest.modify(0, ASK, ask * TICK, SIZE, False)
            ask_at = ask
    return mid


def run_once(data: Any) -> dict[str, float]:
    """One run over the converted tape."""
    asset = (
        hft.BacktestAsset()
        .data(data)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(FEE, FEE)
        .tick_size(TICK)
        .lot_size(LOT)
        .last_trades_capacity(64)
        .roi_lb(50.0)
        .roi_ub(300.0)
    )
    backtest = hft.ROIVectorMarketDepthBacktest([asset])
    began, cpu_began = time.perf_counter(), time.process_time()
    mid = strategy(backtest)
    cpu_s = time.process_time() - cpu_began
    wall_s = time.perf_counter() - began
    values = backtest.state_values(0)
    result = {
        "cpu_s": cpu_s,
        "wall_s": wall_s,
        "fills": int(values.num_trades),
        "inventory": float(values.position),
        "pnl": float(values.balance + values.position * mid - values.fee),
    }
    backtest.close()
    return result


def main() -> None:
    """Load, convert and compile once; then a run a line."""
    began = time.perf_counter()
    data = convert(pl.read_parquet(sys.argv[1]))
    run_once(data)
    print(json.dumps({"ready_s": time.perf_counter() - began}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(run_once(data)), flush=True)


if __name__ == "__main__":
    main()
