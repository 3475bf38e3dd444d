"""`mmrun diff`: what differs in meaning, and what it does to quotes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmrun.cli import run
from mmrun.testing import sample


BEFORE = """\
mmrun: 1
name: before
description: one
params: {half: {value: 5, unit: bps}, unused: 1}
let:
  calm: volatility(mid, 1min)
quote:
  half_spread: max(half, 2*calm*sqrt(1s))
  size: 100
risk: {max_inventory: 1000}
"""


@pytest.fixture
def diff(tmp_path, monkeypatch, capsys):
    """Compares BEFORE to an edit of it; the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "SECONDS", 80)  # as much as the volatility looks back

    def compare(*edits: tuple[str, str], options: tuple[str, ...] = ()):
        after = BEFORE
        for old, new in edits:
            assert old in after
            after = after.replace(old, new)
        Path("a.yaml").write_text(BEFORE)
        Path("b.yaml").write_text(after)
        code = run(["diff", "a.yaml", "b.yaml", "--exit-code", *options])
        return code, capsys.readouterr().out.splitlines()

    return compare


def test_spelling_is_no_difference(diff):
    """Layout, unit spelling, descriptions and defaults that are written out are none."""
    code, lines = diff(
        ("description: one", "description: two"),
        ("{value: 5, unit: bps}", "5bps"),
        ("2*calm*sqrt(1s)", "2 * calm * (sqrt(1s))"),
        ("size: 100", "size: 100\n  fair: mid\n  post_only: slide"),
    )

    assert code == 0
    assert lines[0] == "no param, formula or setting differs"
    assert lines[1].endswith("the same in all 15 states")


def test_params_formulas_and_settings_are_told_apart(diff):
    """Each change stands in its section with before and after."""
    code, lines = diff(
        ("value: 5", "value: 7"),
        (", unused: 1", ""),
        ("2*calm", "3*calm"),
        ("max_inventory: 1000", "max_inventory: 500, price_collar: 5pct"),
    )

    assert code == 1
    assert lines[:8] == [
        "params",
        "  params.half: 5bps -> 7bps",
        "  params.unused: 1 -> not there",
        "formulas",
        (
            "  quote.half_spread: max(half, 2 * calm * sqrt(1s)) -> "
            "max(half, 3 * calm * sqrt(1s))"
        ),
        "settings",
        "  risk.max_inventory: 1000 -> 500",
        "  risk.price_collar: not there -> 5pct",
    ]


def test_the_quotes_change_is_that_of_mmrun_quote(diff, capsys):
    """A row of the grid is what `mmrun quote` gives before and after."""
    _, lines = diff(("value: 5", "value: 7"), options=("--json",))
    found = json.loads("\n".join(lines))
    pair = next(p for p in found["quotes"] if p["state"]["inventory"] == 500)
    touch = [f"--{name}={found['market'][name]}" for name in ("bid", "ask")]

    for file, key in (("a.yaml", "before"), ("b.yaml", "after")):
        # The half spread is the 5 and 7 bps: volatility is below them.
        run(["quote", file, *touch, "--inventory=500", "--set", "calm=0", "--json"])
        (quote,) = json.loads(capsys.readouterr().out)
        assert (quote["bid"], quote["ask"]) == (pair[key]["bid"], pair[key]["ask"])


def test_without_volatility_only_inventory_is_varied(tmp_path, capsys, monkeypatch):
    """A strategy that reads no volatility has five states."""
    monkeypatch.setattr(sample, "SECONDS", 10)
    path = tmp_path / "s.yaml"
    path.write_text(
        BEFORE.replace("2*calm*sqrt(1s)", "1tick").replace(
            "  calm: volatility(mid, 1min)", "  calm: mid"
        )
    )

    assert run(["diff", str(path), str(path)]) == 0
    assert "the same in all 5 states" in capsys.readouterr().out


def test_files_with_problems_and_missing_ones(tmp_path, capsys):
    """Problems give 1, a missing file 2."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(BEFORE)
    bad.write_text(BEFORE.replace("calm*", "clam*"))

    assert run(["diff", str(good), str(bad)]) == 1
    assert "did you mean" in capsys.readouterr().err
    assert run(["diff", str(good), str(tmp_path / "none.yaml")]) == 2


def test_quotes_are_compared_venue_by_venue(diff):
    """Of two venues, the one whose tick an edit changes differs."""
    code, lines = diff(
        ("risk:", "venues: {A: {tick: 0.01, lot: 1}, B: {tick: 0.01, lot: 1}}\nrisk:"),
        ("value: 5", "value: 7"),
        options=("--json", "-s", "half=5bps"),
    )
    assert code == 1  # venues are settings; -s leaves no other difference
    found = json.loads("\n".join(lines))
    assert {change["section"] for change in found["changes"]} == {"settings"}
    assert found["quotes"] == []


def test_every_venue_has_its_rows(tmp_path, capsys, monkeypatch):
    """Two venues in both files: a row for each, named."""
    monkeypatch.setattr(sample, "SECONDS", 80)
    old, new = tmp_path / "a.yaml", tmp_path / "b.yaml"
    text = BEFORE + "venues: {A: {tick: 0.01, lot: 1}, B: {tick: 0.01, lot: 1}}\n"
    old.write_text(text)
    new.write_text(text.replace("value: 5", "value: 9"))

    run(["diff", str(old), str(new)])
    out = capsys.readouterr().out

    assert " 0 at A " in out
    assert " 0 at B " in out


def test_levels_are_compared_each_with_its_like(diff):
    """More levels are a setting; those that both have are quoted alike."""
    code, lines = diff(
        ("size: 100", "size: 100\n  levels: {count: 3, step: 2tick}"),
    )

    assert code == 1
    assert "  quote.levels.count: not there -> 3" in lines
    assert any("the same in all 15 states" in line for line in lines)


def test_a_level_that_differs_is_named(diff):
    """Level 1 alone is elsewhere."""
    edit = ("size: 100", "size: 100\n  levels: {count: 2, size_factor: 2}")

    _, lines = diff(edit, options=("-s", "quote.levels.count=2"))

    assert any("level 1" in line for line in lines)
    assert not any("level 0" in line for line in lines)
