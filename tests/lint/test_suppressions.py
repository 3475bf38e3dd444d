"""Comments that take warnings back."""

from __future__ import annotations

import pytest

from mmrun import api
from mmrun.problems import errors_in


HEAD = "mmrun: 1\nquote: {half_spread: 5bps, size: 100}\n"
STOP = "risk:\n  max_inventory: 1000\n  on_breach: stop_all"


@pytest.fixture
def codes(tmp_path):
    """The codes found in a file, in order."""

    def check(text, *overrides, name="a.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return [problem.code for problem in api.check(path, overrides)]

    return check


@pytest.mark.parametrize(
    "text",
    [
        HEAD + STOP + "  # mmrun: ignore MM442\n",
        HEAD + STOP + " #mmrun:ignore MM442 as the article has it\n",
        HEAD
        + STOP.replace("  on_", "  # mmrun: ignore MM442\n\n  # why\n  on_")
        + "\n",
        "# mmrun: ignore-file MM442\n" + HEAD + STOP + "\n",
        HEAD + STOP + "\n# mmrun: ignore-file MM442\n",
    ],
)
def test_a_comment_takes_a_warning_back(codes, text):
    """On the line, above it, or anywhere for the whole file."""
    assert codes(text) == []


def test_only_what_is_named_is_taken_back(codes):
    """A comment of another code is left over."""
    assert codes(HEAD + STOP + " # mmrun: ignore MM430\n") == ["MM442", "MM402"]


def test_a_comment_covers_a_formula_over_several_lines(codes):
    """In a block of text there can be no comment; the one above the key counts."""
    text = (
        "mmrun: 1\nlet:\n  # mmrun: ignore MM420\n  r: >\n    mid\n    /\n    spread\n"
        "quote: {half_spread: 1bps * r, size: 100}\nrisk: {max_inventory: 1000}\n"
    )

    assert codes(text) == []


def test_a_comment_does_not_reach_the_next_line(codes):
    """What stands a line below is another matter."""
    assert codes(HEAD + STOP.replace("1000", "1000 # mmrun: ignore MM442")) == [
        "MM402",
        "MM442",
    ]


def test_an_error_cannot_be_taken_back(codes):
    """A file with an error does not run, whatever a comment says."""
    text = HEAD + "risk: {max_inventroy: 1000} # mmrun: ignore MM110\n"

    assert codes(text) == ["MM110", "MM401"]


def test_what_is_left_over_is_said_of_a_file_as_it_is(codes):
    """With -s, or beside errors that hide warnings, nothing is left over."""
    text = HEAD + STOP + " # mmrun: ignore MM442\n"

    assert codes(text, "risk.on_breach=reduce_only") == []
    assert codes(text.replace("size", "sise")) == ["MM110"]
    assert codes(text.replace("stop_all", "reduce_only")) == ["MM402"]


def test_a_rule_of_data_is_not_left_over_without_data(codes):
    """What was not looked for may well be there."""
    assert codes(HEAD + "risk: {max_inventory: 1} # mmrun: ignore MM450\n") == []


def test_comments_of_an_extended_file_count_there(codes, tmp_path):
    """A base file speaks for itself, and is not blamed for what a child changes."""
    (tmp_path / "base.yaml").write_text(HEAD + STOP + " # mmrun: ignore MM442\n")

    assert codes("mmrun: 1\nextends: base.yaml\n", name="b.yaml") == []
    over = "mmrun: 1\nextends: base.yaml\nrisk: {on_breach: reduce_only}\n"
    assert codes(over, name="c.yaml") == []


def test_thousands_of_comments_are_not_read(tmp_path):
    """There is an end to suppressions of one file."""
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + STOP + "\n" + "# mmrun: ignore MM430, MM431\n" * 9_000)

    problems = api.check(path)

    assert not errors_in(problems)
    assert len(problems) < 300
