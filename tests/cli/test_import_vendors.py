"""`mmrun import` of vendors' files whose instruments are partly guessed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mmrun.cli import main
from mmrun.market.dataset import load_dataset


TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"


@pytest.fixture
def trades(tmp_path):
    """A Tardis file of two trades."""
    path = tmp_path / "trades.csv"
    lines = [
        f"kraken,XBT/USD,{10**15 + k},{10**15 + k},a,buy,10{k}.5,2\n" for k in (1, 2)
    ]
    path.write_text(TRADES + "".join(lines))
    return path


def run(*arguments):
    """The command's result."""
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def test_what_was_guessed_is_said(trades, tmp_path):
    """With the options that state it."""
    result = run("tardis", trades, "-o", tmp_path / "ds")

    assert result.exit_code == 0
    assert "tick 0.5 and lot 2 are guessed" in result.stderr
    assert "--instrument tick=... --instrument lot=..." in result.stderr


def test_what_is_stated_is_in_the_manifest(trades, tmp_path):
    """And is no longer said to be guessed."""
    stated = ("--instrument", "tick=0.1", "--instrument", "lot=0.001")

    result = run("tardis", trades, "-o", tmp_path / "ds", *stated)

    assert "guessed" not in result.stderr
    (instrument,) = load_dataset(tmp_path / "ds").instruments
    assert (instrument.tick, instrument.lot) == (0.1, 0.001)


@pytest.mark.parametrize(
    ("option", "said"),
    [("tick", "expected NAME=VALUE"), ("tik=1", "did you mean 'tick'?")],
)
def test_a_fact_that_is_none_is_refused(trades, tmp_path, option, said):
    """Before anything is written."""
    result = run("tardis", trades, "-o", tmp_path / "ds", "--instrument", option)

    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "ds").exists()


@pytest.mark.parametrize(
    ("format_name", "folder"),
    [
        ("bybit", "format-samples/bybit"),
        ("databento", "databento-es-futures"),
        ("prosperity", "format-samples/prosperity"),
    ],
)
def test_a_directory_as_it_came_becomes_a_dataset(
    shared_data, tmp_path, format_name, folder
):
    """No option is needed."""
    result = run(format_name, shared_data / folder, "-o", tmp_path / "ds")

    assert result.exit_code == 0, result.output
    assert load_dataset(tmp_path / "ds").files
