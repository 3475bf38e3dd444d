from __future__ import annotations

import json

from mmrun.cli.render import as_json, concise, counts, full
from mmrun.problems import Problem, Span


KEY = Problem(
    "MM110",
    "unknown key 'untis'",
    Span("bad.yaml", 19, 5, 19, 10),
    ("did you mean 'unit'?",),
    "error",
    "    untis: bps",
)
WARNING = Problem(
    "MM105", "yes is text here", Span("b.yaml", 1, 1, 2, 3), (), "warning", "yes"
)


def test_full_shows_the_line_the_caret_and_the_remedy():
    """A problem is shown below its place with its first hint beside the caret."""
    assert full([KEY], color=False) == (
        "bad.yaml:19:5: error[MM110] unknown key 'untis'\n"
        "    19 |     untis: bps\n"
        "       |     ^^^^^ help: did you mean 'unit'?"
    )


def test_a_span_over_lines_is_marked_to_the_line_s_end():
    """Only the first line is shown."""
    assert full([WARNING], color=False).splitlines()[-1] == "       | ^^^"


def test_more_hints_stand_below():
    """Each hint has a line."""
    problem = Problem("MM1", "m", Span("a", 1, 1, 1, 2), ("one", "two"), "error", "x")

    assert full([problem], color=False).splitlines()[2:] == [
        "       | ^ help: one",
        "       | help: two",
    ]


def test_operands_that_do_not_go_together_have_carets_each():
    """Both places of a mismatch are marked, below wide characters too."""
    marks = (Span("a", 1, 5, 1, 8), Span("a", 1, 11, 1, 15))
    span = Span("a", 1, 5, 1, 15)
    problem = Problem("MM1", "m", span, ("h",), "error", "価格: mid + flow", marks)

    assert full([problem], color=False).splitlines()[2] == (
        "       |       ^^^   ^^^^ help: h"
    )


def test_marks_on_other_lines_leave_the_whole_span():
    """A formula over lines is marked from its start to the line's end."""
    marks = (Span("a", 1, 3, 1, 4), Span("a", 2, 1, 2, 2))
    problem = Problem("MM1", "m", Span("a", 1, 3, 2, 2), (), "error", "x y + ", marks)

    assert full([problem], color=False).splitlines()[2] == "       |   ^^^"


def test_a_problem_without_a_place_has_its_hints_below():
    """There is no caret without text to point at."""
    problem = Problem("MM1", "m", None, ("h",))

    assert full([problem], color=False) == "error[MM1] m\n    help: h"


def test_colour_is_only_used_when_asked():
    """Plain text holds no escape codes."""
    assert "\033" not in full([KEY, WARNING], color=False)
    assert "\033[31m" in full([KEY], color=True)


def test_a_caret_stands_below_wide_characters():
    """Characters two columns wide move the caret by two."""
    problem = Problem("MM1", "m", Span("a", 1, 3, 1, 4), (), "error", "中文x")

    assert full([problem], color=False).splitlines()[2] == "       |     ^"


def test_what_would_move_the_cursor_is_not_printed():
    """Escape codes of a file do not reach the terminal; a tab is one space."""
    problem = Problem(
        "MM1", "got '\x1b[2J'", Span("a\n", 1, 2, 1, 3), (), "error", "\tx\x07"
    )

    text = full([problem], color=False)

    assert "\x1b" not in text
    assert "\x07" not in text
    assert text.splitlines()[1:] == [
        "     1 |  x\N{REPLACEMENT CHARACTER}",
        "       |  ^",
    ]


def test_a_long_line_is_cut_around_the_problem():
    """A line of a thousand characters shows the part that matters."""
    problem = Problem(
        "MM1",
        "m",
        Span("a", 1, 501, 1, 504),
        (),
        "error",
        "a" * 500 + "bad" + "c" * 500,
    )

    line, caret = full([problem], color=False).splitlines()[1:]

    assert len(line) < 140
    assert line[caret.index("^") : caret.rindex("^") + 1] == "bad"


def test_concise_is_one_line_each():
    """Editors read `file:line:column: CODE message`."""
    assert concise([KEY, WARNING]).splitlines() == [
        "bad.yaml:19:5: MM110 unknown key 'untis'",
        "b.yaml:1:1: MM105 yes is text here",
    ]


def test_json_has_its_documented_shape():
    """Programs read these keys and no others."""
    assert json.loads(as_json([KEY, WARNING])) == {
        "version": 1,
        "valid": False,
        "errors": 1,
        "warnings": 1,
        "omitted": 0,
        "diagnostics": [
            {
                "code": "MM110",
                "severity": "error",
                "message": "unknown key 'untis'",
                "file": "bad.yaml",
                "line": 19,
                "column": 5,
                "end_line": 19,
                "end_column": 10,
                "hints": ["did you mean 'unit'?"],
                "snippet": "    untis: bps",
            },
            {
                "code": "MM105",
                "severity": "warning",
                "message": "yes is text here",
                "file": "b.yaml",
                "line": 1,
                "column": 1,
                "end_line": 2,
                "end_column": 3,
                "hints": [],
                "snippet": "yes",
            },
        ],
    }


def test_json_without_errors_is_valid():
    """Warnings alone do not make a file invalid."""
    assert json.loads(as_json([WARNING]))["valid"] is True
    assert json.loads(as_json([])) == {
        "version": 1,
        "valid": True,
        "errors": 0,
        "warnings": 0,
        "omitted": 0,
        "diagnostics": [],
    }


def test_the_last_line_counts():
    """Errors and warnings are counted over the files."""
    assert counts([KEY, KEY, WARNING], 3) == "2 errors, 1 warning in 3 files"
    assert counts([WARNING], 1) == "1 warning in 1 file"
    assert counts([], 4) == "ok"


def test_at_most_fifty_of_a_file_are_shown():
    """Errors first where there are more, and how many more is said."""
    many = [
        Problem(
            "MM1",
            "m",
            Span("a", line, 1, line, 2),
            (),
            "warning" if line < 21 else "error",
        )
        for line in range(1, 62)
    ]

    lines = concise([*many, WARNING]).splitlines()

    assert len(lines) == 52
    assert lines[8].startswith("a:9:1")  # the last warning there is room for
    assert lines[9].startswith("a:21:1")  # the first of 41 errors
    assert lines[-1] == "a: and 11 more problems"
    assert counts(many, 1) == "41 errors, 20 warnings in 1 file"
    assert json.loads(as_json(many))["omitted"] == 11
