"""What was shown beside what was expected; what differs is a failure.

One row of `_KINDS` a kind of key: how it is read, what was shown, and how that is
written in YAML. A failure carries the values behind the formula it is about.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from mmrun.documents import Items, Node, Scalar, Section, TextPlace, did_you_mean
from mmrun.documents.nodes import plain
from mmrun.engine.quote import GivenError, value_of
from mmrun.engine.records import rule_names
from mmrun.lang.names import FIELDS, QUOTED
from mmrun.lang.nodes import Expr, Type
from mmrun.lang.sources import source_of
from mmrun.lang.walk import postorder
from mmrun.plan.compile import READABLE, Checked
from mmrun.plan.explain import field_of, outline
from mmrun.plan.levels import output_name
from mmrun.plan.listing import value_text, values_text
from mmrun.problems import Problem, problem_at
from mmrun.testing.failure import Behind, Failure
from mmrun.testing.shown import Fill, Shown, Side, sizes
from mmrun.testing.spec import Moment, Test, Want
from mmrun.testing.tape import time_ns
from mmrun.units import PRICE, parse_literal


NONE = "none"


@dataclass(frozen=True, slots=True)
class _Context:
    """What one moment's values are compared under."""

    checked: Checked
    test: Test
    shown: Shown
    at: str

    def failure(self, want: Want, got: str, roots: tuple[str, ...] = ()) -> Failure:
        written = got if isinstance(want.node, Scalar) else f"[{got}]" if got else "[]"
        behind = tuple(self.behind(name) for name in roots)
        place = want.node.place
        return Failure(
            want.key, _text(want.node), written, place, self.at, behind, written
        )

    def behind(self, name: str) -> Behind:
        """A formula with its values; a condition with those that its rule saw."""
        lines = outline(self.checked, name)
        if name not in self.checked.conditions:
            _, level = field_of(self.checked, name)
            return Behind(name, values_text(lines, self.shown.levels[level].values))
        values = self.shown.conditions
        unknown = math.isnan(values.get(id(self.checked.conditions[name]), math.nan))
        title = f"{name}, which is unknown" if unknown else name
        return Behind(title, values_text(lines, values))


def compare(
    checked: Checked, test: Test, moment: Moment, shown: Mapping[str, Shown]
) -> tuple[tuple[Failure, ...], tuple[Problem, ...]]:
    """The failures of a moment, and what is wrong with its expectations.

    Sides, and what reads names of the venue being quoted, are compared at every venue,
    or at the one the moment names; all else once.
    """
    name = moment.venue.text if moment.venue else None
    chosen = {v: s for v, s in shown.items() if name in {None, v}}
    when = "" if moment.at_ns is None else _time(moment.at_ns)
    contexts = [
        _Context(checked, test, each, f"{when} on {venue}" if len(shown) > 1 else when)
        for venue, each in chosen.items()
    ]
    failures: list[Failure] = []
    problems: list[Problem] = []
    for want in moment.wants:
        try:
            deeper = _DEEPER.match(want.key) is not None
            apart = want.key in _SIDED or deeper or _differs(checked, want.key)
            for context in contexts if apart else contexts[:1]:
                failures += _kind(want.key)(context, want)
        except _WrongWantError as wrong:
            problems.append(wrong.problem)
    return tuple(failures), tuple(problems)


def _differs(checked: Checked, name: str) -> bool:
    """Whether a let or quote field may be another at each venue."""
    root = checked.lets.get(name) or checked.fields.get(name)
    nodes = [] if root is None else postorder([root])
    return any(source_of(node) == QUOTED for node in nodes)


def compare_problems(want: Want, problems: tuple[Problem, ...]) -> tuple[Failure, ...]:
    """The failure where a strategy has other codes than were expected."""
    expected = sorted(str(code) for code in _list(want.node))
    got = sorted(problem.code for problem in problems)
    if expected == got:
        return ()
    said = tuple(Behind(f"{p.code} {p.message}") for p in problems)
    text = f"[{', '.join(got)}]"
    place = want.node.place
    return (Failure(want.key, _text(want.node), text, place, "", said, text),)


class _WrongWantError(Exception):
    """An expectation that cannot be met, whatever is shown."""

    def __init__(self, place: TextPlace, code: str, message: str, *hints: str) -> None:
        self.problem = problem_at(place, code, message, hints=hints)
        super().__init__(message)


# ---- prices, sizes, lets


def _compare_price(context: _Context, want: Want) -> Iterator[Failure]:
    side = _side(context, want)
    got = math.nan if side.price is None else side.price
    wanted = _number(context, want, FIELDS["bid"])
    if not _near(context, wanted, got, FIELDS["bid"]):
        rule = f" ({side.rule})" if side.rule else ""
        found = context.failure(want, _spelt(context, want, got), (want.key,))
        yield replace(found, got=found.got + rule)


def _compare_size(context: _Context, want: Want) -> Iterator[Failure]:
    side = _side(context, want)
    wanted = _number(context, want, FIELDS["size"])
    wanted = 0.0 if math.isnan(wanted) else wanted
    if not _near(context, wanted, side.size, FIELDS["size"]):
        yield context.failure(want, _spelt(context, want, side.size), (want.key,))


def _compare_value(context: _Context, want: Want) -> Iterator[Failure]:
    """A let, or a quote field that formulas can read."""
    node, level = _named(context.checked, want)
    got = context.shown.levels[level].values.get(id(node), math.nan)
    if not _near(context, _number(context, want, node.type), got, node.type):
        yield context.failure(want, _spelt(context, want, got), (want.key,))


def _compare_inventory(context: _Context, want: Want) -> Iterator[Failure]:
    got = context.shown.inventory
    if not _near(context, _number(context, want, FIELDS["size"]), got, FIELDS["size"]):
        yield context.failure(want, _spelt(context, want, got))


def _named(checked: Checked, want: Want) -> tuple[Expr, int]:
    """The formula and the level that a key means."""
    field, level = field_of(checked, want.key)
    if field in READABLE:
        return checked.fields_at(level)[field], level
    if want.key not in checked.lets:
        message = f"'{want.key}' is no side, rule, let or quote field of this strategy"
        hints = did_you_mean(want.key, (*checked.lets, *READABLE, *_KINDS))
        raise _WrongWantError(want.place, "MM604", message, *hints)
    return checked.lets[want.key], 0


def _number(context: _Context, want: Want, kind: Type) -> float:
    """The expected value in base units; NaN for `none`."""
    text = _scalar(want).text
    if text == NONE:
        return math.nan
    try:
        return value_of(want.key, text, kind, *sizes(context.checked.strategy))
    except GivenError as error:
        message = f"{error.finding}; `none` is possible too"
        raise _WrongWantError(want.node.place, "MM605", message) from error


def _near(context: _Context, wanted: float, got: float, kind: Type) -> bool:
    if math.isnan(wanted) or math.isnan(got):
        return math.isnan(wanted) and math.isnan(got)
    tolerance = context.test.tolerance
    off = tolerance.value
    if tolerance.in_ticks:
        tick, _ = sizes(context.checked.strategy)
        off = off * tick if kind.dimension == PRICE else 0.0
    return wanted == got or abs(wanted - got) <= off + 1e-9 * max(abs(wanted), 1e-3)


def _spelt(context: _Context, want: Want, got: float) -> str:
    """A value as it would be written, in the unit the expectation is in."""
    if math.isnan(got):
        return NONE
    quantity = parse_literal(_scalar(want).text)
    unit = quantity.unit if quantity else None
    if unit is None:
        return value_text(got)
    tick, lot = sizes(context.checked.strategy)
    scale = {"tick": tick, "lot": lot}.get(unit.of, float(unit.scale))
    return f"{got / scale:.10g}{unit.name}"


# ---- rules


def _compare_rule(context: _Context, want: Want) -> Iterator[Failure]:
    """The rule of every side that is not quoted."""
    wanted = _rule(context, want)
    sides = {
        output_name(name, level): side
        for level, rung in enumerate(context.shown.levels)
        for name, side in (("bid", rung.bid), ("ask", rung.ask))
    }
    found = {side.rule for side in sides.values() if side.rule is not None} or {NONE}
    if found == {wanted}:
        return
    own = _own_rules(context, {wanted, *found})
    if len(found) == 1:
        away = tuple(name for name, side in sides.items() if side.rule is not None)
        yield context.failure(want, found.pop(), own or away or ("bid", "ask"))
        return
    said = ", ".join(f"{name} {side.rule}" for name, side in sides.items())
    failure = context.failure(want, said, (*own, *sides))
    yield replace(failure, replacement=None)


def _compare_side_rule(context: _Context, want: Want) -> Iterator[Failure]:
    wanted = _rule(context, want)
    name, level = want.key[:3], _level(want)
    got = _side(context, want).rule or NONE
    if got != wanted:
        own = _own_rules(context, {wanted, got})
        roots = (output_name(name, level), output_name(f"{name}_size", level))
        yield context.failure(want, got, own or roots)


def _own_rules(context: _Context, names: set[str | None]) -> tuple[str, ...]:
    """The keys of those rules that have conditions."""
    guards = context.checked.strategy.guards
    return tuple(guard.key for guard in guards if guard.name in names)


def _rule(context: _Context, want: Want) -> str:
    text = _scalar(want).text
    own = [guard.name for guard in context.checked.strategy.guards]
    known = (*own, *rule_names(())[1:], NONE)
    if text not in known:
        message = f"there is no rule '{text}' in this strategy"
        hints = did_you_mean(text, known)
        raise _WrongWantError(want.node.place, "MM604", message, *hints)
    return text


# ---- fills


def _compare_fills(context: _Context, want: Want) -> Iterator[Failure]:
    got = context.shown.fills
    wanted = _list(want.node)
    same = len(wanted) == len(got) and all(map(_is_fill, wanted, got))
    if not same:
        several = len(context.test.tape.venues) > 1 if context.test.tape else False
        texts = (_fill_text(fill, several=several) for fill in got)
        yield context.failure(want, ", ".join(texts))


def _is_fill(wanted: object, got: Fill) -> bool:
    assert isinstance(wanted, Mapping)  # the schema has seen to it
    at = wanted.get("at")
    return (
        (at is None or time_ns(str(at)) == got.at_ns)
        and wanted.get("side", got.side) == got.side
        and wanted.get("venue", got.venue) == got.venue
        and math.isclose(wanted.get("price", got.price), got.price, rel_tol=1e-9)
        and math.isclose(wanted.get("size", got.size), got.size, rel_tol=1e-9)
    )


def _fill_text(fill: Fill, *, several: bool) -> str:
    at = f"{_time(fill.at_ns)}, venue: {fill.venue}" if several else _time(fill.at_ns)
    price, size = f"{fill.price:.10g}", f"{fill.size:.10g}"
    return f"{{at: {at}, side: {fill.side}, price: {price}, size: {size}}}"


def _time(ns: int) -> str:
    """A time in ms, from a second on in seconds."""
    return f"{ns / 1e9:.12g}s" if ns >= 10**9 else f"{ns / 1e6:.12g}ms"


_KINDS: dict[str, Callable[[_Context, Want], Iterator[Failure]]] = {
    "bid": _compare_price,
    "ask": _compare_price,
    "bid_size": _compare_size,
    "ask_size": _compare_size,
    "rule": _compare_rule,
    "bid_rule": _compare_side_rule,
    "ask_rule": _compare_side_rule,
    "inventory": _compare_inventory,
    "fills": _compare_fills,
}


#: What each venue has of its own.
_SIDED = _KINDS.keys() - {"inventory", "fills"}
#: A side at a level after the first, counted as in market names: `bid_2`.
_DEEPER = re.compile(r"((?:bid|ask)(?:_size|_rule)?)_([2-9]|1[0-9])\Z")


def _kind(key: str) -> Callable[[_Context, Want], Iterator[Failure]]:
    """How a key's value is compared."""
    deeper = _DEEPER.match(key)
    return _KINDS.get(deeper[1] if deeper else key, _compare_value)


# ---- shared


def _side(context: _Context, want: Want) -> Side:
    """The side that a key such as `bid`, `bid_size` or `bid_rule_2` is about."""
    level, levels = _level(want), context.shown.levels
    if level >= len(levels):
        message = f"{want.key}: the strategy has {len(levels)} quotes a side"
        raise _WrongWantError(want.place, "MM604", message)
    return levels[level].bid if want.key.startswith("bid") else levels[level].ask


def _level(want: Want) -> int:
    deeper = _DEEPER.match(want.key)
    return int(deeper[2]) - 1 if deeper else 0


def _scalar(want: Want) -> Scalar:
    if not isinstance(want.node, Scalar):
        message = f"expected one value for `{want.key}`"
        raise _WrongWantError(want.place, "MM605", message)
    return want.node


def _list(node: Node) -> list[object]:
    found = plain(node)
    return found if isinstance(found, list) else []


def _text(node: Node) -> str:
    """A node of the file on one line."""
    if isinstance(node, Items):
        return f"[{', '.join(map(_text, node.items))}]"
    if isinstance(node, Section):
        pairs = (f"{key}: {_text(entry.node)}" for key, entry in node.entries.items())
        return f"{{{', '.join(pairs)}}}"
    return node.text
