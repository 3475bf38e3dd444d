"""Tests played: a state quoted as `mmrun quote` does, a tape by `scripted`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from mmrun.documents import Scalar
from mmrun.engine.quote import (
    GivenError,
    Market,
    quotes_in,
    value_of,
)
from mmrun.lang.names import NAMES
from mmrun.market.tape import Batch, Kind
from mmrun.plan.compile import Checked, compile_plan, quoted_venues
from mmrun.problems import Problem, problem_at
from mmrun.testing.opening import given_problem, opening_of
from mmrun.testing.scripted import conditions_for, run_tape, watched_instruments
from mmrun.testing.shown import Played, Rung, Shown, Side, sizes
from mmrun.testing.spec import Test
from mmrun.testing.trace import Values, trace


#: Told the values of all nodes at every evaluation of a strategy's formulas.
Seen = Callable[[Values], None]


def play(
    checked: Checked, test: Test, seen: Seen = lambda _: None
) -> tuple[Played | None, tuple[Problem, ...]]:
    """Play a test; None, with what is wrong with it, where that cannot be done."""
    problems = tuple(_wrong_venues(checked, test))
    if problems:
        return None, problems
    if test.tape is None:
        return _state(checked, test, seen)
    opening, problems = opening_of(checked, test, test.tape)
    if opening is None:
        return None, problems
    quoted, watched = parted(checked, test.tape.venues)
    traced = trace(checked, quoted, seen)
    ends = [moment.at_ns or 0 for moment in test.moments]
    conditions = conditions_for(checked.strategy, test.model, test.latency)
    places = [[*test.tape.venues].index(name) for name in (*quoted, *watched)]
    batch = renumbered(test.tape.batch, places)
    others = watched_instruments(checked.strategy, watched)
    return run_tape(traced, batch, quoted, ends, conditions, others, opening), ()


def parted(
    checked: Checked, names: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of a tape's names those of venues that are quoted, and those of what is not."""
    strategy = checked.strategy
    venues = quoted_venues(strategy)
    references = {each.name for each in strategy.references}
    quoted = [n for n in names if n not in references and (not venues or n in venues)]
    return tuple(quoted), tuple(name for name in names if name not in quoted)


def renumbered(batch: Batch, places: Sequence[int]) -> Batch:
    """The rows with `venue` the index in `places` of what it was; clock rows have 0."""
    table = np.zeros(len(places), np.int8)
    table[list(places)] = np.arange(len(places))
    venue = np.where(batch.kind == Kind.CLOCK, np.int8(0), table[batch.venue])
    return replace(batch, venue=venue)


def _wrong_venues(checked: Checked, test: Test) -> Iterator[Problem]:
    strategy = checked.strategy
    quoted = [venue.name for venue in strategy.venues]
    mentions = test.tape.venues if test.tape else {}
    here, others = parted(checked, mentions)
    references = {each.name for each in strategy.references}
    read = references | set(compile_plan(checked).sources)
    for name in others:
        if test.tape and name not in read:
            message = f"the strategy quotes {', '.join(quoted)}, not {name}"
            first, after = mentions[name]
            yield problem_at(test.tape.place, "MM607", message, start=first, end=after)
    if test.tape and not here and set(others) <= read:
        message = "no row is of a venue that is quoted"
        yield problem_at(test.tape.place, "MM607", message)
    known = [*here] if test.tape else quoted
    for moment in test.moments:
        if moment.venue is not None and moment.venue.text not in known:
            message = f"'{moment.venue.text}' is not quoted here"
            hints = (f"quoted are {', '.join(known)}",) if known else ()
            yield problem_at(moment.venue.place, "MM607", message, hints=hints)


# ---- a single state


def _state(
    checked: Checked, test: Test, seen: Seen
) -> tuple[Played | None, tuple[Problem, ...]]:
    market, problems = _market(checked, test)
    if market is None:
        return None, problems
    try:
        quoted = quotes_in(checked, market)
    except GivenError as error:
        return None, (given_problem(test, error),)
    for values in (*quoted.nodes, *quoted.conditions):
        seen(values)
    rungs: dict[str, tuple[Rung, ...]] = {}
    ruled: dict[str, Values] = {}
    for quote, values, conditions in zip(
        quoted.quotes, quoted.nodes, quoted.conditions, strict=True
    ):
        bid = Side(quote.bid, quote.bid_size, quote.bid_rule)
        ask = Side(quote.ask, quote.ask_size, quote.ask_rule)
        rung = Rung(bid, ask, {**conditions, **values})
        venue = quote.venue or ""
        rungs[venue] = (*rungs.get(venue, ()), rung)
        ruled[venue] = conditions
    shown = {venue: Shown(levels, ruled[venue]) for venue, levels in rungs.items()}
    return Played((shown,), quoted.acted), ()


def _market(checked: Checked, test: Test) -> tuple[Market | None, tuple[Problem, ...]]:
    """The market and state of a test; the first problem where a value is none."""
    known = {name: value for name, (_, value) in test.given.items()}
    try:
        numbers = {
            name: _number(checked, name, known.pop(name))
            for name in ("bid", "ask", "bid_size", "ask_size", "mid", "inventory")
            if name in known
        }
    except GivenError as error:
        return None, (given_problem(test, error),)
    names = {name: value.text for name, value in known.items()}
    return Market(**numbers, names=names), ()


def _number(checked: Checked, name: str, value: Scalar) -> float:
    return value_of(name, value.text, NAMES[name].type, *sizes(checked.strategy))
