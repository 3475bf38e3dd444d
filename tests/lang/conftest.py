"""A strategy's names to check formulas against."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.lang.check import Scope, check
from mmrun.lang.nodes import Expr
from mmrun.lang.parse import parse
from mmrun.lang.place import TextPlace, formula
from mmrun.lang.scope import param_expr
from mmrun.problems import Problem
from mmrun.strategy.spec import Fee, Param, Venue
from mmrun.units import parse_unit


PARAMS = {
    "edge": None,
    "skew": None,
    "k": None,
    "base": "bps",
    "alpha": "bps",
    "clip": "size",
    "width": "tick",
    "one": "lot",
    "gamma": "1/(price*size)",
    "sigma": "price/sqrt(s)",
    "kappa": "1/price",
    "horizon": "s",
}
LETS = {
    "vol": "coalesce(100 * sample(std(ret(last_price), 5s), trade), 0)",
    "load": "inventory / max_inventory",
    "flow": "trade_imbalance(1s)",
    "volatility": "volatility(mid, 5min)",
    "fair": "mid",
}

VENUES = {"NASDAQ": Fee(), "IEX": Fee(), "FLAT": Fee(0.5, "flat")}

Checked = tuple[Expr | None, tuple[Problem, ...]]


def checked(text: str, scope: Scope, field: str = "") -> Checked:
    """Parse and check a formula."""
    written = formula(text)
    node, problems = parse(written)
    if node is None:
        return None, problems
    return check(node, written, scope, field=field)


def strategy_scope(*, units_off: bool = False) -> Scope:
    """The params and lets above, bound in order."""
    bindings = {
        name: param_expr(
            Param(
                name=name,
                value=1.0,
                unit=parse_unit(unit) if unit else None,
                place=TextPlace(""),
            )
        )
        for name, unit in PARAMS.items()
    }
    for name, text in LETS.items():
        expr, problems = checked(text, Scope(bindings))
        assert expr is not None, problems
        bindings[name] = expr
    venues = tuple(
        Venue(name=name, taker_fee=fee, place=TextPlace(""))
        for name, fee in VENUES.items()
    )
    references = frozenset({"spy"})
    return Scope(bindings, units_off=units_off, venues=venues, references=references)


@pytest.fixture(scope="session")
def scope() -> Scope:
    return strategy_scope()


@pytest.fixture(scope="session")
def read(scope: Scope) -> Callable[..., Expr]:
    """A formula of the strategy, which must be free of problems."""

    def read(text: str, field: str = "") -> Expr:
        expr, problems = checked(text, scope, field)
        assert expr is not None, problems
        return expr

    return read


@pytest.fixture(scope="session")
def codes(scope: Scope) -> Callable[..., list[str]]:
    """The codes of a formula's problems."""

    def codes(text: str, field: str = "", **changes: object) -> list[str]:
        used = strategy_scope(units_off=True) if changes.get("units_off") else scope
        _, problems = checked(text, used, field)
        return [problem.code for problem in problems]

    return codes
