"""Replaying datasets and tapes in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mmrun.feeds import tape_file
from mmrun.feeds.replay import Replay, TapeFeed
from mmrun.feeds.tape_file import batch_of
from mmrun.market.tape import BATCH_COLUMNS, Batch, Kind
from mmrun.market.writer import Tape
from mmrun.problems import DataError, NothingSelectedError


SECOND = 10**9
START_NS = 1_700_000_000 * SECOND  # 2023-11-14T22:13:20Z
DAY_NS = 86_400 * SECOND


def joined(feed):
    """All rows of a feed as one batch, its batches' sizes beside."""
    batches = list(feed.batches())
    columns = (
        np.concatenate([getattr(batch, name) for batch in batches])
        for name in BATCH_COLUMNS
    )
    return Batch(*columns), [len(batch) for batch in batches]


def equal(left, right):
    """Whether two batches are the same bytes."""
    return all(
        getattr(left, name).tobytes() == getattr(right, name).tobytes()
        for name in BATCH_COLUMNS
    )


@pytest.fixture
def mixed(tape_of):
    """Rows of every recorded kind."""
    return tape_of(
        [
            {"ts": START_NS, "kind": 0, "bid": 1.0, "bid_size": 2.0, "ask": None},
            {"ts": START_NS, "kind": 3, "price": 1.5, "size": 3.0, "side": -1},
            {"ts": START_NS + 1, "kind": 2},
            {"ts": START_NS + 2, "kind": 1, "price": 1.4, "size": 0.0, "side": 1},
            {"ts": START_NS + 3, "kind": 4, "status": 1},
        ]
    )


def test_values_are_the_files_and_missing_ones_nan_or_zero(write_tapes, acme, mixed):
    """Nulls come as NaN in numbers and 0 in codes."""
    dataset = write_tapes(Tape(acme, mixed))

    rows, _ = joined(Replay(dataset, heartbeat_ns=0))

    assert rows.kind.tolist() == [0, 3, 2, 1, 4]
    assert rows.side.tolist() == [0, -1, 0, 1, 0]
    assert rows.status.tolist() == [0, 0, 0, 0, 1]
    np.testing.assert_array_equal(rows.bid, [1.0, *[np.nan] * 4])
    np.testing.assert_array_equal(rows.ask, [np.nan] * 5)
    np.testing.assert_array_equal(rows.price, [np.nan, 1.5, np.nan, 1.4, np.nan])


def test_arrays_have_the_contracts_types(write_tapes, acme, mixed):
    """int64 times, int8 codes, float64 else; contiguous and writable."""
    dataset = write_tapes(Tape(acme, mixed))

    (batch,) = Replay(dataset, heartbeat_ns=0).batches()

    types = {name: getattr(batch, name).dtype.name for name in BATCH_COLUMNS}
    floats = dict.fromkeys(
        ("bid", "bid_size", "ask", "ask_size", "price", "size"), "float64"
    )
    codes = dict.fromkeys(("kind", "side", "status", "venue"), "int8")
    assert types == {"ts": "int64", **codes, **floats}
    for name in types:
        assert getattr(batch, name).flags.c_contiguous
        assert getattr(batch, name).flags.writeable


def test_columns_no_row_uses_are_all_missing(write_tapes, acme, quotes_at):
    """A tape of quotes has no prices of trades."""
    dataset = write_tapes(Tape(acme, quotes_at([START_NS])))

    rows, _ = joined(Replay(dataset, heartbeat_ns=0))

    assert np.isnan(rows.price).all()
    assert rows.side.tolist() == [0]
    assert rows.bid.tolist() == [100.0]


def test_a_replay_tells_instrument_and_span(write_tapes, acme, quotes_at):
    """Both are known before a row is decoded."""
    times = [START_NS, START_NS + DAY_NS]
    dataset = write_tapes(Tape(acme, quotes_at(times)))

    feed = Replay(dataset)

    assert feed.instruments == (acme,)
    assert feed.span == (times[0], times[1])


def test_days_are_replayed_in_order_and_chosen(write_tapes, acme, quotes_at):
    """Files follow one another by date; `days` leaves others out."""
    times = [START_NS, START_NS + DAY_NS, START_NS + 2 * DAY_NS]
    dataset = write_tapes(Tape(acme, quotes_at(times)))

    rows, _ = joined(Replay(dataset, heartbeat_ns=0))
    chosen = Replay(dataset, heartbeat_ns=0, days=("2023-11-15", "2023-11-16"))

    assert rows.ts.tolist() == times
    assert joined(chosen)[0].ts.tolist() == times[1:]
    assert chosen.span == (times[1], times[2])
    with pytest.raises(NothingSelectedError):
        Replay(dataset, days=("2020-01-01", "2020-01-02"))


def test_one_symbol_of_several_is_replayed(write_tapes, acme, quotes_at):
    """The symbol chosen is the only one seen."""
    other = replace(acme, symbol="OTHER")
    dataset = write_tapes(
        Tape(acme, quotes_at([START_NS])), Tape(other, quotes_at([START_NS + 7]))
    )

    rows, _ = joined(Replay(dataset, "OTHER", heartbeat_ns=0))

    assert rows.ts.tolist() == [START_NS + 7]
    with pytest.raises(DataError, match="2 symbols"):
        Replay(dataset)


def test_a_damaged_file_of_the_right_size_is_bad_data(write_tapes, acme, quotes_at):
    """Bytes that are no Parquet end in a DataError with the file's name."""
    dataset = write_tapes(Tape(acme, quotes_at([START_NS])))
    path = dataset.path / dataset.files[0].path
    path.write_bytes(b"x" * path.stat().st_size)

    with pytest.raises(DataError, match="cannot be decoded") as caught:
        joined(Replay(dataset))

    assert str(path) in str(caught.value)


@pytest.mark.parametrize("rows", [1, 7, 4096, 10**9])
def test_batch_size_changes_nothing_but_the_split(
    write_tapes, acme, quotes_at, monkeypatch, rows
):
    """Any batch size and any decoding chunk give the same bytes, within the size."""
    rng = np.random.default_rng(3)
    steps = rng.choice(
        [0, 1, 10**6, 3 * SECOND, 90 * SECOND], 500, p=[0.3, 0.3, 0.3, 0.07, 0.03]
    )
    dataset = write_tapes(Tape(acme, quotes_at((START_NS + np.cumsum(steps)).tolist())))
    whole, _ = joined(Replay(dataset))
    monkeypatch.setattr(tape_file, "CHUNK_ROWS", 17)

    again, sizes = joined(Replay(dataset, rows=rows))

    assert equal(again, whole)
    assert max(sizes) <= rows
    assert Kind.CLOCK in whole.kind


def test_a_tape_in_memory_is_replayed_like_a_file(write_tapes, acme, quotes_at):
    """`TapeFeed` and `Replay` give the same rows, clock rows included."""
    frame = quotes_at([START_NS, START_NS + 3 * SECOND])
    dataset = write_tapes(Tape(acme, frame))

    from_file, _ = joined(Replay(dataset))
    in_memory = TapeFeed(batch_of(frame.drop("recv_ts")), (acme,), rows=2)

    assert equal(joined(in_memory)[0], from_file)
    assert in_memory.span == (START_NS, START_NS + 3 * SECOND)


def test_an_empty_tape_gives_nothing(acme):
    """No rows, no clock rows, no batches."""
    feed = TapeFeed(
        batch_of(pl.DataFrame(schema={"ts": pl.Int64, "kind": pl.UInt8})), (acme,)
    )

    assert list(feed.batches()) == []
    assert feed.span == (0, 0)


def test_recorded_clock_rows_get_none_added(acme, quotes_at):
    """A tape that holds clock rows keeps exactly those."""
    frame = quotes_at([START_NS, START_NS + 10 * SECOND]).drop("recv_ts")
    recorded = replace(acme, has_clock=True)

    rows, _ = joined(TapeFeed(batch_of(frame), (recorded,)))

    assert rows.ts.tolist() == [START_NS, START_NS + 10 * SECOND]


def test_quotes_and_trades_come_packed(write_tapes, acme, quotes_at):
    """A dataset's and a tape's in memory, by the instrument's tick."""
    dataset = write_tapes(Tape(acme, quotes_at([START_NS, START_NS + 1])))
    (rows,) = Replay(dataset, heartbeat_ns=0).batches()

    (again,) = TapeFeed(replace(rows, packed=None), (acme,), heartbeat_ns=0).batches()

    for packed in (rows.packed, again.packed):
        assert packed.tick == acme.tick
        assert packed.first.tolist() == [10_000, 10_000]


def test_a_tape_with_depth_comes_as_it_is(write_tapes, acme, mixed):
    """Nothing is packed where a row's prices depend on the rows before it."""
    (rows,) = Replay(write_tapes(Tape(acme, mixed)), heartbeat_ns=0).batches()

    (again,) = TapeFeed(rows, (acme,), heartbeat_ns=0).batches()

    assert rows.packed is None
    assert again.packed is None


def test_a_tape_in_memory_is_packed_once(acme, quotes_at):
    """Every run of a feed has the same arrays."""
    feed = TapeFeed(batch_of(quotes_at([START_NS])), (acme,), heartbeat_ns=0)

    (first,), (second,) = feed.batches(), feed.batches()

    assert np.shares_memory(first.packed.first, second.packed.first)
