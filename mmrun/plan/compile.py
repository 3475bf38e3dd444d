"""From a strategy's formulas to a plan: check them in order, rewrite, split, lower."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmrun.lang.check import check
from mmrun.lang.meet import CONDITION
from mmrun.lang.mentions import names_in
from mmrun.lang.names import NAMES, STEP, joined
from mmrun.lang.nodes import Expr, Node, Type
from mmrun.lang.parse import parse_all
from mmrun.lang.scope import (
    Scope,
    compose,
    in_instrument_units,
    input_expr,
    param_expr,
)
from mmrun.lang.sources import sources_in
from mmrun.lang.walk import postorder
from mmrun.plan.allocate import divide
from mmrun.plan.graph import order
from mmrun.plan.hoist import Hoisting, hoist
from mmrun.plan.instances import at_value, blocks, instantiate, venue_axis
from mmrun.plan.levels import at_level, deeper, output_name, output_names
from mmrun.plan.one_for_all import differing
from mmrun.plan.passes import PASSES, Roots, share_subtrees
from mmrun.plan.plan import OUTPUTS, Plan
from mmrun.plan.program import Program
from mmrun.problems import Problem, errors_in
from mmrun.strategy.spec import SHARE, Formula, Formulas, Strategy


#: Quote fields that other formulas may read; the rest are outputs alone.
READABLE = ("fair", "half_spread", "reservation")
TARGET = "target_inventory"


@dataclass(frozen=True, slots=True)
class Checked:
    """A strategy whose formulas have a meaning."""

    strategy: Strategy
    fields: Mapping[str, Expr]  #: quote fields, defaults filled in
    lets: Mapping[str, Expr]
    step: Expr  #: from a level to the next, a price
    deeper: Mapping[str, Expr]  #: quote fields of the levels after the first
    share: Expr | None = None  #: of the size, that a venue gets beside the others
    #: conditions of `Strategy.guards` by their keys, in that order
    conditions: Mapping[str, Expr] = field(default_factory=dict)
    target: Expr | None = None  #: risk.target_inventory, where the file has it

    @property
    def levels(self) -> int:
        """Quotes a side."""
        return self.strategy.quoting.levels.count

    def fields_at(self, level: int) -> Mapping[str, Expr]:
        """Quote fields as they are at a level; formulas may read `level`."""
        return self.fields if level == 0 else self.deeper


def check_formulas(strategy: Strategy) -> tuple[Checked | None, tuple[Problem, ...]]:
    """Parse and check every formula; None when there are errors."""
    meant, problems = meanings(formulas_of(strategy))
    if errors_in(problems):
        return None, problems
    given = {k: v for k, v in meant.items() if k in OUTPUTS}
    if "size" in meant:
        given |= dict.fromkeys(("bid_size", "ask_size"), meant["size"])
    fields = with_defaults(given)
    lets = {let.name: meant[_let(let.name)] for let in strategy.lets}
    step = meant.get(STEP, in_instrument_units(Expr("const", value=1.0), "tick"))
    conditions = {each.key: meant[_when(each.key)] for each in strategy.guards}
    return Checked(
        strategy,
        fields,
        lets,
        step=step,
        deeper=deeper(fields, step, strategy.quoting.levels),
        share=meant.get(SHARE),
        conditions=conditions,
        target=meant.get(TARGET),
    ), problems


def formulas_of(strategy: Strategy) -> Formulas:
    """What there is to check in a valid file."""
    given = {name: getattr(strategy.quoting, name) for name in OUTPUTS}
    fields = {name: each for name, each in given.items() if each is not None}
    if fields["bid_size"].place is fields["ask_size"].place:  # written as `size`
        fields["size"] = fields.pop("bid_size")
        del fields["ask_size"]
    if strategy.quoting.levels.step is not None:
        fields[STEP] = strategy.quoting.levels.step
    if strategy.allocation is not None and strategy.allocation.by is not None:
        fields[SHARE] = strategy.allocation.by
    return Formulas(
        params=strategy.params,
        inputs=strategy.inputs,
        lets=strategy.lets,
        fields=fields,
        venues=strategy.venues,
        references=strategy.references,
        conditions={each.key: each.when for each in strategy.guards},
        target=strategy.risk.target_inventory,
        units_off=strategy.units_off,
    )


def meanings(formulas: Formulas) -> tuple[dict[str, Expr], tuple[Problem, ...]]:
    """Checked trees by key (`let.sigma`, `fair`), and all that is wrong.

    A formula that has an error, or needs one that has, is not among the trees.
    """
    texts = _texts(formulas)
    trees, problems = parse_all(texts)
    ordered, cycles = order(_needs(trees, texts), texts)
    meant, wrong = _check_in_order(formulas, trees, ordered, texts)
    apart = _target_apart(formulas, trees, meant, texts)
    return meant, (*problems, *cycles, *wrong, *apart)


def _texts(formulas: Formulas) -> dict[str, Formula]:
    """Every formula by its key."""
    found = {_let(let.name): let.formula for let in formulas.lets}
    found |= formulas.fields
    found |= {TARGET: formulas.target} if formulas.target else {}
    return found | {_when(key): text for key, text in formulas.conditions.items()}


def _let(name: str) -> str:
    """A let's key: lets may bear a function's name, and `bid` is an output."""
    return f"let.{name}"


def _when(key: str) -> str:
    """The key of a guard's condition."""
    return f"{key}.when"


def _needs(
    trees: Mapping[str, Node], texts: Mapping[str, Formula]
) -> dict[str, tuple[str, ...]]:
    """For every formula the keys of those it reads."""
    return {
        key: tuple(
            found
            for name in (names_in(trees[key]) if key in trees else ())
            if (found := _key_of(name, texts)) in texts
        )
        for key in texts
    }


def _key_of(name: str, texts: Mapping[str, Formula]) -> str:
    """The formula behind a name; a reservation price that is not given is fair's."""
    if name == "reservation" and name not in texts:
        return "fair"
    return name if name in (*READABLE, TARGET) else _let(name)


def _check_in_order(
    formulas: Formulas,
    trees: Mapping[str, Node],
    ordered: tuple[str, ...],
    texts: Mapping[str, Formula],
) -> tuple[dict[str, Expr], list[Problem]]:
    """Checked formulas by key, each seeing those before it."""
    done: dict[str, Expr] = {}
    problems: list[Problem] = []
    bindings = {param.name: param_expr(param) for param in formulas.params}
    bindings |= {
        each.name: input_expr(each, i) for i, each in enumerate(formulas.inputs)
    }
    bindings |= _readable_defaults(done, texts)
    named = {_name_of(key) for key in texts if _seen(key)} | formulas.unclear
    scope = Scope(
        bindings,
        frozenset(named),
        units_off=formulas.units_off,
        values={param.name: param.value for param in formulas.params},
        venues=formulas.venues,
        references=frozenset(each.name for each in formulas.references),
    )
    for key in ordered:
        if key not in trees:
            continue
        field, kind = _meant_as(key, formulas)
        expr, found = check(trees[key], texts[key], scope, kind, field=field)
        problems += found
        if expr is None:
            continue
        done[key] = expr
        if _seen(key):
            bindings[_name_of(key)] = expr
        if key == "fair":
            bindings |= _readable_defaults(done, texts)
    return done, problems


def _meant_as(key: str, formulas: Formulas) -> tuple[str, Type | None]:
    """The field that a formula stands in, for messages, and what it must be."""
    if key in formulas.fields:
        return key, None
    if key == TARGET:
        return key, NAMES[TARGET].type
    if key.removesuffix(".when") in formulas.conditions:
        return "when", CONDITION
    return "", None


def _seen(key: str) -> bool:
    """Whether formulas can read it: lets, the target, and three quote fields."""
    return key.startswith("let.") or key in (*READABLE, TARGET)


def _name_of(key: str) -> str:
    return key.removeprefix("let.")


def _target_apart(
    formulas: Formulas,
    trees: Mapping[str, Node],
    meant: Mapping[str, Expr],
    texts: Mapping[str, Formula],
) -> Iterable[Problem]:
    """What would make the target inventory another one at each venue."""
    if TARGET not in meant:
        return ()
    defined = {**meant, **_readable_defaults(meant, texts)}
    roots = {_name_of(key): defined[key] for key in defined if _seen(key)}
    return differing(TARGET, trees[TARGET], texts[TARGET], roots, formulas.venues)


def _readable_defaults(
    done: Mapping[str, Expr], texts: Mapping[str, Formula]
) -> dict[str, Expr]:
    """`fair` and `reservation` where the file leaves them out."""
    found: dict[str, Expr] = {}
    if "fair" not in texts:
        found["fair"] = NAMES["mid"].leaf(0, 0)
    if "reservation" not in texts and ("fair" in done or "fair" in found):
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


def compile_plan(checked: Checked, venues: Sequence[str] | None = None) -> Plan:
    """Rewrite, split and lower a strategy's formulas.

    `venues` are those that are quoted; None: those of the file, if it names any.
    """
    names = quoted_venues(checked.strategy) if venues is None else tuple(venues)
    return _planned(checked.strategy, roots_of(checked), names)


def at_venues(plan: Plan, venues: Sequence[str]) -> Plan:
    """The plan of a run that quotes these venues: another one where quotes may differ."""
    divided = plan.strategy.allocation is not None
    if plan.venues == tuple(venues) or not (plan.sources or divided):
        return plan
    return _planned(plan.strategy, plan.meant, tuple(venues))


def _planned(strategy: Strategy, meant: Roots, venues: tuple[str, ...]) -> Plan:
    roots = rewritten(meant, strategy, venues)
    levels = strategy.quoting.levels.count
    names, guards = output_names(levels), guard_keys(meant)
    hoisting, residual, guarding = split(roots, levels, venues, guards)
    return Plan(
        strategy=strategy,
        meant=meant,
        venues=venues,
        sources=sources_in(
            postorder(meant[n] for n in (*names, SHARE, *guards) if n in meant)
        ),
        roots=roots,
        values=hoisting.values,
        steps=tuple(hoisting.steps),
        residual=residual,
        blocks=len(blocks(roots, names, venues)),
        guards=guarding,
        rules=tuple(
            (guards.index(key), venue)
            for key, venue, _ in each_instance(roots, guards, venues)
            if key != TARGET
        ),
        texts=hoisting.texts,
        own=hoisting.own,
    )


def quoted_venues(strategy: Strategy) -> tuple[str, ...]:
    """The venues of the file; none where it leaves them to the dataset."""
    return tuple(venue.name for venue in strategy.venues)


def roots_of(checked: Checked) -> dict[str, Expr]:
    """Everything with a name: quote fields of each level (`bid`, `bid_2`), and the rest.

    Lets (as `let.sigma`), `allocate.by` and what guards look at are as they are at the
    first level.
    """
    found: dict[str, Expr] = {}
    for k in range(checked.levels):
        fields = at_level(checked.fields_at(k), k, checked.fields)
        found |= {output_name(name, k): expr for name, expr in fields.items()}
    named = {_let(name): expr for name, expr in checked.lets.items()}
    named |= {} if checked.share is None else {SHARE: checked.share}
    named |= guarded(checked)
    return found | dict(at_level(named, 0, checked.fields))


def guarded(checked: Checked) -> dict[str, Expr]:
    """What guards look at on every row: conditions by key, and the target inventory."""
    target = {TARGET: checked.target} if checked.target is not None else {}
    return dict(checked.conditions) | target


def guard_keys(meant: Roots) -> tuple[str, ...]:
    """The keys of `guarded` among those of `roots_of`, in its order."""
    conditions = (key for key in meant if key.startswith(("toxicity.", "risk.")))
    return (*conditions, *(key for key in meant if key == TARGET))


def rewritten(roots: Roots, strategy: Strategy, venues: Sequence[str]) -> Roots:
    """The roots after all passes, one for each venue of what depends on it."""
    for rewrite in PASSES:
        roots = rewrite(roots)
    return share_subtrees(at_each(roots, strategy, venues))


def at_each(roots: Roots, strategy: Strategy, venues: Sequence[str]) -> Roots:
    """The roots, one for each venue of what depends on it, sizes divided over them."""
    return divide(instantiate(roots, venue_axis(venues)), strategy, venues)


def split(
    roots: Roots, levels: int, venues: Sequence[str], guards: Sequence[str]
) -> tuple[Hoisting, Program, Program]:
    """Columns and run values of rewritten roots; what is left of quotes, and of guards.

    `guards` are the keys of `guarded`.
    """
    found = blocks(roots, output_names(levels), venues)
    fields = [each for block in found for each in block.values()]
    conditions = [root for *_, root in each_instance(roots, guards, venues)]
    return hoist(fields, roots, conditions)


def each_instance(
    roots: Roots, keys: Iterable[str], venues: Sequence[str]
) -> Iterator[tuple[str, str, Expr]]:
    """Each of the roots with its key: once, or with each venue where it depends on one."""
    for key in keys:
        apart = [venue for venue in venues if joined(venue, key) in roots]
        for venue in apart or [""]:
            yield key, venue, at_value(roots, key, venue)
