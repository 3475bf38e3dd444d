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
    """Names so that each comes after what it needs, and a problem for a cycle.

    `needs` maps every formula's name to the formula names it reads (reads through
    `prev` are the legal back reference and not among them). With a cycle the order is
    empty: none of the formulas can be given a meaning.
    """
    sorter = TopologicalSorter({name: needs[name] for name in sorted(needs)})
    try:
        return tuple(sorter.static_order()), ()
    except CycleError as error:
        # graphlib lists a cycle along "is needed by"; users read "needs".
        return (), (_cycle_problem(list(reversed(error.args[1])), formulas),)


def _cycle_problem(cycle: list[str], formulas: Mapping[str, Formula]) -> Problem:
    first = min(range(len(cycle) - 1), key=lambda i: formulas[cycle[i]].place.span())
    turned = [*cycle[first:-1], *cycle[:first], cycle[first]]
    hops = " -> ".join(_hop(name, formulas[name]) for name in turned)
    return problem_at(
        formulas[turned[0]].place,
        "MM310",
        f"'{turned[0]}' needs itself: {hops}",
        hints=(f"prev({turned[1]}) reads the value of the last quote evaluation",),
    )


def _hop(name: str, formula: Formula) -> str:
    span = formula.place.span()
    return f"{name} ({span.file}:{span.line})"
