"""LOBSTER days: made-up ones, and the sample files where they are there."""

from __future__ import annotations

import zipfile
from itertools import zip_longest

import numpy as np
import polars as pl
import pytest

from mmrun.importers import lobster
from mmrun.importers.text import TextFile
from mmrun.market.tape import Kind, Side, Status
from mmrun.problems import DataError


STEM = "TEST_2012-06-21_34200000_57600000"
MIDNIGHT_NS = 1_340_251_200 * 10**9  # 2012-06-21 in New York
NO_ASK, NO_BID = "9999999999,0", "-9999999999,0"


@pytest.fixture
def pair(tmp_path):
    """Writes a pair of files of the given lines and gives their directory."""

    def write(messages: str, books: str, levels: int = 1, stem: str = STEM):
        folder = tmp_path / "day"
        folder.mkdir(exist_ok=True)
        (folder / f"{stem}_message_{levels}.csv").write_text(messages)
        (folder / f"{stem}_orderbook_{levels}.csv").write_text(books)
        return folder

    return write


def read(folder):
    """The tape's frame of a directory."""
    (tape,) = lobster.read([folder]).tapes
    return tape.frame


def test_quotes_follow_the_book_and_executions_come_before(pair):
    """Prices in dollars, exact ns, the aggressor opposite to the resting order."""
    folder = pair(
        "34200.000000001,1,7,10,1000000,1\n34200.5,4,7,4,1000000,1\n34201,5,0,3,1000050,-1\n",
        "1000100,5,1000000,10\n1000100,5,1000000,6\n1000100,5,1000000,6\n",
    )

    frame = read(folder)

    seconds = 34_200 * 10**9
    assert frame.select("ts", "kind", "bid", "bid_size", "ask", "ask_size").rows() == [
        (MIDNIGHT_NS + seconds + 1, Kind.QUOTE, 100.0, 10.0, 100.01, 5.0),
        (MIDNIGHT_NS + seconds + 500_000_000, Kind.TRADE, None, None, None, None),
        (MIDNIGHT_NS + seconds + 500_000_000, Kind.QUOTE, 100.0, 6.0, 100.01, 5.0),
        (MIDNIGHT_NS + seconds + 10**9, Kind.TRADE, None, None, None, None),
    ]
    trades = frame.filter(pl.col("kind") == int(Kind.TRADE))
    assert trades.select("price", "size", "side").rows() == [
        (100.0, 4.0, Side.SELL),
        (100.005, 3.0, Side.BUY),
    ]


def test_messages_that_change_nothing_known_give_no_row(pair):
    """A cancel behind the known levels is not seen."""
    folder = pair(
        "34200,1,7,10,1000000,1\n34201,3,9,10,990000,1\n",
        "1000100,5,1000000,10\n1000100,5,1000000,10\n",
    )

    assert len(read(folder)) == 1


def test_an_empty_side_is_missing_not_a_price(pair):
    """LOBSTER's dummy prices do not reach the tape."""
    folder = pair("34200,1,7,10,1000000,1\n", f"{NO_ASK},1000000,10\n")

    assert read(folder).select("bid", "bid_size", "ask", "ask_size").rows() == [
        (100.0, 10.0, None, None)
    ]


def test_deep_books_become_depth_rows(pair):
    """The first book whole after a clear, then only what a message changed."""
    folder = pair(
        "34200,1,7,10,1000000,1\n34201,1,8,2,1000050,1\n",
        f"1000100,5,1000000,10,{NO_ASK},999900,3\n"
        f"1000100,5,1000050,2,{NO_ASK},1000000,10\n",
        levels=2,
    )

    frame = read(folder)

    assert frame.select("kind", "side", "price", "size").rows() == [
        (Kind.CLEAR, None, None, None),
        (Kind.DEPTH, Side.BUY, 100.0, 10.0),
        (Kind.DEPTH, Side.BUY, 99.99, 3.0),
        (Kind.DEPTH, Side.SELL, 100.01, 5.0),
        (Kind.DEPTH, Side.BUY, 100.005, 2.0),
        (Kind.DEPTH, Side.BUY, 99.99, 0.0),
    ]


def test_crosses_have_no_side_and_halts_are_states(pair):
    """Type 6 is a trade of unknown side; type 7 halts, quotes again, resumes."""
    book = "1000100,5,1000000,10\n"
    folder = pair(
        "34200,6,-1,50,1000000,-1\n34201,7,0,0,-1,-1\n34202,7,0,0,0,-1\n34203,7,0,0,1,-1\n",
        book * 4,
    )

    frame = read(folder).filter(pl.col("kind") != int(Kind.QUOTE))

    assert frame.select("kind", "side", "size", "status").rows() == [
        (Kind.TRADE, Side.UNKNOWN, 50.0, None),
        (Kind.STATUS, None, None, Status.HALT),
        (Kind.STATUS, None, None, Status.AUCTION),
        (Kind.STATUS, None, None, Status.RESUME),
    ]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("34200", 0),
        ("34200.1", 100_000_000),
        ("34200.000000001", 1),
        ("34200.632812672004", 632_812_672),
        ("34200.9999999996", 1_000_000_000),
    ],
)
def test_times_are_exact(text, nanoseconds):
    """Digits are read as integers; noise after the ninth rounds away."""
    file = TextFile("m.csv", f"{text},1,7,10,1000000,1\n".encode())

    frame = lobster.read_messages(file, "2012-06-21")

    assert frame["ts"].to_list() == [MIDNIGHT_NS + 34_200 * 10**9 + nanoseconds]


def test_days_and_symbols_are_imported_together(pair):
    """Each symbol is a tape; its days follow one another."""
    line, book = "34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n"
    pair(line, book, stem="AAA_2012-06-22_34200000_57600000")
    pair(line, book, stem="AAA_2012-06-21_34200000_57600000")
    folder = pair(line, book, stem="BBB_2012-06-21_34200000_57600000")

    imported = lobster.read([folder])

    assert [tape.instrument.symbol for tape in imported.tapes] == ["AAA", "BBB"]
    first = imported.tapes[0].frame["ts"].to_list()
    assert first == [MIDNIGHT_NS + 34_200 * 10**9, MIDNIGHT_NS + 120_600 * 10**9]


def test_a_market_maker_column_is_left_out(pair):
    """Later files have a seventh message column."""
    folder = pair("34200,1,7,10,1000000,1,GSCO\n", "1000100,5,1000000,10\n")

    assert len(read(folder)) == 1


@pytest.mark.parametrize(
    ("messages", "books", "said"),
    [
        ("34200,1,7,10,1000000,1\n", "", "orderbook_1.csv is empty"),
        ("\n", "1000100,5,1000000,10\n", "message_1.csv is empty"),
        ("34200,1,7,10,1000000\n", "1,5,1,10\n", "csv:1: 5 columns; expected 6"),
        (
            "34200,1,7,10,1000000,1\n34200,1,7,1O,1000000,1\n",
            "1,5,1,10\n" * 2,
            "csv:2: size is '1O'; expected a whole number",
        ),
        ("time,type,id,size,price,dir\n", "1,5,1,10\n", "csv:1: type is 'type'"),
        ("34200,1,7,,1000000,1\n", "1,5,1,10\n", "csv:1: size is empty"),
        ("34200.x,1,7,10,1000000,1\n", "1,5,1,10\n", "csv:1: time is '34200.x'"),
        ("34200,9,7,10,1000000,1\n", "1,5,1,10\n", "type is '9'; expected a message"),
        ("34200,1,7,-3,1000000,1\n", "1,5,1,10\n", "size is '-3'; expected a positive"),
        (
            "34200,1,7,10,1000000,0\n",
            "1,5,1,10\n",
            "direction is '0'; expected 1 or -1",
        ),
        ("34200,1,7,10,0,1\n", "1,5,1,10\n", "price is '0'; expected a positive price"),
        ("34200,7,0,0,5,-1\n", "1,5,1,10\n", "price is '5'"),
        (
            "34201,1,7,10,1000000,1\n34200.5,1,7,10,1000000,1\n",
            "1,5,1,10\n" * 2,
            "csv:2: time goes back from 34201 to 34200.5",
        ),
        (
            "34200,1,7,10,1000000,1\n",
            "1000100,5,1000000,10\n" * 2,
            "has 2 lines and .*message_1.csv 1; expected one for one",
        ),
        (
            "34200,1,7,10,1000000,1\n",
            "1000100,5,1000000\n",
            "csv:1: 3 columns; expected 4",
        ),
        ("34200,1,7,10,1000000,1\n", "1000100,5,1000000,-1\n", "bid_size_1 is '-1'"),
        (
            "34200,1,7,10,1000000,1\n\n34201,1,7,10,1,1\n",
            "1,5,1,10\n",
            "csv:2: 1 columns",
        ),
        ("34200,1,7,10,99999999999999999999,1\n", "1,5,1,10\n", "cannot be read"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_line(pair, messages, books, said):
    """The first wrong line is shown with what was found and what was expected."""
    folder = pair(messages, books)

    with pytest.raises(DataError, match=said):
        lobster.read([folder])


def test_half_a_pair_is_refused(pair):
    """A message file without its orderbook file is named."""
    folder = pair("34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n")
    (folder / f"{STEM}_orderbook_1.csv").unlink()

    with pytest.raises(DataError, match="has no orderbook file beside it"):
        lobster.read([folder])


def test_names_say_what_a_file_is(pair):
    """A renamed file is refused with the naming scheme."""
    folder = pair("34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n", stem="mine")

    with pytest.raises(DataError, match="not a LOBSTER file name") as caught:
        lobster.read([folder])

    assert "TICKER_YYYY-MM-DD" in caught.value.hint


def test_a_date_that_is_none_is_refused(pair):
    """2012-06-31 has the shape of a date but is none."""
    folder = pair(
        "34200,1,7,10,1000000,1\n",
        "1000100,5,1000000,10\n",
        stem="TEST_2012-06-31_34200000_57600000",
    )

    with pytest.raises(DataError, match="'2012-06-31' in a file's name is not a date"):
        lobster.read([folder])


def test_a_day_given_twice_is_refused(pair):
    """The same files by two ways would be every row twice."""
    folder = pair("34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n")

    with pytest.raises(DataError, match="is the same day as"):
        lobster.read([folder, folder])


def test_one_depth_at_a_time(pair):
    """A symbol's days of one and of two levels make no tape."""
    pair("34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n")
    folder = pair(
        "34200,1,7,10,1000000,1\n",
        "1000100,5,1000000,10,1000200,1,999900,1\n",
        levels=2,
    )

    with pytest.raises(DataError, match="different depth"):
        lobster.read([folder])


def test_a_zip_is_read_and_a_cut_one_refused(pair, tmp_path):
    """Zips as LOBSTER sends them; half a download is not a zip."""
    folder = pair("34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n")
    archive = tmp_path / "day.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in folder.iterdir():
            out.write(path, f"sub/{path.name}")
    whole = lobster.read([archive])
    archive.write_bytes(archive.read_bytes()[:-40])

    assert len(whole.tapes[0].frame) == 1
    with pytest.raises(DataError, match="not a whole zip file"):
        lobster.read([archive])


def test_a_zip_with_damaged_content_is_refused(pair, tmp_path):
    """A checksum that does not fit is found while reading."""
    folder = pair("34200,1,7,10,1000000,1\n", "1000100,5,1000000,10\n")
    archive = tmp_path / "day.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in folder.iterdir():
            out.write(path, path.name)
    archive.write_bytes(archive.read_bytes().replace(b"34200,1,7", b"34200,1,8"))

    with pytest.raises(DataError, match="not a whole zip file"):
        lobster.read([archive])


def test_missing_sources_are_named(tmp_path):
    """A path that is not there, and a directory that holds nothing."""
    with pytest.raises(DataError, match="does not exist"):
        lobster.read([tmp_path / "gone.zip"])
    with pytest.raises(DataError, match=r"holds no \.csv file"):
        lobster.read([tmp_path])


@pytest.fixture(scope="module")
def samples(shared_data):
    """LOBSTER's sample files of 21 June 2012."""
    return shared_data / "lobster-2012-06-21"


def executed(frame):
    """Rows and shares of trades."""
    trades = frame.filter(pl.col("kind") == int(Kind.TRADE))
    return len(trades), trades["size"].sum()


def test_the_apple_sample_has_its_published_counts(samples):
    """118,497 messages: 23,658 + 11,332 executions of 2,850,140 shares."""
    (tape,) = lobster.read([samples / "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip"]).tapes

    frame = tape.frame

    assert executed(frame) == (23_658 + 11_332, 2_850_140)
    assert (frame["ts"][0], frame["ts"][-1]) == (
        MIDNIGHT_NS + 34_200_004_241_176,
        MIDNIGHT_NS + 57_599_913_117_637,
    )
    quotes = frame.filter(pl.col("kind") == int(Kind.QUOTE))
    changed = quotes.select("bid", "bid_size", "ask", "ask_size")
    assert (
        not (changed == changed.shift(1))
        .select(pl.all_horizontal(pl.all()))
        .to_series()
        .any()
    )
    assert tape.instrument.depth == 1
    assert len(tape.orders) == 118_497  # the messages, with their order ids
    assert tape.orders.filter(type=5)["order_id"].unique().to_list() == [0]


def test_the_amazon_sample_is_rebuilt_at_every_message(samples):
    """All five levels of the book, from depth rows alone, at each of 155,935 messages."""
    archive = samples / "LOBSTER_SampleFile_AMZN_2012-06-21_5.zip"
    (tape,) = lobster.read([archive]).tapes
    with zipfile.ZipFile(archive) as content:
        names = {n.split("_")[-2]: n for n in content.namelist() if n.endswith(".csv")}
        book = np.loadtxt(content.open(names["orderbook"]), np.int64, delimiter=",")
        messages = TextFile("m", content.read(names["message"]))
    kinds = lobster.read_messages(messages, "2012-06-21")["type"].to_list()

    rows = tape.frame.select(
        "kind", (pl.col("price") * 10_000).round().cast(pl.Int64), "size", "side"
    ).rows()

    assert executed(tape.frame) == (8_974 + 2_445, 810_755)
    assert len(book) == len(kinds) == 155_935
    wrong = [
        index
        for index, shown in enumerate(rebuilt(rows, book, kinds))
        if shown != book[index].tolist()
    ]
    assert wrong == []


def rebuilt(rows, book, kinds):
    """The book after each message; rows are taken while they still lead to it."""
    held = {1: {}, -1: {}}
    position = 0
    for index, kind in enumerate(kinds):
        if kind in {4, 5}:
            assert rows[position][0] == Kind.TRADE
            position += 1
        changed = index == 0 or (book[index] != book[index - 1]).any()
        while changed and position < len(rows) and flat(held) != book[index].tolist():
            row_kind, price, size, side = rows[position]
            assert row_kind in {Kind.DEPTH, Kind.CLEAR}
            position += 1
            if row_kind == Kind.CLEAR:
                held = {1: {}, -1: {}}
            elif size:
                held[side][price] = int(size)
            else:
                del held[side][price]
        yield flat(held)
    assert position == len(rows)


def flat(held):
    """ask price, ask size, bid price, bid size for each of the levels held."""
    asks, bids = sorted(held[-1].items()), sorted(held[1].items(), reverse=True)
    levels = zip_longest(asks, bids, fillvalue=(None, None))
    return [x for ask, bid in levels for x in (*ask, *bid)]
