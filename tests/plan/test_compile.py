"""From a strategy to its plan, as text a quant can review, and by its parts.

A golden case is a strategy file; below `====` stands what `mmrun explain` says of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmrun import api
from mmrun.engine.bind import run_values
from mmrun.lang.place import formula
from mmrun.plan.compile import Checked, check_formulas, compile_plan
from mmrun.plan.explain import explain, tree
from mmrun.plan.hoist import MOST_INPUTS
from mmrun.plan.listing import plan_text
from mmrun.plan.plan import OUTPUTS, ColumnStep, SeriesStep
from mmrun.problems import Problem
from mmrun.strategy.spec import Let


GOLDEN = Path(__file__).parents[1] / "golden" / "plan"
CASES = sorted(path.stem for path in GOLDEN.glob("*.case"))
RISK = "risk: {max_inventory: 1000}\n"
QUOTE = "quote: {half_spread: 5bps, size: 100}\n"

Read = Callable[[str], Checked]


@pytest.fixture
def problems(tmp_path: Path) -> Callable[[str], tuple[Problem, ...]]:
    """What is wrong with a strategy of these sections."""

    def problems(text: str) -> tuple[Problem, ...]:
        file = tmp_path / "plain.yaml"
        file.write_text("mmrun: 1\n" + text, encoding="utf-8")
        return api.check(file)

    return problems


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """A strategy of these sections, which must be free of problems."""

    def read(text: str) -> Checked:
        file = tmp_path / "plain.yaml"
        file.write_text(text if "mmrun:" in text else f"mmrun: 1\n{text}", "utf-8")
        checked, found = api.read(file)
        assert checked is not None, found
        return checked

    return read


@pytest.mark.parametrize("case", CASES)
def test_a_plan_reads_as_its_golden_case(
    case: str, read: Read, request: pytest.FixtureRequest
) -> None:
    """The plan of each strategy is the text below it."""
    path = GOLDEN / f"{case}.case"
    given, _, expected = path.read_text(encoding="utf-8").partition("====\n")

    actual = plan_text(explain(read(given))) + "\n"

    if request.config.getoption("--update-golden", default=False):
        path.write_text(f"{given}====\n{actual}", encoding="utf-8")
        expected = actual
    assert actual == expected


@pytest.mark.parametrize("case", CASES)
def test_every_node_of_a_tree_is_somewhere(case: str, read: Read) -> None:
    """Each node of what is quoted is computed by something."""
    given, _, _ = (GOLDEN / f"{case}.case").read_text("utf-8").partition("====\n")
    checked = read(given)

    branches = [b for name in OUTPUTS for b in tree(checked, name, {})]

    assert [b.text for b in branches if b.by.startswith("not compiled")] == []


@pytest.mark.parametrize("case", CASES)
def test_what_is_explained_is_what_runs(case: str, read: Read) -> None:
    """The columns and the residual of the explanation are those of the plan."""
    given, _, _ = (GOLDEN / f"{case}.case").read_text("utf-8").partition("====\n")
    checked = read(given)

    found, plan = explain(checked), compile_plan(checked)

    assert [c.name for c in found.columns] == [step.output for step in plan.steps]
    assert [v.name for v in found.values] == list(plan.values)
    assert len(found.residual.lines) == len(plan.residual.instructions)
    named = [*found.residual.columns, *found.residual.values, *found.residual.state]
    assert {*named, *(n for n, _ in found.residual.previous)} >= {*plan.residual.inputs}


def test_size_is_checked_once(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    """`size` stands for both sides, and its mistake is one."""
    found = problems("quote: {half_spread: 5bps, size: mid}\n" + RISK)

    assert [p.message for p in found] == ["size: expected size, found price (mid)"]


def test_a_circle_does_not_hide_other_mistakes(
    problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    """Two circles and an unknown name are three problems, what needs a circle none."""
    lets = "let: {a: b, b: a, c: d, d: c, e: a + c, f: inventroy}\n"

    found = problems(lets + QUOTE + RISK)

    assert [p.code for p in found] == ["MM310", "MM310", "MM301"]


def test_a_field_that_failed_does_not_hide_the_market(
    problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    """In formulas `bid` is the market's, also where the quote's own bid is wrong."""
    lets = "let: {low: bid + 5s}\n"
    quote = "quote: {bid: nonsense, ask: ask + 1s, size: 1}\n"

    found = problems(lets + quote + RISK)

    assert [p.code for p in found] == ["MM320", "MM301", "MM320"]


def test_lets_are_checked_in_the_order_they_need(read: Read) -> None:
    """A let may stand before what it reads."""
    checked = read("let: {a: b * 2, b: c + 1tick, c: mid}\n" + QUOTE + RISK)

    assert list(checked.lets) == ["a", "b", "c"]
    assert checked.lets["a"].args[0] is checked.lets["b"]


def test_defaults_of_the_quote(read: Read) -> None:
    """Fair is mid, reservation is fair, and the spread lies around reservation."""
    fields = read(QUOTE + RISK).fields

    assert list(fields) == list(OUTPUTS)
    assert (fields["fair"].op, fields["fair"].name) == ("market", "mid")
    assert fields["reservation"].name == "mid"
    assert [fields[side].op for side in ("bid", "ask")] == ["sub", "add"]
    assert fields["bid"].args == (fields["reservation"], fields["half_spread"])


def test_equal_parts_are_one_column(read: Read) -> None:
    """What two formulas both need is computed once."""
    plan = compile_plan(
        read(
            "quote:\n  fair: mid + ret(mid) * mid\n"
            "  half_spread: 1tick + abs(ret(mid)) * mid\n  size: 1\n" + RISK
        )
    )

    assert sum(isinstance(step, SeriesStep) for step in plan.steps) == 1


def test_columns_stay_within_what_numexpr_takes(read: Read) -> None:
    """A formula of very many inputs is parted into columns of fewer."""
    terms = " + ".join(f"mean(mid, {n}s) / 100" for n in range(1, 60))
    more = " + ".join(f"lag(mid, {n}) / 100" for n in range(1, 60))
    lets = f"let:\n  a: {terms}\n  b: {more}\n"
    plan = compile_plan(read(lets + "quote: {half_spread: a + b, size: 1}\n" + RISK))

    sizes = [len(s.program.inputs) for s in plan.steps if isinstance(s, ColumnStep)]

    assert len(sizes) > 2
    assert max(sizes) <= MOST_INPUTS


@pytest.mark.parametrize("leaf", ["edge", "mid", "average_cost"])
def test_a_let_doubled_forty_times_over_is_compiled_in_forty_steps(
    leaf: str, read: Read
) -> None:
    """Work grows with what is written, not with what it unfolds to."""
    lets = f"let:\n  a0: {leaf}\n"
    lets += "".join(f"  a{i}: a{i - 1} + a{i - 1}\n" for i in range(1, 40))
    params = "params: {edge: {value: 1, unit: price}}\n"
    quote = "quote: {fair: a39, half_spread: 5bps, size: 1}\n"

    checked = read(params + lets + quote + RISK)
    plan = compile_plan(checked)

    assert len(plan.residual.instructions) < 100
    assert explain(checked).residual.lines
    if leaf == "edge":
        assert 2.0**39 in run_values(plan, 0.01, 1.0).values()


def test_formulas_of_a_strategy_with_errors_give_no_plan(read: Read) -> None:
    """With one error there is nothing to compile, whatever else is right."""
    strategy = read("let: {a: mid}\n" + QUOTE + RISK).strategy
    wrong = Let("b", formula("mid + 5s"))

    checked, found = check_formulas(replace(strategy, lets=(*strategy.lets, wrong)))

    assert checked is None
    assert [p.code for p in found] == ["MM320"]
