"""`mmrun new` and `mmrun completion`: the first and the least of helps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmrun.cli import run


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_new_strategy_is_clean_and_its_tests_pass(capsys):
    """Checked, tested, every rule and branch reached."""
    assert run(["new", "tight"]) == 0
    assert capsys.readouterr().out.split() == [
        "tight.yaml",
        "tight.test.yaml",
        "schemas/strategy.schema.json",
        "schemas/test.schema.json",
    ]

    assert run(["check", "tight.yaml"]) == 0
    assert run(["test", "--fail-under", "100"]) == 0
    assert "5 passed" in capsys.readouterr().out


def test_the_editor_line_leads_to_the_schema(capsys):
    """The nearest folder of schemas is named; no second one is made."""
    run(["new", "first"])
    run(["new", "deeper/still/second.yaml"])
    path = Path("deeper/still/second.test.yaml")
    line = path.read_text().splitlines()[0]

    assert line == "# yaml-language-server: $schema=../../schemas/test.schema.json"
    assert (path.parent / line.split("=")[1]).is_file()
    assert not Path("deeper/still/schemas").exists()
    capsys.readouterr()


@pytest.mark.parametrize("name", ["Bad", "9x", "a-b", "taken", "there"])
def test_names_that_cannot_be(capsys, name):
    """A name is lower-case, and no file is overwritten."""
    Path("taken.yaml").write_text("mine\n")
    Path("there.test.yaml").write_text("mine\n")

    assert run(["new", name]) == 2
    assert Path("taken.yaml").read_text() == "mine\n"
    assert not Path("there.yaml").exists()
    assert capsys.readouterr().err.startswith("mmrun: '")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_mmrun(capsys, shell):
    """The script is click's, and names the variable that mmrun answers to."""
    assert run(["completion", shell]) == 0
    assert f"_MMRUN_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mmrun qu", {"quote"}),
        ("mmrun explain MM32", {"MM320", "MM321", "MM322", "MM323", "MM324"}),
        ("mmrun explain tight.yaml l", {"load"}),
        ("mmrun run tight.yaml -s ", {"width=", "lean=", "clip="}),
        ("mmrun schema tes", {"test"}),
    ],
)
def test_what_is_offered(words, offered):
    """Commands, codes, lets, params and schemas, as the shell's script gets them."""
    run(["new", "tight"])
    environment = {
        "_MMRUN_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }

    done = subprocess.run(
        [sys.executable, "-m", "mmrun"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert {line.split(",")[1] for line in done.stdout.splitlines()} == offered
