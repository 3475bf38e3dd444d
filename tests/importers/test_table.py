"""One's own tables by a map."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from mmrun.importers import table
from mmrun.importers.table_map import read_map
from mmrun.market.tape import Kind
from mmrun.problems import DataError, StrategyError, UsageError


HEAD = "mmrun: 1\ntable: {symbol: ACME, venue: NASDAQ, tick: 0.01, lot: 1%s}\nrows:\n"
QUOTE = "  quote: {ts: ts, bid: bid, bid_size: bs, ask: ask, ask_size: as}\n"
TRADE = "  trade: {ts: ts, price: price, size: size, side: {column: side, buy: B, sell: S}}\n"
MIXED = """\
ts,kind,bid,bs,ask,as,price,size,side
1,q,100.00,5,100.01,6,,,
2,t,,,,,100.01,3,B
2,q,100.00,5,100.01,3,,,
3,t,,,,,100.005,1,
"""
MIXED_MAP = QUOTE.replace("{", "{where: \"kind = 'q'\", ") + TRADE.replace(
    "{ts", "{where: \"kind = 't'\", ts"
)


@pytest.fixture
def run(tmp_path):
    """Imports texts, a CSV file each, by the entries of a map."""

    def import_texts(rows: str, *texts: str, extra: str = "", names=()):
        table_map = tmp_path / "map.yaml"
        table_map.write_text(HEAD % extra + rows)
        paths = []
        for index, text in enumerate(texts):
            name = names[index] if names else f"file{index}.csv"
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
        found = read_map(table_map)
        table.check_patterns(found, paths)
        return table.read(paths, found)

    return import_texts


def frame_of(imported) -> pl.DataFrame:
    """The only tape's frame."""
    (tape,) = imported.tapes
    return tape.frame


def problem_of(caught):
    """The only problem of a StrategyError."""
    (found,) = caught.value.problems
    return found


def test_a_mixed_file_keeps_its_order(run):
    """Rows of both kinds in the file's order; empty fields are missing."""
    imported = run(MIXED_MAP, MIXED)

    rows = frame_of(imported).select(pl.exclude("recv_ts", "status")).rows()

    assert rows == [
        (1, Kind.QUOTE, 100.0, 5.0, 100.01, 6.0, None, None, None),
        (2, Kind.TRADE, None, None, None, None, 100.01, 3.0, 1),
        (2, Kind.QUOTE, 100.0, 5.0, 100.01, 3.0, None, None, None),
        (3, Kind.TRADE, None, None, None, None, 100.005, 1.0, 0),
    ]
    instrument = imported.tapes[0].instrument
    assert (instrument.symbol, instrument.depth, instrument.has_trade_side) == (
        "ACME",
        1,
        True,
    )


def test_parquet_csv_and_gzip_give_the_same_tape(run, tmp_path):
    """The format of the file does not matter."""
    as_csv = frame_of(run(MIXED_MAP, MIXED))
    pl.read_csv(tmp_path / "file0.csv").write_parquet(tmp_path / "f.parquet")
    (tmp_path / "f.csv.gz").write_bytes(gzip.compress(MIXED.encode()))
    table_map = read_map(tmp_path / "map.yaml")

    for name in ("f.parquet", "f.csv.gz"):
        assert frame_of(table.read([tmp_path / name], table_map)).equals(as_csv)


def test_several_files_are_merged_by_time_trades_first(run):
    """At one time a file of trades comes before the quotes, however they are given."""
    quotes = "ts,bid,bs,ask,as\n1,100,1,101,1\n5,100,2,101,1\n"
    trades = "ts,price,size,side\n5,101,1,B\n7,100,1,S\n"
    rows = QUOTE.replace("{", "{file: 'q*', ") + TRADE.replace("{ts", "{file: 't*', ts")

    frame = frame_of(run(rows, quotes, trades, names=("q.csv", "t.csv")))

    assert frame.select("ts", "kind").rows() == [
        (1, Kind.QUOTE),
        (5, Kind.TRADE),
        (5, Kind.QUOTE),
        (7, Kind.TRADE),
    ]


def test_a_line_that_is_trade_and_quote_gives_the_trade_first(run):
    """An execution stands before the book it left."""
    text = "ts,bid,bs,ask,as,price,size,side\n1,100,1,101,1,101,1,B\n"

    assert frame_of(run(QUOTE + TRADE, text))["kind"].to_list() == [
        Kind.TRADE,
        Kind.QUOTE,
    ]


def test_depth_clear_and_status_rows(run):
    """A snapshot line clears before its levels; states are read by their words."""
    text = (
        "ts,what,snap,side,px,qty,state\n"
        "1,d,true,bid,99.5,4,\n1,d,false,ask,99.6,2,\n2,s,,,,,H\n3,d,false,bid,99.5,0,\n"
    )
    rows = (
        "  clear: {where: snap, ts: ts}\n"
        "  depth: {where: \"what = 'd'\", ts: ts, price: px, size: qty, side: side}\n"
        "  status: {where: \"what = 's'\", ts: ts, status: {column: state, halt: H, resume: T}}\n"
    )

    imported = run(rows, text)

    assert frame_of(imported).select(
        "kind", "side", "price", "size", "status"
    ).rows() == [
        (Kind.CLEAR, None, None, None, None),
        (Kind.DEPTH, 1, 99.5, 4.0, None),
        (Kind.DEPTH, -1, 99.6, 2.0, None),
        (Kind.STATUS, None, None, None, 1),
        (Kind.DEPTH, 1, 99.5, 0.0, None),
    ]
    assert imported.tapes[0].instrument.depth is None


@pytest.mark.parametrize(
    ("given", "extra", "unit", "ns"),
    [
        ("1700000000123456789", "", "ns", 1_700_000_000_123_456_789),
        ("1700000000123", "", "ms", 1_700_000_000_123_000_000),
        ("1700000000.123456789", "", "s", 1_700_000_000_123_456_789),
        ("2023-11-14T22:13:20.000000001Z", "", "ns", 1_700_000_000_000_000_001),
        ("2023-11-14 17:13:20.5-05:00", "", "ns", 1_700_000_000_500_000_000),
        (
            "2023-11-14 17:13:20.000000001",
            ", timezone: America/New_York",
            "ns",
            1_700_000_000_000_000_001,
        ),
    ],
)
def test_times_are_exact(run, given, extra, unit, ns):
    """Integers, decimals and text, each to the nanosecond."""
    rows = f"  trade: {{ts: {{column: t, unit: {unit}}}, price: p, size: q}}\n"

    frame = frame_of(run(rows, f"t,p,q\n{given},1,1\n", extra=extra))

    assert frame["ts"].to_list() == [ns]


def test_parquet_times_without_a_zone_are_local(run, tmp_path):
    """Datetimes of a Parquet file are in the table's timezone unless they have one."""
    rows = "  trade: {ts: t, price: p, size: q}\n"
    run(rows, "t,p,q\n1,1,1\n", extra=", timezone: America/New_York")
    local = pl.DataFrame({"t": ["2023-11-14T17:13:20"], "p": [1.0], "q": [1]})
    local = local.with_columns(pl.col("t").str.to_datetime())
    local.write_parquet(tmp_path / "local.parquet")
    zoned = local.with_columns(pl.col("t").dt.replace_time_zone("UTC"))
    zoned.write_parquet(tmp_path / "zoned.parquet")

    for name, hours in (("local", 0), ("zoned", -5)):
        path = tmp_path / f"{name}.parquet"
        frame = frame_of(table.read([path], read_map(tmp_path / "map.yaml")))
        assert frame["ts"].to_list() == [(1_700_000_000 + hours * 3_600) * 10**9]


def test_times_of_receipt_get_the_clock_offset(run):
    """A recorder that was 1.27 s slow is put right, exchange times are not touched."""
    rows = "  trade: {ts: {column: t, unit: ms}, recv_ts: {column: r, unit: ms}, price: p, size: q}\n"

    frame = frame_of(
        run(rows, "t,r,p,q\n5000,4000,1,1\n", extra=", clock_offset: 1.27s")
    )

    assert frame.select("ts", "recv_ts").rows() == [(5_000_000_000, 5_270_000_000)]


def test_sides_can_be_any_words(run):
    """`is_buyer_maker` true means that the aggressor sold."""
    rows = "  trade: {ts: t, price: p, size: q, side: {column: m, buy: false, sell: true}}\n"

    frame = frame_of(run(rows, "t,p,q,m\n1,1,1,true\n2,1,1,false\n"))

    assert frame["side"].to_list() == [-1, 1]


def test_a_unit_that_is_likely_wrong_is_doubted(run):
    """Milliseconds read as nanoseconds land in 1970: legal, but said."""
    rows = "  trade: {ts: t, price: p, size: q}\n"

    imported = run(rows, "t,p,q\n1700000000123,1,1\n")

    assert "is the `unit` of ts right?" in imported.notes[0]


LINES = "  trade: {ts: t, price: p, size: q, side: {column: s, buy: B, sell: S}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t,p,q,s\n1,1,1,B\n2,1.O,1,B\n", "file0.csv:3: p is '1.O'; expected a number"),
        ("t,p,q,s\n1,1,1,B\n\n3,x,1,B\n", "file0.csv:4: p is 'x'"),
        ("t,p,q,s\n1,,1,B\n", "file0.csv:2: p is empty; expected a number"),
        ("t,p,q,s\n1,inf,1,B\n", "file0.csv:2: p is 'inf'; expected a finite number"),
        ("t,p,q,s\n1,1,-4,B\n", "file0.csv:2: q is '-4'; expected a size of 0 or more"),
        ("t,p,q,s\n1,1,0,B\n", "file0.csv:2: q is '0'; expected a size above 0"),
        ("t,p,q,s\n1,1,1,Buy\n", "file0.csv:2: s is 'Buy'; expected one of B, S"),
        ("t,p,q,s\nnoon,1,1,B\n", "file0.csv:2: t is 'noon'; expected a time"),
        ("t,p,q,s\n,1,1,B\n", "file0.csv:2: t is empty; expected a time"),
        ("t,p,q,s\n5,1,1,B\n4,1,1,B\n", "file0.csv:3: time goes back by 1e-09 s"),
        ("t,p,q,s\n1,1,1,B,9\n", "file0.csv:2: 5 columns; expected 4"),
        ("t,p,q,s\n1,1,1,B\n2,1\n", "file0.csv:3: 2 columns; expected 4"),
        ("", "file0.csv is empty"),
        ("t,p,q,s\n", "file0.csv has no rows"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_line(run, text, said):
    """File, line, value found and what was expected."""
    with pytest.raises(DataError, match=said):
        run(LINES, text)


def test_a_time_that_a_clock_change_skips_is_refused(run):
    """02:30 on the night of the change did not exist in New York."""
    rows = "  trade: {ts: t, price: p, size: q}\n"
    extra = ", timezone: America/New_York"

    with pytest.raises(DataError, match="2024-03-10T02:30:00"):
        run(rows, "t,p,q\n2024-03-10T02:30:00,1,1\n", extra=extra)


def test_a_missing_column_is_shown_in_the_map(run):
    """The place is the map's, the hint the column that was likely meant."""
    with pytest.raises(StrategyError) as caught:
        run("  trade: {ts: t, price: prise, size: q}\n", "t,price,q\n1,1,1\n")

    found = problem_of(caught)
    assert (found.code, found.span.line, found.span.column) == ("MM501", 4, 25)
    assert "has no column 'prise'" in found.message
    assert found.hints == ("did you mean 'price'?",)


def test_a_where_that_cannot_be_evaluated_is_shown_in_the_map(run):
    """An expression over a column that is not there."""
    rows = '  trade: {where: "knd = 1", ts: t, price: p, size: q}\n'

    with pytest.raises(StrategyError) as caught:
        run(rows, "t,p,q,kind\n1,1,1,1\n")

    found = problem_of(caught)
    assert (found.code, found.span.line) == ("MM502", 4)
    assert found.hints == ("the file's columns are t, p, q, kind",)


def test_an_unknown_timezone_is_shown_in_the_map(run):
    """Times cannot be placed in a zone that is none."""
    with pytest.raises(StrategyError) as caught:
        run(LINES, "t,p,q,s\n1,1,1,B\n", extra=", timezone: America/NewYork")

    assert problem_of(caught).code == "MM503"
    assert problem_of(caught).hints == ("did you mean 'America/New_York'?",)


def test_a_pattern_no_file_has_is_shown_in_the_map(run):
    """An entry that would read nothing is a mistake."""
    with pytest.raises(StrategyError) as caught:
        run(LINES.replace("{ts", "{file: 'x*', ts"), "t,p,q,s\n1,1,1,B\n")

    assert problem_of(caught).code == "MM504"


def test_a_misspelt_key_of_the_map_is_found_by_the_schema(run):
    """Map files are held to their schema."""
    with pytest.raises(StrategyError) as caught:
        run("  trade: {ts: t, prise: p, size: q}\n", "t,p,q\n1,1,1\n")

    assert problem_of(caught).code == "MM110"
    assert problem_of(caught).hints == ("did you mean 'price'?",)


def test_a_file_no_entry_reads_is_refused(run):
    """A file given in vain is said, not skipped."""
    rows = LINES.replace("{ts", "{file: 't*', ts")

    with pytest.raises(DataError, match="no entry of the map reads"):
        run(rows, "t,p,q,s\n1,1,1,B\n", "t\n1\n", names=("t.csv", "u.csv"))


def test_selecting_nothing_is_refused(run):
    """A `where` that fits no row leaves nothing to write."""
    rows = LINES.replace("{ts", '{where: "q > 5", ts')

    with pytest.raises(DataError, match="selects no rows"):
        run(rows, "t,p,q,s\n1,1,1,B\n")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"PAR1 not really", "cannot be read as Parquet"),
        ("a.csv.gz", b"\x1f\x8b\x08 cut", "not a whole gzip file"),
        ("a.xlsx", b"PK", "not a format that is read here"),
    ],
)
def test_wrong_formats_are_refused(run, tmp_path, name, content, said):
    """A file that is not what its name says, and a format that is not read."""
    run(LINES, "t,p,q,s\n1,1,1,B\n")
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(DataError, match=said):
        table.read([path], read_map(tmp_path / "map.yaml"))


def test_missing_files_are_named(run, tmp_path):
    """Data that is not there is bad data, a map that is not there is usage."""
    run(LINES, "t,p,q,s\n1,1,1,B\n")

    with pytest.raises(DataError, match="does not exist") as caught:
        table.read([tmp_path / "file1.csv"], read_map(tmp_path / "map.yaml"))
    with pytest.raises(UsageError, match="expected a table map"):
        read_map(tmp_path / "nomap.yaml")

    assert "file0.csv" in caught.value.hint


def test_the_benchmarks_map_reads_its_columns(repository: Path, tmp_path):
    """`benchmarks/t1.map.yaml` reads the columns of the T1 stream."""
    stream = pl.DataFrame(
        {
            "ts": [1, 2],
            "kind": pl.Series([0, 1], dtype=pl.UInt8),
            "bid": [150.0, None],
            "bid_size": [400.0, None],
            "ask": [150.01, None],
            "ask_size": [300.0, None],
            "price": [None, 150.01],
            "size": [None, 60.0],
            "side": pl.Series([None, 1], dtype=pl.Int8),
        }
    )
    stream.write_parquet(tmp_path / "t1.parquet")

    frame = frame_of(
        table.read(
            [tmp_path / "t1.parquet"], read_map(repository / "benchmarks/t1.map.yaml")
        )
    )

    assert frame["kind"].to_list() == [Kind.QUOTE, Kind.TRADE]
    assert frame["side"].to_list() == [None, 1]
