"""`mmrun explain`: pages of codes, compiled plans, trees of formulas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmrun import api, lint, strategy
from mmrun.cli import run
from mmrun.cli.examples import EXAMPLES, complete
from mmrun.cli.pages import titles
from mmrun.cli.remedies import REMEDIES
from mmrun.importers import table_map
from mmrun.lang import codes as lang_codes
from mmrun.market import check_codes
from mmrun.plan import graph, one_for_all
from mmrun.testing import codes as test_codes, sample


TEXT = """\
mmrun: 1
name: plain
params: {edge: 5bps, lean: 2, clip: {value: 100, unit: size}}
let:
  sigma: volatility(mid, 1min)
  load: inventory / max_inventory
quote:
  half_spread: max(edge, 1tick, sigma * sqrt(1s))
  reservation: fair - lean * load * half_spread
  size: clip
risk: {max_inventory: 1000}
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "SECONDS", 240)  # enough for a fill, and quicker
    Path("plain.yaml").write_text(TEXT)
    return "plain.yaml"


def codes_of(folder: Path, part: str) -> set[str]:
    """The codes of a strategy file completed around a part of one."""
    path = folder / "example.yaml"
    path.write_text(complete(part))
    return {problem.code for problem in api.check(path)}


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_fails_with_its_code(code, tmp_path):
    """What a page shows as failing gives that code and no other."""
    failing, _ = EXAMPLES[code]

    assert codes_of(tmp_path, failing) == {code}


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_passes_without_problems(code, tmp_path):
    """What a page shows as passing is a strategy with nothing wrong."""
    _, passing = EXAMPLES[code]

    assert codes_of(tmp_path, passing) == set()


def test_every_code_has_a_remedy():
    """Nothing is reported of a file that `explain` has no advice on."""
    of_files = titles().keys() - check_codes.CODES.keys() - lint.MANUALS.keys()

    assert REMEDIES.keys() == of_files
    assert EXAMPLES.keys() <= of_files


def test_codes_of_different_rooms_do_not_collide():
    """A code is used once."""
    tables = (
        strategy.CODES,
        lang_codes.CODES,
        graph.CODES,
        one_for_all.CODES,
        lint.CODES,
        table_map.CODES,
        check_codes.CODES,
        test_codes.CODES,
    )

    assert sum(map(len, tables)) == len(titles())


def test_the_page_of_a_code(capsys):
    """A page has title, remedy, and an example that fails and one that passes."""
    assert run(["explain", "MM320"]) == 0
    assert capsys.readouterr().out == (
        "MM320: units do not fit together\n"
        "\n"
        "What is added, compared or put into a field must be of one unit. Multiply or\n"
        "divide by what brings the one to the other; the help names it.\n"
        "\n"
        "Fails:\n"
        "\n"
        "    quote:\n"
        "      fair: mid + queue_imbalance\n"
        "      half_spread: 5bps\n"
        "      size: 100\n"
        "\n"
        "Passes:\n"
        "\n"
        "    quote:\n"
        "      fair: mid + queue_imbalance * 2bps\n"
        "      half_spread: 5bps\n"
        "      size: 100\n"
    )


def test_a_code_in_lower_case_is_the_same_code(capsys):
    """Codes are found however they are typed."""
    assert run(["explain", "mm501", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["version"], found["code"], found["failing"]) == (1, "MM501", [])


def test_an_unknown_code_gives_exit_code_2(capsys):
    """A code that does not exist is a usage error with the nearest one."""
    assert run(["explain", "MM329"]) == 2
    assert "did you mean MM32" in capsys.readouterr().err


def test_the_plan_says_what_was_converted(file, capsys):
    """A relative price beside a price is shown as taken of mid."""
    assert run(["explain", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    index = next(i for i, line in enumerate(lines) if "half_spread" in line)
    assert " ".join(lines[index].split()) == (
        "half_spread price data max(edge * mid, 1tick, sigma * sqrt(1s))"
    )
    assert lines[index + 1 : index + 3] == [
        "      edge, a relative price, is taken of mid",
        "      1tick is counted in the instrument's ticks",
    ]


def test_the_plan_as_json(file, capsys):
    """The same facts for programs: columns in order, and what the residual reads."""
    assert run(["explain", file, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    made = [column["name"] for column in found["columns"]]
    residual = found["residual"]
    assert found["version"] == 1
    assert {column["by"] for column in found["columns"]} == {"numexpr", "series kernel"}
    assert set(residual["columns"]) <= {"mid", *made}
    assert residual["state"] == ["@inventory"]
    for place, column in enumerate(found["columns"]):
        assert {n for n in column["reads"] if n in made} <= set(made[:place])


def test_a_tree_says_what_computes_each_node(file, capsys):
    """With a name: a node a line, operands below, each with its back end."""
    assert run(["explain", file, "reservation", "--json"]) == 0
    nodes = json.loads(capsys.readouterr().out)["nodes"]
    by = {node["text"]: (node["depth"], node["stage"], node["by"]) for node in nodes}
    assert by["lean * load * half_spread"] == (1, "state", "residual")
    assert by["inventory"] == (4, "state", "own state")
    assert by["lean"] == (3, "param", "run value $lean")
    assert by["sigma"][1:] == ("data", "series kernel c0")


def test_a_tree_in_lines(file, capsys):
    """A let's tree as text, each node with its value in the sample market."""
    assert run(["explain", file, "load"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["unit", "stage", "computed", "by", "value"]
    assert [line.split()[:-1] for line in lines[1:4]] == [
        ["inventory", "/", "max_inventory", "ratio", "state", "residual"],
        ["inventory", "size", "state", "own", "state"],
        ["max_inventory", "size", "param", "run", "value", "$max_inventory"],
    ]
    load, inventory, limit = (float(line.split()[-1]) for line in lines[1:4])
    assert load == inventory / limit != 0
    assert lines[5].startswith("sample values: after ten minutes")


def test_what_no_quote_needs_is_said_not_to_be_compiled(file, capsys):
    """A let that nothing reads has a meaning and no column."""
    Path(file).write_text(TEXT.replace("let:\n", "let:\n  idle: mean(mid, 5s)\n"))

    assert run(["explain", file, "idle"]) == 0
    first = capsys.readouterr().out.splitlines()[1]
    assert "not compiled: no quote needs it  " in first


def test_overrides_are_explained(file, capsys):
    """-s counts: a param in other units is converted otherwise."""
    assert run(["explain", file, "-s", "edge=7", "--json"]) == 0
    params = json.loads(capsys.readouterr().out)["params"]
    assert params[0] == {"name": "edge", "text": "7", "unit": "bps"}


def test_an_unknown_name_gives_exit_code_2(file, capsys):
    """A misspelt let is a usage error with the nearest one."""
    assert run(["explain", file, "sgima"]) == 2
    assert "did you mean 'sigma'?" in capsys.readouterr().err


def test_a_file_with_problems_gives_exit_code_1(file, capsys):
    """What cannot be compiled is said instead of explained."""
    Path(file).write_text(TEXT.replace("lean *", "laen *"))

    assert run(["explain", file]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "did you mean lean (param)?" in captured.err


def test_a_missing_file_gives_exit_code_2(capsys):
    """A file that is not there is a usage error."""
    assert run(["explain", "nowhere.yaml"]) == 2
    assert "nowhere.yaml" in capsys.readouterr().err


def test_explain_imports_none_of_the_slow_libraries(file, repository):
    """Explaining a file compiles it without data frames and compilers."""
    code = (
        "import sys; from mmrun.cli import run; code = run(['explain', 'plain.yaml']);"
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

    assert (done.returncode, done.stderr) == (0, "")
