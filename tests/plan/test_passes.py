"""Rewrites keep the meaning, bit for bit, and do what they say."""

from __future__ import annotations

import math
import struct

import pytest

from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Expr, Ticks
from mmrun.lang.show import show_expr
from mmrun.lang.walk import postorder
from mmrun.plan.passes import (
    PASSES,
    expand_market_names,
    expand_powers,
    fold_constants,
    nest_min_max,
    share_subtrees,
)


FORMULAS = (
    "mid + spread * queue_imbalance",
    "weighted_mid - 2tick",
    "k ** 3 + k ** -2 + k ** 0.5 + k ** 1 + k ** 0 + k ** 9 + k ** -9 + k ** 1.5",
    "min(bid, ask, mid - 1tick) + max(bid, weighted_mid)",
    "clip(queue_imbalance, -0.5, 0.5)",
    "coalesce(last_price, coalesce(weighted_mid, mid))",
    "bid if queue_imbalance > 0.2 and not missing(last_price) else ask",
    "1 - -(2 * 3) / 4 % 5",
    "lag(mid, 1) - mean(mid, 5s) + ewma(mid, 2s)",
    "lag(bid, 2) - lag(bid, 2s)",
    "mid % 1tick",
    "inventory / clip * (mid - average_cost)",
)
MARKETS = (
    {"bid": 99.98, "ask": 100.03, "bid_size": 3.0, "ask_size": 7.0},
    {"bid": 99.97, "ask": 100.01, "bid_size": 9.0, "ask_size": 0.0},
    {"bid": 99.97, "ask": 100.01, "bid_size": 0.0, "ask_size": 0.0},
    {"bid": math.nan, "ask": 100.01, "bid_size": math.nan, "ask_size": 2.0},
    {"bid": 99.9, "ask": 100.2, "bid_size": 2.0, "ask_size": 5.0, "last_price": 100.1},
)
PARAMS = {"k": 1.7, "base": 5e-4, "clip": 100.0, "width": 2.0, "horizon": 3.0}


def bits(value: float) -> bytes:
    return b"nan" if math.isnan(value) else struct.pack("d", value)


def values(root: Expr) -> list[bytes]:
    """What a formula gives on five rows a second apart."""
    evaluator = Evaluator({"x": root})
    return [
        bits(
            evaluator.step(
                Row(
                    ts_ns=i * 10**9,
                    ticks=Ticks.TRADE if "last_price" in market else Ticks.BOOK,
                    market=market,
                    params=PARAMS | {"tick": 0.01, "lot": 1.0},
                    states={"inventory": 30.0 * i, "average_cost": 100.0},
                )
            )["x"]
        )
        for i, market in enumerate(MARKETS)
    ]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("change", PASSES, ids=lambda f: f.__name__)
def test_a_rewrite_keeps_the_meaning(read, change, text):
    """One after the other and all together."""
    root = read(text)

    rewritten = change({"x": root})["x"]

    assert values(rewritten) == values(root)


@pytest.mark.parametrize("text", FORMULAS)
def test_all_rewrites_keep_the_meaning(read, text):
    """In the order in which they are applied."""
    root = read(text)

    roots = {"x": root}
    for change in PASSES:
        roots = change(roots)

    assert values(roots["x"]) == values(root)


def test_market_names_become_formulas_of_bid_and_ask(read):
    """Only what a tape holds is left."""
    roots = expand_market_names({"x": read("mid + spread + 0 * weighted_mid")})

    names = {node.name for node in postorder(roots.values()) if node.op == "market"}
    assert names == {"bid", "ask", "bid_size", "ask_size", "mid"}


def test_constants_are_folded(read):
    """A formula of literals is one."""
    (root,) = fold_constants({"x": read("2 * 3 + 4 ** 2")}).values()

    assert (root.op, root.value) == ("const", 22.0)


def test_folding_follows_ieee(read):
    """1/0 is infinite, 0/0 missing: no exception."""
    roots = fold_constants({"x": read("1 / 0"), "y": read("0 / 0")})

    assert roots["x"].value == math.inf
    assert math.isnan(roots["y"].value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("k ** 2", "k * k"),
        ("k ** 3", "k * k * k"),
        ("k ** 0.5", "sqrt(k)"),
        ("k ** 1.5", "k ** 1.5"),
        ("k ** 9", "k ** 9"),
    ],
)
def test_small_powers_are_written_out(read, text, shown):
    """Whole ones to eight as products from the left, a half as a root."""
    (root,) = expand_powers({"x": read(text)}).values()

    assert show_expr(root) == shown


def test_min_and_max_take_two(read):
    """From the left, and clip is both."""
    roots = nest_min_max(
        {"x": read("min(bid, ask, mid)"), "y": read("clip(mid, bid, ask)")}
    )

    assert [
        len(n.args) for n in postorder(roots.values()) if n.op in {"min", "max"}
    ] == [2] * 4


def test_equal_subtrees_are_one_object(read):
    """Across formulas too."""
    roots = share_subtrees({"x": read("mid * k + 1tick"), "y": read("mid * k - 1tick")})

    assert roots["x"].args[0] is roots["y"].args[0]


def test_a_let_used_twice_stays_one_object(read):
    """Identity is kept by every pass: it is what makes one column of it."""
    shared = read("mean(mid, 5s) * k")
    roots = {
        "x": read("half + 1tick", half=shared),
        "y": read("half - 1tick", half=shared),
    }

    for change in PASSES:
        roots = change(roots)

    assert roots["x"].args[0] is roots["y"].args[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 * k", "-0.0 * k"),
        ("lag(mid, 5)", "lag(mid, 5s)"),
        ("mean(mid, 5)", "mean(mid, 5s)"),
        ("sample(mid, trade)", "sample(mid, quote)"),
        ("bid", "ask"),
        ("prev(inventory)", "inventory"),
    ],
)
def test_what_means_something_else_is_not_shared(read, one, other):
    """A zero and its negative, five ticks and five seconds, two ways to sample."""
    roots = share_subtrees(fold_constants({"x": read(one), "y": read(other)}))

    assert roots["x"] is not roots["y"]
