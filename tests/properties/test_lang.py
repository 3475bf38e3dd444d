"""Laws of the formula language, over made-up trees, texts and tapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from mmrun.lang.check import Scope, check
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.mentions import children
from mmrun.lang.names import NAMES
from mmrun.lang.nodes import (
    Binary,
    Call,
    Conditional,
    Expr,
    Name,
    Node,
    Number,
    Ticks,
    Type,
    Unary,
)
from mmrun.lang.operators import OPERATORS
from mmrun.lang.parse import parse
from mmrun.lang.place import formula
from mmrun.lang.show import show, show_expr
from mmrun.lang.walk import postorder
from mmrun.units import UNITS, Quantity


# ---- trees as written

names = st.sampled_from(["mid", "x1", "load", "venue.inventory", "NASDAQ.bid"])
numbers = st.builds(
    Quantity,
    st.decimals(0, 10**9, places=6) | st.integers(0, 10**6).map(Decimal),
    st.none() | st.sampled_from(sorted(UNITS.values(), key=lambda unit: unit.name)),
)
leaves = st.builds(Number, numbers, st.just(0), st.just(0)) | st.builds(
    Name, names, st.just(0), st.just(0)
)


def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Nodes over `inner`."""
    zero = st.just(0)
    keyword = st.tuples(st.sampled_from(["by", "window"]), inner)
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "not"]), inner, zero, zero),
        st.builds(Binary, st.sampled_from(sorted(OPERATORS)), inner, inner, zero, zero),
        st.builds(Conditional, inner, inner, inner, zero, zero),
        st.builds(
            Call,
            st.sampled_from(["f", "mean", "venue.fills"]),
            st.lists(inner, max_size=3).map(tuple),
            st.lists(keyword, max_size=2).map(tuple),
            zero,
            zero,
        ),
    )


trees = st.recursive(leaves, grown, max_leaves=20)


def shape(node: Node) -> object:
    """A tree without its offsets."""
    inner = tuple(map(shape, children(node)))
    match node:
        case Number():
            return node.quantity
        case Name():
            return node.name
        case Unary() | Binary():
            return (type(node), node.op, inner)
        case Conditional():
            return (type(node), inner)
        case Call():
            return (node.name, inner, tuple(name for name, _ in node.keywords))


@settings(deadline=None)
@given(trees)
def test_what_is_shown_is_read_back(tree: Node) -> None:
    """`parse(show(tree))` is the tree."""
    text = show(tree)

    node, problems = parse(formula(text))

    assert node is not None, problems
    assert shape(node) == shape(tree)
    assert show(node) == text


# ---- hostile texts

CHARACTERS = list("+-*/%<>(),=!&|^[]{}.:;'\"\\#$@~` \n\t\x00éx٣")
WORDS = """
    ** <= == if else and or not mid inventory last_price fair 5bps 5s 1tick 0 1 9**9
    1e308 mean( lag( prev( sample( ewma( max( decay= by= trade quote __class__ lambda
"""
words = st.sampled_from(CHARACTERS + WORDS.split())
texts = st.lists(words, max_size=40).map("".join) | st.text(max_size=60)


@settings(deadline=None)
@given(texts)
@example("().__class__.__bases__[0].__subclasses__()")
@example("[x for x in (1).__class__.__base__.__subclasses__()]")
@example("9**9**9**9")
@example("(" * 100_000)
@example("1e9999999999999999999")
@example("1" * 2_000)
@example("0." + "0" * 1_900 + "1")
@example("mid**1e308**1e308")
@example("{print(1)}")
@example("__import__('os').system('true')")
@example("f'{mid}'")
def test_no_text_is_more_than_a_problem(text: str) -> None:
    """Whatever a file says, reading it gives a tree or problems with places."""
    written = formula(text)

    node, problems = parse(written)
    if node is not None:
        _, problems = check(node, written, Scope())

    lines = text.split("\n")
    for problem in problems:
        assert problem.span is not None
        assert problem.snippet == lines[problem.span.line - 1]
        assert problem.message


@settings(deadline=None)
@given(trees, st.booleans())
def test_no_tree_is_more_than_a_problem(tree: Node, units_off: bool) -> None:
    """Checking never raises, and gives a tree or an error."""
    written = formula(show(tree))
    node, _ = parse(written)
    assert node is not None

    expr, problems = check(node, written, Scope(units_off=units_off))

    errors = [problem for problem in problems if problem.severity == "error"]
    assert (expr is None) == bool(errors)


# ---- meaning

RATIO, PRICE, CONDITION = "ratio", "price", "condition"


@cache
def well_typed(kind: str, depth: int) -> st.SearchStrategy[str]:
    """Texts of formulas over market data that check."""
    leaf = {
        PRICE: ["mid", "last_price", "spread", "weighted_mid", "2tick", "bid"],
        RATIO: ["queue_imbalance", "last_side", "trade_imbalance(2s)", "0.5"],
        CONDITION: ["missing(last_price)", "bid > ask", "trades(1s) >= 2"],
    }[kind]
    if depth == 0:
        return st.sampled_from(leaf)
    price = well_typed(PRICE, depth - 1)
    ratio = well_typed(RATIO, depth - 1)
    condition = well_typed(CONDITION, depth - 1)
    same = {PRICE: price, RATIO: ratio, CONDITION: condition}[kind]
    conditional = st.tuples(same, condition, same).map(
        "({0[0]} if {0[1]} else {0[2]})".format
    )
    return st.one_of(
        st.sampled_from(leaf), conditional, *_grown(kind, price, ratio, condition)
    )


def _grown(
    kind: str,
    price: st.SearchStrategy[str],
    ratio: st.SearchStrategy[str],
    condition: st.SearchStrategy[str],
) -> list[st.SearchStrategy[str]]:
    def made(text: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda values: text.format(*values))

    own = price if kind == PRICE else ratio
    arithmetic = [
        *(made(text, own, own) for text in ("({} + {})", "({} - {})", "min({}, {})")),
        *(
            made(text, own, own)
            for text in ("max({}, {})", "({} % {})", "coalesce({}, {})")
        ),
        *(made(text, own) for text in ("-{}", "abs({})", "lag(mid + {}, 2)")),
    ]
    return {
        PRICE: [
            *arithmetic,
            made("({} * {})", price, ratio),
            made("mean(mid - {}, 3s)", price),
            made("std(last_price * {}, 3)", ratio),
            made("ewma(mid + {}, 1s)", price),
            made("(volatility(mid + {}, 2s) * sqrt(1s))", price),
            made("sample({} + mid, trade)", price),
        ],
        RATIO: [
            made("({} / {})", price, price),
            *(made(text, ratio) for text in ("exp({})", "tanh({})", "{} ** 3")),
            made("(ret(last_price + {}) * 2 / 1bps)", price),
        ],
        CONDITION: [
            *(made(text, price, price) for text in ("({} < {})", "({} != {})")),
            *(
                made(text, condition, condition)
                for text in ("({} and {})", "({} or {})")
            ),
            made("(not {})", condition),
        ],
    }[kind]


formulas = st.sampled_from([PRICE, RATIO, CONDITION]).flatmap(
    lambda kind: well_typed(kind, 3)
)


def meaning(text: str) -> Expr:
    written = formula(text)
    node, problems = parse(written)
    assert node is not None, problems
    expr, problems = check(node, written, Scope())
    assert expr is not None, (text, problems)
    return expr


@settings(deadline=None)
@given(formulas)
def test_the_text_of_a_checked_tree_reads_back(text: str) -> None:
    """Canonical text has the same meaning as what it was made from."""
    expr = meaning(text)

    again = meaning(show_expr(expr))

    assert show_expr(again) == show_expr(expr)
    assert (again.type, again.stage, again.ticks) == (expr.type, expr.stage, expr.ticks)


anything = st.floats() | st.sampled_from([0.0, -0.0, 1.0, 10.0, 10.01, math.nan])
rows = st.lists(
    st.builds(
        Row,
        st.integers(0, 4_000_000_000),
        st.sampled_from([Ticks.BOOK, Ticks.TRADE, Ticks.OTHER]),
        st.fixed_dictionaries(
            dict.fromkeys(
                ("bid", "ask", "bid_size", "ask_size", "last_price"), anything
            )
            | {"last_size": anything, "last_side": st.sampled_from([-1.0, 0.0, 1.0])}
        ),
        st.just({"tick": 0.01}),
    ),
    max_size=12,
).map(lambda made: sorted(made, key=lambda row: row.ts_ns))


@settings(deadline=None)
@given(formulas, rows)
def test_no_data_stops_an_evaluation(text: str, tape: Sequence[Row]) -> None:
    """Infinities, missing values and zeros give floats; conditions 0, 1 or missing."""
    expr = meaning(text)
    evaluator = Evaluator({"x": expr})

    found = [evaluator.step(row)["x"] for row in tape]

    assert all(type(value) is float for value in found)
    if expr.type == Type(kind="bool"):
        assert all(value in {0.0, 1.0} or math.isnan(value) for value in found)


@settings(deadline=None)
@given(formulas, rows, st.integers(0, 12))
def test_nothing_looks_ahead(text: str, tape: Sequence[Row], cut: int) -> None:
    """What a row gives does not depend on the rows after it."""
    expr = meaning(text)
    whole, part = Evaluator({"x": expr}), Evaluator({"x": expr})

    values = [repr(whole.step(row)["x"]) for row in tape]
    first = [repr(part.step(row)["x"]) for row in tape[:cut]]

    assert values[:cut] == first


@settings(deadline=None)
@given(formulas)
def test_every_operand_comes_before_its_user(text: str) -> None:
    """A walk is in an order that can be computed."""
    seen: set[int] = set()

    for node in postorder([meaning(text)]):
        assert all(id(arg) in seen for arg in node.args)
        assert id(node) not in seen
        seen.add(id(node))


@pytest.mark.parametrize("name", [n for n, row in NAMES.items() if row.supported])
def test_a_name_keeps_its_unit_through_arithmetic(name: str) -> None:
    """Doubling a name changes neither its unit nor what it depends on."""
    if NAMES[name].group == "quote field":
        name = f"prev({name})"

    once, twice = meaning(name), meaning(f"2 * {name}")

    assert (once.type, once.stage, once.ticks) == (twice.type, twice.stage, twice.ticks)
