"""Bybit's archive: made-up lines, and the sample file where it is there."""

from __future__ import annotations

import json
import zipfile

import pytest

from mmrun.importers import bybit
from mmrun.market.tape import Kind, Side, Status
from mmrun.problems import DataError


MS = 1_733_011_200_000
TRADES = "timestamp,symbol,side,size,price,tickDirection,trdMatchID\n"


def message(at_ms, u, kind="delta", bids=(), asks=(), symbol="XRPUSDT", **others):
    """A line of a book file."""
    data = {"s": symbol, "b": list(bids), "a": list(asks), "u": u, "seq": 1}
    topic = f"orderbook.500.{symbol}"
    head = {"topic": topic, "type": kind, "ts": MS + at_ms + 9, "data": data}
    return json.dumps({**head, "cts": MS + at_ms, **others}) + "\n"


SNAPSHOT = message(0, 5, "snapshot", [["1.5", "10"]], [["1.6", "20"]])


@pytest.fixture
def write(tmp_path):
    """Writes a file of the given text and gives its path."""

    def make(text, name="x.data"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return make


def test_a_book_is_a_snapshot_and_its_changes(write):
    """Times are the matching engine's; size 0 removes a level."""
    path = write(SNAPSHOT + message(3, 6, bids=[["1.5", "0"], ["1.4", "7"]]))

    (tape,) = bybit.read([path]).tapes

    assert tape.frame.select("ts", "kind", "side", "price", "size").rows() == [
        (MS * 10**6, Kind.CLEAR, None, None, None),
        (MS * 10**6, Kind.DEPTH, Side.BUY, 1.5, 10.0),
        (MS * 10**6, Kind.DEPTH, Side.SELL, 1.6, 20.0),
        ((MS + 3) * 10**6, Kind.DEPTH, Side.BUY, 1.5, 0.0),
        ((MS + 3) * 10**6, Kind.DEPTH, Side.BUY, 1.4, 7.0),
    ]
    assert (tape.instrument.symbol, tape.instrument.depth) == ("XRPUSDT", 500)


def test_files_without_engine_time_have_that_of_publication(write):
    """Older files have no cts."""
    path = write(SNAPSHOT.replace(f', "cts": {MS}', ""))

    (tape,) = bybit.read([path]).tapes

    assert tape.frame["ts"][0] == (MS + 9) * 10**6


def test_after_a_missing_update_the_book_is_not_known(write):
    """A gap row, an empty book, and nothing until the next snapshot."""
    path = write(
        SNAPSHOT
        + message(1, 7, bids=[["1.4", "7"]])
        + message(2, 8, bids=[["1.3", "7"]])
        + message(3, 1, "snapshot", [["1.2", "1"]])
        + message(4, 2, bids=[["1.1", "1"]])
    )

    imported = bybit.read([path])

    rows = imported.tapes[0].frame.select("kind", "price", "status").rows()
    assert rows[3:] == [
        (Kind.STATUS, None, Status.GAP),
        (Kind.CLEAR, None, None),
        (Kind.CLEAR, None, None),
        (Kind.DEPTH, 1.2, None),
        (Kind.DEPTH, 1.1, None),
    ]
    assert "update ids are missing 1 times" in imported.notes[0]
    assert "2 messages up to the next snapshots" in imported.notes[0]


def test_changes_before_the_first_snapshot_are_left_out_and_told(write):
    """The note says when the book starts."""
    imported = bybit.read([write(message(-5, 4, bids=[["1", "1"]]) + SNAPSHOT)])

    assert "known from 2024-12-01 00:00:00 UTC on; 1 messages" in imported.notes[0]
    assert len(imported.tapes[0].frame) == 3


def test_changes_alone_are_refused(write):
    """There is no book to change."""
    with pytest.raises(DataError, match="no snapshot"):
        bybit.read([write(message(0, 4, bids=[["1", "1"]]))])


def test_trades_stand_before_the_book_change_of_their_time(write):
    """Seconds with decimals are exact; the side is the taker's."""
    book = write(SNAPSHOT + message(3, 6, bids=[["1.5", "4"]]))
    seconds = f"{MS // 1000}.003"
    trades = write(TRADES + f"{seconds},XRPUSDT,Sell,6,1.5,MinusTick,id\n", "t.csv")

    (tape,) = bybit.read([book, trades]).tapes

    rows = tape.frame.select("ts", "kind", "side", "size").rows()
    assert rows[3:] == [
        ((MS + 3) * 10**6, Kind.TRADE, Side.SELL, 6.0),
        ((MS + 3) * 10**6, Kind.DEPTH, Side.BUY, 4.0),
    ]


def test_trades_that_start_with_the_newest_are_turned(write):
    """Older archives are written backwards."""
    text = TRADES + "1700000002.5,XRPUSD,Buy,1,2,x,i\n1700000001,XRPUSD,Buy,1,1,x,i\n"

    imported = bybit.read([write(text, "t.csv")])

    (tape,) = imported.tapes
    assert tape.frame["price"].to_list() == [1.0, 2.0]
    assert "the order was turned" in imported.notes[0]
    assert (tape.instrument.inverse, tape.instrument.currency) == (True, "XRP")


def test_spot_trades_have_their_symbol_in_the_name(write):
    """Their columns differ and their times are milliseconds."""
    text = f"id,timestamp,price,volume,side\n1,{MS},1.5,20,buy\n"

    (tape,) = bybit.read([write(text, "XRPUSDT_2024-12-01.csv")]).tapes

    assert tape.instrument.symbol == "XRPUSDT"
    assert tape.frame.select("ts", "size").rows() == [(MS * 10**6, 20.0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("timestamp,price\n", "x.data:1: no whole message"),
        (SNAPSHOT + SNAPSHOT[:40], "x.data:2: no whole message"),
        (SNAPSHOT + '{"topic": "a"}\n', "x.data:2: no whole message"),
        (SNAPSHOT.replace("snapshot", "other"), "x.data:1: no whole message"),
        (SNAPSHOT.replace('"1.5"', '"x"'), "x.data:1: a level of 'b' is no price"),
        (SNAPSHOT.replace('["1.6", "20"]', '["1.6"]'), "a level of 'a' is no price"),
        (SNAPSHOT + message(1, 6, symbol="BTCUSDT"), "mixes orderbook.500.BTCUSDT and"),
        (SNAPSHOT.replace("orderbook.500", "tickers"), "holds no order book"),
        (SNAPSHOT + message(-90_000, 6), "x.data:2: time goes back by 90 s"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_line(write, text, said):
    """File, line and what was expected."""
    with pytest.raises(DataError, match=said):
        bybit.read([write(text)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("price,size\n1,2\n", "has no column 'timestamp'"),
        (TRADES + "now,XRPUSDT,Buy,1,1,x,i\n", "t.csv:2: timestamp is 'now'"),
        (TRADES + "1700000001,XRPUSDT,Hold,1,1,x,i\n", "side is 'hold'|side is 'Hold'"),
        (TRADES + "1700000001,XRPUSDT,Buy,0,1,x,i\n", "size is '0.0'"),
        (
            TRADES + "1700000001,A,Buy,1,1,x,i\n1700000001,B,Buy,1,1,x,i\n",
            "mixes A and B",
        ),
    ],
)
def test_trades_that_cannot_be_right_are_named(write, text, said):
    """File, line and what was expected."""
    with pytest.raises(DataError, match=said):
        bybit.read([write(text, "t.csv")])


def test_the_sample_has_its_counts_and_its_last_book(shared_data):
    """50 messages of 3,966 levels; the tape ends in the book a loop over them ends in."""
    path = shared_data / "format-samples" / "bybit" / "xrpusdt-ob500.data.zip"

    imported = bybit.read([path])

    (tape,) = imported.tapes
    counts = dict(tape.frame["kind"].value_counts().iter_rows())
    assert counts == {int(Kind.CLEAR): 1, int(Kind.DEPTH): 3_966}
    assert (tape.instrument.tick, tape.instrument.lot) == (0.0001, 1.0)
    assert imported.notes == ()
    book = {}
    for kind, side, price, size in tape.frame.select(
        "kind", "side", "price", "size"
    ).iter_rows():
        if kind == Kind.DEPTH:
            book[side, price] = size
    assert {level: size for level, size in book.items() if size} == last_book(path)


def last_book(path):
    """The book after the last message, by the messages themselves."""
    with zipfile.ZipFile(path) as archive:
        lines = archive.read(archive.namelist()[0]).splitlines()
    book = {}
    for line in lines:
        data = json.loads(line)["data"]
        for side, name in ((1, "b"), (-1, "a")):
            for price, size in data[name]:
                book[side, float(price)] = float(size)
    return {level: size for level, size in book.items() if size}
