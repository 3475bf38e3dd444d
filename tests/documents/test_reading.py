from __future__ import annotations

import time

import pytest

from mmrun.documents import Scalar, Section, read_document, read_text


def codes(problems):
    return [problem.code for problem in problems]


def test_the_tree_holds_plain_data_in_file_order():
    """A document's data are plain lists, dicts and scalars."""
    document, problems = read_text("b: [1, x, {c: 0.5}]\na: true\n", "a.yaml")

    assert problems == ()
    assert document.data == {"b": [1, "x", {"c": 0.5}], "a": True}
    assert list(document.data) == ["b", "a"]


def test_every_key_and_value_knows_its_place():
    """Places are lines and columns in characters from 1, ends exclusive."""
    document, _ = read_text("größe:\n  ∑: [1, 中文x]\n", "a.yaml")

    key = document.key_place("größe", "∑").span()
    value = document.at("größe", "∑", 1).place.span()

    assert (key.line, key.column, key.end_column) == (2, 3, 4)
    assert (value.line, value.column, value.end_column) == (2, 10, 13)


def test_keys_are_text_whatever_they_look_like():
    """`on:`, `1:` and `~:` are the keys "on", "1" and "~"."""
    document, problems = read_text("on: 1\n1: 2\n~: 3\nyes: 4\n", "a.yaml")

    assert problems == ()
    assert document.data == {"on": 1, "1": 2, "~": 3, "yes": 4}


def test_an_aliased_value_has_the_place_of_its_anchor():
    """What an alias stands for is where the anchor is."""
    document, _ = read_text("a: &x 5bps\nb: *x\n", "a.yaml")

    span = document.at("b").place.span()

    assert (span.line, span.column, span.end_column) == (1, 7, 11)


def test_a_duplicate_key_names_both_places():
    """The second of two equal keys is the problem; the hint has both places."""
    document, problems = read_text("a: 1\nb: 2\na: 3\n", "a.yaml")

    assert codes(problems) == ["MM102"]
    assert problems[0].span.line == 3
    assert problems[0].hints == ("keep one of 1:1 and 3:1",)
    assert document.data == {"a": 1, "b": 2}


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path):
    """A UTF-8 byte order mark moves no column."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")

    document, problems = read_document(path)

    assert problems == ()
    assert document.key_place("a").span().column == 1


def test_bytes_that_are_not_utf_8_have_a_place(tmp_path):
    """Text in another encoding is a problem at its first wrong byte."""
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 1\nnäme: 2\n".encode("latin-1"))

    document, problems = read_document(path)

    assert document is None
    assert codes(problems) == ["MM100"]
    assert (problems[0].span.line, problems[0].span.column) == (2, 2)


def test_windows_line_ends_count_as_one():
    """A carriage return before a line feed is part of the line's end."""
    document, _ = read_text("a: 1\r\nb:\r\n  c: x y\r\n", "a.yaml")

    span = document.at("b", "c").place.span()

    assert (span.line, span.column, span.end_column) == (3, 6, 9)
    assert document.source.line_text(3) == "  c: x y"


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 200_000,
        "a: " + "{b: " * 200_000,
        "a: &a [1]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(100_000 // 3)),
        "x: " + "y" * 2_000_000,
        "- " * 100_000,
        "? " * 100_000,
    ],
)
def test_hostile_files_are_refused_by_bounds(text):
    """Depth, values and length are bounded, and a refusal takes no time to speak of."""
    start = time.perf_counter()

    document, problems = read_text(text, "a.yaml")

    assert document is None
    assert problems[-1].code == "MM109"
    assert time.perf_counter() - start < 5


def test_an_alias_deep_inside_counts_its_own_depth():
    """Aliases cannot nest values deeper than the bound."""
    lines = ["a0: &a0 [1]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 60)]

    document, problems = read_text("\n".join(lines), "a.yaml")

    assert document is None
    assert codes(problems) == ["MM109"]


def test_reading_starts_where_it_is_told():
    """Places refer to the whole text when only its end is YAML."""
    document, _ = read_text("edge=[1, 2]", "<-s #1>", 5)

    assert document.data == [1, 2]
    assert document.at(1).place.span().column == 10


def test_half_a_surrogate_pair_is_a_problem():
    """What a command line can hold and UTF-8 cannot is refused."""
    document, problems = read_text("a: \udc80", "<-s #1>")

    assert document is None
    assert codes(problems) == ["MM100"]


def test_nodes_say_what_they_are():
    """A section holds entries, a scalar its value and its text."""
    document, _ = read_text("a: 0.50\n", "a.yaml")

    assert isinstance(document.root, Section)
    assert isinstance(document.at("a"), Scalar)
    assert (document.at("a").value, document.at("a").text) == (0.5, "0.50")
    assert document.at("a", "b") is None
    assert document.at("b") is None
