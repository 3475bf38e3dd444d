"""Trees as canonical text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.lang.nodes import Expr
from mmrun.lang.parse import parse
from mmrun.lang.place import formula
from mmrun.lang.show import show, show_expr


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a+(b*c)", "a + b * c"),
        ("(a+b)*c", "(a + b) * c"),
        ("a-(b-c)", "a - (b - c)"),
        ("(-x)**2", "(-x) ** 2"),
        ("(a<b)==(c<d)", "(a < b) == (c < d)"),
        ("not(a and b)", "not (a and b)"),
        ("(a if b else c)if(d)else(e)", "(a if b else c) if d else e"),
        ("1_000.50bps", "1000.5bps"),
        ("00.10", "0.1"),
        ("1e30", "1e+30"),
        ("f( a , b = 2 )", "f(a, b=2)"),
    ],
)
def test_as_written(text: str, canonical: str) -> None:
    """One spelling for what differs in spaces, zeros and spare parentheses."""
    node, _ = parse(formula(text))

    assert node is not None
    assert show(node) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "max(3bps, 1tick)",
        "0.3bps * mid",
        "12.345678901234567bps",
        "-5bps + alpha",
        "lag(mid) - lag(mid, 0.1s)",
        "ewma(mid, decay=0.94) - ewma(mid, 5min)",
        "sample(vol, trade)",
        "age(trade) > 250ms",
        "prev(half_spread) + prev(inventory) * mid / max_inventory",
        "width + 2tick",
        "gamma * inventory * sigma ** 2 * time_left",
        "mid if not (flow > 0.5 or missing(flow)) else 0.1 + mid % 1tick",
    ],
)
def test_the_text_of_a_checked_tree_means_the_same(
    read: Callable[..., Expr], text: str
) -> None:
    """Read again, the text gives the same text."""
    once = show_expr(read(text))

    assert show_expr(read(once)) == once


def test_lets_can_be_shown_by_name(read: Callable[..., Expr]) -> None:
    """`names` keeps what a reader knows by name together."""
    expr = read("mid + load * mid")
    load = expr.args[1].args[0]

    assert show_expr(expr) == "mid + inventory / max_inventory * mid"
    assert show_expr(expr, {id(load): "load"}) == "mid + load * mid"


def test_text_of_many_shared_lets_stays_short(read: Callable[..., Expr]) -> None:
    """Lets that double each other are cut, not written out a million times."""
    expr = read("mid")
    for _ in range(60):
        expr = Expr("add", (expr, expr), type=expr.type, stage=expr.stage)

    assert len(show_expr(expr)) < 5_000
