"""Tests played: a state quoted as `mmrun quote` does, a tape by `scripted`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mmrun.documents import Scalar
from mmrun.engine.quote import (
    GivenError,
    Market,
    quotes_in,
    value_of,
)
from mmrun.lang.names import NAMES
from mmrun.plan.compile import Checked
from mmrun.problems import Problem, problem_at
from mmrun.strategy.spec import Strategy
from mmrun.testing.scripted import conditions_for, run_tape
from mmrun.testing.shown import Played, Shown, Side, sizes
from mmrun.testing.spec import Test
from mmrun.testing.trace import Values, trace


#: Told the values of all nodes at every evaluation of a strategy's formulas.
Seen = Callable[[Values], None]


def play(
    checked: Checked, test: Test, seen: Seen = lambda _: None
) -> tuple[Played | None, tuple[Problem, ...]]:
    """Play a test; None, with what is wrong with it, where that cannot be done."""
    problems = tuple(_wrong_venues(checked.strategy, test))
    if problems:
        return None, problems
    if test.tape is None:
        return _state(checked, test, seen)
    traced = trace(checked)
    traced.seen = seen
    ends = [moment.at_ns or 0 for moment in test.moments]
    conditions = conditions_for(checked.strategy, test.model, test.latency)
    return run_tape(traced, test.tape.batch, [*test.tape.venues], ends, conditions), ()


def _wrong_venues(strategy: Strategy, test: Test) -> Iterator[Problem]:
    quoted = [venue.name for venue in strategy.venues]
    mentions = test.tape.venues if test.tape else {}
    for name, (first, after) in mentions.items():
        if test.tape and quoted and name not in quoted:
            message = f"the strategy quotes {', '.join(quoted)}, not {name}"
            yield problem_at(test.tape.place, "MM607", message, start=first, end=after)
    known = [*mentions] if test.tape else quoted
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
        return None, (_given_problem(test, error),)
    seen(quoted.nodes)
    shown = {
        quote.venue or "": Shown(
            Side(quote.bid, quote.bid_size, quote.bid_rule),
            Side(quote.ask, quote.ask_size, quote.ask_rule),
            quoted.nodes,
        )
        for quote in quoted.quotes
    }
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
        return None, (_given_problem(test, error),)
    names = {name: value.text for name, value in known.items()}
    return Market(**numbers, names=names), ()


def _number(checked: Checked, name: str, value: Scalar) -> float:
    return value_of(name, value.text, NAMES[name].type, *sizes(checked.strategy))


def _given_problem(test: Test, error: GivenError) -> Problem:
    key, value = test.given[error.name]
    hint = error.hint.replace(f"-s {error.name}=VALUE", "`set`")
    return problem_at(
        value.place if error.of_value else key,
        "MM605" if error.of_value else "MM604",
        error.finding,
        hints=(hint,) if hint else (),
    )
