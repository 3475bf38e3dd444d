"""`mmrun import` of vendors' files whose instruments are partly guessed."""

from __future__ import annotations

import pytest

from mmrun.cli import run
from mmrun.market.dataset import load_dataset


TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"


@pytest.fixture
def trades(tmp_path):
    """A Tardis file of two trades."""
    path = tmp_path / "trades.csv"
    times = (10**15 + 1, 10**15 + 2)
    lines = [f"kraken,XBT/USD,{at},{at},a,buy,{at % 10}.5,2\n" for at in times]
    path.write_text(TRADES + "".join(lines))
    return path


@pytest.fixture
def imported(tmp_path, capsys):
    """Runs the command into `ds`; gives its exit code and stderr."""

    def call(format_name, source, *options):
        target = ["-o", str(tmp_path / "ds")]
        code = run(["import", format_name, str(source), *target, *options])
        return code, capsys.readouterr().err

    return call


def test_what_was_guessed_is_said(trades, imported):
    """With the options that state it."""
    code, said = imported("tardis", trades)

    assert code == 0
    assert "tick 0.5 and lot 2 are guessed" in said
    assert "--instrument tick=... --instrument lot=..." in said


def test_what_is_stated_is_in_the_manifest(trades, imported, tmp_path):
    """And is no longer said to be guessed."""
    stated = ("--instrument", "tick=0.1", "--instrument", "lot=0.001")

    _, said = imported("tardis", trades, *stated)

    assert "guessed" not in said
    (instrument,) = load_dataset(tmp_path / "ds").instruments
    assert (instrument.tick, instrument.lot) == (0.1, 0.001)


@pytest.mark.parametrize(
    ("option", "expected"),
    [("tick", "expected NAME=VALUE"), ("tik=1", "did you mean 'tick'?")],
)
def test_a_fact_that_is_none_is_refused(trades, imported, tmp_path, option, expected):
    """Before anything is read."""
    code, said = imported("tardis", trades, "--instrument", option)

    assert code == 2
    assert expected in said
    assert "reading" not in said
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
    shared_data, imported, tmp_path, format_name, folder
):
    """No option is needed."""
    code, said = imported(format_name, shared_data / folder)

    assert code == 0, said
    assert load_dataset(tmp_path / "ds").files
