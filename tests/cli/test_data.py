"""`mmrun data` as a user meets it."""

from __future__ import annotations

import json

import pytest

from mmrun.cli import run
from mmrun.market.dataset import load_dataset
from mmrun.market.writer import Tape


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
    assert "mid, high" in out
    assert "trades a second" in out
    assert out.rstrip().endswith("09:31:00       09:31:30")
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
    assert facts["days"][0]["silences"] == []
    assert sum(facts["days"][0]["series"]["rows"]) == sum(dataset.rows.values())


def test_what_is_no_dataset_is_exit_code_3(tmp_path, capsys):
    """A directory without a manifest is bad data, with the way to make one."""
    assert run(["data", "show", str(tmp_path)]) == 3

    err = capsys.readouterr().err
    assert "has no dataset.yaml" in err
    assert "mmrun import" in err


def test_a_market_without_time_is_usage(tmp_path):
    """Options out of range are exit code 2."""
    assert run(["data", "synth", "--minutes", "0", "-o", str(tmp_path / "d")]) == 2


@pytest.fixture
def crossed(write_tapes, tape_of, acme):
    """A dataset of which one time of five is crossed, and whose trade is off tick."""
    sizes = {"kind": 0, "bid_size": 1.0, "ask_size": 1.0}
    start = 1_700_000_000 * 10**9
    rows = [{"ts": start + n, **sizes, "bid": 9.99, "ask": 10.0} for n in range(4)]
    rows.append({"ts": start + 4, **sizes, "bid": 10.01, "ask": 10.0})
    rows.append({"ts": start + 5, "kind": 3, "price": 10.005, "size": 1.0, "side": 1})
    return str(write_tapes(Tape(acme, tape_of(rows))).path)


def test_a_tape_without_fault_checks_with_exit_code_0(tmp_path, capsys):
    """Notes are said and are no findings."""
    run(["data", "synth", "--minutes", "1", "-o", str(tmp_path / "d")])
    capsys.readouterr()

    assert run(["data", "check", str(tmp_path / "d")]) == 0

    out, err = capsys.readouterr()
    assert "ACME at NASDAQ\n  note[MM" in out
    assert " at " in out.splitlines()[2]
    assert err == ""


def test_a_hopeless_tape_checks_with_exit_code_3(crossed, capsys):
    """The finding has place, share and remedy, and the last line says what it means."""
    assert run(["data", "check", crossed]) == 3

    out = capsys.readouterr().out
    assert "error[MM521] crossed book: at 1 of 5 times (20 %)" in out
    assert "first: 2023-11-14 22:13:20.000, row 5 of symbol=ACME" in out
    assert "help: legal in auctions" in out
    assert out.endswith(
        "1 error, 2 notes; hopeless: a run on this would mean nothing\n"
    )


def test_what_is_allowed_is_a_warning_with_exit_code_1(crossed, capsys):
    """`--max-crossed` says how much is hopeless."""
    assert run(["data", "check", crossed, "--max-crossed", "20pct"]) == 1
    assert "warning[MM521]" in capsys.readouterr().out


def test_findings_can_be_had_as_json(crossed, capsys):
    """One object: version, counts, and every finding with its numbers."""
    run(["data", "check", crossed, "--json"])

    report = json.loads(capsys.readouterr().out)
    first = report["findings"][0]
    assert (report["version"], report["hopeless"], report["errors"]) == (1, True, 1)
    assert (first["code"], first["title"]) == ("MM521", "crossed book")
    assert (first["count"], first["of"], first["share"]) == (1, 5, 0.2)
    assert (first["first"]["row"], first["venue"]) == (5, "NASDAQ")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--max-crossed", "1s"),
        ("--max-crossed", "much"),
        ("--max-silence", "60"),
        ("--max-silence", "0s"),
    ],
)
def test_a_limit_of_another_unit_is_usage(crossed, capsys, option, value):
    """What was expected is said."""
    assert run(["data", "check", crossed, option, value]) == 2
    assert f"{option} is '{value}'; expected a value like" in capsys.readouterr().err


def test_symbols_that_are_not_there_are_nothing_selected(crossed, capsys):
    """Exit code 5, with what there is."""
    assert run(["data", "check", crossed, "--symbols", "ACME"]) == 3
    assert run(["data", "check", crossed, "--symbols", "ACME, B"]) == 5
    assert "no symbol 'B': it has ACME" in capsys.readouterr().err


def test_a_run_on_a_hopeless_tape_is_refused(crossed, repository, capsys):
    """`run` ends with the data's exit code before anything is replayed."""
    strategy = str(repository / "strategies" / "basic.yaml")

    assert run(["run", strategy, "--data", crossed]) == 3
    assert "bid above its ask at 1 of 5 times (20 %)" in capsys.readouterr().err
