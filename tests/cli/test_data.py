"""`mmrun data` as a user meets it."""

from __future__ import annotations

import json

from mmrun.cli import run
from mmrun.market.dataset import load_dataset


def test_a_made_up_market_can_be_shown(tmp_path, capsys):
    """`data synth` writes a dataset that `data show` reads."""
    target = str(tmp_path / "ds")

    assert run(["data", "synth", "--seed", "3", "--minutes", "2", "-o", target]) == 0
    assert "ACME at NASDAQ" in capsys.readouterr().out
    assert run(["data", "show", target]) == 0

    out = capsys.readouterr().out
    assert "ACME at NASDAQ: tick 0.01, lot 1, USD, depth 1, trades with sides" in out
    assert "2024-03-04   09:30:00.000 .. 09:31:59." in out
    assert "0.01 (1 ticks) median" in out
    assert "by hour      09h █" in out
    assert "made up by `mmrun data synth --seed 3`" in out


def test_equal_seeds_write_equal_datasets(tmp_path, capsys):
    """The command's bytes follow from its options alone."""
    for name in ("a", "b"):
        run(["data", "synth", "--minutes", "1", "-o", str(tmp_path / name)])
    run(["data", "synth", "--minutes", "1", "--seed", "8", "-o", str(tmp_path / "c")])

    first, again, other = (load_dataset(tmp_path / name) for name in "abc")

    assert first.content_hash == again.content_hash != other.content_hash
    assert capsys.readouterr().err == ""


def test_choices_of_the_instrument_are_taken(tmp_path):
    """Symbol, venue, tick, lot, price and start are the dataset's."""
    options = [
        "--minutes",
        "1",
        "--symbol",
        "B",
        "--venue",
        "X",
        "--tick",
        "0.5",
        "--lot",
        "10",
        "--price",
        "2000",
    ]

    run(
        [
            "data",
            "synth",
            *options,
            "--start",
            "2024-07-01T10:00",
            "-o",
            str(tmp_path / "d"),
        ]
    )

    dataset = load_dataset(tmp_path / "d")
    (found,) = dataset.instruments
    assert (found.symbol, found.venue, found.tick, found.lot) == ("B", "X", 0.5, 10.0)
    assert dataset.span[0] == 1_719_842_400 * 10**9  # 14:00 UTC: summer in New York
    assert dataset.files[0].date == "2024-07-01"


def test_facts_can_be_had_as_json(tmp_path, capsys):
    """One object with version, instruments and days."""
    run(["data", "synth", "--minutes", "1", "-o", str(tmp_path / "d")])
    capsys.readouterr()

    run(["data", "show", str(tmp_path / "d"), "--json"])

    facts = json.loads(capsys.readouterr().out)
    dataset = load_dataset(tmp_path / "d")
    assert facts["version"] == 1
    assert facts["rows"] == dataset.rows
    assert facts["content_hash"] == dataset.content_hash
    assert facts["instruments"][0]["symbol"] == "ACME"
    assert facts["days"][0]["crossed"] == 0


def test_what_is_no_dataset_is_exit_code_3(tmp_path, capsys):
    """A directory without a manifest is bad data, with the way to make one."""
    assert run(["data", "show", str(tmp_path)]) == 3

    err = capsys.readouterr().err
    assert "has no dataset.yaml" in err
    assert "mmrun import" in err


def test_a_market_without_time_is_usage(tmp_path):
    """Options out of range are exit code 2."""
    assert run(["data", "synth", "--minutes", "0", "-o", str(tmp_path / "d")]) == 2
