"""Bad input to `mmrun import`: a clear message, exit code 3, and nothing left behind."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import polars as pl
import pytest

from mmrun.cli import run
from mmrun.market.dataset import load_dataset


LEAN = "1,0,0,1836300,100,Q,1,0\n"
STEM = "TEST_2012-06-21_34200000_57600000"
TARDIS = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
SNAPSHOT = {"lastUpdateId": 10, "bids": [["99", "1"]], "asks": [["101", "1"]]}
DEPTH = {"e": "depthUpdate", "E": 1723161255000, "s": "BTCUSDT", "U": 11, "u": 12}
RECEIVED = 1723161255000000000


def line(message: dict, received: int = RECEIVED) -> str:
    """A recorded line of Binance."""
    return f"{received} {json.dumps(message)}\n"


def depth(first: int, **more) -> str:
    """A depth message that shows a bid."""
    levels = {"b": [["99.5", "2"]], "a": []}
    return line({**DEPTH, "U": first, "u": first, **levels, **more})


@pytest.fixture
def imported(tmp_path, capsys):
    """Imports files by name and content; gives the exit code and what was said."""

    def call(format_name, files, *options):
        folder = tmp_path / "src"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            path.write_bytes(data)
        target = ["-o", str(tmp_path / "ds"), *options]
        code = run(["import", format_name, str(folder), *target])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out + said.err

    return call


@pytest.mark.parametrize(
    ("format_name", "name"),
    [
        ("binance", "btcusdt_20240808.gz"),
        ("binance", "BTCUSDT-trades-2024-08-08.csv"),
        ("bybit", "2024-12-01_XRPUSDT_ob500.data"),
        ("databento", "a.dbn.zst"),
        ("hftbacktest", "a.npz"),
        ("lean", "20131007_IBM_Quote_Tick.csv"),
        ("lean", "20131007_quote.zip"),
        ("lobster", f"{STEM}_message_1.csv"),
        ("prosperity", "prices_round_0_day_0.csv"),
        ("tardis", "a.csv.gz"),
    ],
)
def test_an_empty_file_is_refused(imported, tmp_path, format_name, name):
    """By its name; there is no dataset, not even the start of one."""
    if format_name == "databento":
        pytest.importorskip("databento_dbn")

    code, said = imported(format_name, {name: b""})

    assert code == 3
    assert name in said
    assert [item.name for item in tmp_path.iterdir()] == ["src"]


@pytest.mark.parametrize(
    ("looks", "files"),
    [
        ("lean", {"20131007_IBM_Quote_Tick.csv": LEAN}),
        ("lean", {"a.csv": LEAN}),
        ("lobster", {f"{STEM}_message_1.csv": "34200,1,7,10,1000000,1\n"}),
        ("tardis", {"a.csv": TARDIS}),
        ("binance", {"a.csv": line(SNAPSHOT)}),
        ("binance", {"a.csv": "id,price,qty,quote_qty,time,is_buyer_maker\n"}),
        ("bybit", {"a.csv": '{"topic":"orderbook.500.X","type":"snapshot"}\n'}),
        ("prosperity", {"a.csv": "day;timestamp;product;bid_price_1\n"}),
        ("table", {"a.csv": b"PAR1\x00\x01"}),
        ("databento", {"a.csv": b"DBN\x03"}),
        ("hftbacktest", {"a.csv": b"\x93NUMPY"}),
    ],
)
def test_a_file_of_another_format_is_told_from_what_it_looks_like(
    imported, looks, files
):
    """The remedy is the right command."""
    wrong = "prosperity" if looks == "tardis" else "tardis"

    code, said = imported(wrong, files)

    assert code == 3
    assert f"looks like {looks}: `mmrun import {looks}`" in said
    assert all(letter.isprintable() for letter in said.replace("\n", ""))


def test_a_table_of_two_symbols_mixed_is_refused(imported, tmp_path):
    """With the line of the second, and the `where` that chooses one."""
    (tmp_path / "m.yaml").write_text(
        "mmrun: 1\n"
        "table: {symbol: A, venue: X, tick: 0.01}\n"
        "rows: {trade: {ts: ts, price: price, size: size}}\n"
    )
    text = "ts,symbol,price,size\n1,A,1,1\n2,B,9,1\n"

    code, said = imported("table", {"t.csv": text}, "--map", str(tmp_path / "m.yaml"))

    assert code == 3
    assert "t.csv:3: symbol is B, above it is A" in said
    assert "where: \"symbol = 'A'\"" in said


def test_two_symbols_in_one_recording_are_refused(imported):
    """Their snapshots bear no name."""
    other = depth(12, s="ETHUSDT")

    code, said = imported("binance", {"a.log": line(SNAPSHOT) + depth(11) + other})

    assert code == 3
    assert "a.log:3: symbol is ETHUSDT; expected BTCUSDT" in said


def test_a_recording_that_was_cut_off_loses_its_last_line(imported, tmp_path):
    """Half a message is none; what stands before it is whole."""
    text = line(SNAPSHOT) + depth(11) + depth(12)[:60]

    code, _ = imported("binance", {"btcusdt.log": text})

    assert code == 0
    assert load_dataset(tmp_path / "ds").rows == {"depth": 3, "clear": 1}


def test_a_packed_recording_that_was_cut_off_is_refused(imported):
    """Its end cannot be told from damage."""
    packed = gzip.compress((line(SNAPSHOT) + depth(11)).encode())

    code, said = imported("binance", {"btcusdt.gz": packed[:-20]})

    assert code == 3
    assert "is not a whole file" in said


def test_depth_without_a_snapshot_starts_where_the_book_is_known(imported, tmp_path):
    """What stood before is left out, and the moment is said."""
    late = line({**SNAPSHOT, "lastUpdateId": 12}, RECEIVED + 10**9)

    code, said = imported(
        "binance", {"a.log": depth(11) + late + depth(13, E=1723161257000)}
    )

    assert code == 0
    assert "the whole book is known from 2024-08-08 23:54:" in said
    assert "1 depth messages stand before a snapshot" in said


def test_depth_alone_is_no_book(imported):
    """Without any snapshot there is nothing to begin at."""
    code, said = imported("binance", {"a.log": depth(11) + depth(12)})

    assert code == 3
    assert "there is no snapshot they could begin at" in said


def test_a_snapshot_and_nothing_else_is_imported_and_found(imported, tmp_path, capsys):
    """It is a book that never changes, which `data check` warns of."""
    code, _ = imported("binance", {"btcusdt.log": line(SNAPSHOT)})

    assert code == 0
    assert run(["data", "check", str(tmp_path / "ds")]) == 1
    assert "MM518" in capsys.readouterr().out


def test_a_book_goes_on_over_a_file_boundary_at_midnight(imported, tmp_path):
    """The second file has no snapshot; together and one after the other are alike."""
    days = {
        "btcusdt_20240808.log": line(SNAPSHOT) + depth(11),
        "btcusdt_20240809.log": depth(12, E=1723161256000, b=[["99.5", "0"]]),
    }

    code, said = imported("binance", days)

    dataset = load_dataset(tmp_path / "ds")
    assert code == 0
    assert "the book goes on from the recording before" in said
    assert dataset.rows == {"depth": 4, "clear": 1}
    assert [file.crossed_times for file in dataset.files] == [0, 0]


def test_a_gap_at_a_file_boundary_is_found(imported, tmp_path):
    """An update is missing between the files: the book is cleared, with a gap."""
    days = {
        "btcusdt_20240808.log": line(SNAPSHOT) + depth(11),
        "btcusdt_20240809.log": depth(15, E=1723161256000),
    }

    code, said = imported("binance", days)

    assert code == 0
    assert "update ids 12 to 14 are missing" in said
    assert load_dataset(tmp_path / "ds").rows == {"depth": 3, "clear": 2, "status": 1}


@pytest.mark.parametrize(
    "words", [("true", "false"), ("True", "False"), (" TRUE", "FALSE")]
)
def test_is_buyer_maker_is_text(imported, tmp_path, words):
    """True: the buyer was the maker, the aggressor sold; never "any text is true"."""
    rows = "".join(
        f"{number},1,1,1,{1723161255000 + number},{word}\n"
        for number, word in enumerate(words)
    )

    code, _ = imported("binance", {"BTCUSDT-trades-2024-08-08.csv": rows})

    (file,) = load_dataset(tmp_path / "ds").files
    frame = pl.read_parquet(tmp_path / "ds" / file.path)
    assert code == 0
    assert frame["side"].to_list() == [-1, 1]


def test_a_header_in_another_order_is_read_by_its_names(imported, tmp_path):
    """Columns are known by what they are called."""
    header = "time,qty,price,id,is_buyer_maker,quote_qty\n"

    code, _ = imported(
        "binance",
        {"BTCUSDT-trades-2024-08-08.csv": header + "1723161255000,2,100,1,true,200\n"},
    )

    assert code == 0
    assert load_dataset(tmp_path / "ds").rows == {"trade": 1}


def test_a_header_that_is_missing_is_told(imported):
    """Tardis files have one; its first row is no header."""
    code, said = imported("tardis", {"a.csv": "bitmex,XBTUSD,1,1,a,buy,1,1\n"})

    assert code == 3
    assert "its first line is bitmex,XBTUSD" in said
    assert "expected a header as exchange,symbol" in said


def test_a_price_that_was_cut_off_is_refused(imported):
    """Lean's files end without a newline; a cut shows in the decimals."""
    text = "1,1.39101,1.39114\n2,1.39101,1.39113\n3,1.39101,1.3"

    code, said = imported("lean", {"oanda/20140508_eurusd_tick_quote.csv": text})

    assert code == 3
    assert "csv:3: ask has fewer decimals than any above" in said


def test_a_second_day_that_is_damaged_leaves_the_first(imported, tmp_path):
    """The call says how to go on, and the next one reads the missing day alone."""
    days = {
        "ibm/20131007_IBM_Quote_Tick.csv": LEAN,
        "ibm/20131008_IBM_Quote_Tick.csv": "1,x\n",
    }
    code, said = imported("lean", days)
    assert code == 3
    assert "call again with the same sources to go on" in said
    assert not (tmp_path / "ds").exists()

    code, said = imported("lean", {"ibm/20131008_IBM_Quote_Tick.csv": LEAN})

    assert code == 0
    assert "reading IBM at NBBO 2013-10-08" in said
    assert "reading IBM at NBBO 2013-10-07" not in said
    assert [f.date for f in load_dataset(tmp_path / "ds").files] == [
        "2013-10-07",
        "2013-10-08",
    ]


def test_crossed_quotes_are_left_out_on_demand(imported, tmp_path):
    """`--crossed drop` makes a tape that a run accepts; the manifest says so."""
    text = "1,1.39101,1.39114\n2,1.39120,1.39114\n3,1.39101,1.39113\n"

    code, said = imported(
        "lean", {"fxcm/20140508_eurusd_tick_quote.csv": text}, "--crossed", "drop"
    )

    dataset = load_dataset(tmp_path / "ds")
    assert code == 0
    assert "1 of 3 quotes (33.33%) have the bid above the ask and were left out" in said
    assert dataset.manifest.provenance.crossed == "drop"
    assert (dataset.rows, dataset.files[0].crossed_times) == ({"quote": 2}, 0)


def test_an_array_of_another_type_is_no_event_file(imported):
    """And says what is expected."""
    buffer = io.BytesIO()
    np.savez(buffer, data=np.zeros(3))

    code, said = imported("hftbacktest", {"a.npz": buffer.getvalue()})

    assert code == 3
    assert "event_dtype" in said
