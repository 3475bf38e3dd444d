"""Formula text to trees: precedence, literals, bounds, places."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mmrun.lang.mentions import all_names_in, names_in
from mmrun.lang.nodes import Node, Number
from mmrun.lang.parse import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TOGETHER,
    parse,
    parse_all,
)
from mmrun.lang.place import formula
from mmrun.lang.show import show
from mmrun.problems import Problem


def tree(text: str) -> Node:
    node, problems = parse(formula(text))
    assert node is not None, problems
    return node


def problem(text: str) -> Problem:
    node, problems = parse(formula(text))
    assert node is None
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a - b - c", "(a - b) - c"),
        ("a / b * c % d", "((a / b) * c) % d"),
        ("a + b * c", "a + (b * c)"),
        ("-a ** b", "-(a ** b)"),
        ("-a * b", "(-a) * b"),
        ("a ** b ** c", "a ** (b ** c)"),
        ("a ** -b", "a ** (-b)"),
        ("a ** -b ** c", "a ** (-(b ** c))"),
        ("not a and b", "(not a) and b"),
        ("not a < b", "not (a < b)"),
        ("a or b and c", "a or (b and c)"),
        ("a + b < c * d", "(a + b) < (c * d)"),
        ("a if b else c if d else e", "a if b else (c if d else e)"),
        ("a or b if c and d else e", "(a or b) if (c and d) else e"),
        ("f(a, b = c if d else e)", "f(a, b=(c if d else e))"),
    ],
)
def test_precedence(text: str, grouped: str) -> None:
    """Operators group as the language's table says."""
    assert show(tree(text)) == show(tree(grouped))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.3bps", 0.00003),
        ("5pct", 0.05),
        ("1_000", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("2.5e2ms", 0.25),
        ("0.1", 0.1),
        ("250ms", 0.25),
        ("45min", 2700.0),
        ("3tick", 3.0),
    ],
)
def test_a_literal_is_the_correctly_rounded_decimal(text: str, value: float) -> None:
    """A literal's value is the float nearest to the exact decimal."""
    node = tree(text)

    assert isinstance(node, Number)
    assert node.quantity.value == value


def test_a_node_knows_its_characters() -> None:
    """Offsets cover what the user wrote, parentheses included."""
    text = "max(1tick, (bid + ask) / 2)"

    node = tree(text)

    assert (node.start, node.end) == (0, len(text))
    assert "(bid + ask)" in {text[n.start : n.end] for n in walk(node)}
    assert "(bid + ask) / 2" in {text[n.start : n.end] for n in walk(node)}


def walk(node: Node) -> list[Node]:
    from mmrun.lang.mentions import children

    return [node, *(inner for child in children(node) for inner in walk(child))]


def test_a_problem_points_into_a_formula_of_several_lines() -> None:
    """Line and column count from 1, and the snippet is that line."""
    found = problem("bid +\n  ask $")

    assert found.span is not None
    assert (found.span.line, found.span.column) == (2, 7)
    assert found.snippet == "  ask $"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "-" * 1_000 + "a",
        "not " * 400 + "a",
        "**".join("a" * 600),
        "+".join("a" * (MAX_DEPTH + 1)),
        "f(" * 300 + "a" + ")" * 300,
        "a if b else " * 160 + "c",
        "f(" + ",".join("a" * (MAX_NODES + 1)) + ")",
        "a" * (MAX_CHARACTERS + 1),
        "(a or b and c < d + e * -f ** " * 60 + "g" + ")" * 60,
    ],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    """A formula over a bound is one problem, whatever its shape."""
    assert problem(text).code == "MM203"


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH,
        "+".join("a" * MAX_DEPTH),
        "f(" + ",".join("a" * (MAX_NODES - 1)) + ")",
        "a" * MAX_CHARACTERS,
        "a - (" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1),
    ],
)
def test_what_is_just_within_the_bounds_is_read(text: str) -> None:
    """The bounds themselves are allowed."""
    node, problems = parse(formula(text))

    assert node is not None
    assert problems == ()


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_formula_is_a_problem(text: str) -> None:
    """Nothing is not a formula."""
    assert problem(text).code == "MM202"


def test_a_large_exponent_costs_nothing() -> None:
    """Digits of an exponent are counted before the number is made."""
    assert problem("1e999999999").code == "MM206"
    assert tree("1e-300").quantity.number == Decimal("1e-300")  # type: ignore[union-attr]


def test_names_needed_first_leave_back_references_out() -> None:
    """A quote field in prev(...) is not needed first; all other names are."""
    node = tree("fair + prev(half_spread) * load - prev(load2) + sample(vol, trade)")

    assert names_in(node) == ("fair", "load", "load2", "vol")
    assert "half_spread" in all_names_in(node)


def test_the_formulas_of_a_file_are_bounded_together():
    """What one file may hold is bounded too, and the first one over it is told of."""
    texts = {f"x{k}": formula("max(" + "mid, " * 299 + "mid)") for k in range(100)}

    trees, problems = parse_all(texts)

    (problem,) = problems
    assert problem.code == "MM203"
    assert len(trees) == MAX_TOGETHER // len(texts["x0"].text)


@pytest.mark.parametrize("text", ["1_", "1__0", "1_.5", "1._5", "1_bps"])
def test_an_underscore_stands_between_digits(text):
    """`1_000` is a thousand; one that stands elsewhere is a slip."""
    tree, (problem,) = parse(formula(text))

    assert tree is None
    assert problem.code in {"MM201", "MM205"}
