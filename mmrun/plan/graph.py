"""Which formula needs which: the order to check them in, and cycles told hop by hop."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from mmrun.problems import Problem, problem_at
from mmrun.strategy.spec import Formula


CODES = {"MM310": "formulas that need each other"}


def order(
    needs: Mapping[str, tuple[str, ...]], formulas: Mapping[str, Formula]
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Names so that each comes after what it needs, and a problem for each cycle.

    `needs` maps every formula's name to the formula names it reads (reads through
    `prev` are the legal back reference and not among them). The members of a cycle are
    left out of the order: they can be given no meaning.
    """
    left = {name: needs[name] for name in sorted(needs)}
    problems: list[Problem] = []
    while True:
        try:
            return tuple(TopologicalSorter(left).static_order()), tuple(problems)
        except CycleError as error:
            # graphlib lists a cycle along "is needed by"; users read "needs".
            cycle = list(reversed(error.args[1]))
            problems.append(_cycle_problem(cycle, formulas))
            left = _without(left, frozenset(cycle))


def _without(
    needs: Mapping[str, tuple[str, ...]], gone: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(each for each in read if each not in gone)
        for name, read in needs.items()
        if name not in gone
    }


def _cycle_problem(cycle: list[str], formulas: Mapping[str, Formula]) -> Problem:
    first = min(range(len(cycle) - 1), key=lambda i: formulas[cycle[i]].place.span())
    turned = [*cycle[first:-1], *cycle[:first], cycle[first]]
    hops = " -> ".join(_hop(name, formulas[name]) for name in turned)
    return problem_at(
        formulas[turned[0]].place,
        "MM310",
        f"{_plain(turned[0])} needs itself: {hops}",
        hints=(_way_out(turned),),
    )


def _way_out(cycle: list[str]) -> str:
    """What breaks a cycle: the last value of a quote field can be read, of a let not."""
    fields = [name for name in cycle if _plain(name) == name]
    if fields:
        return f"prev({fields[0]}) reads the value of the last quote evaluation"
    return f"write {_plain(cycle[0])} without itself"


def _hop(name: str, formula: Formula) -> str:
    span = formula.place.span()
    return f"{_plain(name)} ({span.file}:{span.line})"


def _plain(name: str) -> str:
    """A let as the file has it, without its section."""
    return name.removeprefix("let.")
