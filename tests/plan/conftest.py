"""Formulas as checked trees, with the names of a small strategy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.lang.check import Scope, check
from mmrun.lang.nodes import Expr
from mmrun.lang.parse import parse
from mmrun.lang.place import TextPlace, formula
from mmrun.lang.scope import param_expr
from mmrun.strategy.spec import Param
from mmrun.units import parse_unit


UNITS = {"k": None, "base": "bps", "clip": "size", "width": "tick", "horizon": "s"}


@pytest.fixture(scope="session")
def read() -> Callable[..., Expr]:
    """A formula of the strategy, which must be free of problems."""
    bindings = {
        name: param_expr(
            Param(
                name=name,
                value=1.0,
                unit=parse_unit(unit) if unit else None,
                place=TextPlace(""),
            )
        )
        for name, unit in UNITS.items()
    }

    def read(text: str, **more: Expr) -> Expr:
        written = formula(text)
        node, problems = parse(written)
        assert node is not None, problems
        expr, problems = check(node, written, Scope(bindings | more))
        assert expr is not None, problems
        return expr

    return read
