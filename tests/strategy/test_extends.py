from __future__ import annotations

import pytest

from mmrun.problems import UsageError
from mmrun.strategy import files_behind, read_strategy, resolve


BASE = """mmrun: 1
params:
  edge: {value: 1.0, range: [0.5, 4]}
tags: [a, b]
quote: {half_spread: 5bps, size: 100, requote: {on: quote, tolerance: 1tick}}
risk: {max_inventory: 1000, stale_after: 10s}
"""


def data(path, *overrides):
    document, problems = resolve(path, overrides)
    assert problems == ()
    return document.data


def test_sections_merge_and_the_rest_replaces(write):
    """Maps merge deeply; lists and scalars replace."""
    write(BASE, "base.yaml")
    path = write(
        "mmrun: 1\nextends: base.yaml\ntags: [c]\n"
        "params: {edge: {value: 2}}\nquote: {requote: {on: trade}, size: 5}\n"
    )

    assert data(path) == {
        "mmrun": 1,
        "params": {"edge": {"value": 2, "range": [0.5, 4]}},
        "tags": ["c"],
        "quote": {
            "half_spread": "5bps",
            "size": 5,
            "requote": {"on": "trade", "tolerance": "1tick"},
        },
        "risk": {"max_inventory": 1000, "stale_after": "10s"},
    }


def test_several_files_are_applied_left_to_right(write):
    """Of two files the later holds, and the file itself over both."""
    write("risk: {max_inventory: 1, price_collar: 1pct}\n", "one.yaml")
    write("risk: {max_inventory: 2, stale_after: 2s}\n", "two.yaml")
    path = write("extends: [one.yaml, two.yaml]\nrisk: {stale_after: 3s}\n")

    assert data(path)["risk"] == {
        "max_inventory": 2,
        "price_collar": "1pct",
        "stale_after": "3s",
    }


def test_a_file_may_be_extended_twice_on_different_ways(write):
    """A diamond is not a circle."""
    write("risk: {max_inventory: 1}\n", "root.yaml")
    write("extends: root.yaml\n", "left.yaml")
    write("extends: root.yaml\n", "right.yaml")
    path = write("extends: [left.yaml, right.yaml]\n")

    assert data(path) == {"risk": {"max_inventory": 1}}


def test_paths_are_relative_to_the_file_that_names_them(write, tmp_path):
    """A base in a folder finds its own base beside itself."""
    (tmp_path / "sub").mkdir()
    write("risk: {max_inventory: 1}\n", "sub/root.yaml")
    write("extends: root.yaml\n", "sub/base.yaml")
    path = write("extends: sub/base.yaml\n")

    document, _ = resolve(path)

    assert document.data == {"risk": {"max_inventory": 1}}
    assert document.at("risk", "max_inventory").place.file == str(
        tmp_path / "sub" / "root.yaml"
    )


def test_every_value_knows_its_file_and_line(write):
    """Provenance survives merging."""
    write(BASE, "base.yaml")
    path = write("mmrun: 1\nextends: base.yaml\n\nquote: {size: 5}\n")
    document, _ = resolve(path, ["edge=3"])

    places = [
        document.at(*keys).place
        for keys in (
            ("quote", "size"),
            ("quote", "half_spread"),
            ("params", "edge", "value"),
            ("params", "edge", "range"),
        )
    ]

    found = [(place.file.rsplit("/", 1)[-1], place.line) for place in places]
    assert found == [("a.yaml", 4), ("base.yaml", 5), ("<-s #1>", 1), ("base.yaml", 3)]


def test_remove_takes_inherited_keys_out(write):
    """A removed key is gone before the file's own keys are laid over."""
    write(BASE, "base.yaml")
    path = write(
        "mmrun: 1\nextends: base.yaml\nremove: [quote.half_spread, params, risk.stale_after]\n"
        "quote: {bid: mid - 1, ask: mid + 1}\nparams: {own: 1}\n"
    )

    found = data(path)

    assert "half_spread" not in found["quote"]
    assert found["params"] == {"own": 1}
    assert found["risk"] == {"max_inventory": 1000}
    assert read_strategy(path)[1] == ()


def test_a_chain_of_doubling_files_is_read_once_each(write):
    """Files that each extend two others do not multiply."""
    write("risk: none\n", "f0.yaml")
    write("risk: none\n", "g0.yaml")
    for i in range(1, 20):
        write(f"extends: [f{i - 1}.yaml, g{i - 1}.yaml]\n", f"f{i}.yaml")
        write(f"extends: [g{i - 1}.yaml, f{i - 1}.yaml]\n", f"g{i}.yaml")

    assert data(write("extends: [f19.yaml, g19.yaml]\n")) == {"risk": "none"}


def test_too_many_files_are_refused(write):
    """A chain is bounded."""
    write("risk: none\n", "f0.yaml")
    for i in range(1, 80):
        write(f"extends: f{i - 1}.yaml\n", f"f{i}.yaml")

    document, problems = resolve(write("extends: f79.yaml\n"))

    assert document is None
    assert [p.code for p in problems] == ["MM122"]


def test_a_missing_strategy_file_is_a_usage_error(tmp_path):
    """The file named on the command line is not there: exit code 2."""
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        read_strategy(tmp_path / "nowhere.yaml")


def test_a_folder_is_not_a_strategy_file(tmp_path):
    """A folder cannot be read as one."""
    with pytest.raises(UsageError):
        read_strategy(tmp_path)


def test_the_files_behind_a_strategy_are_known(write):
    """All that is extended, over several steps, and what is not there yet."""
    root = write("risk: {max_inventory: 1}\n", "root.yaml")
    base = write("extends: [root.yaml, later.yaml]\n", "base.yaml")
    path = write("mmrun: 1\nextends: base.yaml\n")

    found = files_behind(path)

    assert found[0] == path
    assert set(found[1:]) == {base, root, path.parent / "later.yaml"}


def test_a_file_that_cannot_be_read_has_none_behind_it(write):
    """Of what is no YAML, or not there, the file itself is all there is to watch."""
    broken = write("mmrun: [1\n")

    assert files_behind(broken) == (broken,)
    assert files_behind(broken.parent / "none.yaml") == (broken.parent / "none.yaml",)
