"""Binance recordings and dumps: made-up ones, and the recorded minutes of three markets."""

from __future__ import annotations

import gzip
import json
import zipfile

import polars as pl
import pytest

from mmrun.importers import binance, binance_lines
from mmrun.importers.binance_book import book_rows, started
from mmrun.importers.binance_clock import in_update_order
from mmrun.importers.binance_record import Book, joined
from mmrun.importers.binance_stream import read_blocks
from mmrun.importers.sources import members_of
from mmrun.market.facts import facts_of
from mmrun.market.tape import Kind, Side, Status
from mmrun.market.touch import touch_of
from mmrun.problems import DataError


START_MS = 1_723_161_255_000
SLOW_NS = 1_270_000_000  #: how far the made-up recorder's clock is behind


def levels(text):
    """'100x2 99x1' as Binance writes levels."""
    return [level.split("x") for level in text.split()]


def depth(ms, first, last, bids="", asks="", before=None):
    """A depth message of spot, or with `before` of USD-M futures."""
    data = {"e": "depthUpdate", "E": START_MS + ms, "s": "BTCUSDT"}
    if before is not None:
        data |= {"T": START_MS + ms, "pu": before}
    return data | {"U": first, "u": last, "b": levels(bids), "a": levels(asks)}


def ticker(last, bid, ask, ms=None):
    """A best quote of spot, or with a time of USD-M futures."""
    (b, bs), (a, az) = levels(bid)[0], levels(ask)[0]
    data = {"u": last, "s": "BTCUSDT", "b": b, "B": bs, "a": a, "A": az}
    return data if ms is None else data | {"T": START_MS + ms, "E": START_MS + ms}


def trade(ms, number, price, size, *, maker=False, **more):
    """A trade; `maker` says that the buyer was the maker."""
    data = {"e": "trade", "E": START_MS + ms, "T": START_MS + ms, "s": "BTCUSDT"}
    return data | {"t": number, "p": price, "q": size, "m": maker} | more


def snapshot(last, bids, asks):
    """A REST snapshot of spot."""
    return {"lastUpdateId": last, "bids": levels(bids), "asks": levels(asks)}


@pytest.fixture
def recorded(tmp_path):
    """Writes messages, given with their receive times in ms, and gives the file."""

    def write(*messages, name="btcusdt_20240808.gz", wrap=True):
        lines = []
        for ms, data in messages:
            recv = (START_MS + ms) * 10**6 - SLOW_NS
            is_bare = "lastUpdateId" in data or not wrap
            message = data if is_bare else {"stream": "btcusdt@x", "data": data}
            lines.append(f"{recv} {json.dumps(message, separators=(',', ':'))}\n")
        path = tmp_path / name
        path.write_bytes(gzip.compress("".join(lines).encode()))
        return path

    return write


def rows_of(path, *columns):
    """Rows of the only tape."""
    (tape,) = binance.read([path]).tapes
    return tape.frame.select(*columns).rows()


def book_of(path):
    """The tape's book rows, short."""
    rows = rows_of(path, "kind", "side", "price", "size")
    return [row[1:] if row[0] == Kind.DEPTH else Kind(row[0]) for row in rows]


def test_depth_begins_at_the_snapshot_by_update_ids(recorded):
    """Messages the snapshot holds are left out, one that reaches over it counts."""
    path = recorded(
        (0, depth(0, 1, 5, bids="98x9")),
        (100, depth(100, 6, 12, bids="99x0 97x4")),
        (150, snapshot(8, "99x2 98x1", "101x3")),
        (200, depth(200, 13, 14, asks="101x5")),
    )

    assert book_of(path) == [
        Kind.CLEAR,
        (Side.BUY, 99.0, 2.0),
        (Side.BUY, 98.0, 1.0),
        (Side.SELL, 101.0, 3.0),
        (Side.BUY, 99.0, 0.0),
        (Side.BUY, 97.0, 4.0),
        (Side.SELL, 101.0, 5.0),
    ]


def test_what_a_message_does_not_change_gives_no_row(recorded):
    """Nor does the removal of a level that is not there."""
    path = recorded(
        (0, depth(0, 1, 1)),
        (1, snapshot(1, "99x2", "101x3")),
        (2, depth(2, 2, 2, bids="99x2 50x0")),
    )

    assert len(book_of(path)) == 3


def test_best_quotes_stand_in_the_book(recorded):
    """They set the best levels, and what stood before them is gone."""
    path = recorded(
        (0, depth(0, 1, 1)),
        (1, snapshot(1, "99x2 98x1 97x1", "101x3")),
        (2, ticker(3, "98x6", "100x1")),
        (100, depth(100, 2, 5, bids="99x0 98x6 96x1", asks="100x1")),
    )

    assert book_of(path)[5:] == [
        (Side.BUY, 99.0, 0.0),
        (Side.BUY, 98.0, 6.0),
        (Side.SELL, 100.0, 1.0),
        (Side.BUY, 96.0, 1.0),
    ]


def test_before_the_snapshot_the_book_is_the_best_quote(recorded):
    """Older best quotes do not stay behind it; the snapshot then starts it over."""
    path = recorded(
        (0, ticker(1, "99x2", "101x3", ms=0)),
        (1, ticker(2, "100x1", "101x3", ms=1)),
        (2, snapshot(2, "100x1 99x7", "101x3")),
        (3, depth(3, 3, 3, before=2)),
    )

    assert book_of(path)[:5] == [
        (Side.BUY, 99.0, 2.0),
        (Side.SELL, 101.0, 3.0),
        (Side.BUY, 99.0, 0.0),
        (Side.BUY, 100.0, 1.0),
        Kind.CLEAR,
    ]


@pytest.mark.parametrize("before", [None, 3])
def test_a_gap_clears_the_book_and_is_named(recorded, before):
    """Spot counts on by U, futures by pu; what follows waits for a snapshot."""
    own = None if before is None else 1
    path = recorded(
        (0, depth(0, 1, 1, before=None if own is None else 0)),
        (1, snapshot(1, "99x2", "101x3")),
        (2, depth(2, 2, 2, bids="98x1", before=own)),
        (50, depth(50, 4, 4, bids="97x1", before=before)),
        (60, depth(60, 5, 5, bids="96x1", before=None if own is None else 4)),
    )

    (tape,) = binance.read([path]).tapes
    tail = tape.frame.tail(2).select("kind", "status").rows()

    assert tail == [(Kind.STATUS, Status.GAP), (Kind.CLEAR, None)]
    notes = "\n".join(binance.read([path]).notes)
    assert "update ids 3 to 3 are missing at 2024-08-08 23:54:15.050 UTC" in notes


def test_updates_seen_before_are_left_out_and_counted(recorded):
    """Two recorders in one file give each message twice."""
    path = recorded(
        (0, depth(0, 1, 1)),
        (1, snapshot(1, "99x2", "101x3")),
        (2, depth(2, 2, 2, bids="98x1")),
        (3, depth(2, 2, 2, bids="98x1")),
        (4, trade(4, 7, "101", "1")),
        (5, trade(4, 7, "101", "1")),
    )

    imported = binance.read([path])

    assert len(imported.tapes[0].frame) == 5
    notes = "\n".join(imported.notes)
    assert "1 depth messages were left out: their updates were known" in notes
    assert "1 trades were left out: their id came before" in notes


def test_a_trade_stands_before_the_quote_it_caused(recorded):
    """Spot sends the quote first and without a time; the futures' times are equal."""
    spot = recorded(
        (2, depth(2, 1, 1)),
        (3, ticker(2, "99x2", "101x3")),
        (7, trade(5, 1, "101", "1")),
        (8, ticker(3, "99x2", "102x3")),
        (9, trade(6, 2, "101", "2")),
    )
    futures = recorded(
        (5, ticker(2, "99x2", "101x3", ms=4)),
        (6, ticker(3, "99x2", "102x3", ms=5)),
        (7, trade(5, 1, "101", "1", X="MARKET")),
        name="other.gz",
    )

    spot_kinds = [kind for (kind,) in rows_of(spot, "kind")]
    futures_kinds = [kind for (kind,) in rows_of(futures, "kind")]

    assert spot_kinds == [Kind.QUOTE, Kind.TRADE, Kind.TRADE, Kind.QUOTE]
    assert futures_kinds == [Kind.QUOTE, Kind.TRADE, Kind.QUOTE]


def test_the_aggressor_is_the_other_side_of_the_maker(recorded):
    """The buyer was the maker: the seller came."""
    path = recorded(
        (1, trade(1, 1, "101", "1", maker=True)),
        (2, trade(2, 2, "101", "1", maker=False)),
    )

    assert rows_of(path, "side") == [(Side.SELL,), (Side.BUY,)]


def test_receive_times_are_kept_and_the_clock_is_measured(recorded):
    """Received before it was sent: the recorder's clock was slow."""
    path = recorded((1, trade(1, 1, "101", "1")), (3, trade(2, 2, "101", "1")))

    imported = binance.read([path])

    recv = imported.tapes[0].frame["recv_ts"].to_list()
    assert recv == [(START_MS + ms) * 10**6 - SLOW_NS for ms in (1, 3)]
    assert any("slow by 1.270 s" in note for note in imported.notes)


def test_trades_that_meet_no_order_are_left_out(recorded):
    """Insurance fund, nothing at all, and aggregates beside the single trades."""
    path = recorded(
        (1, trade(1, 1, "101", "1", X="MARKET")),
        (2, trade(2, 2, "101", "1", X="INSURANCE_FUND")),
        (3, trade(3, 3, "0", "0", X="NA")),
        (4, {**trade(3, 0, "101", "1"), "e": "aggTrade", "a": 9}),
    )

    imported = binance.read([path])

    assert len(imported.tapes[0].frame) == 1
    notes = "\n".join(imported.notes)
    assert "2 trades were left out: no size, or not of the market" in notes
    assert "1 aggregate trades were left out" in notes


def test_aggregate_trades_alone_are_trades(recorded):
    """Spot's bear the field M, futures' do not."""
    message = {**trade(1, 0, "101", "1"), "e": "aggTrade", "a": 9}
    futures = binance.read([recorded((1, message))])
    spot = binance.read([recorded((1, {**message, "M": True}))])

    assert len(futures.tapes[0].frame) == len(spot.tapes[0].frame) == 1
    assert futures.tapes[0].instrument.venue == "BINANCE_USDM"
    assert spot.tapes[0].instrument.venue == "BINANCE"


def test_coin_margined_contracts_are_inverse(recorded):
    """100 USD a contract for bitcoin, profits in bitcoin."""
    message = trade(1, 1, "60000.5", "3", X="MARKET") | {"s": "BTCUSD_PERP"}

    (tape,) = binance.read([recorded((1, message))]).tapes

    found = tape.instrument
    assert (found.venue, found.symbol) == ("BINANCE_COINM", "BTCUSD_PERP")
    assert (found.multiplier, found.inverse, found.currency) == (100.0, True, "BTC")


def test_without_a_snapshot_best_quotes_are_the_book(recorded):
    """Depth cannot begin then; an empty side is missing, not a price of 0."""
    path = recorded(
        (0, depth(0, 1, 5, bids="98x9")),
        (2, ticker(6, "99x2", "0x0")),
    )

    imported = binance.read([path])

    assert rows_of(path, "kind", "bid", "bid_size", "ask", "ask_size") == [
        (Kind.QUOTE, 99.0, 2.0, None, None)
    ]
    assert imported.tapes[0].instrument.depth == 1
    assert any("there is no snapshot" in note for note in imported.notes)


def test_depth_alone_without_a_snapshot_is_refused(recorded):
    """The book can never be known."""
    path = recorded((0, depth(0, 1, 5, bids="98x9")))

    with pytest.raises(DataError, match="1 depth messages were left out") as caught:
        binance.read([path])

    assert "REST snapshot" in caught.value.hint


def test_a_snapshot_and_nothing_else_is_one_moment(recorded):
    """Its symbol is the start of the file's name, its time that of receipt."""
    (tape,) = binance.read([recorded((1, snapshot(8, "99x2", "101x3")))]).tapes

    assert tape.instrument.symbol == "BTCUSDT"
    assert tape.frame["ts"].unique().to_list() == [(START_MS + 1) * 10**6 - SLOW_NS]


def test_days_of_a_recording_go_on(recorded):
    """The second file begins without a snapshot of its own."""
    first = recorded(
        (0, depth(0, 1, 1)), (1, snapshot(1, "99x2", "101x3")), name="btcusdt_1.gz"
    )
    second = recorded((9, depth(9, 2, 2, bids="98x1")), name="btcusdt_2.gz")

    (tape,) = binance.read([second, first]).tapes

    assert tape.frame.select("side", "price", "size").row(-1) == (Side.BUY, 98.0, 1.0)


def test_messages_of_single_streams_and_plain_text_are_read(recorded, tmp_path):
    """Not wrapped, not packed."""
    packed = recorded((1, trade(1, 1, "101", "1")), wrap=False)
    plain = tmp_path / "btcusdt.txt"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))

    assert rows_of(plain, "price", "size") == [(101.0, 1.0)]


def test_two_symbols_in_a_file_are_refused(recorded):
    """A snapshot bears no symbol, so it could be of either."""
    other = trade(2, 2, "9", "1") | {"s": "ETHUSDT"}

    with pytest.raises(DataError, match="gz:2: symbol is ETHUSDT; expected BTCUSDT"):
        binance.read([recorded((1, trade(1, 1, "101", "1")), (2, other))])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "holds none of"),
        ("hello\n", ":1: 'hello' is no recorded message"),
        ('12 {"e":"kline"}\n', "holds none of snapshot, depth"),
        ('12 {"e":"trade"\n', ":1: Expecting"),
        ('\n12 {"e":"trade","p":"1","q":"1","T":1,"t":1}\n', ":2: side is missing"),
        ('12 {"e":"trade","p":"x","q":"1","T":1,"t":1,"m":true}\n', "price is missing"),
        ('12 {"e":"trade","p":"1","q":"-1","T":1,"t":1,"m":true}\n', "size is '-1"),
        ('12 {"e":"trade","p":"1","q":"1","t":1,"m":true}\n', "ts is missing"),
        ('12 {"e":"depthUpdate","U":1,"b":[],"a":[]}\n', "last is missing"),
        (
            '12 {"e":"depthUpdate","E":1,"U":1,"u":1,"b":[["1"]],"a":[]}\n',
            ":1: size is missing",
        ),
    ],
)
def test_what_is_no_recording_is_named_with_its_line(tmp_path, text, said):
    """The first wrong line is shown with what was found and what was expected."""
    path = tmp_path / "x.log"
    path.write_text(text)

    with pytest.raises(DataError, match=said):
        binance.read([path])


def test_a_file_cut_short_is_refused(recorded):
    """Half a download does not unpack."""
    path = recorded(*((n, trade(n, n, "101", "1")) for n in range(200)))
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(DataError, match="not a whole file"):
        binance.read([path])


DEPTH_HEADER = (
    "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu\n"
)
AGGREGATE = "1,100.5,2,5,6,{time},{maker}"


@pytest.mark.parametrize(
    ("time", "nanoseconds"),
    [
        (START_MS, START_MS * 10**6),
        (START_MS * 1000 + 7, START_MS * 10**6 + 7_000),
        (START_MS * 10**6 + 7, START_MS * 10**6 + 7),
    ],
)
def test_dumps_without_a_header_are_known_by_their_names(tmp_path, time, nanoseconds):
    """In ms, us (spot since 2025) or ns; the word for the maker in any case."""
    path = tmp_path / "BTCUSDT-aggTrades-2024-08-08.csv"
    path.write_text(AGGREGATE.format(time=time, maker="True") + "\n")

    assert rows_of(path, "ts", "price", "size", "side") == [
        (nanoseconds, 100.5, 2.0, Side.SELL)
    ]


def test_dumps_with_a_header_may_have_any_order(tmp_path):
    """Columns are taken by name; false is a word, not a number."""
    folder = tmp_path / "futures" / "um"
    folder.mkdir(parents=True)
    path = folder / "BTCUSDT-trades-2024-08-08.zip"
    header, row = "price,time,id,is_buyer_maker,qty", f"100.5,{START_MS},1,false,2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("BTCUSDT-trades-2024-08-08.csv", f"{header}\n{row}\n")

    (tape,) = binance.read([path]).tapes

    assert tape.frame.select("price", "size", "side").rows() == [(100.5, 2.0, Side.BUY)]
    assert tape.instrument.venue == "BINANCE_USDM"


def test_best_quotes_and_trades_of_dumps_make_one_tape(tmp_path):
    """At one time the trade stands first; the futures' dumps have both."""
    quotes = tmp_path / "BTCUSDT-bookTicker-2024-08-08.csv"
    quotes.write_text(
        "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n"
        f"5,99,1,101,2,{START_MS},{START_MS + 1}\n"
    )
    trades = tmp_path / "BTCUSDT-trades-2024-08-08.csv"
    trades.write_text(
        f"id,price,qty,quote_qty,time,is_buyer_maker\n1,101,2,202,{START_MS},false\n"
    )

    assert rows_of(tmp_path, "kind", "bid", "ask_size", "price") == [
        (Kind.TRADE, None, None, 101.0),
        (Kind.QUOTE, 99.0, 2.0, None),
    ]


def test_depth_dumps_are_snapshots_and_updates(tmp_path):
    """Rows of one update id are one message."""
    path = tmp_path / "BTCUSDT_T_DEPTH.csv"
    path.write_text(
        f"{DEPTH_HEADER}BTCUSDT,{START_MS},5,5,b,snap,99,1,-1\n"
        f"BTCUSDT,{START_MS},5,5,a,snap,101,2,-1\n"
        f"BTCUSDT,{START_MS + 1},6,7,b,set,99,0,5\n"
        f"BTCUSDT,{START_MS + 1},6,7,b,set,98,3,5\n"
    )

    assert book_of(path) == [
        Kind.CLEAR,
        (Side.BUY, 99.0, 1.0),
        (Side.SELL, 101.0, 2.0),
        (Side.BUY, 99.0, 0.0),
        (Side.BUY, 98.0, 3.0),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("BTCUSDT-trades-1.csv", "", "is empty"),
        ("what.csv", "1,2,3\n", "has no header, and its name does not say"),
        ("BTCUSDT-trades-1.csv", "id,price\n1,2\n", "has the columns id,price"),
        ("BTCUSDT-trades-1.csv", "1,2,3\n", "csv:1: 3 columns; expected 6"),
        (
            "BTCUSDT-aggTrades-1.csv",
            AGGREGATE.format(time=1, maker="maybe"),
            "csv:1: buyer_was_maker is 'maybe'; expected true or false",
        ),
        (
            "BTCUSDT-aggTrades-1.csv",
            AGGREGATE.format(time="noon", maker="true"),
            "csv:1: ts is missing",
        ),
        (
            "BTCUSDT-trades-1.csv",
            "id,price,qty,time,is_buyer_maker\n1,x,1,1,true\n",
            "csv:2: price is missing; expected a number",
        ),
        (
            "x.csv",
            "id,price,qty,time,is_buyer_maker\n1,1,1,1,true\n",
            "does not say its symbol",
        ),
        (
            "d.csv",
            f"{DEPTH_HEADER}A,1,1,1,x,snap,1,1,-1\n",
            "csv:2: side is 'x'; expected b or a",
        ),
        (
            "d.csv",
            "symbol,timestamp,ask,ask_size,bid,bid_size\nA,1,2,1,1,1\nB,1,2,1,1,1\n",
            "csv:3: symbol is B; expected A, as above",
        ),
        ("x.parquet", "PAR1", "cannot be read as Parquet"),
    ],
)
def test_what_is_no_dump_is_named_with_its_line(tmp_path, name, text, said):
    """Without a header, the columns are known by the name or not at all."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(DataError, match=said):
        binance.read([path])


@pytest.fixture(scope="module")
def minutes(shared_data):
    """The recorded minutes of 8 August 2024, by venue."""
    imported = binance.read([shared_data / "binance-btc-3venues"])
    return {tape.instrument.venue: tape for tape in imported.tapes}, imported


#: Venue: messages of the README, and the facts of the contract.
KNOWN = {
    "BINANCE": (
        "3,451 depth, 28,040 ticker, 1 snapshot, 9,757 trade",
        0.01,
        1.0,
        "USDT",
    ),
    "BINANCE_USDM": (
        "6,551 depth, 66,089 ticker, 1 snapshot, 21,313 trade",
        0.1,
        1.0,
        "USDT",
    ),
    "BINANCE_COINM": (
        "26,847 depth, 19,136 ticker, 1 snapshot, 2,286 trade",
        0.1,
        100.0,
        "BTC",
    ),
}


@pytest.mark.parametrize("venue", list(KNOWN))
def test_recorded_minutes_are_whole(minutes, venue):
    """README: the messages, no gap, no crossed book, ticks and the clock 1.27 s slow."""
    tapes, imported = minutes
    counts, tick, multiplier, currency = KNOWN[venue]

    instrument = tapes[venue].instrument
    facts = facts_of(tapes[venue].frame, instrument)

    notes = [note for note in imported.notes if f" at {venue}:" in note]
    assert any(f"read {counts} messages" in note for note in notes)
    assert not any("missing" in note for note in notes)
    assert any("slow by 1.27" in note for note in notes)
    assert (facts.crossed, facts.locked, facts.off_tick_quotes) == (0, 0, 0)
    assert (instrument.tick, instrument.multiplier) == (tick, multiplier)
    assert instrument.currency == currency
    assert f"{facts.rows['trade']:,} trade" in counts
    assert tapes[venue].frame["ts"].is_sorted()


@pytest.mark.parametrize(
    ("venue", "least"),
    [("BINANCE", 0.98), ("BINANCE_USDM", 0.99), ("BINANCE_COINM", 0.99)],
)
def test_trades_stand_before_the_book_they_changed(minutes, venue, least):
    """A buyer pays the ask before it or more; in order of receipt 47 % do on spot."""
    frame = minutes[0][venue].frame
    trades = frame.filter(pl.col("kind") == int(Kind.TRADE))
    before = touch_of(frame).with_columns(pl.col("ts") + 1)

    both = trades.select("ts", "side", "price").join_asof(before, on="ts")

    buy = pl.col("side") == int(Side.BUY)
    reaches = pl.when(buy).then(pl.col("price") >= pl.col("ask"))
    sold = reaches.otherwise(pl.col("price") <= pl.col("bid"))
    assert both.select(sold.mean()).item() > least


def test_best_quotes_and_depth_agree_in_the_recording(shared_data):
    """After each depth message the book is what depth alone makes of it."""
    path = shared_data / "binance-btc-3venues" / "spot"
    (member,) = members_of([path], ".gz")
    found = joined([block for block, _ in read_blocks(member)])
    books = in_update_order(found.books, found.trades)

    both = touch_of(book_rows(books, found.levels, started(None)).frame)
    only = books.filter(pl.col("kind") != int(Book.TICKER))
    alone = touch_of(book_rows(only, found.levels, started(None)).frame)

    depth_times = only.filter(pl.col("kind") == int(Book.DEPTH)).select("ts").tail(-2)
    fields = ("bid", "bid_size", "ask", "ask_size")
    expected = depth_times.join_asof(alone, on="ts").select(fields)
    shown = depth_times.join_asof(both, on="ts").select(fields)
    same = (expected == shown).select(pl.all_horizontal(pl.all())).to_series()
    assert len(same) == 3_449
    # A best quote of the same moment, after the depth message, may stand in the way.
    assert float(same.mean()) > 0.99


def test_sample_dumps_of_46_seconds_have_their_counts(shared_data):
    """README: 2,001 trades and 451 quotes of BTC/USDT; the maker is text."""
    folder = shared_data / "format-samples" / "binance"
    names = ("btcusdt-trades.parquet", "btcusdt-quotes.parquet")

    (tape,) = binance.read([folder / name for name in names]).tapes

    facts = facts_of(tape.frame, tape.instrument)
    assert dict(facts.rows) == {"quote": 451, "trade": 2_001}
    assert facts.unsigned_trades == facts.crossed == 0
    sides = tape.frame["side"].drop_nulls()
    assert 0 < (sides == int(Side.BUY)).sum() < 2_001
    assert tape.instrument.symbol == "BTCUSDT"


def test_sample_depth_dumps_lie_ten_minutes_apart(shared_data):
    """The snapshot's 100 levels, then a message it does not reach: a gap."""
    folder = shared_data / "format-samples" / "binance"
    names = ("btcusdt-depth-snap.csv", "btcusdt-depth-update.csv")

    imported = binance.read([folder / name for name in names])

    kinds = dict(imported.tapes[0].frame["kind"].value_counts().iter_rows())
    assert kinds == {Kind.CLEAR: 2, Kind.DEPTH: 100, Kind.STATUS: 1}
    assert any("are missing at 2022-11-01 23:59:59.939" in n for n in imported.notes)


def test_blocks_cannot_be_seen(recorded, monkeypatch):
    """A file read in pieces of a few bytes gives the same rows, and lines count on."""
    messages = [(n, trade(n, n, "101", str(n))) for n in range(1, 30)]
    path = recorded(*messages)
    whole = rows_of(path, "ts", "recv_ts", "price", "size", "side")
    monkeypatch.setattr(binance_lines, "BLOCK_BYTES", 64)

    assert rows_of(path, "ts", "recv_ts", "price", "size", "side") == whole
    broken = recorded(*messages, (31, trade(31, 31, "x", "1")))
    with pytest.raises(DataError, match="gz:30: price is missing"):
        binance.read([broken])


def test_blocks_of_a_recording_make_the_tape_of_the_whole(shared_data, monkeypatch):
    """Also where late messages and the book go over from one block to the next."""
    (path,) = (shared_data / "binance-btc-3venues/cm").glob("*.gz")
    whole = binance.read([path]).tapes[0]

    monkeypatch.setattr(binance_lines, "BLOCK_BYTES", 2**22)
    monkeypatch.setattr(binance, "_FILE_ROWS", 2**16)
    parts = [part.tapes[0] for part in binance.stream([path])]

    assert len(parts) > 2
    assert pl.concat([part.frame for part in parts]).equals(whole.frame)
    assert parts[-1].last_id == whole.last_id
