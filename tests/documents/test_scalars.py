from __future__ import annotations

import pytest

from mmrun.documents.scalars import read_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.25", -0.25),
        ("+7", 7),
        ("017", 17),
        ("08", 8),
        ("0o17", 15),
        ("0x1F", 31),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("Yes", "Yes"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0b11", "0b11"),
        ("2024-01-01", "2024-01-01"),
        ("nan", "nan"),
        ("5bps", "5bps"),
        ("e5", "e5"),
        ("1e", "1e"),
        ("-", "-"),
    ],
)
def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(text, value):
    """A plain scalar has the type YAML 1.2 gives it."""
    found = read_plain(text).value

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".inf", "-.Inf", "+.INF", "1e999", "9" * 400])
def test_numbers_that_are_not_finite_are_refused(text):
    """Infinity and NaN, written or by overflow, are errors."""
    assert read_plain(text).code == "MM106"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("yes", "MM105"),
        ("n", "MM105"),
        ("NO", "MM105"),
        ("017", "MM107"),
        ("1:30", "MM107"),
        ("0b1", "MM107"),
    ],
)
def test_scalars_that_other_readers_take_for_something_else_warn(text, code):
    """What YAML 1.1 reads otherwise is said, with a way to write it."""
    reading = read_plain(text)

    assert reading.code == code
    assert reading.hint


@pytest.mark.parametrize(
    "text", ["on", "off", "1_000", "1e-3", "0", "-0", "0.5", "09:30"]
)
def test_words_of_the_format_do_not_warn(text):
    """What mmrun's own formats use, or what reads alike everywhere, is quiet."""
    assert read_plain(text).code == ""
