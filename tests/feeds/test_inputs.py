"""Inputs from files and frames: what is read, counted and refused."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from mmrun.feeds import input_table
from mmrun.feeds.input_rows import Reading
from mmrun.feeds.inputs import open_input
from mmrun.problems import DataError
from mmrun.units import parse_unit


SECOND = 10**9
START_NS = 1_709_562_600 * SECOND  # 2024-03-04T14:30:00Z, 09:30 in New York
GOOD = pl.DataFrame({"ts": [START_NS, START_NS + SECOND], "alpha": [1.5, -2.0]})


def read(given, column="alpha", **changed):
    """An opened input of ACME in New York."""
    about = {
        "unit": None,
        "stale_after_ns": None,
        "symbol": "ACME",
        "timezone": "America/New_York",
        "span": (START_NS, START_NS + 60 * SECOND),
    }
    return open_input(given, column, Reading(**about | changed), name="the frame")


def values(opened):
    """All values, (s from the start, s known, value)."""
    return [
        ((int(ts) - START_NS) / SECOND, (int(known) - START_NS) / SECOND, float(value))
        for piece in opened.pieces()
        for ts, known, value in zip(*piece, strict=True)
    ]


def written(path, text):
    """A file with this text."""
    path.write_text(text)
    return path


def test_one_content_is_one_column_whatever_holds_it(tmp_path):
    """Parquet, CSV, packed CSV and a frame give the same values and the same hash."""
    GOOD.write_parquet(tmp_path / "a.parquet")
    GOOD.write_csv(tmp_path / "a.csv")
    packed = gzip.compress((tmp_path / "a.csv").read_bytes())
    (tmp_path / "a.csv.gz").write_bytes(packed)

    names = ("a.parquet", "a.csv", "a.csv.gz")
    opened = [read(GOOD), *(read(tmp_path / name) for name in names)]

    assert [values(one) for one in opened] == [[(0, 0, 1.5), (1, 1, -2.0)]] * 4
    assert len({one.facts.hash for one in opened}) == 1


def test_the_hash_does_not_depend_on_where_a_table_is_cut(monkeypatch):
    """Read row by row, a table has the same hash and the same values."""
    whole = read(GOOD)
    monkeypatch.setattr(input_table, "CHUNK_ROWS", 1)

    cut = read(GOOD)

    assert cut.facts == whole.facts
    assert values(cut) == values(whole)


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-03-04T09:30:00", "2024-03-04 09:30:01.000"],
        ["2024-03-04T14:30:00Z", "2024-03-04T15:30:01+01:00"],
    ],
)
def test_times_may_be_text_local_where_they_have_no_offset(texts):
    """Text without an offset is in the dataset's time zone."""
    opened = read(GOOD.with_columns(ts=pl.Series(texts)))

    assert [ts for ts, _, _ in values(opened)] == [0, 1]


def test_times_may_be_datetimes_and_be_called_timestamp():
    """A column of datetimes with a zone, under another usual name."""
    when = [datetime(2024, 3, 4, 14, 30, tzinfo=UTC)]

    opened = read(pl.DataFrame({"timestamp": when, "alpha": [3]}))

    assert values(opened) == [(0, 0, 3.0)]


def test_numbers_are_in_the_declared_unit():
    """1.5 in a column of bps is the float that 1.5bps is."""
    opened = read(GOOD, unit=parse_unit("bps"))

    assert [value for *_, value in values(opened)] == [1.5e-4, -2e-4]


def test_what_became_known_later_is_seen_later_and_counted():
    """A column known_ts or recv_ts delays a value, never hastens it."""
    known = [START_NS - SECOND, START_NS + 4 * SECOND]

    opened = read(GOOD.with_columns(known_ts=pl.Series(known)))

    assert values(opened) == [(0, 0, 1.5), (1, 4, -2.0)]
    assert opened.facts.known_late == 1


def test_another_column_of_later_times_is_named():
    """A column that may say when a value was known is told of, and not used."""
    later = GOOD.with_columns(published_at=pl.col("ts") + 1, opened_at=pl.col("ts"))

    opened = read(later)

    assert opened.facts.later_columns == ("published_at",)
    assert [known for _, known, _ in values(opened)] == [0, 1]


def test_empty_fields_are_no_values_and_are_counted(tmp_path):
    """Empty, NaN and blank lines."""
    rows = f"{START_NS},\n{START_NS + 1},nan\n\n{START_NS + SECOND},2\n"
    path = written(tmp_path / "a.csv", "ts,alpha\n" + rows)

    opened = read(path)

    assert values(opened) == [(1, 1, 2.0)]
    assert opened.facts.empty == 2


def test_rows_of_other_symbols_are_left_out_and_counted():
    """A long table with several symbols gives the run's."""
    opened = read(GOOD.with_columns(symbol=pl.Series(["OTHER", "ACME"])))

    assert values(opened) == [(1, 1, -2.0)]
    assert opened.facts.other_symbols == 1


def test_values_of_one_time_are_counted():
    """Of equal times the later row holds, across pieces too."""
    opened = read(pl.DataFrame({"ts": [START_NS] * 3, "alpha": [1, 2, 3]}))

    assert opened.facts.same_time == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ts,alpha\n2,1\n1,1\n",
            "a.csv:3: ts is 1970-01-01T00:00:00.000000001, before",
        ),
        ("ts,alpha\n1,1\n2,n/a\n", "a.csv:3: alpha is 'n/a'; expected a number"),
        ("ts,alpha\nnoon,1\n", "a.csv:2: ts is 'noon'; expected a time"),
        ("ts,alpha\n,1\n", "a.csv:2: ts is empty; expected a time"),
        ("ts,alhpa\n1,1\n", "a.csv has no column alpha"),
        ("when,alpha\n1,1\n", "a.csv has no column of times; expected ts"),
        ("ts,alpha\n", "a.csv: alpha has no values"),
        ("ts,alpha\n1,1,1\n", "a.csv cannot be read"),
        ("", "a.csv cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, message):
    """Times that fall, values and times that are none, columns that are not there."""
    path = written(tmp_path / "a.csv", text)

    with pytest.raises(DataError) as refused:
        read(path)

    assert message in str(refused.value)


def test_integer_times_of_another_unit_are_refused_with_the_factor():
    """Milliseconds read as ns would be a value of 1970, held for ever."""
    stale = {"stale_after_ns": SECOND}

    with pytest.raises(DataError, match="no value of alpha is ever seen") as refused:
        read(GOOD.with_columns(ts=pl.col("ts") // 10**6), **stale)

    assert (
        refused.value.hint == "they seem to count ms: multiply by 1,000,000 to have ns"
    )


@pytest.mark.parametrize("column", [[True], ["x"], [datetime(2024, 3, 4, tzinfo=UTC)]])
def test_a_column_of_another_type_is_refused(column):
    """Conditions, words and times are no numbers."""
    with pytest.raises(DataError, match=r"expected (a )?number"):
        read(pl.DataFrame({"ts": [START_NS], "alpha": column}))


def test_float_times_are_refused():
    """A float64 cannot hold a time in ns."""
    with pytest.raises(DataError, match="ts is Float64"):
        read(GOOD.cast({"ts": pl.Float64}))


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path):
    """The file meant is named."""
    GOOD.write_parquet(tmp_path / "alpha.parquet")

    with pytest.raises(DataError, match="does not exist") as refused:
        read(tmp_path / "alhpa.parquet")

    assert "alpha.parquet" in refused.value.hint


@pytest.mark.parametrize("name", ["cut.parquet", "parquet.csv"])
def test_a_damaged_or_misnamed_file_is_refused(tmp_path, name):
    """Half a Parquet file, and Parquet called CSV."""
    GOOD.write_parquet(tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / name).write_bytes(data[:-20])

    with pytest.raises(DataError, match=r"cannot be read|is a Parquet file"):
        read(tmp_path / name)


def test_memory_is_one_piece_at_a_time(monkeypatch):
    """A long table comes in pieces of the chosen length."""
    monkeypatch.setattr(input_table, "CHUNK_ROWS", 1000)
    ts = START_NS + np.arange(10_000)

    opened = read(pl.DataFrame({"ts": ts, "alpha": np.ones(10_000)}))

    assert max(len(piece.ts) for piece in opened.pieces()) <= 1000
