"""The quotes one market and one state would get: no tape, no compiled code.

Formulas are evaluated by their definition (`lang.evaluate`), rounding, post-only and
limits by the engine's own kernels as plain Python, so a quote here is a quote of a run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mmrun.documents.words import closest
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.bind import (
    configure,
    enter_venue,
    param_values,
    set_rules,
    shared_sizes,
)
from mmrun.engine.book import set_touch
from mmrun.engine.evaluation import evaluate_quotes
from mmrun.engine.guards import guard_of
from mmrun.engine.jit import uncompiled
from mmrun.engine.prices import price_of, ticks_down, ticks_up
from mmrun.engine.records import FIRST_OWN, OWN_BITS, Adjustment, Rule, rule_names
from mmrun.engine.rules import weigh
from mmrun.engine.state import ASK, BID, KNOWN, NO_ASK, NO_BID, OFF, new_machines
from mmrun.lang.check import check
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.functions import FUNCTIONS, OWN
from mmrun.lang.names import NAMES, QUOTED, joined, named, split
from mmrun.lang.nodes import Expr, Ticks, Type
from mmrun.lang.parse import parse
from mmrun.lang.place import TextPlace, formula
from mmrun.lang.scope import Scope, describe, input_expr, param_expr
from mmrun.lang.show import show
from mmrun.lang.sources import source_of, sources_in
from mmrun.lang.walk import postorder
from mmrun.market.instrument import Instrument
from mmrun.plan.compile import TARGET, Checked, at_each, quoted_venues, roots_of
from mmrun.plan.levels import output_name
from mmrun.plan.plan import OUTPUTS
from mmrun.problems import UsageError
from mmrun.strategy.spec import Fee, Input, Strategy, Venue
from mmrun.units import RATIO, parse_literal


DEFAULT_TICK, DEFAULT_LOT = 0.01, 1.0


class GivenError(UsageError):
    """A name given for a state is unknown, or its value is none that it can have."""

    def __init__(
        self, name: str, finding: str, hint: str = "", *, of_value: bool = False
    ) -> None:
        self.name, self.finding, self.hint = name, finding, hint
        self.of_value = of_value  #: whether the value is wrong, not the name
        super().__init__(f"--set {name}: {finding}" + (f"; {hint}" if hint else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A market and our state in it. Give `bid` and `ask`, or `mid` alone.

    With `mid`, bid and ask read the mid and the touch is unknown: post-only does
    nothing. `names` sets lets, inputs, own state, market names and windowed names by
    their text; a bare value is in the name's base unit.
    """

    bid: float = math.nan
    ask: float = math.nan
    bid_size: float = math.nan
    ask_size: float = math.nan
    mid: float | None = None
    inventory: float = 0.0
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """What one venue would show at one level; a side not quoted says its rule.

    `venue` is None where the strategy names no venues.
    """

    venue: str | None
    level: int
    bid: float | None
    bid_size: float
    ask: float | None
    ask_size: float
    bid_rule: str | None
    ask_rule: str | None


@dataclass(frozen=True, slots=True)
class Quoted:
    """Quotes with what stood behind them."""

    quotes: list[Quote]
    #: quote fields, lets, inputs of the first level; NaN where missing; `NASDAQ.load`
    #: where venues differ
    values: Mapping[str, float]
    #: at each quote's venue and level every node of every quote formula and let, by `id`
    nodes: Sequence[Mapping[int, float]]
    #: there every node of the rules' conditions as the rules see it, by `id`
    conditions: Sequence[Mapping[int, float]]
    #: the strategy's own rules by name: in force, not, or None where that is unknown
    rules: Mapping[str, bool | None]
    acted: frozenset[str]  #: rules that removed or changed a quote
    missing: tuple[str, ...]  #: texts of what has no value and would need one
    assumed: tuple[Instrument, ...]  #: whose tick or lot are not the strategy's own


def quotes_in(checked: Checked, market: Market) -> Quoted:
    """The quotes of a strategy in a market.

    Raises:
        GivenError: a name that the strategy does not have, or a value that is none.
    """
    strategy = checked.strategy
    instruments = _instruments(strategy)
    tick, lot, multiplier = shared_sizes(strategy, instruments)
    inputs = enumerate(strategy.inputs)
    roots = {each.name: input_expr(each, i) for i, each in inputs}
    roots |= dict(checked.lets) | {f"={name}": e for name, e in checked.fields.items()}
    if checked.levels > 1:
        roots |= {f">{name}": e for name, e in checked.deeper.items()}
    if checked.target is not None:
        roots[f"={TARGET}"] = checked.target
    read = roots | dict(checked.conditions)
    given = _given(checked, market, read, tick, lot)
    rows = [_row(strategy, given, each, multiplier) for each in instruments]
    nodes = {f"#{id(node)}": node for node in postorder(roots.values())}
    every = [
        [
            Evaluator(roots | nodes | _sizes(checked, each.venue, level)).step(
                _at_level(row, level)
            )
            for level in range(checked.levels)
        ]
        for each, row in zip(instruments, rows, strict=True)
    ]
    conditions = [_conditions(checked, read, row) for row in rows]
    machine = _machine(strategy, multiplier, rows[0])
    machine.state.target = every[0][0].get(f"={TARGET}", 0.0)
    _meet(machine, checked, conditions)
    for instrument, row in zip(instruments, rows, strict=True):
        v = enter_venue(machine, strategy, instrument)
        v.outputs = len(OUTPUTS) * checked.levels * v.index
        if market.mid is None:
            _show_book(v, row)
    _decide(
        machine,
        [
            values[_sign(level) + name]
            for levels in every
            for level, values in enumerate(levels)
            for name in OUTPUTS
        ],
    )
    names = rule_names(guard.name for guard in strategy.guards)
    quotes = [
        Quote(each.venue or None, level, *_shown(machine.venues[n], level, names))
        for n, each in enumerate(instruments)
        for level in range(checked.levels)
    ]
    own = {v.name for v in strategy.venues if v.tick and v.lot}
    return Quoted(
        quotes=quotes,
        values=dict(_values(roots, instruments, [levels[0] for levels in every])),
        nodes=[
            {id(node): values[key] for key, node in nodes.items()}
            for levels in every
            for values in levels
        ],
        conditions=[each for each in conditions for _ in range(checked.levels)],
        rules={
            guard.name: _somewhere([each[id(condition)] for each in conditions])
            for guard, condition in zip(
                strategy.guards, checked.conditions.values(), strict=True
            )
        },
        acted=_acted(machine, names, len(instruments)),
        missing=tuple(
            dict.fromkeys(
                name
                for each, row in zip(instruments, rows, strict=True)
                for name in _missing(checked, row, each.venue)
            )
        ),
        assumed=tuple(each for each in instruments if each.venue not in own),
    )


def _at_level(row: Row, level: int) -> Row:
    return replace(row, states={**row.states, "level": float(level)})


def _sign(level: int) -> str:
    """What stands before a quote field's name among the roots."""
    return ">" if level else "="


def _conditions(
    checked: Checked, read: Mapping[str, Expr], row: Row
) -> dict[int, float]:
    """Every node of the rules' conditions by `id`, as the rules see it at a venue."""
    if not checked.conditions:
        return {}
    nodes = postorder(checked.conditions.values())
    asked = {**read, **{f"#{id(node)}": node for node in nodes}}
    every = Evaluator(asked).step(_as_rules_see(_at_level(row, 0), read))
    return {id(node): every[f"#{id(node)}"] for node in nodes}


def _as_rules_see(row: Row, roots: Mapping[str, Expr]) -> Row:
    """What rules need of the past and is not given is unknown, where it would be 0."""
    nodes = (n for n in postorder(roots.values()) if n.op in FUNCTIONS)
    past = {show(n): math.nan for n in nodes if FUNCTIONS[n.op].over_time}
    return replace(row, overrides=past | dict(row.overrides))


def _meet(
    machine: Any, checked: Checked, conditions: Sequence[Mapping[int, float]]
) -> None:
    """Put the rules whose conditions hold in force, each at its venues."""
    met = [
        (place, venue if _is_of_venue(condition) else -1, values[id(condition)] == 1.0)
        for place, condition in enumerate(checked.conditions.values())
        for venue, values in enumerate(conditions)
        if venue == 0 or _is_of_venue(condition)
    ]
    set_rules(machine, checked.strategy, [(place, venue) for place, venue, _ in met])
    for rule, (*_, holds) in zip(machine.rules, met, strict=False):
        rule.on = int(holds)


def _is_of_venue(root: Expr) -> bool:
    """Whether a formula differs by the venue being quoted."""
    return any(source_of(node) == QUOTED for node in postorder([root]))


def _somewhere(values: Sequence[float]) -> bool | None:
    """Whether a condition holds at some venue; None where that is unknown."""
    if 1.0 in values:
        return True
    return None if any(map(math.isnan, values)) else False


def _sizes(checked: Checked, venue: str, level: int) -> dict[str, Expr]:
    """What a venue gets of the sizes, where they are divided."""
    if checked.strategy.allocation is None:
        return {}
    venues = quoted_venues(checked.strategy)
    roots = at_each(roots_of(checked), checked.strategy, venues)
    places = {n: joined(venue, output_name(n, level)) for n in ("bid_size", "ask_size")}
    return {
        _sign(level) + name: roots[place]
        for name, place in places.items()
        if place in roots
    }


def _values(
    roots: Mapping[str, Expr],
    instruments: Sequence[Instrument],
    every: Sequence[Mapping[str, float]],
) -> Iterator[tuple[str, float]]:
    """What formulas give at the first level, at each venue where it depends on one."""
    for name, root in roots.items():
        if name.startswith(">"):
            continue
        apart = _is_of_venue(root) and name != f"={TARGET}"
        for instrument, one in zip(instruments, every, strict=True):
            if apart and len(every) > 1:
                yield joined(instrument.venue, name.lstrip("=")), one[name]
        if name != f"={TARGET}" and (not apart or len(every) == 1):
            yield name.lstrip("="), every[0][name]


def _instruments(strategy: Strategy) -> list[Instrument]:
    """One a venue of the file, with its own tick and lot; one without a name if none."""
    terms = [(each.name, each.tick, each.lot) for each in strategy.venues]
    return [
        Instrument(
            symbol="",
            venue=name,
            tick=tick or DEFAULT_TICK,
            lot=lot or DEFAULT_LOT,
            depth=1,
        )
        for name, tick, lot in terms or [("", None, None)]
    ]


def _given(
    checked: Checked,
    market: Market,
    roots: Mapping[str, Expr],
    tick: float,
    lot: float,
) -> Row:
    """The market and state that were given, as the evaluator reads them."""
    bid, ask = _touch(market)
    tape = {"bid": bid, "ask": ask}
    tape |= {"bid_size": market.bid_size, "ask_size": market.ask_size}
    states = _flat(roots) | {"inventory": market.inventory}
    declared = {each.name: each for each in checked.strategy.inputs}
    inputs = {
        n: math.nan if i.default is None else i.default for n, i in declared.items()
    }
    overrides: dict[str, float] = {}
    written = (n for n in postorder(roots.values()) if n.args or n.op == "market")
    texts = {show(node): node for node in written if node.name not in NAMES}
    sources = _sources(checked, roots)
    for name, text in market.names.items():
        known = name if name in checked.lets else _canonical(checked, name)
        known_source = split(name)[0] in sources
        row = named(name) if known_source else NAMES.get(name)
        node = (
            checked.lets.get(name)
            or texts.get(known)
            or _at_some(checked.strategy, texts, known)
        )
        if name == "level":
            raise GivenError(name, "each quote has its own", "all levels are quoted")
        if name in declared:
            inputs[name] = input_value(declared[name], text, tick, lot)
        elif row is not None and row.op in ("market", "state"):
            target = tape if row.op == "market" else states
            target[name] = value_of(name, text, row.type, tick, lot)
        elif node is not None:
            overrides[known] = value_of(name, text, node.type, tick, lot)
        else:
            known_names = [*checked.lets, *declared, *texts, *NAMES]
            raise _unknown(checked, name, known_names)
    params = param_values(checked.strategy, tick, lot)
    return Row(0, Ticks.BOOK, tape, params, states, inputs, overrides)


def _sources(checked: Checked, roots: Mapping[str, Expr]) -> set[str]:
    """What may stand before the dot of a name that is given."""
    strategy = checked.strategy
    venues = (venue.name for venue in strategy.venues)
    references = (reference.name for reference in strategy.references)
    read = sources_in(postorder(roots.values()))
    return {QUOTED, *venues, *references, *read}


def _at_some(strategy: Strategy, texts: Mapping[str, Expr], text: str) -> Expr | None:
    """The node that a text about one venue means, where formulas say `venue`."""
    for venue in strategy.venues:
        if (found := texts.get(_as_quoted(text, venue.name))) is not None:
            return found
    return None


def _as_quoted(text: str, venue: str) -> str:
    """What a text about one venue is called by formulas that are evaluated for it."""
    return re.sub(rf"\b{venue}\.", f"{QUOTED}.", text) if venue else text


def _row(
    strategy: Strategy, given: Row, instrument: Instrument, multiplier: float
) -> Row:
    """What was given as formulas read it that are evaluated for one venue.

    Where nothing is said of a venue that is quoted, the market is its market.
    """
    venues = strategy.venues or (_nowhere(instrument),)
    quoted = {venue.name or QUOTED: venue for venue in venues}
    market, states = dict(given.market), dict(given.states)
    shared = {n: v for n, v in market.items() if n in NAMES and NAMES[n].of}
    for source, venue in quoted.items():
        flat = _flat_at(venue, given, multiplier, alone=len(quoted) == 1)
        for name, value in (shared | _of(QUOTED, given.market)).items():
            market.setdefault(joined(source, name), value)
        for name, value in (flat | _of(QUOTED, given.states)).items():
            states.setdefault(joined(source, name), value)
    own = instrument.venue
    overrides = {_as_quoted(text, own): v for text, v in given.overrides.items()}
    return replace(
        given,
        market=_own_first(market, own),
        states=_own_first(states, own),
        overrides=dict(given.overrides) | overrides,
        heard=dict.fromkeys((QUOTED, *quoted), Ticks.BOOK),
    )


def _nowhere(instrument: Instrument) -> Venue:
    """The venue of a file that names none."""
    place = TextPlace("")
    return Venue(name=instrument.venue, place=place)


def _own_first(values: Mapping[str, float], venue: str) -> dict[str, float]:
    """The values, with those of a venue as those of the one being quoted."""
    own = _of(venue or QUOTED, values)
    return dict(values) | {joined(QUOTED, name): value for name, value in own.items()}


def _of(source: str, values: Mapping[str, float]) -> dict[str, float]:
    """The values of a source, by their names without it."""
    parts = {name: split(name) for name in values}
    return {rest: values[name] for name, (of, rest) in parts.items() if of == source}


def _flat_at(
    venue: Venue, given: Row, multiplier: float, *, alone: bool
) -> dict[str, float]:
    """Own state at a venue before anything happened there; what we hold is nowhere."""
    held = given.states["inventory"]
    mid = given.market.get("mid", (given.market["bid"] + given.market["ask"]) / 2.0)
    counts = ("fill_count", "working_bid_size", "working_ask_size")
    return dict.fromkeys(counts, 0.0) | {
        "inventory": held if alone or held == 0.0 else math.nan,
        "maker_cost": _unit_cost(venue.maker_fee, mid, multiplier),
        "taker_cost": _unit_cost(venue.taker_fee, mid, multiplier),
    }


def _unit_cost(fee: Fee, mid: float, multiplier: float) -> float:
    """As `accounts.unit_cost`, of what is worth its price."""
    return fee.rate * mid if fee.unit == "value" else fee.rate / multiplier


def _canonical(checked: Checked, text: str) -> str:
    """A windowed name as formulas show it: `volatility(mid,1min)` has a space and 60s."""
    written = formula(text)
    tree, _ = parse(written)
    if tree is None:
        return text
    given = {param.name: param_expr(param) for param in checked.strategy.params}
    inputs = enumerate(checked.strategy.inputs)
    given |= {each.name: input_expr(each, i) for i, each in inputs}
    scope = Scope(
        bindings=given | dict(checked.lets),
        venues=checked.strategy.venues,
        references=frozenset(each.name for each in checked.strategy.references),
    )
    expr, _ = check(tree, written, scope)
    return text if expr is None else show(expr)


def _touch(market: Market) -> tuple[float, float]:
    if market.mid is not None:
        return market.mid, market.mid
    return market.bid, market.ask


def _flat(roots: Mapping[str, Expr]) -> dict[str, float]:
    """Own state before anything happened; what does not exist then is missing."""
    known = ("realized_pnl", "unrealized_pnl", "net_pnl", "position_value", "drawdown")
    counts = ("inventory_age", "fill_count", "working_bid_size", "working_ask_size")
    fills = [
        show(node)
        for node in postorder(roots.values())
        if node.op in OWN and FUNCTIONS[node.op].warm_up == "never"
    ]
    return dict.fromkeys((*known, *counts, *fills, "daily_pnl"), 0.0)


def value_of(name: str, text: str, kind: Type, tick: float, lot: float) -> float:
    """A value a person gave for a name, in base units.

    Raises:
        GivenError: it is no number, or in a unit the name does not have.
    """
    quantity = parse_literal(text)
    if quantity is None or quantity.per:
        finding = f"expected a number, with a unit or in base units, got '{text}'"
        raise GivenError(name, finding, of_value=True)
    unit = quantity.unit
    if unit is None:
        return quantity.value
    if unit.dimension != kind.dimension:
        finding = f"{name} is a {describe(kind)}, not in {unit.name}"
        raise GivenError(name, finding, of_value=True)
    return quantity.value * {"tick": tick, "lot": lot}.get(unit.of, 1.0)


def input_value(given: Input, text: str, tick: float, lot: float) -> float:
    """An input's value as columns hold it: ticks and lots are counts."""
    of = given.unit.of if given.unit else ""
    kind = Type(dimension=given.unit.dimension if given.unit else RATIO)
    quantity = parse_literal(text)
    if quantity is not None and quantity.unit and of == quantity.unit.of != "":
        return quantity.value
    return value_of(given.name, text, kind, tick, lot) / {"tick": tick, "lot": lot}.get(
        of, 1.0
    )


def _unknown(checked: Checked, name: str, known: list[str]) -> GivenError:
    if name in {param.name for param in checked.strategy.params}:
        return GivenError(name, f"'{name}' is a param", f"set it with -s {name}=VALUE")
    close = closest(name, known)
    hint = f"did you mean '{close}'?" if close else ""
    return GivenError(name, f"no formula of the strategy reads '{name}'", hint)


def _machine(strategy: Strategy, multiplier: float, row: Row) -> Any:
    """The engine's memory in that market, without a venue and without an order."""
    machine = new_machines()[0]
    machine.config = configure(
        strategy,
        multiplier,
        model=FillModel(),
        latency=Latency(),
        grid_ns=1,
    )
    state = machine.state
    state.in_session = state.started = 1
    bid, ask = row.market["bid"], row.market["ask"]
    state.mid = row.market.get("mid", (bid + ask) / 2.0)
    machine.accounts[KNOWN].position = row.states["inventory"]
    return machine


def _show_book(v: Any, row: Row) -> None:
    """The market given is the venue's, where nothing else is said, in its own ticks."""
    bid, ask = row.market[f"{QUOTED}.bid"], row.market[f"{QUOTED}.ask"]
    v.best_bid = NO_BID if math.isnan(bid) else ticks_down(bid, v.tick)
    v.best_ask = NO_ASK if math.isnan(ask) else ticks_up(ask, v.tick)
    set_touch(v.book, BID, v.best_bid, row.market[f"{QUOTED}.bid_size"])
    set_touch(v.book, ASK, v.best_ask, row.market[f"{QUOTED}.ask_size"])


def _decide(machine: Any, outputs: list[float]) -> None:
    """Turn formula values into working orders, or rules."""
    for v in machine.venues[: machine.config.venues]:
        weigh(machine, v)
        v.guard = guard_of(machine, v)
        if v.guard:
            v.slots["reason"] = v.guard
        if machine.config.post_only == OFF:  # it would take; here it is shown as it is
            v.book.count[:] = 0
    if all(v.guard for v in machine.venues[: machine.config.venues]):
        return

    def formulas(registers: Any) -> None:
        registers[: len(outputs)] = outputs

    uncompiled(evaluate_quotes)(machine, formulas, 0)


def _shown(v: Any, level: int, names: Sequence[str]) -> tuple[Any, ...]:
    """Bid, its size, ask, its size, and the two rules of a level."""
    prices: list[Any] = []
    rules: list[str | None] = []
    tick, per_unit = v.tick, float(v.ticks_per_unit)
    for side in (BID, ASK):
        slot = v.slots[2 * level + side]
        if slot.live:
            prices += [price_of(int(slot.price), tick, per_unit), float(slot.total)]
            rules.append(None)
        else:
            prices += [None, 0.0]
            rules.append(names[int(slot.reason)])
    return (*prices, *rules)


def _behind(roots: Collection[Expr], lacking: set[int]) -> list[Expr]:
    """The nodes without a value that make a root lack one; what was given hides its own."""
    seen: set[int] = set()
    stack = [root for root in roots if id(root) in lacking]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            stack += [arg for arg in node.args if id(arg) in lacking]
    return [node for node in postorder(roots) if id(node) in seen]


#: A way a quote was changed, and the rule that changes it so.
_ADJUSTED = {
    Adjustment.POST_ONLY: Rule.POST_ONLY,
    Adjustment.MAX_INVENTORY: Rule.MAX_INVENTORY,
    Adjustment.MAX_POSITION_VALUE: Rule.MAX_POSITION_VALUE,
    Adjustment.NO_SHORT: Rule.NO_SHORT,
}


def rules_of(rule: int, adjustment: int, names: Sequence[str]) -> frozenset[str]:
    """The rules behind a decision: why a side is not quoted, or is quoted otherwise."""
    codes = {int(r) for bit, r in _ADJUSTED.items() if adjustment & bit}
    own = range(len(names) - FIRST_OWN)
    codes |= {FIRST_OWN + k for k in own if adjustment >> OWN_BITS + k & 1}
    return frozenset(names[code] for code in codes | {rule} if code != Rule.QUOTED)


def _acted(machine: Any, names: Sequence[str], venues: int) -> frozenset[str]:
    found: set[str] = set()
    for index in range(venues):
        for slot in machine.venues[index].slots[: 2 * machine.config.levels]:
            rule = Rule.QUOTED if slot.live else int(slot.reason)
            found |= rules_of(int(rule), int(slot.adjustment), names)
    return frozenset(found)


def _missing(checked: Checked, row: Row, venue: str) -> tuple[str, ...]:
    """What a venue's quotes read that has no value, as texts for `--set`."""
    read = [*checked.fields.values(), *([checked.target] if checked.target else [])]
    read += checked.deeper.values() if checked.levels > 1 else ()
    nodes = [n for n in postorder(read) if n.op != "const"]
    named = {id(expr): name for name, expr in checked.lets.items()}
    texts = {id(node): named.get(id(node)) or show(node) for node in nodes}
    named_nodes = {texts[id(node)]: node for node in nodes}
    values = Evaluator(named_nodes).step(_at_level(row, 0))
    lacking = {key for key, text in texts.items() if math.isnan(values[text])}
    sources = [
        texts[id(node)]
        for node in _behind(read, lacking)
        if not any(id(arg) in lacking for arg in node.args)
    ]
    return tuple(
        re.sub(rf"\b{QUOTED}\.", f"{venue}.", text) if venue else text
        for text in dict.fromkeys(sources)
    )
