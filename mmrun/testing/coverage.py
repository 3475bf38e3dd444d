"""Which rules and branches of a strategy its tests have reached.

A rule is a limit or policy that the file writes down and that takes quotes away or
changes them (`_RULES`); it is covered when it did so in a test. A rule with a condition
is covered when that was met, and when it was not; each comparison in it, by which it has
its threshold, when it held and when it did not. A branch is one way through a formula
(`_ARMS`): either side of an `if`, each argument that a min, max or coalesce can give,
the three ways of a clip. What is fixed for a run has no branches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmrun.engine.records import Rule
from mmrun.lang.names import STEP
from mmrun.lang.nodes import Expr, Stage
from mmrun.lang.show import show
from mmrun.lang.walk import postorder
from mmrun.plan.compile import Checked, formulas_of
from mmrun.problems import Span
from mmrun.strategy.spec import SHARE, Formula, OnBreach, PostOnly, Strategy
from mmrun.testing.trace import Values


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One arm of a branch, by its place in the file, or a rule by its key."""

    file: str
    line: int
    column: int
    text: str  #: `max(half, 1tick)`, or the rule's name
    arm: str  #: which way; of a rule `acted`, or `held` and `cleared`

    def __str__(self) -> str:
        if not self.line:
            return f"{self.text} never {self.arm}"
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.text} never gave {self.arm}"


@dataclass(slots=True)
class Coverage:
    """A strategy's points, and those that tests have reached so far."""

    points: set[Point] = field(default_factory=set)
    reached: set[Point] = field(default_factory=set)

    @property
    def missed(self) -> list[Point]:
        """What no test has reached, by place."""
        return sorted(self.points - self.reached)

    @property
    def percent(self) -> float:
        """Part of the points that were reached; 100 where there are none."""
        if not self.points:
            return 100.0
        return 100.0 * len(self.points & self.reached) / len(self.points)

    def declare(self, checked: Checked) -> None:
        """Add a strategy's points, as its file has them."""
        for branch in _branches(checked):
            self.points |= set(branch.arms)
        self.points |= set(dict(_rules(checked.strategy)).values())

    def watch(self, checked: Checked) -> Callable[[Values], None]:
        """A function that marks the arms taken, told the values of an evaluation."""
        branches = list(_branches(checked))

        def seen(values: Values) -> None:
            for branch in branches:
                taken = branch.taken(branch.node, values)
                if taken is not None:
                    self.reached.add(branch.arms[taken])

        return seen

    def mark(self, strategy: Strategy, acted: frozenset[str]) -> None:
        """Mark the rules that had a hand in a test."""
        rules = dict(_rules(strategy))
        self.reached |= {point for rule, point in rules.items() if rule in acted}


# ---- rules


def _rules(strategy: Strategy) -> Iterator[tuple[str, Point]]:
    """The rules without a condition that the file has, by their names."""
    for path, rule, has in _RULES:
        if has(strategy):
            yield rule.name.lower(), Point("", 0, 0, path, "acted")


def _is_breached(strategy: Strategy) -> bool:
    risk = strategy.risk
    return risk.max_inventory is not None and risk.on_breach is not OnBreach.NONE


#: Key, the engine's rule, and whether a strategy has it.
_RULES: tuple[tuple[str, Rule, Callable[[Strategy], bool]], ...] = (
    ("risk.max_inventory", Rule.MAX_INVENTORY, _is_breached),
    (
        "risk.max_position_value",
        Rule.MAX_POSITION_VALUE,
        lambda s: s.risk.max_position_value is not None,
    ),
    ("risk.allow_short", Rule.NO_SHORT, lambda s: not s.risk.allow_short),
    ("risk.price_collar", Rule.PRICE_COLLAR, lambda s: s.risk.price_collar is not None),
    (
        "session",
        Rule.SESSION,
        lambda s: s.session.open_s is not None or s.session.calendar is not None,
    ),
    (
        "session.flatten_before_close",
        Rule.FLATTEN,
        lambda s: s.session.flatten_before_close_ns is not None,
    ),
    (
        "quote.post_only",
        Rule.POST_ONLY,
        lambda s: s.quoting.post_only in {PostOnly.SKIP, PostOnly.REJECT},
    ),
    (
        "quote.requote.after_fill",
        Rule.AFTER_FILL,
        lambda s: s.quoting.requote.after_fill_ns > 0,
    ),
)


# ---- branches

#: Which arm of a node was taken, None for none.
Taken = Callable[[Expr, Values], int | None]


@dataclass(frozen=True, slots=True)
class Branch:
    """A node that can go several ways."""

    node: Expr
    arms: tuple[Point, ...]
    taken: Taken


def _branches(checked: Checked) -> Iterator[Branch]:
    """Every node that can go several ways, once, with its arms."""
    for key, condition in checked.conditions.items():
        arms = tuple(Point("", 0, 0, key, arm) for arm in ("held", "cleared"))
        yield Branch(condition, arms, _truth)
    texts = formulas_of(checked.strategy)
    written = dict(texts.fields)
    if "size" in written:
        written["bid_size"] = written.pop("size")
    lets = {let.name: let.formula for let in texts.lets}
    ruled = {key: text for key, text in texts.conditions.items() if _is_written(key)}
    named = (*checked.lets.values(), *checked.fields.values())
    roots = {id(e) for e in (*named, *checked.conditions.values())}
    pairs = [(checked.lets[name], text) for name, text in lets.items()]
    fields = dict(checked.fields) | {SHARE: checked.share}
    step = written.pop(STEP, None)
    pairs += [(e, text) for n, text in written.items() if (e := fields[n]) is not None]
    if step is not None and _stands_apart(checked):
        pairs.append((checked.step, step))
    pairs += [(checked.conditions[key], text) for key, text in ruled.items()]
    conditions = {id(checked.conditions[key]) for key in ruled}
    seen: set[int] = set()
    for root, text in pairs:
        for node in _own_nodes(root, roots, seen):
            if node.op in _ARMS and node.stage > Stage.PARAM:
                yield Branch(node, _arms(node, text, _names(node)), _ARMS[node.op])
            elif id(root) in conditions and node is not root and _compares(node):
                yield Branch(node, _arms(node, text, ("true", "false")), _truth)


def _is_written(key: str) -> bool:
    """Whether a condition is one of the file's; a limit's is not."""
    return key.startswith("toxicity.")


def _compares(node: Expr) -> bool:
    return node.op in {"lt", "le", "gt", "ge", "eq", "ne"} and node.stage > Stage.PARAM


def _stands_apart(checked: Checked) -> bool:
    """Whether a level stands a step from the one before, on one side at least."""
    prices = (checked.deeper["bid"], checked.deeper["ask"])
    return checked.levels > 1 and any(checked.step in postorder([p]) for p in prices)


def _own_nodes(root: Expr, roots: set[int], seen: set[int]) -> Iterator[Expr]:
    """A formula's own nodes: down to other formulas'."""
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in seen or (id(node) in roots and node is not root):
            continue
        seen.add(id(node))
        yield node
        stack.extend(reversed(node.args))


def _arms(node: Expr, formula: Formula, names: Sequence[str]) -> tuple[Point, ...]:
    span: Span = formula.place.span(node.start, node.end)
    text = " ".join(formula.text[node.start : node.end].split())
    return tuple(Point(span.file, span.line, span.column, text, name) for name in names)


def _names(node: Expr) -> Sequence[str]:
    if node.op == "clip":
        _, low, high = (show(arg) for arg in node.args)
        return f"its low end {low}", "what lies between", f"its high end {high}"
    args = node.args[1:] if node.op == "if" else node.args
    shown = [show(arg) for arg in args]
    twice = len(set(shown)) < len(shown)
    return [f"{s} (argument {i + 1})" if twice else s for i, s in enumerate(shown)]


def _truth(node: Expr, values: Values) -> int | None:
    condition = values.get(id(node), math.nan)
    return None if math.isnan(condition) else int(condition == 0.0)


def _if(node: Expr, values: Values) -> int | None:
    return _truth(node.args[0], values)


def _extreme(pick: Callable[[list[float]], float]) -> Taken:
    def taken(node: Expr, values: Values) -> int | None:
        found = [values.get(id(arg), math.nan) for arg in node.args]
        if any(map(math.isnan, found)):
            return None
        return found.index(pick(found))

    return taken


def _clip(node: Expr, values: Values) -> int | None:
    x, low, high = (values.get(id(arg), math.nan) for arg in node.args)
    if any(map(math.isnan, (x, low, high))):
        return None
    return 0 if x < low else 2 if x > high else 1


def _coalesce(node: Expr, values: Values) -> int | None:
    found = [values.get(id(arg), math.nan) for arg in node.args]
    return next((i for i, v in enumerate(found) if not math.isnan(v)), None)


#: Operation to the function that says which of its arms was taken, None for none.
_ARMS: Mapping[str, Taken] = {
    "if": _if,
    "min": _extreme(min),
    "max": _extreme(max),
    "clip": _clip,
    "coalesce": _coalesce,
}
