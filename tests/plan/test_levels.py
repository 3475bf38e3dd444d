"""What a level after the first quotes, and formulas at one level."""

from __future__ import annotations

import math

import pytest

from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.names import TICK
from mmrun.lang.nodes import Expr, Ticks
from mmrun.lang.show import show
from mmrun.plan.levels import at_level, deeper, output_names, varies
from mmrun.strategy.spec import Levels


@pytest.fixture
def fields(read):
    """Quote fields, some of them replaced by the text of a formula."""

    def make(**texts: str) -> dict[str, Expr]:
        given = {"fair": "mid", "half_spread": "2tick", "reservation": "mid"}
        given |= {"bid": "mid - 2tick", "ask": "mid + 2tick"}
        given |= {"bid_size": "clip", "ask_size": "clip"} | texts
        return {name: read(text) for name, text in given.items()}

    return make


def test_a_price_without_level_stands_steps_further_out(fields, read):
    """Bids lower, asks higher, by the level's number of steps."""
    found = deeper(fields(), read("3tick"), Levels(count=3))

    assert show(found["bid"]) == "mid - 2tick - level * 3tick"
    assert show(found["ask"]) == "mid + 2tick + level * 3tick"


def test_a_side_whose_price_reads_level_is_as_it_is(fields):
    """The other keeps its step."""
    given = fields(bid="mid - level * 3tick")

    found = deeper(given, TICK, Levels(count=3))

    assert found["bid"] is given["bid"]
    assert found["ask"] is not given["ask"]


def test_a_size_grows_by_its_factor_unless_it_reads_level(fields):
    """Each side by itself; a factor of 1 leaves both alone."""
    given = fields(ask_size="clip * (1 + level)")

    found = deeper(given, TICK, Levels(count=3, size_factor=0.5))

    assert show(found["bid_size"]) == "clip * 0.5 ** level"
    assert found["ask_size"] is given["ask_size"]
    assert deeper(given, TICK, Levels(count=3))["bid_size"] is given["bid_size"]


def test_what_does_not_read_level_is_one_tree_at_every_level(fields):
    """Nothing of it is computed twice."""
    given = fields(bid="mid - level * 3tick")

    first, third = (at_level(given, number, given) for number in (0, 2))

    assert first["ask"] is given["ask"] is third["ask"]
    assert first["bid"] is not third["bid"]


def test_a_formula_varies_where_the_last_value_it_reads_does(fields):
    """By `prev` of a field that reads `level`, or of one that reads that one's."""
    given = fields(
        half_spread="1tick + level * 1tick",
        reservation="mid - prev(half_spread)",
        bid="prev(reservation) - 1tick",
    )

    assert varies(given["bid"], given)
    assert not varies(given["ask"], given)
    third = at_level(given, 2, given)
    assert show(third["bid"]) == "prev(reservation_3) - 1tick"


@pytest.mark.parametrize("number", [0, 1, 5])
def test_level_is_its_number(fields, number):
    """What is put in its place means what the name does there."""
    given = fields(bid="mid - 1tick * level ** 2 if level > 0 else mid")
    params = {"tick": 0.01}
    row = Row(0, Ticks.BOOK, {"bid": 9.9, "ask": 10.1}, params, {"level": number})

    named = Evaluator({"bid": given["bid"]}).step(row)
    counted = Evaluator(dict(at_level({"bid": given["bid"]}, number, given))).step(row)

    assert named == counted
    assert math.isclose(counted["bid"], 10.0 - 0.01 * number**2)


def test_outputs_are_named_as_market_names_count_levels():
    """`bid` is the first, `bid_2` the second."""
    names = output_names(2)

    assert names[3:5] == ("bid", "ask")
    assert names[10:12] == ("bid_2", "ask_2")
