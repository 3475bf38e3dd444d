"""From a strategy's formulas to a plan: check them in order, rewrite, split, lower."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mmrun.lang.check import check
from mmrun.lang.mentions import names_in
from mmrun.lang.names import NAMES
from mmrun.lang.nodes import Expr, Node
from mmrun.lang.parse import parse
from mmrun.lang.scope import Scope, compose, param_expr
from mmrun.plan.graph import order
from mmrun.plan.hoist import hoist
from mmrun.plan.passes import PASSES, Roots
from mmrun.plan.plan import OUTPUTS, Plan
from mmrun.problems import Problem
from mmrun.strategy.spec import Formula, Strategy


#: Quote fields that other formulas may read; the rest are outputs alone.
READABLE = ("fair", "half_spread", "reservation")


@dataclass(frozen=True, slots=True)
class Checked:
    """A strategy whose formulas have a meaning."""

    strategy: Strategy
    fields: Mapping[str, Expr]  #: quote fields, defaults filled in
    lets: Mapping[str, Expr]


def check_formulas(strategy: Strategy) -> tuple[Checked | None, tuple[Problem, ...]]:
    """Parse and check every formula; None when there are errors."""
    formulas = formulas_of(strategy)
    trees: dict[str, Node] = {}
    problems: list[Problem] = []
    for name, formula in formulas.items():
        tree, found = parse(formula)
        problems += found
        if tree is not None:
            trees[name] = tree
    ordered, cycle = order(_needs(trees, formulas), formulas)
    problems += cycle
    bindings, found = _check_in_order(strategy, trees, ordered, formulas)
    problems += found
    if cycle or len(bindings) < len(formulas):
        return None, tuple(problems)
    fields = with_defaults({k: v for k, v in bindings.items() if k in OUTPUTS})
    lets = {let.name: bindings[_let(let.name)] for let in strategy.lets}
    return Checked(strategy, fields, lets), tuple(problems)


def formulas_of(strategy: Strategy) -> dict[str, Formula]:
    """Every formula by its key: `let.sigma`, `fair`, `bid_size`."""
    quoting = strategy.quoting
    found = {_let(let.name): let.formula for let in strategy.lets}
    for name in OUTPUTS:
        formula = getattr(quoting, name)
        if formula is not None:
            found[name] = formula
    return found


def _let(name: str) -> str:
    """A let's key: lets may bear a function's name, and `bid` is an output."""
    return f"let.{name}"


def _needs(
    trees: Mapping[str, Node], formulas: Mapping[str, Formula]
) -> dict[str, tuple[str, ...]]:
    """For every formula the keys of those it reads."""
    return {
        key: tuple(
            found
            for name in (names_in(trees[key]) if key in trees else ())
            if (found := _key_of(name)) in formulas
        )
        for key in formulas
    }


def _key_of(name: str) -> str:
    return name if name in READABLE else _let(name)


def _check_in_order(
    strategy: Strategy,
    trees: Mapping[str, Node],
    ordered: tuple[str, ...],
    formulas: Mapping[str, Formula],
) -> tuple[dict[str, Expr], list[Problem]]:
    """Checked formulas by key, each seeing those before it."""
    done: dict[str, Expr] = {}
    problems: list[Problem] = []
    failed: set[str] = set()
    params = {param.name: param_expr(param) for param in strategy.params}
    for key in ordered:
        names = {k.removeprefix("let."): v for k, v in done.items() if _seen(k)}
        defaults = _readable_defaults(done, formulas)
        scope = Scope(
            bindings=params | defaults | names,
            pending=frozenset(failed),
            units_off=strategy.units_off,
        )
        expr = None
        if key in trees:
            field = key if key in OUTPUTS else ""
            expr, found = check(trees[key], formulas[key], scope, field=field)
            problems += found
        if expr is None:
            failed.add(key.removeprefix("let."))
        else:
            done[key] = expr
    return done, problems


def _seen(key: str) -> bool:
    """Whether formulas can read it: lets, and three of the quote fields."""
    return key.startswith("let.") or key in READABLE


def _readable_defaults(
    done: Mapping[str, Expr], formulas: Mapping[str, Formula]
) -> dict[str, Expr]:
    """`fair` and `reservation` where the file leaves them out."""
    found: dict[str, Expr] = {}
    if "fair" not in formulas:
        found["fair"] = NAMES["mid"].leaf(0, 0)
    if "reservation" not in formulas and ("fair" in done or "fair" in found):
        found["reservation"] = done.get("fair") or found["fair"]
    return found


def with_defaults(given: Mapping[str, Expr]) -> dict[str, Expr]:
    """All of OUTPUTS: defaults, and prices from reservation and half spread."""
    fields = dict(given)
    fair = fields.setdefault("fair", NAMES["mid"].leaf(0, 0))
    reservation = fields.setdefault("reservation", fair)
    half = fields.setdefault("half_spread", Expr("const", value=math.nan))
    for name, op in (("bid", "sub"), ("ask", "add")):
        price = compose(op, (reservation, half), reservation.type, reservation)
        fields.setdefault(name, price)
    return {name: fields[name] for name in OUTPUTS}


def compile_plan(checked: Checked) -> Plan:
    """Rewrite, split and lower a strategy's formulas."""
    named = {_let(name): expr for name, expr in checked.lets.items()}
    roots: Roots = dict(checked.fields) | named
    for rewrite in PASSES:
        roots = rewrite(roots)
    fields = {name: roots[name] for name in OUTPUTS}
    hoisting, residual = hoist([fields[name] for name in OUTPUTS], fields)
    return Plan(
        strategy=checked.strategy,
        roots=roots,
        values=hoisting.values,
        steps=tuple(hoisting.steps),
        residual=residual,
        texts=hoisting.texts,
    )
