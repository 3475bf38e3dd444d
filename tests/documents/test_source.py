from __future__ import annotations

import pytest

from mmrun.documents import read_text


def place(text):
    document, problems = read_text(text, "a.yaml")
    assert problems == ()
    return document.at("f").place, document.at("f").text


@pytest.mark.parametrize(
    ("text", "word", "line", "column"),
    [
        ("f: a + bad\n", "bad", 1, 8),
        ("f: a +\n   bad\n", "bad", 2, 4),
        ("f: a\n\n\n   bad\n", "bad", 4, 4),
        ("f: 'it''s bad'\n", "bad", 1, 11),
        ("f: 'a\n\n   ''bad'\n", "bad", 3, 6),
        ('f: "a\\tb\\u00e9 bad"\n', "bad", 1, 16),
        ('f: "a\\\n    bad"\n', "bad", 2, 5),
        ("f: |\n  a +\n    bad\n", "bad", 3, 5),
        ("f: |2-\n    a\n  bad\n", "bad", 3, 3),
        ("f: >-  # why\n  a +\n  bad\n", "bad", 3, 3),
        ("f: >\n  a\n\n    b\n  bad\n", "bad", 5, 3),
        ("f: &anchor bad\n", "bad", 1, 12),
        ("f: &anchor |\n  bad\n", "bad", 2, 3),
        ("{f: a + bad}\n", "bad", 1, 9),
        ("größe: 1\nf: ∑ + bad\n", "bad", 2, 8),
        ("f: a +\r\n   bad\r\n", "bad", 2, 4),
    ],
)
def test_an_offset_of_a_scalar_is_a_place_in_the_file(text, word, line, column):
    """A word of the decoded text is found where the file has it, in every style."""
    where, decoded = place(text)
    start = decoded.index(word)

    span = where.span(start, start + len(word))

    assert (span.line, span.column) == (line, column)
    assert (span.end_line, span.end_column) == (line, column + len(word))


def test_the_whole_scalar_is_the_default():
    """Without offsets the span is the scalar, quotes included."""
    where, _ = place('f: "a b"\n')

    assert (where.span().column, where.span().end_column) == (4, 9)


def test_the_whole_of_a_block_begins_with_its_text():
    """A block's span is its text, not its header."""
    where, _ = place("f: |\n  a\n  b\n\n")

    span = where.span()

    assert (span.line, span.column, span.end_line, span.end_column) == (2, 3, 3, 4)


def test_the_end_of_a_scalar_is_a_place_too():
    """A formula that ends too early is pointed at just after its last character."""
    where, text = place("f: a +\n")

    span = where.span(len(text), len(text))

    assert (span.column, span.end_column) == (7, 7)


def test_offsets_outside_give_the_whole_scalar():
    """An offset that cannot be is no reason to fail."""
    where, _ = place("f: abc\n")

    assert where.span(99, 100) == where.span()
    assert where.span(0, 99) == where.span()


def test_a_line_that_is_not_there_is_empty():
    """Beyond the file there is no text."""
    where, _ = place("f: abc\n")

    assert where.line_text(1) == "f: abc"
    assert where.line_text(0) == where.line_text(9) == ""
