"""The order of formulas, and cycles told hop by hop."""

from __future__ import annotations

import pytest

from mmrun.lang.place import formula
from mmrun.plan.graph import order
from mmrun.strategy.spec import Formula


def formulas(*names: str) -> dict[str, Formula]:
    """Formulas of a file each, so that each has a place of its own."""
    return {name: formula("1", file=f"{name}.yaml") for name in names}


def test_each_comes_after_what_it_needs():
    """A chain written backwards."""
    needs = {"a": ("b",), "b": ("c",), "c": ()}

    found, problems = order(needs, formulas("a", "b", "c"))

    assert found == ("c", "b", "a")
    assert problems == ()


def test_the_order_does_not_depend_on_how_the_file_is_sorted():
    """The same formulas, written in another order."""
    needs = {"z": ("m",), "m": (), "a": ("m",), "q": ()}
    turned = dict(reversed(needs.items()))

    first, second = (order(n, formulas(*needs))[0] for n in (needs, turned))

    assert first == second


def test_a_cycle_is_told_hop_by_hop():
    """With every hop's place, from the formula that stands first."""
    needs = {"a": ("c",), "b": ("a",), "c": ("b",)}

    _, (problem,) = order(needs, formulas("a", "b", "c"))

    assert problem.code == "MM310"
    assert problem.message == (
        "a needs itself: a (a.yaml:1) -> c (c.yaml:1) -> b (b.yaml:1) -> a (a.yaml:1)"
    )
    assert problem.span is not None
    assert problem.span.file == "a.yaml"


def test_what_is_in_no_cycle_keeps_its_order():
    """So that its own problems are found too."""
    needs = {"a": ("b",), "b": ("a",), "c": ("a", "d"), "d": ()}

    found, _ = order(needs, formulas("a", "b", "c", "d"))

    assert found == ("d", "c")


def test_every_cycle_is_reported():
    """Two that have nothing to do with each other."""
    needs = {"a": ("b",), "b": ("a",), "c": ("c",)}

    _, problems = order(needs, formulas("a", "b", "c"))

    assert sorted(problem.message.split()[0] for problem in problems) == ["a", "c"]


@pytest.mark.parametrize(
    ("key", "remedy"),
    [("fair", "prev(fair)"), ("let.load", "write load without itself")],
)
def test_a_formula_that_reads_itself_is_a_cycle(key, remedy):
    """The last value of a quote field can be read, that of a let not."""
    _, (problem,) = order({key: (key,)}, formulas(key))

    assert remedy in problem.hints[0]
