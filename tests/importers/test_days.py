"""Which files of an import are read together."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from mmrun.importers import binance, databento, lean, lobster, prosperity
from mmrun.importers.days import by_day, parts_of


def grouped(unit_of, *names):
    """The names that are read together, part by part."""
    parts = parts_of([Path(name) for name in names], unit_of)
    return [[path.name for path in part.paths] for part in parts]


@pytest.mark.parametrize(
    ("unit_of", "names", "expected"),
    [
        (by_day, ["b_2024-01-02.csv", "a20240101.csv", "c_20240102.gz"], [[1], [0, 2]]),
        (by_day, ["a.csv", "b_2024-01-02.csv"], [[0, 1]]),
        (
            lean.unit_of,
            ["q/20131007_IBM_Quote_Tick.csv", "t/20131007_ibm_Trade_Tick.csv"],
            [[0, 1]],
        ),
        (
            lean.unit_of,
            [
                "fxcm/20140508_eurusd_tick_quote.csv",
                "oanda/20140508_eurusd_tick_quote.csv",
            ],
            [[0], [1]],
        ),
        (
            lobster.unit_of,
            [
                "B_2012-06-21_1_2_message_1.csv",
                "A_2012-06-21_1_2_message_1.csv",
                "B_2012-06-21_1_2_orderbook_1.csv",
            ],
            [[1], [0, 2]],
        ),
        (
            binance.unit_of,
            ["spot/btcusdt_20240808.gz", "usdm/btcusdt_20240808.gz"],
            [[0], [1]],
        ),
        (
            binance.unit_of,
            [
                "um/BTCUSDT-trades-2024-08-08.zip",
                "um/BTCUSDT-bookTicker-2024-08-08.zip",
            ],
            [[0, 1]],
        ),
        (
            prosperity.unit_of,
            ["prices_round_0_day_1.csv", "trades_round_0_day_-1.csv"],
            [[1], [0]],
        ),
    ],
)
def test_files_of_a_day_are_read_together(unit_of, names, expected):
    """In order of days; a file without a date leaves all in one part."""
    bases = [Path(name).name for name in names]

    found = grouped(unit_of, *names)

    assert found == [[bases[i] for i in part] for part in expected]


def test_definitions_are_read_with_every_day():
    """A contract's tick counts on all of them."""
    names = ["es-20240102.mbo.dbn", "es-20240101.mbo.dbn", "definition.dbn"]

    parts = parts_of([Path(name) for name in names], databento.unit_of)

    assert [part.name for part in parts] == [names[1], names[0]]
    assert {part.context for part in parts} == {(Path("definition.dbn"),)}


def test_an_import_is_known_by_content_and_by_how_it_was_read(tmp_path):
    """Not by where it lies or when it was written."""
    keys = []
    for folder, text in (("a", "1"), ("b", "1"), ("c", "2")):
        path = tmp_path / folder / "x_20240101.csv"
        path.parent.mkdir()
        path.write_text(text)
        (part,) = parts_of([path], by_day)
        keys += [part.as_import({"crossed": how}).key for how in ("keep", "drop")]

    assert keys[:2] == keys[2:4]
    assert len(set(keys)) == 4


def test_a_zip_of_lean_is_known_by_what_is_in_it(tmp_path):
    """Its own name says the day alone."""
    for symbol, content in (("ibm", "Quote"), ("ibm", "Trade"), ("aig", "Quote")):
        path = tmp_path / symbol / f"20131007_{content.lower()}.zip"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"20131007_{symbol}_{content}_Tick.csv", "")

    parts = parts_of(sorted(tmp_path.rglob("*.zip")), lean.unit_of)

    assert [len(part.paths) for part in parts] == [1, 2]
