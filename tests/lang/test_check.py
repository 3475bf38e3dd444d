"""Rules of checking that a table shows better than single cases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.lang.check import Scope, check
from mmrun.lang.nodes import Expr, Name, Stage, Ticks, Type
from mmrun.lang.parse import parse
from mmrun.lang.place import TextPlace, formula
from mmrun.lang.scope import describe, param_expr
from mmrun.lang.walk import postorder
from mmrun.strategy.spec import Param
from mmrun.units import PRICE, RATIO, parse_unit


Read = Callable[..., Expr]
Codes = Callable[..., list[str]]

UNITS = {
    "price": "mid",
    "relative price": "alpha",
    "ratio": "flow",
    "size": "inventory",
    "bare number": "edge",
    "condition": "(bid > ask)",
}
ERROR = "error"


@pytest.mark.parametrize("op", ["+", "-"])
@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ("price", "price", "price"),
        ("price", "relative price", "price"),
        ("relative price", "price", "price"),
        ("price", "bare number", "price"),
        ("price", "ratio", ERROR),
        ("price", "size", ERROR),
        ("relative price", "relative price", "relative price"),
        ("relative price", "bare number", ERROR),
        ("relative price", "ratio", "ratio"),
        ("relative price", "size", ERROR),
        ("ratio", "ratio", "ratio"),
        ("ratio", "bare number", "ratio"),
        ("bare number", "bare number", "bare number"),
        ("size", "bare number", "size"),
        ("size", "condition", ERROR),
        ("condition", "condition", ERROR),
    ],
)
def test_sums(scope: Scope, op: str, left: str, right: str, result: str) -> None:
    """What meets in a sum has one unit, takes one, or is refused."""
    assert unit_of(f"{UNITS[left]} {op} {UNITS[right]}", scope) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("mid * mid", "price**2"),
        ("mid * alpha", "price"),
        ("alpha * mid", "price"),
        ("mid * inventory", "money"),
        ("alpha * alpha", "ratio"),
        ("alpha * flow", "relative price"),
        ("edge * alpha", "relative price"),
        ("edge * flow", "ratio"),
        ("edge * edge", "bare number"),
        ("edge * inventory", "size"),
        ("mid / mid", "ratio"),
        ("alpha / alpha", "ratio"),
        ("alpha / 2", "relative price"),
        ("alpha / flow", "relative price"),
        ("2 / alpha", "ratio"),
        ("flow / alpha", "ratio"),
        ("1 / edge", "bare number"),
        ("sigma * sqrt(5s)", "price"),
        ("sigma ** 2 * 5s", "price**2"),
        ("gamma * one", "1/price"),
        ("realized_vol(mid, 5min)", "relative price"),
        ("volatility(mid, 5min)", "price/sqrt(time)"),
        ("volatility(flow, 5min)", "1/sqrt(time)"),
        ("abs(alpha)", "relative price"),
        ("exp(alpha)", "ratio"),
        ("sign(alpha)", "ratio"),
        ("mean(ret(mid), 5s)", "relative price"),
        ("lag(ret(mid), 5)", "relative price"),
        ("alpha if bid > ask else 0", "relative price"),
        ("alpha if bid > ask else flow", "ratio"),
        ("min(alpha, 5bps)", "relative price"),
        ("last_side", "ratio"),
        ("fill_count", "ratio"),
        ("net_pnl", "money"),
        ("position_value", "money"),
        ("inventory_age", "time"),
        ("working_bid", "price"),
        ("target_inventory", "size"),
        ("age(trade)", "time"),
        ("time_of_day", "time"),
        ("queue_imbalance", "ratio"),
    ],
)
def test_units(scope: Scope, text: str, result: str) -> None:
    """Products, functions and names have the unit the language gives them."""
    assert unit_of(text, scope) == result


def unit_of(text: str, scope: Scope) -> str:
    written = formula(text)
    node, problems = parse(written)
    assert node is not None, problems
    expr, problems = check(node, written, scope)
    assert (expr is None) == bool(problems)
    return describe(expr.type) if expr is not None else ERROR


@pytest.mark.parametrize(
    ("text", "stage", "ticks"),
    [
        ("2 * 3", Stage.CONSTANT, Ticks.NEVER),
        ("edge * 1tick", Stage.PARAM, Ticks.NEVER),
        ("max_inventory / 2", Stage.PARAM, Ticks.NEVER),
        ("mid", Stage.DATA, Ticks.BOOK),
        ("last_price", Stage.DATA, Ticks.TRADE),
        ("last_price - mid", Stage.DATA, Ticks.BOOK | Ticks.TRADE),
        ("ret(last_price - mid)", Stage.DATA, Ticks.BOOK | Ticks.TRADE),
        ("mean(last_price, 5s)", Stage.DATA, Ticks.TRADE),
        ("mean(mid, horizon)", Stage.DATA, Ticks.BOOK),
        ("sample(mid, trade)", Stage.DATA, Ticks.TRADE),
        ("sample(last_price, quote)", Stage.DATA, Ticks.BOOK),
        ("trades(1s)", Stage.DATA, Ticks.TRADE),
        ("age(quote)", Stage.DATA, Ticks.ANY),
        ("time_left", Stage.DATA, Ticks.ANY),
        ("inventory", Stage.STATE, Ticks.NEVER),
        ("inventory * mid", Stage.STATE, Ticks.BOOK),
        ("prev(fair)", Stage.STATE, Ticks.NEVER),
    ],
)
def test_stage_and_ticks(read: Read, text: str, stage: Stage, ticks: Ticks) -> None:
    """A value depends on the most changing of its operands, and ticks with all."""
    expr = read(text)

    assert (expr.stage, expr.ticks) == (stage, ticks)


def test_a_relative_price_in_a_price_field_is_taken_of_mid(read: Read) -> None:
    """`half_spread: 5bps` is 5 bps of mid."""
    expr = read("5bps", "half_spread")

    assert expr.op == "mul"
    assert [arg.op for arg in expr.args] == ["const", "market"]
    assert expr.args[1].name == "mid"
    assert expr.type == Type(dimension=PRICE)


def test_ticks_of_a_literal_are_multiplied_out(read: Read) -> None:
    """`2tick` is 2 times the instrument's tick, known when a plan is bound."""
    expr = read("2tick")

    assert (expr.op, expr.args[0].value, expr.args[1].name) == ("mul", 2.0, "tick")
    assert expr.args[1].op == "param"


def test_a_param_in_ticks_counts_them() -> None:
    """A param with `unit: tick` is its value times the tick."""
    param = Param(name="w", value=2.0, unit=parse_unit("tick"), place=TextPlace(""))

    expr = param_expr(param)

    assert (expr.op, expr.args[0].name, expr.args[1].name) == ("mul", "w", "tick")
    assert expr.type.dimension == PRICE
    assert expr.args[0].type.dimension == RATIO


def test_a_let_used_twice_is_one_node(scope: Scope, read: Read) -> None:
    """Names resolve to the very node that was bound."""
    expr = read("load + load * load")

    assert sum(node is scope.bindings["load"] for node in postorder([expr])) == 1
    assert expr.args[0] is scope.bindings["load"]


def test_a_bare_let_stays_the_node_it_is_bound_to() -> None:
    """What a bare number meets gives a literal its unit, and leaves names alone."""
    count = Expr("const", value=5.0, type=Type(bare=True))
    written = formula("mid + count + 2")
    node, _ = parse(written)
    assert node is not None

    expr, problems = check(node, written, Scope({"count": count}))

    assert problems == ()
    assert expr is not None
    assert expr.args[0].args[1] is count
    assert expr.args[1].type.dimension == PRICE


def test_a_let_may_bear_a_functions_name(read: Read) -> None:
    """A name before a parenthesis is the function, alone it is the let."""
    expr = read("volatility / volatility(mid, 1min)")

    assert expr.type == Type()


def test_units_off_turns_unit_errors_into_warnings() -> None:
    """Under `units: off` a mismatch is told and the left unit holds."""
    written = formula("mid + flow * 1s")
    node, _ = parse(written)
    assert node is not None
    flow = Expr("market", name="flow", type=Type(), stage=Stage.DATA)

    expr, problems = check(node, written, Scope({"flow": flow}, units_off=True))

    assert [(p.code, p.severity) for p in problems] == [("MM320", "warning")]
    assert expr is not None
    assert expr.type.dimension == PRICE


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("5", "half_spread"),
        ("flow", "half_spread"),
        ("log(mid)", ""),
        ("vol + 5", ""),
        ("mid ** 0.25", ""),
        ("sqrt(sqrt(mid))", ""),
    ],
)
def test_every_unit_error_can_be_turned_off(
    codes: Codes, text: str, field: str
) -> None:
    """Each is an error with units, and the same finding without."""
    with_units = codes(text, field)
    without = codes(text, field, units_off=True)

    assert with_units == without
    assert with_units != []


@pytest.mark.parametrize("text", ["bid > ask + (1 > 2)", "mean(inventory, 5s)", "nix"])
def test_units_off_keeps_other_errors(scope: Scope, text: str) -> None:
    """What has no meaning stays an error."""
    written = formula(text)
    node, _ = parse(written)
    assert node is not None
    off = Scope(scope.bindings, units_off=True)

    expr, problems = check(node, written, off)

    assert expr is None
    assert {problem.severity for problem in problems} == {"error"}


def test_all_problems_of_a_formula_are_told_once(codes: Codes) -> None:
    """Independent mistakes are all found; what is built on them stays silent."""
    assert codes("(nix + mid) * log(mid) + stdd(1)") == ["MM301", "MM322", "MM301"]


def test_a_pending_name_is_no_further_problem(scope: Scope) -> None:
    """What could not be checked elsewhere is not reported where it is used."""
    written = formula("broken * 2")
    node, _ = parse(written)
    assert node is not None

    expr, problems = check(node, written, Scope(pending=frozenset({"broken"})))

    assert (expr, problems) == (None, ())


def test_a_quote_field_can_be_read_back_before_it_is_checked() -> None:
    """`prev(reservation)` needs no binding."""
    written = formula("prev(reservation)")
    node, _ = parse(written)
    assert node is not None

    expr, problems = check(node, written, Scope())

    assert problems == ()
    assert expr is not None
    assert (expr.op, expr.name, expr.args) == ("prev", "reservation", ())


def test_an_expected_type_holds_without_a_field() -> None:
    """A caller can ask for a condition."""
    written = formula("mid")

    expr, problems = check(Name("mid", 0, 3), written, Scope(), Type(kind="bool"))

    assert expr is None
    assert [problem.code for problem in problems] == ["MM323"]
