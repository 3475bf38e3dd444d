"""Event files of hftbacktest: made-up ones, and what a dataset becomes and back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mmrun.importers import databento, hftbacktest
from mmrun.importers.hftbacktest_events import (
    BUY,
    EVENT_DTYPE,
    EXCHANGE,
    LOCAL,
    SELL,
    Code,
)
from mmrun.importers.hftbacktest_out import events_of, write_npz
from mmrun.market.tape import Kind, Side
from mmrun.market.touch import touch_of
from mmrun.market.writer import Tape, write_dataset
from mmrun.problems import DataError


START = 1_700_000_000 * 10**9
BOTH = EXCHANGE | LOCAL
SIDES = {"buy": BUY, "sell": SELL, "": 0}


def event(code, at_ns, side="", px=0.0, qty=0.0, order=0, flags=BOTH):
    """An event, received 5 ns after it happened."""
    ts = START + at_ns
    return (flags | SIDES[side] | code, ts, ts + 5, px, qty, order, 0, 0.0)


@pytest.fixture
def write(tmp_path):
    """Writes events as an npz file and gives its path."""

    def make(*events, name="btcusdt_20231114.npz"):
        path = tmp_path / name
        np.savez_compressed(path, data=np.array(list(events), EVENT_DTYPE))
        return path

    return make


def rows_of(path, *columns):
    """Some columns of the one tape of a file."""
    (tape,) = hftbacktest.read([path]).tapes
    return tape.frame.select(*columns).rows()


def test_levels_and_trades_keep_their_order_and_both_times(write):
    """The symbol is the start of the file's name."""
    path = write(
        event(Code.CLEAR, 0),
        event(Code.SNAPSHOT, 0, "buy", 100.0, 5),
        event(Code.TRADE, 1, "sell", 100.0, 3),
        event(Code.DEPTH, 1, "buy", 100.0, 2),
    )

    imported = hftbacktest.read([path])

    (tape,) = imported.tapes
    assert tape.frame.select("ts", "recv_ts", "kind", "side", "size").rows() == [
        (START, START + 5, Kind.CLEAR, None, None),
        (START, START + 5, Kind.DEPTH, Side.BUY, 5.0),
        (START + 1, START + 6, Kind.TRADE, Side.SELL, 3.0),
        (START + 1, START + 6, Kind.DEPTH, Side.BUY, 2.0),
    ]
    assert (tape.instrument.symbol, tape.instrument.depth) == ("BTCUSDT", None)
    assert imported.notes == ()


def test_events_of_our_side_alone_are_the_same_events_again(write):
    """Only those of the exchange are read."""
    path = write(
        event(Code.TRADE, 0, "buy", 100.0, 1, flags=EXCHANGE),
        event(Code.TRADE, 0, "buy", 100.0, 1, flags=LOCAL),
    )

    assert len(rows_of(path, "kind")) == 1


def test_a_clear_of_one_side_takes_what_stands_down_to_its_price(write):
    """Levels beyond the price and the other side remain."""
    path = write(
        event(Code.SNAPSHOT, 0, "buy", 100.0, 5),
        event(Code.SNAPSHOT, 0, "buy", 99.0, 5),
        event(Code.SNAPSHOT, 0, "buy", 98.0, 5),
        event(Code.SNAPSHOT, 0, "sell", 101.0, 5),
        event(Code.DEPTH, 1, "buy", 99.0, 0),
        event(Code.CLEAR, 2, "buy", 98.5),
        event(Code.CLEAR, 3, "sell", 102.0),
    )

    found = rows_of(path, "kind", "side", "price", "size")

    assert found[5:] == [
        (Kind.DEPTH, Side.BUY, 100.0, 0.0),
        (Kind.DEPTH, Side.SELL, 101.0, 0.0),
    ]


def test_changes_before_a_snapshot_are_told(write):
    """hftbacktest builds the book from changes alone, and so does the tape."""
    path = write(event(Code.DEPTH, 0, "buy", 100.0, 5))

    (note,) = hftbacktest.read([path]).notes

    assert "1 changes of levels stand before any snapshot (there is none)" in note


def test_touch_events_become_quotes_of_both_sides(write):
    """Each event gives one side; the other is as it was."""
    path = write(
        event(Code.BBO, 0, "buy", 100.0, 5),
        event(Code.BBO, 1, "sell", 101.0, 7),
        event(Code.BBO, 2, "buy", 100.5, 1),
    )

    found = rows_of(path, "bid", "bid_size", "ask", "ask_size")

    assert found == [
        (100.0, 5.0, None, None),
        (100.0, 5.0, 101.0, 7.0),
        (100.5, 1.0, 101.0, 7.0),
    ]


def test_touch_events_beside_a_deeper_book_are_left_out(write):
    """Quotes would replace the levels."""
    path = write(
        event(Code.SNAPSHOT, 0, "buy", 100.0, 5), event(Code.BBO, 1, "buy", 100.0, 5)
    )

    imported = hftbacktest.read([path])

    assert len(imported.tapes[0].frame) == 1
    assert "1 BBO events are left out" in imported.notes[0]


def test_orders_become_levels(write):
    """A modify moves an order, a cancel takes all of it, a fill changes nothing."""
    path = write(
        event(Code.ADD, 0, "buy", 100.0, 0.5, 1),
        event(Code.ADD, 1, "buy", 100.0, 0.25, 2),
        event(Code.FILL, 2, "buy", 100.0, 0.25, 1),
        event(Code.MODIFY, 3, "buy", 99.0, 0.5, 1),
        event(Code.CANCEL, 4, "buy", 100.0, 0.1, 2),
    )

    found = rows_of(path, "price", "size")

    assert found == [
        (100.0, 0.5),
        (100.0, 0.75),
        (100.0, 0.25),
        (99.0, 0.5),
        (100.0, 0.0),
    ]


def test_order_ids_are_kept_aside(write):
    """Every event of an order, fills too; levels have none."""
    orders = write(
        event(Code.ADD, 0, "buy", 100.0, 0.5, 7),
        event(Code.FILL, 2, "buy", 100.0, 0.25, 7),
    )
    levels = write(event(Code.SNAPSHOT, 0, "buy", 100.0, 5), name="eth_20231114.npz")

    kept = hftbacktest.read([orders]).tapes[0].orders

    assert kept.select("event", "order_id", "side").rows() == [
        ("add", 7, 1),
        ("fill", 7, 1),
    ]
    assert hftbacktest.read([levels]).tapes[0].orders is None


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([event(99, 0)], "event 1: unknown kind 99"),
        ([event(Code.TRADE, 0, flags=LOCAL)], "no events of the exchange"),
        ([event(Code.DEPTH, 0, "", 100.0, 1)], "neither or both of buy and sell"),
        ([event(Code.DEPTH, 0, "buy", np.nan, 1)], "px nan, qty 1.0"),
        ([event(Code.TRADE, 0, "buy", 1.0, -1)], "qty -1.0"),
        (
            [
                event(Code.DEPTH, 0, "buy", 1.0, 1),
                event(Code.ADD, 0, "buy", 1.0, 1),
            ],
            "by levels and by orders",
        ),
        (
            [
                event(Code.TRADE, 90 * 10**9, "buy", 1.0, 1),
                event(Code.TRADE, 0, "buy", 1.0, 1),
            ],
            "event 2: time goes back by 90 s",
        ),
    ],
)
def test_events_that_cannot_be_right_are_named(write, events, said):
    """The first of them, by its number."""
    with pytest.raises(DataError, match=said):
        hftbacktest.read([write(*events)])


def test_files_of_something_else_are_refused(tmp_path):
    """Empty, no npz, cut short, other arrays."""
    path = tmp_path / "x.npz"
    for content, said in ((b"", "is empty"), (b"ts,price\n", "cannot be read")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=said):
            hftbacktest.read([path])
    np.savez(path, other=np.zeros(3))
    with pytest.raises(DataError, match="has no array `data`, only other"):
        hftbacktest.read([path])
    np.savez(path, data=np.zeros(3))
    with pytest.raises(DataError, match="holds an array of float64"):
        hftbacktest.read([path])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="cannot be read"):
        hftbacktest.read([path])


def test_quotes_go_out_as_level_changes(tape_of):
    """The touch that moves takes its old level along."""
    row = {"kind": int(Kind.QUOTE), "bid": 100.0, "bid_size": 5.0, "ask": 101.0}
    tape = tape_of(
        [
            {**row, "ts": START, "ask_size": 7.0},
            {**row, "ts": START + 1, "ask": 102.0, "ask_size": 8.0},
        ]
    )

    events = events_of(tape)

    assert events[["px", "qty"]].tolist() == [
        (100.0, 5.0),
        (101.0, 7.0),
        (100.0, 5.0),
        (102.0, 8.0),
        (101.0, 0.0),
    ]


def test_our_clock_is_moved_until_nothing_is_received_before_it_happened(tape_of):
    """The worst of the latencies becomes 0, and receipt never goes back."""
    trade = {"kind": int(Kind.TRADE), "price": 1.0, "size": 1.0, "side": 1}
    tape = tape_of(
        [
            {**trade, "ts": START, "recv_ts": START - 10},
            {**trade, "ts": START + 5, "recv_ts": START + 20},
            {**trade, "ts": START + 6, "recv_ts": START + 7},
        ]
    )

    events = events_of(tape)

    assert (events["local_ts"] - START).tolist() == [0, 30, 30]


def test_quotes_without_sizes_cannot_go_out(tape_of):
    """hftbacktest's levels are sizes."""
    row = {"ts": START, "kind": int(Kind.QUOTE), "bid": 1.0, "ask": 2.0}

    with pytest.raises(DataError, match="1 quotes have no size"):
        events_of(tape_of([row]))


def test_a_snapshot_in_the_middle_takes_what_stood_before(tape_of, write_tapes, acme):
    """Out and in again, the book after it is the snapshot's alone."""
    depth = {"kind": int(Kind.DEPTH), "side": 1, "size": 5.0}
    tape = tape_of(
        [
            {"ts": START, "kind": int(Kind.CLEAR)},
            {**depth, "ts": START, "price": 100.0},
            {"ts": START + 1, "kind": int(Kind.CLEAR)},
            {**depth, "ts": START + 1, "price": 99.0},
        ]
    )
    dataset = write_tapes(Tape(acme, tape))
    path = dataset.path / "acme.npz"

    written = write_npz(dataset, path)

    (again,) = hftbacktest.read([path]).tapes
    assert written == 3
    assert touch_of(again.frame)["bid"].to_list() == [100.0, 99.0]


def test_futures_are_the_same_out_and_in_again(shared_data, tmp_path):
    """The touch after every change of ES, orders and quotes, and every trade."""
    imported = databento.read([shared_data / "databento-es-futures"])
    dataset = write_dataset(tmp_path / "ds", imported.tapes, imported.provenance)

    for tape in imported.tapes:
        path = tmp_path / f"{tape.instrument.symbol}.npz"
        write_npz(dataset, path, tape.instrument.symbol)
        (again,) = hftbacktest.read([path]).tapes

        assert touch_of(again.frame).equals(touch_of(tape.frame))
        trades = [
            frame.filter(pl.col("kind") == int(Kind.TRADE)).drop("recv_ts")
            for frame in (tape.frame, again.frame)
        ]
        assert trades[0].equals(trades[1])
        assert again.instrument.tick == 0.25
