from __future__ import annotations

from decimal import Decimal

import pytest

from mmrun.units import Dimension, parse_literal, parse_unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.3bps", 0.00003),
        ("5pct", 0.05),
        ("250ms", 0.25),
        ("2tick", 2.0),
        ("1_000", 1000.0),
        (".5min", 30.0),
        ("-1e-3", -0.001),
    ],
)
def test_a_literal_is_the_rounded_value_of_its_exact_decimal(text, value):
    """Scales are exact: 0.3bps is the float 0.00003."""
    assert parse_literal(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5 parsec",
        "bps",
        "5bps5",
        "1_",
        "1__0bps",
        "1e999999999s",
        "1e-999999999",
        "1e99999999999999999999",
    ],
)
def test_what_is_not_a_usable_literal_is_none(text):
    """Unknown units, and numbers whose exact fraction has no end of digits, are none."""
    assert parse_literal(text) is None


def test_zero_is_zero_whatever_its_exponent():
    """An exponent does not make zero large."""
    assert parse_literal("0e999bps").number == Decimal(0)


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("price/sqrt(s)", Dimension(2, 0, -1)),
        ("1/(price*size)", Dimension(-2, -2, 0)),
        ("price**2", Dimension(4, 0, 0)),
        ("money", Dimension(2, 2, 0)),
    ],
)
def test_a_unit_is_a_product_of_powers(text, dimension):
    """Units of params are products of powers of price, size and time."""
    assert parse_unit(text).dimension == dimension


@pytest.mark.parametrize(
    "text", ["", "parsec", "price+size", "ms**999999999", "(" * 9999, "price**", "1/0"]
)
def test_what_is_not_a_unit_is_none(text):
    """A unit nobody can mean is refused, by bounds where it would take long."""
    assert parse_unit(text) is None
