"""`mmrun explain FILE --graph`: what reads what, as Mermaid text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmrun.cli import run


TEXT = """\
mmrun: 1
params: {edge: 5bps}
let:
  wide: spread > 2tick and last_price < mid
  load: inventory / max_inventory
quote:
  half_spread: max(edge, 1tick) if wide else edge
  reservation: mid - load * half_spread
  size: 100
risk: {max_inventory: 1000}
"""


@pytest.fixture
def edges(tmp_path, capsys):
    """The arrows of a strategy's graph by name, and its lines."""
    path = tmp_path / "s.yaml"
    path.write_text(TEXT)

    def drawn(*arguments: str) -> tuple[set[tuple[str, str]], list[str]]:
        assert run(["explain", str(path), *arguments, "--graph"]) == 0
        lines = capsys.readouterr().out.splitlines()
        names = {}
        for line in lines:
            if found := re.match(r'  (n\d+)\["(.*?)(?:<br/>.*)?"\]:::\w+$', line):
                names[found[1]] = found[2]
        arrows = (line.split(" --> ") for line in lines if "-->" in line)
        return {(names[a.strip()], names[b]) for a, b in arrows}, lines

    return drawn


def test_an_arrow_goes_from_a_name_to_what_reads_it(edges):
    """Market, state, params, lets and fields, each formula's own reads alone."""
    arrows, lines = edges()

    assert lines[0] == "flowchart LR"
    assert {a for a, b in arrows if b == "wide"} == {
        "spread",
        "last_price",
        "mid",
        "tick",
    }
    assert {a for a, b in arrows if b == "load"} == {"inventory", "max_inventory"}
    assert {a for a, b in arrows if b == "reservation"} == {
        "mid",
        "load",
        "half_spread",
    }
    assert ("reservation", "quote.bid") in arrows
    assert not any(b == "bid" for _, b in arrows)


def test_with_a_name_only_what_it_needs(edges):
    """The graph of one formula leaves the rest of the file out."""
    arrows, _ = edges("load")

    assert arrows == {("inventory", "load"), ("max_inventory", "load")}


def test_labels_hold_nothing_that_mermaid_would_read(edges):
    """Comparison signs are entities; colours say the stage."""
    _, lines = edges()
    (label,) = [line for line in lines if '"wide<br/>' in line]

    assert label.endswith('spread #gt; 2tick and last_price #lt; mid"]:::data')
    assert any(line.startswith("  classDef state ") for line in lines)


@pytest.mark.parametrize("arguments", [["MM320"], ["s.yaml", "--json"]])
def test_a_graph_is_of_a_file_alone(capsys, arguments):
    """A code has no graph, and a graph is no JSON."""
    assert run(["explain", *arguments, "--graph"]) == 2
    assert "--graph is of a file" in capsys.readouterr().err


def test_every_shipped_strategy_has_a_graph(capsys):
    """All of them draw, with an arrow into each of the four quotes."""
    root = Path(__file__).parent.parent.parent / "strategies"
    for path in root.rglob("*.yaml"):
        if ".test." not in path.name:
            assert run(["explain", str(path), "--graph"]) == 0
            assert capsys.readouterr().out.count("-->") >= 4
