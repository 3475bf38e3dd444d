"""Tardis CSV: made-up lines, and the sample files where they are there."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from mmrun.importers import tardis
from mmrun.market.tape import Kind, Side
from mmrun.market.touch import touch_of
from mmrun.problems import DataError


TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
BOOK = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
QUOTES = (
    "exchange,symbol,timestamp,local_timestamp,"
    "ask_amount,ask_price,bid_price,bid_amount\n"
)
US = 1_583_020_803_000_000


def line(at_us, *fields, exchange="bitmex", symbol="XBTUSD"):
    """A line of a file; received 7 microseconds after the exchange's time."""
    return (
        ",".join(map(str, (exchange, symbol, US + at_us, US + at_us + 7, *fields)))
        + "\n"
    )


@pytest.fixture
def write(tmp_path):
    """Writes a file of the given text and gives its path."""

    def make(text, name="x.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return make


def tape_of(*paths):
    """The one tape of some files."""
    (tape,) = tardis.read(paths).tapes
    return tape


def test_trades_keep_side_and_both_times(write):
    """Microseconds become nanoseconds; the side is the aggressor's."""
    path = write(
        TRADES + line(0, "a", "sell", 8531.5, 20) + line(5, "b", "buy", 8532, 1)
    )

    frame = tape_of(path).frame

    assert frame.select("ts", "recv_ts", "kind", "price", "size", "side").rows() == [
        (US * 1000, US * 1000 + 7000, Kind.TRADE, 8531.5, 20.0, Side.SELL),
        (US * 1000 + 5000, US * 1000 + 12000, Kind.TRADE, 8532.0, 1.0, Side.BUY),
    ]


def test_columns_may_stand_in_any_order(write):
    """They are found by name, and others are left alone."""
    path = write("price,side,amount,symbol,exchange,local_timestamp,timestamp,note\n")
    with path.open("a") as file:
        file.write(f"5.5,buy,2,XBTUSD,bitmex,{US + 7},{US},hello\n")

    frame = tape_of(path).frame

    assert frame.select("price", "size", "side").row(0) == (5.5, 2.0, Side.BUY)


def test_a_book_starts_over_at_each_run_of_snapshot_rows(write):
    """A second snapshot clears what stood; size 0 removes a level."""
    path = write(
        BOOK
        + line(0, "true", "ask", 101, 5)
        + line(0, "true", "bid", 100, 4)
        + line(1, "false", "bid", 100, 0)
        + line(2, "true", "bid", 99, 1)
    )

    found = tape_of(path).frame.select("kind", "side", "price", "size").rows()

    assert found == [
        (Kind.CLEAR, None, None, None),
        (Kind.DEPTH, Side.SELL, 101.0, 5.0),
        (Kind.DEPTH, Side.BUY, 100.0, 4.0),
        (Kind.DEPTH, Side.BUY, 100.0, 0.0),
        (Kind.CLEAR, None, None, None),
        (Kind.DEPTH, Side.BUY, 99.0, 1.0),
    ]


def test_changes_before_the_first_snapshot_are_left_out_and_told(write):
    """The note says from when on the book is known."""
    path = write(BOOK + line(0, "false", "bid", 98, 1) + line(9, "true", "bid", 99, 1))

    imported = tardis.read([path])

    assert imported.tapes[0].frame["price"].drop_nulls().to_list() == [99.0]
    assert "known from 2020-03-01 00:00:03.000009 UTC on; 1 rows" in imported.notes[0]


def test_a_book_without_a_snapshot_is_refused(write):
    """Only changes: what did not change is not known."""
    path = write(BOOK + line(0, "false", "bid", 98, 1))

    with pytest.raises(DataError, match="holds no snapshot"):
        tardis.read([path])


def test_trades_stand_before_the_change_of_the_same_time(write):
    """Whatever the order of the files."""
    book = write(
        BOOK + line(0, "true", "bid", 100, 4) + line(5, "false", "bid", 100, 1), "b.csv"
    )
    trades = write(TRADES + line(5, "a", "sell", 100, 3), "t.csv")

    kinds = tape_of(book, trades).frame["kind"].to_list()

    assert kinds == [Kind.CLEAR, Kind.DEPTH, Kind.TRADE, Kind.DEPTH]


def test_late_rows_take_the_time_of_the_row_above(write):
    """Exchange times that step back keep the order of receipt, and are counted."""
    path = write(TRADES + line(5_000, "a", "buy", 1, 1) + line(0, "b", "buy", 2, 1))

    imported = tardis.read([path])

    assert imported.tapes[0].frame["price"].to_list() == [1.0, 2.0]
    assert imported.tapes[0].frame["ts"].n_unique() == 1
    assert "1 rows had an exchange time before" in imported.notes[0]
    assert "5 ms at most" in imported.notes[0]


def test_files_of_two_days_are_one_tape_in_order(write):
    """The earlier file first, whatever the order given."""
    late = write(TRADES + line(86_400_000_000, "b", "buy", 2, 1), "b.csv")
    early = write(TRADES + line(0, "a", "buy", 1, 1), "a.csv")

    tape = tape_of(late, early)

    assert tape.frame["price"].to_list() == [1.0, 2.0]


def test_symbols_of_one_file_are_tapes_of_their_own(write):
    """Grouped files hold many symbols."""
    path = write(
        TRADES
        + line(0, "a", "buy", 1, 1)
        + line(1, "b", "buy", 2, 1, symbol="ETHUSD")
        + line(2, "c", "buy", 3, 1)
    )

    imported = tardis.read([path])

    found = {t.instrument.symbol: t.frame["price"].to_list() for t in imported.tapes}
    assert found == {"ETHUSD": [2.0], "XBTUSD": [1.0, 3.0]}


def test_an_empty_side_of_a_quote_is_missing(write):
    """No price, no size."""
    path = write(QUOTES + line(0, 5, 101.5, "", ""))

    row = tape_of(path).frame.select("bid", "bid_size", "ask", "ask_size").row(0)

    assert row == (None, None, 101.5, 5.0)


def test_packed_files_are_read(tmp_path):
    """Tardis sends .csv.gz."""
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress((TRADES + line(0, "a", "buy", 1, 1)).encode()))

    assert len(tape_of(path).frame) == 1


def test_a_packed_file_cut_short_is_refused(tmp_path):
    """What could be unpacked is not all."""
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress((TRADES + line(0, "a", "buy", 1, 1)).encode())[:-9])

    with pytest.raises(DataError, match="not a whole gzip file"):
        tardis.read([path])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (TRADES, "has no rows"),
        (line(0, "a", "buy", 1, 1), "is no Tardis CSV: its first line is bitmex"),
        (TRADES.replace("timestamp", "time", 1), "has no column 'timestamp'"),
        (TRADES + line(0, "a", "long", 1, 1), "x.csv:2: side is 'long'; expected one"),
        (TRADES + line(0, "a", "buy", "1,5", 1), "x.csv:2: 9 fields; expected 8"),
        (TRADES + line(0, "a", "buy", "x", 1), "x.csv:2: price is 'x'; expected a num"),
        (TRADES + line(0, "a", "buy", "", 1), "x.csv:2: price is empty"),
        (TRADES + line(0, "a", "buy", 1, -1), "x.csv:2: amount is '-1.0'"),
        (TRADES + line(0, "a", "buy", "inf", 1), "x.csv:2: price is 'inf'"),
        (
            TRADES + line(0, "a", "buy", 1, 1) + line(1, "b", "buy", 1, 1)[:40],
            "x.csv:3: [0-9] fields; expected 8",
        ),
        (
            TRADES + line(90_000_000, "a", "buy", 1, 1) + line(0, "b", "buy", 1, 1),
            "x.csv:3: time goes back by 90 s",
        ),
        (BOOK + line(0, "yes", "bid", 1, 1), "is_snapshot is 'yes'"),
        (
            BOOK + line(0, "true", "buy", 1, 1),
            "side is 'buy'; expected one of bid, ask",
        ),
    ],
)
def test_what_cannot_be_right_is_named_with_its_line(write, text, said):
    """File, line, what was found and what was expected."""
    with pytest.raises(DataError, match=said):
        tardis.read([write(text)])


def test_two_sources_of_one_book_are_refused(write):
    """Quotes beside a book would be every change twice."""
    book = write(BOOK + line(0, "true", "bid", 99, 1), "b.csv")
    quotes = write(QUOTES + line(0, 5, 101.5, 100, 1), "q.csv")

    with pytest.raises(
        DataError, match="its book in incremental_book_L2 and in quotes"
    ):
        tardis.read([book, quotes])


def test_types_without_books_and_trades_are_named(write):
    """derivative_ticker beside trades is left out; alone it is refused."""
    header = "exchange,symbol,timestamp,local_timestamp,funding_rate,last_price\n"
    ticker = write(header + line(0, 0.01, 100), "d.csv")
    trades = write(TRADES + line(0, "a", "buy", 1, 1), "t.csv")

    notes = tardis.read([ticker, trades]).notes

    assert "d.csv is not read: derivative_ticker has no book" in notes[0]
    with pytest.raises(DataError, match="no book and no trades"):
        tardis.read([ticker])


@pytest.fixture(scope="module")
def samples(shared_data):
    """Tardis' sample files."""
    return shared_data / "format-samples" / "tardis"


@pytest.mark.parametrize(
    ("pattern", "rows", "tick", "inverse"),
    [
        ("bitmex_trades*", {"trade": 10}, 0.5, True),
        ("huobi*quotes*", {"quote": 10}, 0.1, True),
        ("deribit_incremental*", {"clear": 1, "depth": 15}, 0.5, True),
        ("*book_snapshot_5*", {"clear": 1, "depth": 25}, 0.01, False),
    ],
)
def test_samples_have_their_counts(samples, pattern, rows, tick, inverse):
    """Rows of each sample, the tick guessed from it, and what the contract is."""
    (path,) = samples.glob(pattern)

    tape = tape_of(path)

    counts = tape.frame["kind"].value_counts().iter_rows()
    assert {Kind(code).name.lower(): count for code, count in counts} == rows
    assert (tape.instrument.tick, tape.instrument.inverse) == (tick, inverse)


def test_snapshots_of_5_and_25_levels_show_one_touch(samples):
    """At times that stand in both files the rebuilt touch is the same, and the file's."""
    touches = []
    for levels in (5, 25):
        (path,) = samples.glob(f"*book_snapshot_{levels}_*")
        touches.append(touch_of(tape_of(path).frame))
        file = pl.read_csv(path).select(
            (pl.col("timestamp") * 1000).alias("ts"),
            bid="bids[0].price",
            bid_size="bids[0].amount",
            ask="asks[0].price",
            ask_size="asks[0].amount",
        )
        last = file.group_by("ts", maintain_order=True).last()
        shown = last.join(touches[-1], on="ts", suffix="_rebuilt")
        assert len(shown) >= 5
        for name in ("bid", "bid_size", "ask", "ask_size"):
            assert (shown[name] == shown[f"{name}_rebuilt"]).all()

    both = touches[0].join(touches[1], on="ts", suffix="_25")
    assert len(both) >= 4
    assert (both["bid"] == both["bid_25"]).all()
    assert (both["ask_size"] == both["ask_size_25"]).all()
