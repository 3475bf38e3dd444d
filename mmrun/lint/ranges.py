"""What a checked formula can give, over everything its names can be.

Every node has an interval and, where it is a sum of products of unknowns, a polynomial
in them; the tighter of both counts. A branch of `if`, and what stands behind `and` or
`or`, is looked at as its condition has it: in `x / spread if spread > 0 else 0` the
spread is above 0. Bounded: beyond `MOST_STEPS` nodes looked at so, or `DEEPEST`
conditions within another, branches are looked at without, which only widens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from mmrun.lang.names import NAMES, split
from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.lint import bounds, polynomials
from mmrun.lint.intervals import (
    ANYTHING,
    FALSE,
    NOTHING,
    OPERATIONS,
    TRUE,
    Interval,
    choose,
    point,
)
from mmrun.lint.polynomials import Polynomial, Unknown
from mmrun.lint.refine import Facts, facts_of


MOST_STEPS = 20_000
DEEPEST = 5

_BRANCHING = frozenset({"if", "and", "or"})
#: Own state that moves with the inventory by its definition.
_HELD = frozenset({"inventory", "position_value"})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a node's value."""

    interval: Interval
    polynomial: Polynomial


class Structure:
    """Numbers of nodes: equal formulas have one number."""

    def __init__(self) -> None:
        """Nothing is numbered yet."""
        self._numbers: dict[object, int] = {}
        self._of: dict[int, int] = {}
        self._nodes: list[Expr] = []  # kept, so that no `id` is used again
        self._moving: set[int] = set()

    def number(self, node: Expr) -> int:
        """The node's number."""
        if id(node) not in self._of:
            for each in postorder([node]):
                self._take(each)
        return self._of[id(node)]

    @property
    def size(self) -> int:
        """How many formulas and parts of formulas have a number."""
        return len(self._numbers)

    def moves(self, number: int) -> bool:
        """Whether the node with that number depends on the inventory."""
        return number in self._moving

    def _take(self, node: Expr) -> None:
        if id(node) in self._of:
            return
        parts = tuple(self._of[id(arg)] for arg in node.args)
        what = (node.name, node.value.hex(), node.type, node.ticks, node.hears)
        key = (node.op, parts, what)
        number = self._numbers.setdefault(key, len(self._numbers))
        self._of[id(node)] = number
        self._nodes.append(node)
        if split(node.name)[1] in _HELD or any(part in self._moving for part in parts):
            self._moving.add(number)


@dataclass(slots=True)
class _View:
    """Nodes as they are where certain conditions hold."""

    facts: Facts
    outer: _View | None = None
    depth: int = 0
    known: dict[int, Known] = field(default_factory=dict)
    branching: dict[int, bool] = field(default_factory=dict)
    unknowns: dict[Unknown, Interval] = field(default_factory=dict)

    def interval(self, key: Unknown) -> Interval:
        """What an unknown can be here."""
        view: _View | None = self
        while view is not None:
            if key in view.unknowns:
                return view.unknowns[key]
            view = view.outer
        return ANYTHING

    def fact(self, number: int) -> Interval:
        """What the conditions say of a node."""
        view: _View | None = self
        found = ANYTHING
        while view is not None:
            found = found.meet(view.facts.get(number, ANYTHING))
            view = view.outer
        return found


#: A leaf to its interval; None for what `bounds` says of it.
Leaves = Callable[[Expr], Interval | None]


class Ranges:
    """Intervals of formulas under one set of assumptions about their names."""

    def __init__(
        self,
        structure: Structure,
        leaves: Leaves,
        facts: Facts | None = None,
        *,
        always: Leaves | None = None,
        moment: str = "",
    ) -> None:
        """Nothing is looked at yet.

        Args:
            structure: numbers of nodes, shared by what is compared.
            leaves: what is assumed of names.
            always: what is assumed of them at other times too, which functions over
                time look back to; the same if left out.
            facts: what is assumed of nodes besides, by their numbers.
            moment: tells unknowns that depend on the inventory from those of another
                moment; all others are the same at both.
        """
        self._structure = structure
        self._leaves = leaves
        self._always = always or leaves
        self._moment = moment
        self._view = _View(facts or {})
        self._past: Ranges | None = None
        self._steps = 0
        self.divisors: dict[int, tuple[Expr, Interval]] = {}

    def of(self, node: Expr) -> Interval:
        """What a formula can give; divisions met on the way are kept in `divisors`."""
        return self.known(node).interval

    def less(self, node: Expr, other: Ranges, subtrahend: Expr) -> Interval:
        """What a formula less another one, of other assumptions, can give."""
        left, right = self.known(node), other.known(subtrahend)
        plain = OPERATIONS["sub"](left.interval, right.interval)
        difference = polynomials.minus(left.polynomial, right.polynomial)
        if difference is None:
            return plain

        def interval(key: Unknown) -> Interval:
            here, there = self._view.interval(key), other._view.interval(key)
            return here.meet(there)

        return plain.meet(polynomials.range_of(difference, interval))

    def known(self, node: Expr) -> Known:
        """Interval and polynomial of a formula."""
        self._structure.number(node)
        return self._value(node, self._view)

    def _value(self, root: Expr, view: _View) -> Known:
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in view.known:
                stack.pop()
                continue
            waiting = [a for a in self._needs(node, view) if id(a) not in view.known]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            view.known[id(node)] = self._combined(node, view)
        return view.known[id(root)]

    def _needs(self, node: Expr, view: _View) -> Iterator[Expr]:
        """The operands looked at in the same view as the node."""
        if not self._branches(node, view):
            yield from node.args
            return
        yield node.args[0]
        condition = view.known.get(id(node.args[0]))
        if condition is not None and node.op == "if":
            if condition.interval == TRUE:
                yield node.args[1]
            elif condition.interval == FALSE:
                yield node.args[2]

    def _branches(self, node: Expr, view: _View) -> bool:
        """Whether its operands are looked at apart; decided once for a view."""
        if node.op not in _BRANCHING:
            return False
        known = view.branching.get(id(node))
        if known is None:
            known = view.depth < DEEPEST and self._steps < MOST_STEPS
            view.branching[id(node)] = known
            self._steps += 2 * self._structure.size if known else 0
        return known

    def _combined(self, node: Expr, view: _View) -> Known:
        number = self._structure.number(node)
        if self._branches(node, view):
            return self._branching(node, number, view)
        args = [view.known[id(arg)] for arg in node.args]
        intervals = tuple(arg.interval for arg in args)
        if node.op == "div":
            self._keep_divisor(node, intervals[1])
        if node.op in OPERATIONS:
            interval = OPERATIONS[node.op](*intervals)
        elif node.op == "const":
            interval = point(node.value)
        elif node.args or node.op in bounds.FUNCTIONS:
            interval = bounds.of_function(node, self._before(node))
        else:
            interval = self._leaf(node)
        fact = view.fact(number)
        interval = interval.meet(fact)
        polynomial = self._polynomial(node, args, interval)
        if polynomial is None:
            return self._unknown(number, interval, view)
        found = polynomials.range_of(polynomial, view.interval)
        return Known(interval.meet(found), polynomial)

    def _before(self, node: Expr) -> tuple[Interval, ...]:
        """What a function over time finds in its arguments: not only what is now."""
        if self._past is None:
            self._past = Ranges(self._structure, self._always)
        return tuple(self._past.of(arg) for arg in node.args)

    def _leaf(self, node: Expr) -> Interval:
        assumed = self._leaves(node)
        return bounds.of_name(node) if assumed is None else assumed

    def _keep_divisor(self, node: Expr, divisor: Interval) -> None:
        before = self.divisors.get(id(node), (node, NOTHING))[1]
        low, high = min(before.low, divisor.low), max(before.high, divisor.high)
        self.divisors[id(node)] = (node, Interval(low, high))

    def _unknown(self, number: int, interval: Interval, view: _View) -> Known:
        """A node whose value is one unknown."""
        moves = self._structure.moves(number)
        key = (number, self._moment if moves else "")
        view.unknowns[key] = interval
        return Known(interval, polynomials.unknown(key))

    def _branching(self, node: Expr, number: int, view: _View) -> Known:
        """`if`, `and`, `or`: operands behind a condition, as the condition has it."""
        condition = view.known[id(node.args[0])].interval
        if node.op == "if" and condition in (TRUE, FALSE):
            taken = view.known[id(node.args[1 if condition == TRUE else 2])]
            return Known(taken.interval.meet(view.fact(number)), taken.polynomial)
        if node.op == "if":
            then = self._behind(node.args[0], node.args[1], view, holds=True)
            otherwise = self._behind(node.args[0], node.args[2], view, holds=False)
            interval = choose(condition, then, otherwise)
        else:
            holds = node.op == "and"
            right = self._behind(node.args[0], node.args[1], view, holds=holds)
            interval = OPERATIONS[node.op](condition, right)
        return self._unknown(number, interval.meet(view.fact(number)), view)

    def _behind(
        self, condition: Expr, node: Expr, view: _View, *, holds: bool
    ) -> Interval:
        """What a node can give where a condition holds, or does not."""

        def interval(each: Expr) -> Interval:
            if each.op == "const":
                return point(each.value)
            known = view.known.get(id(each))
            return known.interval if known else ANYTHING

        facts = facts_of(condition, self._structure.number, interval, holds=holds)
        if facts is None:
            return NOTHING
        inner = _View(facts, view, view.depth + 1)
        return self._value(node, inner).interval

    def _polynomial(
        self, node: Expr, args: list[Known], interval: Interval
    ) -> Polynomial | None:
        """The node as a sum of products; None where it is an unknown of its own."""
        if interval.is_point:
            return polynomials.constant(interval)
        if node.op in {"market", "state"}:
            return self._derived(node.name)
        parts = [arg.polynomial for arg in args]
        if node.op == "neg":
            return polynomials.minus({}, parts[0])
        if node.op == "add":
            return polynomials.plus(*parts)
        if node.op == "sub":
            return polynomials.minus(*parts)
        if node.op == "mul":
            return polynomials.times(*parts)
        if node.op == "div" and args[1].interval.is_point:
            inverse = OPERATIONS["div"](TRUE, args[1].interval)
            return polynomials.times(parts[0], polynomials.constant(inverse))
        if node.op == "pow" and args[1].interval == point(2.0):
            return polynomials.times(parts[0], parts[0])
        return None

    def _derived(self, name: str) -> Polynomial | None:
        """Names that are sums of others (design: Names)."""
        rule = _DERIVED.get(name)
        return rule(self) if rule else None

    def name(self, name: str) -> Polynomial:
        """A market name or own state as a polynomial."""
        return self.known(leaf(name)).polynomial


@cache
def leaf(name: str) -> Expr:
    """A name as a node, the same one each time."""
    return NAMES[name].leaf(0, 0)


def _beside_mid(share: float) -> Callable[[Ranges], Polynomial | None]:
    """`mid` and a share of the spread."""

    def polynomial(ranges: Ranges) -> Polynomial | None:
        half = polynomials.times(
            polynomials.constant(point(share)), ranges.name("spread")
        )
        return None if half is None else polynomials.plus(ranges.name("mid"), half)

    return polynomial


def _weighted_mid(ranges: Ranges) -> Polynomial | None:
    """`mid + queue_imbalance * spread / 2`, which is its definition written anew."""
    half = polynomials.times(
        polynomials.constant(point(0.5)), ranges.name("queue_imbalance")
    )
    leaning = half and polynomials.times(half, ranges.name("spread"))
    return leaning and polynomials.plus(ranges.name("mid"), leaning)


def _position_value(ranges: Ranges) -> Polynomial | None:
    return polynomials.times(ranges.name("inventory"), ranges.name("mid"))


_DERIVED: Mapping[str, Callable[[Ranges], Polynomial | None]] = {
    "bid": _beside_mid(-0.5),
    "ask": _beside_mid(0.5),
    "weighted_mid": _weighted_mid,
    "position_value": _position_value,
}
