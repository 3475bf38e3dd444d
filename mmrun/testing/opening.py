"""What a test gives a tape to start from: inventory, its cost, and inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mmrun.documents import did_you_mean
from mmrun.engine.quote import GivenError, input_value, value_of
from mmrun.lang.names import NAMES
from mmrun.market.tape import Batch, Kind
from mmrun.plan.compile import Checked
from mmrun.problems import Problem, problem_at
from mmrun.testing.scripted import Opening
from mmrun.testing.shown import sizes
from mmrun.testing.spec import Tape, TapeInput, Test


_HELD = ("inventory", "average_cost")


def opening_of(
    checked: Checked, test: Test, tape: Tape
) -> tuple[Opening | None, tuple[Problem, ...]]:
    """What is given beside a tape; None, with what is wrong with it, where it is none.

    An input of `given` has its value from the open on, those of the tape's `input`
    lines from theirs; both get old as in a run. Inventory without `average_cost` was
    had at the tape's first mid.
    """
    inputs: dict[str, list[tuple[int, float]]] = {}
    problems = []
    for name in test.given:
        if name in _HELD:
            continue
        try:
            inputs[name] = [(0, _input(checked, name, test.given[name][1].text))]
        except GivenError as error:
            problems.append(given_problem(test, error))
    for each in tape.inputs:
        try:
            value = _input(checked, each.name, each.text)
        except GivenError as error:
            problems.append(_line_problem(tape, each, error))
        else:
            inputs.setdefault(each.name, []).append((each.at_ns, value))
    opening = None
    try:
        inventory, cost = _position(checked, test, tape)
        opening = Opening(inventory, cost, inputs)
    except GivenError as error:
        problems.append(given_problem(test, error))
    return (None, tuple(problems)) if problems else (opening, ())


def _input(checked: Checked, name: str, text: str) -> float:
    declared = {each.name: each for each in checked.strategy.inputs}
    if name not in declared:
        known = (*_HELD, *declared)
        finding = f"a tape starts from {', '.join(known)}, not from '{name}'"
        (hint,) = did_you_mean(name, known)
        raise GivenError(name, finding, "" if hint.startswith("known") else hint)
    return input_value(declared[name], text, *sizes(checked.strategy))


def _position(checked: Checked, test: Test, tape: Tape) -> tuple[float, float]:
    """Inventory, and the average price it was had at; NaN of none."""
    inventory, cost = (_held(checked, test, name) for name in _HELD)
    if math.isnan(inventory) or inventory == 0.0:
        if not math.isnan(cost):
            finding = "`average_cost` is of an inventory, and none is given"
            raise GivenError("average_cost", finding)
        return 0.0, math.nan
    references = {each.name for each in checked.strategy.references}
    ours = [n for n, name in enumerate(tape.venues) if name not in references]
    cost = _first_mid(tape.batch, ours) if math.isnan(cost) else cost
    if math.isnan(cost):
        finding = "the tape has no quote of both sides: give `average_cost` too"
        raise GivenError("inventory", finding)
    return inventory, cost


def _held(checked: Checked, test: Test, name: str) -> float:
    if name not in test.given:
        return math.nan
    text = test.given[name][1].text
    return value_of(name, text, NAMES[name].type, *sizes(checked.strategy))


def _first_mid(batch: Batch, venues: Sequence[int]) -> float:
    """The mid of the first quote at these venues with both sides; NaN of none."""
    quotes = (batch.kind == Kind.QUOTE) & np.isin(batch.venue, venues)
    mids = np.where(quotes, (batch.bid + batch.ask) / 2.0, math.nan)
    known = mids[~np.isnan(mids)]
    return float(known[0]) if len(known) else math.nan


def given_problem(test: Test, error: GivenError) -> Problem:
    """The problem of a given name, or of its value."""
    key, value = test.given[error.name]
    hint = error.hint.replace(f"-s {error.name}=VALUE", "`set`")
    return problem_at(
        value.place if error.of_value else key,
        "MM605" if error.of_value else "MM604",
        error.finding,
        hints=(hint,) if hint else (),
    )


def _line_problem(tape: Tape, line: TapeInput, error: GivenError) -> Problem:
    start, end = line.text_at if error.of_value else line.name_at
    return problem_at(
        tape.place,
        "MM605" if error.of_value else "MM604",
        error.finding,
        hints=(error.hint,) if error.hint else (),
        start=start,
        end=end,
    )
