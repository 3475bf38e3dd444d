from __future__ import annotations

import json

import pytest

from mmrun.cli import run


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text("mmrun: 1\nrisk: {max_inventory: 1000}\n")
    (tmp_path / "a.yaml").write_text(
        "mmrun: 1\nextends: base.yaml\nquote: {half_spread: 5bps, size: 100}\nparams: {edge: 1}\n"
    )


@pytest.mark.usefixtures("files")
def test_every_value_has_its_origin(capsys):
    """Each line ends with the file and line its value was written in."""
    assert run(["show", "a.yaml", "-s", "edge=2"]) == 0
    assert capsys.readouterr().out == (
        "mmrun: 1               # a.yaml:1\n"
        "params:\n"
        "  edge: 2              # <-s #1>:1\n"
        "quote:\n"
        "  half_spread: 5bps    # a.yaml:3\n"
        "  size: 100            # a.yaml:3\n"
        "risk:\n"
        "  max_inventory: 1000  # base.yaml:2\n"
    )


@pytest.mark.usefixtures("files")
def test_json_lists_values_with_their_origin(capsys):
    """Programs get the resolved data and an origin for each value."""
    assert run(["show", "a.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["version"] == 1
    assert found["strategy"]["risk"] == {"max_inventory": 1000}
    assert {
        "path": "risk.max_inventory",
        "value": 1000,
        "file": "base.yaml",
        "line": 2,
    } in found["values"]


@pytest.mark.usefixtures("files")
def test_a_file_with_errors_is_not_shown(capsys):
    """Errors go to stderr, with exit code 1."""
    assert run(["show", "a.yaml", "-s", "risk.max_inventory=-1"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "MM114" in captured.err


@pytest.mark.usefixtures("files")
def test_a_missing_file_gives_exit_code_2():
    """The strategy file is not there."""
    assert run(["show", "b.yaml"]) == 2
