"""DBN files: records encoded for a test, and Databento's own where they are there."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mmrun.importers import databento
from mmrun.importers.databento_file import by_symbol, read_dbn
from mmrun.importers.databento_rows import book_rows
from mmrun.importers.sources import members_of
from mmrun.market.facts import facts_of
from mmrun.market.tape import Kind, Side
from mmrun.market.touch import touch_of
from mmrun.problems import DataError


dbn = pytest.importorskip("databento_dbn")

SECOND = 10**9
START = 1_700_000_000 * SECOND
ID = 7
LAST, SNAPSHOT = 128, 32
OPEN_NS = 1_703_545_201 * SECOND  # 2023-12-25 23:00:01 UTC


def order(action, at_s, order_id=0, price=100.0, size=1, side="B", flags=LAST):
    """An mbo record; it is received a microsecond after its event."""
    ts = START + int(at_s * SECOND)
    return dbn.MBOMsg(
        publisher_id=1,
        instrument_id=ID,
        ts_event=ts,
        order_id=order_id,
        price=int(price * SECOND),
        size=size,
        channel_id=0,
        action=dbn.Action(action),
        side=dbn.Side(side),
        ts_recv=ts + 1_000,
        ts_in_delta=0,
        sequence=0,
        flags=flags,
    )


@pytest.fixture
def write(tmp_path):
    """Writes records as a DBN file of one symbol."""

    def make(records, schema="mbo", name="x.dbn", symbol="ESZ3"):
        metadata = dbn.Metadata(
            dataset="GLBX.MDP3",
            start=START,
            stype_in=dbn.SType("raw_symbol"),
            stype_out=dbn.SType("instrument_id"),
            schema=dbn.Schema(schema),
            symbols=[symbol],
            partial=[],
            not_found=[],
            mappings=[],
        )
        path = tmp_path / name
        path.write_bytes(metadata.encode() + b"".join(map(bytes, records)))
        return path

    return make


def rows_of(path, *columns):
    """Some columns of the one tape of a file."""
    (tape,) = databento.read([path]).tapes
    return tape.frame.select(*columns).rows()


def test_orders_become_levels_and_trades_stand_before_their_change(write):
    """A trade of 3 on an order of 5: the trade, then the level of 2."""
    path = write(
        [
            order("R", 0, flags=0),
            order("A", 0, 1, 100.0, 5, "B"),
            order("A", 1, 2, 100.25, 4, "A"),
            order("T", 2, 0, 100.0, 3, "A", flags=0),
            order("F", 2, 1, 100.0, 3, "B", flags=0),
            order("C", 2, 1, 100.0, 3, "B"),
        ]
    )

    found = rows_of(path, "kind", "side", "price", "size")

    assert found == [
        (Kind.CLEAR, None, None, None),
        (Kind.DEPTH, Side.BUY, 100.0, 5.0),
        (Kind.DEPTH, Side.SELL, 100.25, 4.0),
        (Kind.TRADE, Side.SELL, 100.0, 3.0),
        (Kind.DEPTH, Side.BUY, 100.0, 2.0),
    ]


def test_an_event_is_seen_whole(write):
    """An order that crosses for a moment inside an event never shows."""
    path = write(
        [
            order("R", 0, flags=0),
            order("A", 0, 1, 100.0, 5, "A"),
            order("A", 1, 2, 100.0, 5, "B", flags=0),
            order("C", 1, 2, 100.0, 5, "B", flags=0),
            order("C", 1, 1, 100.0, 5, "A"),
        ]
    )

    found = rows_of(path, "kind", "side", "size")

    assert found[1:] == [(Kind.DEPTH, Side.SELL, 5.0), (Kind.DEPTH, Side.SELL, 0.0)]


def test_a_snapshot_starts_the_book_at_the_time_it_was_given(write):
    """Orders carried over have old event times; the clear before them is put in."""
    old = order("A", -3_600, 1, 100.0, 5, flags=SNAPSHOT)
    old.ts_recv = START
    path = write([old, order("A", 1, 2, 99.75, 2)])

    found = rows_of(path, "ts", "recv_ts", "kind", "size")

    assert found == [
        (START, START, Kind.CLEAR, None),
        (START, START, Kind.DEPTH, 5.0),
        (START + SECOND, START + SECOND + 1_000, Kind.DEPTH, 2.0),
    ]


def test_orders_before_the_book_is_known_are_left_out_and_counted(write):
    """The note says when the book starts."""
    path = write([order("A", 0, 1), order("R", 1, flags=0), order("A", 1, 2, 99.0)])

    imported = databento.read([path])

    assert imported.tapes[0].frame["price"].drop_nulls().to_list() == [99.0]
    assert any(
        "known from 2023-11-14 22:13:21 UTC on; 1 order" in note
        for note in imported.notes
    )


def test_a_book_that_is_never_known_is_refused(write):
    """Changes of orders nobody added are no book."""
    with pytest.raises(DataError, match="its book is never known"):
        databento.read([write([order("C", 0, 1)])])


def test_cancels_of_unknown_orders_are_counted(write):
    """They change nothing."""
    path = write([order("R", 0, flags=0), order("A", 0, 1), order("C", 1, 9)])

    imported = databento.read([path])

    assert "1 cancels of orders that were never added" in imported.notes[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"ts_event,price\n1,2\n", "is not a DBN file"),
        (b"DBN\x03" + b"\0" * 8, "cannot be decoded"),
        (b"\x28\xb5\x2f\xfd", "it is cut short"),
    ],
)
def test_what_is_no_dbn_is_refused(tmp_path, content, said):
    """Empty, of another format, damaged."""
    path = tmp_path / "x.dbn"
    path.write_bytes(content)

    with pytest.raises(DataError, match=said):
        databento.read([path])


def test_a_file_cut_inside_a_record_is_refused(write):
    """The last record is half there."""
    path = write([order("R", 0), order("A", 0, 1)])
    path.write_bytes(path.read_bytes()[:-5])

    with pytest.raises(DataError, match="cut short"):
        databento.read([path])


def test_two_books_of_one_symbol_are_refused(shared_data):
    """Orders and levels of the same contract would be every change twice."""
    folder = shared_data / "format-samples" / "dbn"
    files = [folder / f"test_data.{schema}.dbn" for schema in ("mbp-10", "mbp-1")]

    with pytest.raises(DataError, match="has its book in mbp-1 and in mbp-10"):
        databento.read(files)


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        ("bbo-1s", {"quote"}),
        ("cbbo-1s", {"quote"}),
        ("cmbp-1", {"quote"}),
        ("mbp-1", {"quote"}),
        ("mbp-10", {"clear", "depth"}),
        ("tbbo", {"quote", "trade"}),
        ("trades", {"trade"}),
    ],
)
def test_every_schema_of_books_and_trades_is_read(shared_data, schema, rows):
    """Databento's own samples, a file a schema."""
    path = shared_data / "format-samples" / "dbn" / f"test_data.{schema}.dbn"

    (tape,) = databento.read([path]).tapes

    kinds = {Kind(code).name.lower() for code in tape.frame["kind"].unique()}
    assert kinds == rows
    assert (tape.instrument.symbol, tape.instrument.tick) == ("ESH1", 0.25)
    assert tape.instrument.depth == (10 if schema == "mbp-10" else 1)


def test_ten_levels_agree_with_the_touch_of_the_same_feed(shared_data):
    """After an mbp-10 record the tape's touch is the record's first level."""
    path = shared_data / "format-samples" / "dbn" / "test_data.mbp-10.dbn"

    (tape,) = databento.read([path]).tapes

    assert touch_of(tape.frame).row(0)[1:] == (3720.25, 24.0, 3720.50, 10.0)


def test_a_quote_before_its_trade_in_tbbo(shared_data):
    """The quote of a tbbo record stood when the trade came."""
    path = shared_data / "format-samples" / "dbn" / "test_data.tbbo.dbn"

    kinds = [kind for (kind,) in rows_of(path, "kind")]

    assert kinds[:2] == [Kind.QUOTE, Kind.TRADE]


def test_definitions_alone_make_no_tape(shared_data):
    """They say what is traded, not at which prices."""
    path = shared_data / "format-samples" / "dbn" / "test_data.definition.dbn"

    with pytest.raises(DataError, match="no book and no trades"):
        databento.read([path])


@pytest.fixture(scope="module")
def futures(shared_data):
    """The ES set, all four files."""
    return databento.read([shared_data / "databento-es-futures"])


def test_the_christmas_day_of_es_has_its_published_counts(futures):
    """2,973 trades, 9,892 contracts, crossed before the open and never after."""
    tape = next(t for t in futures.tapes if t.instrument.symbol == "ESH4")

    facts = facts_of(tape.frame, tape.instrument)

    assert (facts.rows["trade"], facts.volume) == (2_973, 9_892.0)
    assert facts.rows["clear"] == 1
    assert facts.off_tick_quotes == facts.off_tick_trades == 0
    assert facts.crossed == 891
    assert facts.longest_silence_ns > 22 * 3_600 * SECOND * 0.99
    touch = touch_of(tape.frame).filter(pl.col("ts") >= OPEN_NS)
    spread = (touch["ask"] - touch["bid"]).to_numpy()
    assert (spread > 0).all()
    assert (np.median(spread), np.quantile(spread, 0.95)) == (0.25, 0.5)
    prices = tape.frame.filter(pl.col("kind") == int(Kind.TRADE))["price"]
    assert (prices.min(), prices.max()) == (4800.25, 4811.75)


def test_the_long_silence_is_told(futures):
    """22 hours between the snapshot and the pre-open."""
    assert any("the longest 22.0 h" in note for note in futures.notes)


def test_ticks_and_multipliers_come_from_the_definitions(futures):
    """ES is 50 dollars a point; ESH4 has it from ESU4, which is said."""
    found = {
        tape.instrument.symbol: (tape.instrument.tick, tape.instrument.multiplier)
        for tape in futures.tapes
    }

    assert found == {"ESH4": (0.25, 50.0), "ESU4": (0.25, 50.0)}
    assert "ESH4: tick and multiplier are those of ESU4" in " ".join(futures.notes)
    assert not any(tape.instrument.guessed for tape in futures.tapes)


def test_the_expiry_is_that_of_the_contracts_own_definition(futures):
    """ESU4's is there, ESH4 has none of its own."""
    found = {t.instrument.symbol: t.instrument.expiry for t in futures.tapes}

    assert found == {"ESH4": "", "ESU4": "2024-09-20T13:30:00Z"}


def test_order_messages_are_kept_aside_with_their_ids(futures):
    """README: 29,216 adds, 17,999 cancels, 12,233 modifications, 6,371 fills, 2,973 trades."""
    (orders,) = [t.orders for t in futures.tapes if t.orders is not None]

    counts = dict(orders["action"].value_counts().iter_rows())
    assert {name: counts[name] for name in "ACMFT"} == {
        "A": 29_216,
        "C": 17_999,
        "M": 12_233,
        "F": 6_371,
        "T": 2_973,
    }
    assert orders["ts"].is_sorted()
    assert orders.filter(action="A")["order_id"].min() > 0


def test_trades_that_the_quotes_file_has_are_not_there_twice(futures):
    """120 trades in both files, 120 in the tape; each before the quote it changed."""
    tape = next(t for t in futures.tapes if t.instrument.symbol == "ESU4")
    kinds = tape.frame["kind"].value_counts()

    assert dict(kinds.iter_rows())[int(Kind.TRADE)] == 120
    assert "120 rows of the schema trades are left out" in " ".join(futures.notes)
    touch = touch_of(tape.frame)
    assert set((touch["ask"] - touch["bid"]).unique()) == {0.25, 0.5}


def test_quotes_are_the_records_where_events_end(shared_data):
    """Every quote of the tape is what the vendor's mbp-1 says at that time."""
    (path,) = (shared_data / "databento-es-futures").glob("futures_mbp-1*")
    (member,) = members_of([path], ".zst")
    ((symbol, _, records),) = by_symbol(read_dbn(member))

    frame = book_rows(symbol, records, "mbp-1", [])

    ended = records[(records["flags"] & LAST) > 0]
    touch = touch_of(frame)
    ts = ended["ts_event"].astype(np.int64)
    at = np.searchsorted(touch["ts"].to_numpy(), ts, side="right") - 1
    final = np.append(ts[1:] != ts[:-1], True)
    for name, field in (("bid", "bid_px_00"), ("ask", "ask_px_00")):
        shown = touch[name].to_numpy()[at][final]
        assert (shown == ended[field][final] / 1e9).all()
    for name, field in (("bid_size", "bid_sz_00"), ("ask_size", "ask_sz_00")):
        assert (touch[name].to_numpy()[at][final] == ended[field][final]).all()


def test_a_packed_file_that_is_cut_short_is_refused(shared_data, tmp_path):
    """The decoder would stop without a word."""
    (whole,) = (shared_data / "databento-es-futures").glob("futures_mbp-1*")
    path = tmp_path / "cut.dbn.zst"
    path.write_bytes(whole.read_bytes()[:20_000])

    with pytest.raises(DataError, match="cut short"):
        databento.read([path])
