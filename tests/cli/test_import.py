"""`mmrun import` as a user meets it."""

from __future__ import annotations

import json

import pytest

from mmrun.cli import run
from mmrun.market.dataset import load_dataset
from mmrun.market.reader import read_day


STEM = "TEST_2012-06-21_34200000_57600000"


@pytest.fixture
def day(tmp_path):
    """A LOBSTER day of two messages, one an execution between ticks."""
    folder = tmp_path / "day"
    folder.mkdir()
    (folder / f"{STEM}_message_1.csv").write_text(
        "34200,1,7,10,1000000,1\n34201,5,0,3,1000050,-1\n"
    )
    (folder / f"{STEM}_orderbook_1.csv").write_text("1000100,5,1000000,10\n" * 2)
    return folder


def test_a_day_is_imported_and_summed_up(day, tmp_path, capsys):
    """The summary goes to stdout, what is being done to stderr."""
    code = run(["import", "lobster", str(day), "-o", str(tmp_path / "ds")])

    out, err = capsys.readouterr()
    assert code == 0
    assert "TEST at NASDAQ: 2 rows" in out
    assert "1 quote, 1 trade" in out
    assert "0 quotes, 1 trades" in out
    assert "2012-06-21 09:30:00.000 .. 2012-06-21 09:30:01.000 America/New_York" in out
    assert "reading TEST 2012-06-21" in err
    assert load_dataset(tmp_path / "ds").rows == {"quote": 1, "trade": 1}


def test_json_is_all_there_is_on_stdout(day, tmp_path, capsys):
    """Other programs read stdout."""
    run(["import", "lobster", str(day), "-o", str(tmp_path / "ds"), "--json"])

    facts = json.loads(capsys.readouterr().out)

    assert facts["version"] == 1
    assert facts["tapes"][0]["rows"] == {"quote": 1, "trade": 1}
    assert facts["tapes"][0]["off_tick_trades"] == 1


def test_a_day_that_is_there_is_not_read_again(day, tmp_path, capsys):
    """The same call changes nothing; with --force the dataset is made anew."""
    arguments = ["import", "lobster", str(day), "-o", str(tmp_path / "ds")]
    run(arguments)
    before = (tmp_path / "ds/dataset.yaml").read_bytes()
    capsys.readouterr()

    assert run(arguments) == 0

    out, err = capsys.readouterr()
    assert "1 of 1 days were there already" in out
    assert "reading" not in err
    assert (tmp_path / "ds/dataset.yaml").read_bytes() == before
    assert run([*arguments, "--force"]) == 0
    assert "reading TEST 2012-06-21" in capsys.readouterr().err


def test_other_files_of_a_day_that_is_there_are_refused(day, tmp_path, capsys):
    """Exit code 3 and the way out; what is there stays."""
    arguments = ["import", "lobster", str(day), "-o", str(tmp_path / "ds")]
    run(arguments)
    (day / f"{STEM}_orderbook_1.csv").write_text("1000200,5,1000000,10\n" * 2)
    capsys.readouterr()

    assert run(arguments) == 3

    assert "rows of TEST at NASDAQ 2012-06-21 are there already" in (
        said := capsys.readouterr().err
    )
    assert "--force" in said
    assert load_dataset(tmp_path / "ds").rows == {"quote": 1, "trade": 1}


def test_an_unknown_format_is_answered_with_the_nearest(day, tmp_path, capsys):
    """A misspelt format is usage: exit code 2."""
    code = run(["import", "lobstr", str(day), "-o", str(tmp_path / "ds")])

    assert code == 2
    assert "did you mean 'lobster'?" in capsys.readouterr().err


def test_missing_data_is_exit_code_3(tmp_path, capsys):
    """A source that is not there is missing data, and nothing is written."""
    code = run(
        ["import", "lobster", str(tmp_path / "no.zip"), "-o", str(tmp_path / "ds")]
    )

    assert code == 3
    assert "no.zip does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_table_needs_its_map_and_lobster_none(day, tmp_path, capsys):
    """--map belongs to `import table`, and it is needed there."""
    target = ["-o", str(tmp_path / "ds")]

    assert run(["import", "table", str(day), *target]) == 2
    assert "needs --map" in capsys.readouterr().err
    assert run(["import", "lobster", str(day), "--map", "m.yaml", *target]) == 2
    assert "--map belongs to" in capsys.readouterr().err


def test_a_problem_in_a_map_is_shown_where_it_is(tmp_path, capsys):
    """Findings in a file are exit code 1, with line and column."""
    (tmp_path / "t.csv").write_text("ts,price,size\n1,1,1\n")
    (tmp_path / "m.yaml").write_text(
        "mmrun: 1\n"
        "table: {symbol: A, venue: X, tick: 0.01}\n"
        "rows: {trade: {ts: ts, price: prise, size: size}}\n"
    )

    code = run(
        [
            "import",
            "table",
            str(tmp_path / "t.csv"),
            "--map",
            str(tmp_path / "m.yaml"),
            "-o",
            str(tmp_path / "ds"),
        ]
    )

    err = capsys.readouterr().err
    assert code == 1
    assert "m.yaml:3:31" in err
    assert "did you mean 'price'?" in err


def test_a_table_is_imported_with_its_notes(tmp_path, capsys):
    """Doubts about the data are said, on stderr."""
    (tmp_path / "t.csv").write_text("ts,price,size\n1,1,1\n2,1.005,1\n")
    (tmp_path / "m.yaml").write_text(
        "mmrun: 1\n"
        "table: {symbol: A, venue: X, tick: 0.01}\n"
        "rows: {trade: {ts: ts, price: price, size: size}}\n"
    )

    code = run(
        [
            "import",
            "table",
            str(tmp_path / "t.csv"),
            "--map",
            str(tmp_path / "m.yaml"),
            "-o",
            str(tmp_path / "ds"),
        ]
    )

    out, err = capsys.readouterr()
    assert code == 0
    assert "2 trades" in out  # of unknown side
    assert "is the `unit` of ts right?" in err
    assert not load_dataset(tmp_path / "ds").instruments[0].has_trade_side


def test_the_apple_sample_is_imported_by_the_command(shared_data, tmp_path, capsys):
    """The sample's counts, through the whole command."""
    sample = shared_data / "lobster-2012-06-21/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip"

    code = run(
        ["import", "lobster", str(sample), "-o", str(tmp_path / "AAPL"), "--json"]
    )

    (tape,) = json.loads(capsys.readouterr().out)["tapes"]
    assert code == 0
    assert tape["rows"]["trade"] == 23_658 + 11_332
    assert tape["volume"] == 2_850_140
    assert (tape["off_tick_quotes"], tape["crossed"], tape["halts"]) == (0, 0, 0)


@pytest.fixture
def recording(tmp_path):
    """A trade of Binance, received 1.27 s before it was sent."""
    path = tmp_path / "btcusdt.log"
    path.write_text(
        '1723161253730000000 {"e":"trade","E":1723161255000,"T":1723161255000,'
        '"s":"BTCUSDT","t":1,"p":"100","q":"1","m":true}\n'
    )
    return path


def test_a_slow_clock_is_set_right(recording, tmp_path, capsys):
    """Receive times are later by the offset, and the manifest says so."""
    target = ["-o", str(tmp_path / "ds"), "--clock-offset", "1.275s"]

    assert run(["import", "binance", str(recording), *target]) == 0

    assert "slow by 1.270 s or more" in capsys.readouterr().err
    dataset = load_dataset(tmp_path / "ds")
    assert dataset.manifest.provenance.clock_offset_ns == 1_275_000_000
    (file,) = dataset.files
    assert read_day(dataset, file)["recv_ts"].to_list() == [1_723_161_255_005_000_000]


@pytest.mark.parametrize("offset", ["1.27", "5bps", "soon", "2000h"])
def test_a_clock_offset_is_a_time(recording, tmp_path, capsys, offset):
    """A bare number has no unit."""
    target = ["-o", str(tmp_path / "ds"), "--clock-offset", offset]

    assert run(["import", "binance", str(recording), *target]) == 2
    assert f"--clock-offset is '{offset}'; expected a time" in capsys.readouterr().err
