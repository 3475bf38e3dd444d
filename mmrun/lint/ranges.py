"""What a checked formula can give, over everything its names can be.

Every node has an interval and, where it is a sum of products of unknowns, a polynomial
in them; the tighter of both counts. A branch of `if`, and what stands behind `and` or
`or`, is looked at as its condition has it: in `x / spread if spread > 0 else 0` the
spread is above 0. What a condition says nothing of is looked at once, however many
branches it stands in. Bounded: work is counted, and where too much of it would be
needed `Work` ends it, rather than to give wider intervals that would tell of what is
not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

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


#: What one rule may look at: nodes, each with the terms of its polynomial and the
#: conditions it stands behind.
MOST_WORK = 25_000

_BRANCHING = frozenset({"if", "and", "or"})
#: Own state that moves with the inventory by its definition.
_HELD = frozenset({"inventory", "position_value"})


class TooMuchWorkError(Exception):
    """Formulas need more looking at than a rule may do."""


class Work:
    """What is still to be spent on looking at formulas."""

    def __init__(self, most: int = MOST_WORK) -> None:
        """Nothing is spent yet."""
        self._most = most
        self.spent = 0

    def renew(self) -> None:
        """Begin anew: another rule."""
        self.spent = 0

    def spend(self, count: int) -> None:
        """Count it.

        Raises:
            TooMuchWorkError: there is too little left.
        """
        self.spent += count
        if self.spent > self._most:
            raise TooMuchWorkError


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a node's value."""

    interval: Interval
    polynomial: Polynomial


class Structure:
    """Numbers of nodes, operands before their users: equal formulas have one number."""

    def __init__(self, work: Work | None = None) -> None:
        """Nothing is numbered yet."""
        self.work = work or Work()
        self._numbers: dict[object, int] = {}
        self._of: dict[int, int] = {}
        self._nodes: list[Expr] = []  # kept, so that no `id` is used again
        self._now: list[tuple[int, ...]] = []  # by number
        self._moving: set[int] = set()

    def number(self, node: Expr) -> int:
        """The node's number."""
        if id(node) not in self._of:
            for each in postorder([node]):
                self._take(each)
        return self._of[id(node)]

    def now(self, number: int) -> tuple[int, ...]:
        """The numbers of what a node is made of as it is now, not as it was."""
        return self._now[number]

    def moves(self, number: int) -> bool:
        """Whether the node with that number depends on the inventory."""
        return number in self._moving

    def _take(self, node: Expr) -> None:
        if id(node) in self._of:
            return
        parts = tuple(self._of[id(arg)] for arg in node.args)
        what = (node.name, node.value.hex(), node.type, node.ticks, node.hears)
        key = (node.op, parts, what)
        now = parts if node.op in OPERATIONS else self._parts_of(node.name)
        number = self._numbers.setdefault(key, len(self._numbers))
        if number == len(self._now):
            self._now.append(now)
        self._of[id(node)] = number
        self._nodes.append(node)
        if split(node.name)[1] in _HELD or any(part in self._moving for part in parts):
            self._moving.add(number)

    def _parts_of(self, name: str) -> tuple[int, ...]:
        found = _DERIVED.get(name)
        return tuple(self.number(leaf(part)) for part in found.of) if found else ()


@dataclass(slots=True)
class _View:
    """Nodes as they are where certain conditions hold, or as they were before."""

    leaves: Leaves
    facts: Facts
    outer: _View | None = None
    depth: int = 0
    least: float = field(init=False)  #: number of what the facts are of
    known: dict[int, Known] = field(default_factory=dict)
    inner: dict[int, tuple[tuple[Expr, _View | None], ...]] = field(
        default_factory=dict
    )
    touched: dict[int, bool] = field(default_factory=dict)
    unknowns: dict[Unknown, Interval] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What comes before all that the facts are of cannot be made of it."""
        self.least = min(self.facts, default=math.inf)

    def interval(self, key: Unknown) -> Interval:
        """What an unknown can be here."""
        view: _View | None = self
        said = ANYTHING
        while view is not None:
            if key in view.unknowns:
                return said.meet(view.unknowns[key])
            said = said.meet(view.facts.get(key[0], ANYTHING))
            view = view.outer
        return said

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
        self._work = structure.work
        self._moment = moment
        self._view = _View(leaves, facts or {})
        self._past = _View(always or leaves, {})
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
        """Interval and polynomial of a formula.

        Raises:
            TooMuchWorkError: it needs too much work.
        """
        self._structure.number(node)
        stack = [(node, self._view)]
        while stack:
            each, view = stack[-1]
            if id(each) in view.known:
                stack.pop()
                continue
            needs = self._needs(each, view)
            if waiting := [pair for pair in needs if id(pair[0]) not in pair[1].known]:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            view.known[id(each)] = self._combined(each, view)
        return self._view.known[id(node)]

    def _needs(self, node: Expr, view: _View) -> list[tuple[Expr, _View]]:
        """What must be known before a node in a view, and in which."""
        if view.outer is not None and not self._is_changed(node, view):
            return [(node, view.outer)]
        if node.op not in _BRANCHING:
            place = view if node.op in OPERATIONS else self._past
            return [(arg, place) for arg in node.args]
        if id(node.args[0]) not in view.known:
            return [(node.args[0], view)]
        return [
            (branch, inner)
            for branch, inner in self._branches(node, view)
            if inner is not None
        ]

    def _is_changed(self, node: Expr, view: _View) -> bool:
        """Whether a view's own facts say something of what a node is made of."""
        parts = self._structure.now(self._structure.number(node))
        return any(self._is_touched(part, view) for part in parts)

    def _is_touched(self, root: int, view: _View) -> bool:
        """Whether they say something of a node with that number, or of a part of it."""
        touched = view.touched
        stack = [root]
        while stack:
            number = stack[-1]
            parts = self._structure.now(number) if number > view.least else ()
            known = number in view.facts or any(touched.get(part) for part in parts)
            waiting = () if known else [part for part in parts if part not in touched]
            if number in touched or not waiting:
                touched.setdefault(number, known)
                stack.pop()
            stack.extend(waiting if number not in touched else ())
            self._work.spend(1)
        return touched[root]

    def _branches(
        self, node: Expr, view: _View
    ) -> tuple[tuple[Expr, _View | None], ...]:
        """What stands behind a condition, and how it is looked at: None for never."""
        if id(node) not in view.inner:
            view.inner[id(node)] = self._divided(node, view)
        return view.inner[id(node)]

    def _divided(
        self, node: Expr, view: _View
    ) -> tuple[tuple[Expr, _View | None], ...]:
        condition, *behind = node.args
        found = view.known[id(condition)].interval
        if node.op == "if" and found in (TRUE, FALSE):
            return ((behind[0 if found == TRUE else 1], view),)
        outcomes = (True, False) if node.op == "if" else (node.op == "and",)
        return tuple(
            (branch, self._behind(condition, view, holds=holds))
            for branch, holds in zip(behind, outcomes, strict=True)
        )

    def _behind(self, condition: Expr, view: _View, *, holds: bool) -> _View | None:
        """Nodes where a condition holds, or does not; None where that cannot be."""

        def interval(each: Expr) -> Interval:
            if each.op == "const":
                return point(each.value)
            known = view.known.get(id(each))
            return known.interval if known else ANYTHING

        facts = facts_of(condition, self._structure.number, interval, holds=holds)
        if facts is None:
            return None
        return _View(view.leaves, facts, view, view.depth + 1) if facts else view

    def _combined(self, node: Expr, view: _View) -> Known:
        if view.outer is not None and not self._is_changed(node, view):
            return self._as_outside(node, view.outer.known[id(node)], view)
        if node.op in _BRANCHING:
            return self._branching(node, view)
        place = view if node.op in OPERATIONS else self._past
        args = [place.known[id(arg)] for arg in node.args]
        intervals = tuple(arg.interval for arg in args)
        if node.op == "div":
            self._keep_divisor(node, intervals[1])
        number = self._structure.number(node)
        interval = self._interval(node, intervals, view).meet(view.fact(number))
        polynomial = self._polynomial(node, args, interval)
        self._work.spend(1 + view.depth + polynomials.size(polynomial))
        if polynomial is None:
            return self._unknown(number, interval, view)
        found = polynomials.range_of(polynomial, view.interval)
        return Known(interval.meet(found), polynomial)

    def _as_outside(self, node: Expr, known: Known, view: _View) -> Known:
        """What is known without a view's facts, and what they say of the node itself."""
        fact = view.facts.get(self._structure.number(node))
        if fact is None:
            return known
        interval = known.interval.meet(fact)
        same = not interval.is_point
        return Known(
            interval, known.polynomial if same else polynomials.constant(interval)
        )

    def _interval(
        self, node: Expr, args: tuple[Interval, ...], view: _View
    ) -> Interval:
        if node.op in OPERATIONS:
            return OPERATIONS[node.op](*args)
        if node.op == "const":
            return point(node.value)
        if node.args or node.op in bounds.FUNCTIONS:
            return bounds.of_function(node, args)
        assumed = view.leaves(node)
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

    def _branching(self, node: Expr, view: _View) -> Known:
        """`if`, `and`, `or`: operands behind a condition, as the condition has it."""
        number = self._structure.number(node)
        self._work.spend(1 + view.depth)
        condition = view.known[id(node.args[0])].interval
        behind = [
            inner.known[id(branch)] if inner else Known(NOTHING, {})
            for branch, inner in self._branches(node, view)
        ]
        intervals = [each.interval for each in behind]
        if node.op == "if" and len(behind) == 1:
            fact = view.fact(number)
            return Known(intervals[0].meet(fact), behind[0].polynomial)
        if node.op == "if":
            interval = choose(condition, *intervals)
        else:
            interval = OPERATIONS[node.op](condition, *intervals)
        return self._unknown(number, interval.meet(view.fact(number)), view)

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
        found = _DERIVED.get(name)
        return found.polynomial(self) if found else None

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


class _Derived(NamedTuple):
    of: tuple[str, ...]
    polynomial: Callable[[Ranges], Polynomial | None]


_DERIVED: Mapping[str, _Derived] = {
    "bid": _Derived(("mid", "spread"), _beside_mid(-0.5)),
    "ask": _Derived(("mid", "spread"), _beside_mid(0.5)),
    "weighted_mid": _Derived(("mid", "spread", "queue_imbalance"), _weighted_mid),
    "position_value": _Derived(("inventory", "mid"), _position_value),
}
