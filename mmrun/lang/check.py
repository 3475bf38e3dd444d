"""A tree as written to a tree as meant: names, arguments, types and units.

Everything wrong with a formula is reported, each thing once: a part that has a problem
gives None and what is built on it stays silent. Under `units: off` unit errors are
warnings and the left operand's unit holds.
"""

from __future__ import annotations

from difflib import get_close_matches

from mmrun.lang.calls import check_call
from mmrun.lang.codes import CODES
from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.meet import BARE, condition, fit_field, meet, number
from mmrun.lang.names import FIELDS, NAMES, QUOTED, VENUE_NAMES, level_of, named
from mmrun.lang.nodes import (
    Binary,
    Call,
    Conditional,
    Expr,
    Name,
    Node,
    Number,
    Type,
    Unary,
)
from mmrun.lang.operators import OPERATORS
from mmrun.lang.scope import (
    Context,
    Operand,
    Scope,
    compose,
    constant,
    in_instrument_units,
)
from mmrun.lang.whose import check_name
from mmrun.problems import Problem, errors_in
from mmrun.strategy.spec import SHARE, Formula


__all__ = ["CODES", "Scope", "check"]

#: Names of a file among which a misspelt one is looked for.
_FEW = 500
#: Names people try that formulas do not have.
_OTHER_WORDS = {
    "true": "write a comparison, such as 1 == 1",
    "false": "write a comparison, such as 1 == 0",
    "nan": "a value is missing by itself; missing(x) asks",
    "inf": "leave the limit out",
    "position": "did you mean inventory?",
    "price": "did you mean mid or last_price?",
    "pnl": "did you mean net_pnl?",
}


def check(
    node: Node,
    formula: Formula,
    scope: Scope,
    expected: Type | None = None,
    *,
    field: str = "",
) -> tuple[Expr | None, tuple[Problem, ...]]:
    """Check a formula's tree and write out what it means.

    Args:
        node: The tree `parse` gave for `formula`.
        formula: Text and place, for the problems.
        scope: What it can see.
        expected: The type of its field; None: any (or the `field`'s, if it is known).
        field: The quote field or other key it stands in, for messages. A bare number
            is refused in `half_spread`.

    Returns:
        The checked tree, None if there is an error, and the problems (MM3xx).
    """
    context = Context(formula, scope)
    expr = _read(context, node)
    wanted = expected or FIELDS.get(field)
    if expr is not None and field == SHARE:
        number(context, Operand(node, expr))
    if expr is not None and wanted is not None:
        expr = fit_field(context, Operand(node, expr), wanted, field)
    problems = tuple(context.problems)
    if expr is None or errors_in(problems):
        return None, problems
    return expr, problems


def _read(context: Context, node: Node) -> Expr | None:
    match node:
        case Number():
            return _number(node)
        case Name():
            return _name(context, node)
        case Unary():
            return _unary(context, node)
        case Binary():
            return _binary(context, node)
        case Conditional():
            return _conditional(context, node)
        case Call():
            return check_call(context, node, _read)


def _number(node: Number) -> Expr:
    unit, value = node.quantity.unit, node.quantity.value
    if unit is None:
        return constant(value, BARE, node)
    if unit.of:
        return in_instrument_units(constant(value, Type(), node), unit.of)
    return constant(value, Type(dimension=unit.dimension, relative=unit.relative), node)


def _name(context: Context, node: Name) -> Expr | None:
    name, scope = node.name, context.scope
    if name in scope.bindings:
        return scope.bindings[name]
    if name in scope.pending:
        return None
    if "." in name:
        of_source = check_name(context, node)
        return None if of_source is None else of_source.leaf(node.start, node.end)
    row = named(name)
    if row is None:
        _unknown(context, node)
    elif row.group == "quote field":
        hint = f"prev({name}) is its value at the last quote evaluation"
        message = f"{name} cannot be read here: it is not given, or needs this formula"
        context.error("MM301", message, node, hint)
    elif not row.supported:
        context.error("MM390", f"{name} is not supported yet", node)
    else:
        return row.leaf(node.start, node.end)
    return None


def _unknown(context: Context, node: Name) -> None:
    """Report a name that nothing defines, with the likeliest remedy."""
    name = node.name
    if name in FUNCTIONS:
        hint = f"call it: {FUNCTIONS[name].example}"
        context.error("MM302", f"{name} is a function", node, hint)
    elif name in VENUE_NAMES:
        hint = f"{QUOTED}.{name} is that of the venue being quoted"
        context.error("MM301", f"{name} is a venue's", node, hint)
    else:
        context.error("MM301", f"unknown name {name}", node, *_meant(context, name))


def _meant(context: Context, name: str) -> tuple[str, ...]:
    if len(context.scope.bindings) + len(context.scope.pending) > _FEW:
        return ()
    kinds: dict[str, str] = {
        known: row.group for known, row in NAMES.items() if row.supported
    }
    kinds |= dict.fromkeys(FUNCTIONS, "function")
    kinds |= {
        bound: expr.op if expr.op in {"param", "input"} else "let"
        for bound, expr in context.scope.bindings.items()
        if bound not in NAMES
    }
    kinds |= dict.fromkeys(context.scope.pending - kinds.keys(), "let")
    lower = name.lower()
    if lower in _OTHER_WORDS:
        return (_OTHER_WORDS[lower],)
    if level_of(lower):
        return (f"did you mean {lower.removesuffix('_1')}?",)
    close = [lower] if lower in kinds else get_close_matches(lower, kinds, n=1)
    return tuple(f"did you mean {match} ({kinds[match]})?" for match in close)


def _unary(context: Context, node: Unary) -> Expr | None:
    expr = _read(context, node.operand)
    if expr is None:
        return None
    op, fits = ("not", condition) if node.op == "not" else ("neg", number)
    if not fits(context, Operand(node.operand, expr)):
        return None
    return compose(op, (expr,), expr.type, node)


def _binary(context: Context, node: Binary) -> Expr | None:
    left, right = _read(context, node.left), _read(context, node.right)
    if left is None or right is None:
        return None
    op, rule = OPERATORS[node.op]
    found = rule(context, node, Operand(node.left, left), Operand(node.right, right))
    return compose(op, *found, node) if found is not None else None


def _conditional(context: Context, node: Conditional) -> Expr | None:
    when = _read(context, node.condition)
    good = when is not None and condition(context, Operand(node.condition, when))
    then, otherwise = _read(context, node.then), _read(context, node.otherwise)
    if then is None or otherwise is None or when is None or not good:
        return None
    branches = (Operand(node.then, then), Operand(node.otherwise, otherwise))
    found = meet(context, node, branches, conditions=True)
    if found is None:
        return None
    return compose("if", (when, *found[0]), found[1], node)
