"""A run's directory: what is in it, that it is whole, and what it never overwrites."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from mmrun.engine.records import Recording
from mmrun.problems import UsageError
from mmrun.report import files
from mmrun.report.facts import RunFacts
from mmrun.report.files import RunResult, to_json, write_run
from mmrun.report.summary import summarize
from mmrun.report.tables import TABLES, frames


@pytest.fixture
def result(recording: Recording, facts: RunFacts) -> RunResult:
    return RunResult(
        summary=summarize(recording, facts),
        frames=frames(recording),
        manifest={"version": 1, "seed": 7},
        strategy_yaml="name: two_sided\n",
    )


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_writes_every_file(tmp_path: Path, result: RunResult) -> None:
    """A run leaves its manifest, strategy, summary and four tables, nothing else."""
    directory = write_run(tmp_path / "runs" / "two_sided" / "a1", result)

    tables = [f"{name}.parquet" for name in TABLES]
    texts = ["manifest.json", "strategy.yaml", "summary.json"]
    assert sorted(contents(directory)) == sorted(tables + texts)
    assert json.loads((directory / "summary.json").read_text()) == result.summary
    assert (directory / "strategy.yaml").read_text() == "name: two_sided\n"
    back = pl.read_parquet(directory / "fills.parquet")
    assert back.equals(result.frames["fills"])
    assert [path.name for path in directory.parent.iterdir()] == ["a1"]


def test_same_result_same_bytes(tmp_path: Path, result: RunResult) -> None:
    """Two runs of the same inputs leave byte-equal files."""
    first = write_run(tmp_path / "a", result)

    second = write_run(tmp_path / "b", result)

    assert contents(first) == contents(second)


def test_replaces_an_earlier_run(tmp_path: Path, result: RunResult) -> None:
    """A run of the same id takes the place of the earlier one, page included."""
    directory = write_run(tmp_path / "a", result)
    (directory / "report.html").write_text("old")
    (directory / "summary.json").write_text("old")

    write_run(directory, result)

    assert "report.html" not in contents(directory)
    assert json.loads((directory / "summary.json").read_text()) == result.summary
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_takes_an_empty_directory(tmp_path: Path, result: RunResult) -> None:
    """An empty directory made for the run is used."""
    (tmp_path / "a").mkdir()

    directory = write_run(tmp_path / "a", result)

    assert "manifest.json" in contents(directory)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["thesis.tex"], "thesis.tex, which is no part of a run"),
        (["manifest.json", "notes.md"], "notes.md, which is no part of a run"),
        (["strategy.yaml"], "it has no manifest.json"),
    ],
)
def test_refuses_what_is_not_a_run(
    tmp_path: Path, result: RunResult, names: list[str], complaint: str
) -> None:
    """A directory with anybody's own files in it is refused and left alone."""
    for name in names:
        (tmp_path / name).write_text("mine")

    with pytest.raises(UsageError, match=complaint):
        write_run(tmp_path, result)

    assert contents(tmp_path) == dict.fromkeys(names, b"mine")


def test_refuses_a_file(tmp_path: Path, result: RunResult) -> None:
    """A file in the place of the directory is a usage error."""
    (tmp_path / "a").write_text("mine")

    with pytest.raises(UsageError, match="it is a file"):
        write_run(tmp_path / "a", result)


def test_unwritable_parent_is_a_usage_error(tmp_path: Path, result: RunResult) -> None:
    """A parent that cannot be made is said in a sentence."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot write"):
        write_run(tmp_path / "file" / "a", result)


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_failure_leaves_the_earlier_run(
    tmp_path: Path,
    result: RunResult,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[BaseException],
) -> None:
    """A write that breaks off leaves the earlier run whole and nothing beside it."""
    directory = write_run(tmp_path / "a", result)
    before = contents(directory)
    rename = Path.rename

    def break_off(path: Path, target: Path) -> Path:
        if path.name.endswith(".partial"):
            raise failure
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", break_off)
    with pytest.raises(failure):
        write_run(directory, result)

    assert contents(directory) == before
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_json_has_no_nan_and_keeps_order() -> None:
    """Keys stay in order, floats are exact, what is not finite is null."""
    value = {"b": float("nan"), "a": [0.1, float("inf")], "c": {"é": 1e-07}}

    text = to_json(value)

    assert text.splitlines()[1] == '  "b": null,'
    assert json.loads(text) == {"b": None, "a": [0.1, None], "c": {"é": 1e-07}}
    assert text.endswith("}\n")


def test_run_files_name_all_tables() -> None:
    """Every table a run writes is known as part of a run."""
    assert {f"{name}.parquet" for name in TABLES} < files.RUN_FILES
