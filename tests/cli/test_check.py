from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmrun.cli import run


GOOD = "mmrun: 1\nparams: {edge: 5bps}\nquote: {half_spread: edge, size: 100}\nrisk: {max_inventory: 1000}\n"
BAD = GOOD.replace("size:", "sise:")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)


def test_a_good_file_is_ok(folder, capsys):
    """Nothing wrong: `ok` and exit code 0."""
    write(folder, a=GOOD)

    assert run(["check", "a.yaml"]) == 0
    assert capsys.readouterr().out == "ok\n"


def test_an_error_gives_exit_code_1(folder, capsys):
    """Findings are results: they go to stdout."""
    write(folder, a=BAD)

    assert run(["check", "a.yaml"]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines() == [
        "a.yaml:3:28: error[MM110] unknown key 'sise'",
        "     3 | quote: {half_spread: edge, sise: 100}",
        "       |                            ^^^^ help: did you mean 'size'?",
        "1 error in 1 file",
    ]


def test_a_warning_alone_gives_exit_code_0(folder, capsys):
    """Warnings are shown and do not fail."""
    write(folder, a=GOOD + "description: yes\n")

    assert run(["check", "a.yaml"]) == 0
    assert "warning[MM105]" in capsys.readouterr().out


def test_a_missing_path_gives_exit_code_2(folder, capsys):
    """A path that is not there is a usage error on stderr."""
    assert run(["check", "nowhere.yaml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nowhere.yaml" in captured.err


def test_a_folder_without_strategies_gives_exit_code_5(folder):
    """Nothing selected is not the same as nothing wrong."""
    write(folder, tests="mmrun: 1\nstrategy: a.yaml\ntests: []\n", other="a: 1\n")

    assert run(["check", "."]) == 5
    assert run(["check"]) == 5


def test_a_folder_stands_for_its_strategies(folder, capsys):
    """Tests, experiments, datasets and foreign files are passed over."""
    (folder / "sub").mkdir()
    (folder / ".hidden").mkdir()
    write(folder, good=GOOD, bad=BAD, test="mmrun: 1\ntests: []\n")
    write(folder, experiment="mmrun: 1\nexperiment: e\n", foreign="sise: 1\n")
    write(folder, dataset="mmrun: 1\ninstruments: []\n", ci="a: {{ x }}\n")
    write(
        folder / "sub",
        broken="mmrun: 1\nquote: [\n",
        misspelt=GOOD.replace("quote", "qoute"),
    )
    write(folder / ".hidden", bad=BAD)

    assert run(["check", ".", "--format", "concise"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "bad.yaml:3:28: MM110 unknown key 'sise'",
        "sub/broken.yaml:3:1: MM101 expected a value, or the end of the list or section",
        "sub/misspelt.yaml:3:1: MM110 unknown key 'qoute'",
    ]


def test_formulas_are_checked_with_the_rest(folder, capsys):
    """A misspelt key and what is wrong with formulas are said in one go, by place."""
    text = BAD.replace("half_spread: edge", "half_spread: edgy, fair: mid + 5s")
    write(folder, a=text)

    assert run(["check", "a.yaml", "--format", "concise"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "a.yaml:3:22: MM301 unknown name edgy",
        "a.yaml:3:34: MM320 mid is price, 5s is time; they must have one unit",
        "a.yaml:3:44: MM110 unknown key 'sise'",
    ]


def test_all_files_are_in_one_json_object(folder, capsys):
    """`--format json` prints one object whatever was checked."""
    write(folder, a=BAD, b=GOOD, c=BAD)

    assert run(["check", "a.yaml", "b.yaml", "c.yaml", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["errors"]) == (False, 2)
    assert [d["file"] for d in found["diagnostics"]] == ["a.yaml", "c.yaml"]


def test_overrides_are_checked_too(folder, capsys):
    """A bad -s is a problem in its own pseudo-file."""
    write(folder, a=GOOD)

    assert run(["check", "a.yaml", "-s", "edge=7bps"]) == 0
    assert run(["check", "a.yaml", "-s", "egde=7bps", "--format", "concise"]) == 1
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == "<-s #1>:1:1: MM123 unknown param 'egde'"
    )


def test_check_imports_none_of_the_slow_libraries(folder, repository):
    """Checking a file needs neither data frames nor compilers."""
    write(folder, a=GOOD)
    code = (
        "import sys; from mmrun.cli import run; code = run(['check', 'a.yaml']);"
        "slow = {'polars', 'numexpr', 'numba', 'numpy', 'llvmlite'} & set(sys.modules);"
        "sys.exit(f'imported {slow}' if slow else code)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(repository)},
    )

    assert (done.returncode, done.stderr, done.stdout) == (0, "", "ok\n")


def test_data_says_what_a_file_alone_cannot(folder, repository, capsys):
    """Far from the market is a warning; data that is not there is exit code 3."""
    write(folder, a=GOOD.replace("5bps", "5pct"))
    example = str(repository / "mmrun" / "example")

    assert run(["check", "a.yaml"]) == 0
    assert run(["check", "a.yaml", "--data", example, "--format", "concise"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "a.yaml:3:22: MM450 no quote is ever touched in 50,234 events of ACME at NASDAQ"
    ]
    assert run(["check", "a.yaml", "--data", "nowhere"]) == 3


def test_an_input_without_data_gives_exit_code_2(folder, capsys):
    """Without data nothing reads it."""
    write(folder, a=GOOD)

    assert run(["check", "a.yaml", "--input", "alpha=x.csv"]) == 2
    assert "--input belongs to --data" in capsys.readouterr().err
