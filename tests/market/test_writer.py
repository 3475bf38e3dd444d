"""Writing datasets: all or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from mmrun.market.manifest import Provenance
from mmrun.market.tape import polars_schema
from mmrun.market.writer import Tape, check_output, write_dataset
from mmrun.problems import DataError, UsageError


START_NS = 1_700_000_000 * 10**9
PROVENANCE = Provenance(source="made up for a test")


@pytest.fixture
def tape(acme, quotes_at):
    """Two quotes."""
    return Tape(acme, quotes_at([START_NS, START_NS + 1]))


def listing(directory: Path) -> list[str]:
    """All files under a directory."""
    return sorted(
        str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file()
    )


def test_files_are_partitioned_by_symbol_venue_and_date(tmp_path, tape):
    """Names with a slash do not make directories."""
    odd = Tape(replace(tape.instrument, symbol="BTC/USD"), tape.frame)

    write_dataset(tmp_path / "ds", [odd], PROVENANCE)

    assert listing(tmp_path / "ds") == [
        "dataset.yaml",
        "symbol=BTC%2FUSD/venue=NASDAQ/date=2023-11-14/part-0.parquet",
    ]


def test_columns_are_the_tapes_schema(tmp_path, tape):
    """Files have exactly the tape's columns and types; unused ones are null."""
    dataset = write_dataset(tmp_path / "ds", [tape], PROVENANCE)

    frame = pl.read_parquet(
        dataset.path / dataset.files[0].path, hive_partitioning=False
    )

    assert frame.schema == polars_schema()
    assert frame["price"].null_count() == len(frame)


def test_dates_are_those_of_the_datasets_timezone(tmp_path, acme, quotes_at):
    """An evening in New York belongs to New York's day, whatever UTC says."""
    late = 1_700_010_000 * 10**9  # 2023-11-15T01:00Z is 20:00 the day before
    provenance = replace(PROVENANCE, timezone="America/New_York")

    dataset = write_dataset(
        tmp_path / "ds", [Tape(acme, quotes_at([late]))], provenance
    )

    assert dataset.files[0].date == "2023-11-14"


def test_equal_tapes_give_equal_bytes(tmp_path, tape):
    """Two writings of one tape differ in nothing."""
    first, second = (
        write_dataset(tmp_path / name, [tape], PROVENANCE) for name in ("a", "b")
    )

    for name in listing(first.path):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes()


def test_a_directory_that_holds_something_else_is_refused(tmp_path, tape):
    """Not even --force replaces what is no dataset."""
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")

    for replace_it in (False, True):
        with pytest.raises(UsageError, match="is not a dataset"):
            check_output(target, replace=replace_it)

    assert listing(target) == ["thesis.txt"]


def test_a_dataset_is_replaced_only_when_asked(tmp_path, acme, quotes_at, tape):
    """A dataset stays until --force is given; then nothing of the old one is left."""
    write_dataset(tmp_path / "ds", [tape], PROVENANCE)
    newer = Tape(replace(acme, symbol="NEW"), quotes_at([START_NS]))

    with pytest.raises(UsageError, match="--force"):
        write_dataset(tmp_path / "ds", [newer], PROVENANCE)
    replaced = write_dataset(tmp_path / "ds", [newer], PROVENANCE, replace=True)

    assert listing(tmp_path / "ds") == ["dataset.yaml", replaced.files[0].path]
    assert [item.name for item in tmp_path.iterdir()] == ["ds"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_leaves_what_was_there(tmp_path, tape, error):
    """Ctrl-C or a full disk while writing changes nothing and leaves no debris."""
    old = write_dataset(tmp_path / "ds", [tape], PROVENANCE)
    before = (old.path / "dataset.yaml").read_bytes()

    def interrupt(_: str) -> None:
        raise error

    with pytest.raises(error):
        write_dataset(
            tmp_path / "ds", [tape], PROVENANCE, replace=True, progress=interrupt
        )

    assert (old.path / "dataset.yaml").read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["ds"]


def test_no_rows_are_no_dataset(tmp_path, tape):
    """An empty tape is bad data."""
    with pytest.raises(DataError, match="no rows"):
        write_dataset(
            tmp_path / "ds", [Tape(tape.instrument, tape.frame[:0])], PROVENANCE
        )

    assert list(tmp_path.iterdir()) == []
