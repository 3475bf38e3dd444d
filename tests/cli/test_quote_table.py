"""`mmrun quote --table`: quotes over a range of one name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmrun.cli import run


ROOT = Path(__file__).parent.parent.parent
SKEW = str(ROOT / "strategies" / "inventory_skew.yaml")
MARKET = ("--bid", "149.95", "--ask", "150.05", "--set", "sigma=0.2")


def rows(capsys, *arguments):
    assert run(["quote", SKEW, *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_each_row_is_the_quote_of_that_value(capsys):
    """A table over inventory holds what single quotes give."""
    table = rows(capsys, *MARKET, "--table", "inventory=-1000:1000:5")
    single = rows(capsys, *MARKET, "--inventory", "500")[0]

    assert [row["value"] for row in table] == ["-1000", "-500", "0", "500", "1000"]
    assert {k: table[3][k] for k in single} == single
    assert (table[4]["bid"], table[4]["bid_rule"]) == (None, "max_inventory")


@pytest.mark.parametrize(
    ("table", "half"),
    [
        ("edge=1:2:2", [0.2, 0.4]),
        ("sigma=0.1:0.2:2", [0.1, 0.2]),
        ("sigma=1e-1:2e-1:2", [0.1, 0.2]),
        ("spread=1tick:100tick:2", [0.2, 0.5]),
        ("mid=100:200:2", [0.2, 0.2]),
    ],
)
def test_any_name_can_be_varied(capsys, table, half):
    """A param, a let, a market name with its unit, mid."""
    market = MARKET[-2:] if table.startswith("mid") else MARKET
    found = rows(capsys, *market, "--table", table)

    wide = [round((row["ask"] - row["bid"]) / 2, 2) for row in found]
    assert wide == half


def test_table_and_drawing(capsys):
    """Numbers in columns, then bid and ask against the value; the long side falls."""
    assert run(["quote", SKEW, *MARKET, "--table", "inventory=-1000:1000:3"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[:4] == [
        "inventory            bid  size            ask  size",
        "    -1000            150   100  max_inventory     0",
        "        0          149.8   100          150.2   100",
        "     1000  max_inventory     0            150   100",
    ]
    drawing = lines[5:21]
    assert drawing[0].startswith("150.2 │")
    assert drawing[-1].startswith("149.8 │")
    middle = drawing[8 if "●" in drawing[8] else 7]
    assert (middle.index("●"), middle.index("○")) == (7, 70)
    assert lines[22].split() == ["-1000", "inventory", "1000"]


def test_nothing_quoted_is_said(capsys):
    """Where no value gives a quote there is nothing to draw."""
    assert run(["quote", SKEW, *MARKET[:4], "--table", "inventory=0:1:2"]) == 0
    assert capsys.readouterr().out.endswith(
        "nothing is quoted at any of these values\n"
    )


@pytest.mark.parametrize(
    "table",
    [
        "inventory",
        "inventory=1:2",
        "inventory=1:2:1",
        "inventory=1:2:9999",
        "x=a:2:3",
        "sigma=1bps:2:3",
        "edge=1/share:2/share:3",
        "sgima=1:2:3",
    ],
)
def test_a_table_that_cannot_be_read_is_a_usage_error(capsys, table):
    """Form, count, units and the name are checked."""
    assert run(["quote", SKEW, *MARKET, "--table", table]) == 2
    assert "mmrun: --" in capsys.readouterr().err


def test_a_param_out_of_its_range_is_a_problem(capsys):
    """A value that the strategy refuses is refused here too."""
    assert run(["quote", SKEW, *MARKET, "--table", "edge=1:99:2"]) == 1
    assert "MM135" in capsys.readouterr().err
