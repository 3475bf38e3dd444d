"""The split of formulas into columns, run values and the row-by-row residual."""

from __future__ import annotations

import pytest

from mmrun.lang.nodes import Ticks
from mmrun.plan.hoist import MOST_NODES, Hoisting, hoist
from mmrun.plan.passes import PASSES
from mmrun.plan.plan import ColumnStep, SeriesStep


@pytest.fixture
def split(read):
    """Hoists formulas, the first being the field `fair`."""

    def hoisted(*texts, **more):
        roots = {f"x{i}": read(text, **more) for i, text in enumerate(texts)}
        for change in PASSES:
            roots = change(roots)
        return hoist(list(roots.values()), {"fair": roots["x0"]})[:2]

    return hoisted


def inner_ops(h: Hoisting) -> list[str]:
    return [s.op if isinstance(s, SeriesStep) else "column" for s in h.steps]


def test_market_data_alone_is_one_column(split):
    """A whole formula of data leaves nothing to the residual."""
    h, program = split("(bid + ask) / 2 - 1tick * queue_imbalance")

    assert inner_ops(h) == ["column"]
    assert program.inputs == ("c0",)
    assert program.instructions == ()


def test_own_state_stays_in_the_residual(split):
    """What depends on inventory is computed row by row, the rest is a column."""
    h, program = split("(bid + ask) / 2 - 1tick * inventory / clip")

    assert inner_ops(h) == ["column"]
    assert set(program.inputs) >= {"c0", "@inventory"}
    assert {line.op for line in program.instructions} == {"sub", "mul", "div"}


def test_a_bare_market_name_is_its_own_column(split):
    """Nothing is computed to copy a column of the tape."""
    h, program = split("bid - 1tick * inventory / clip")

    assert h.steps == []
    assert "bid" in program.inputs


def test_what_is_fixed_for_a_run_is_computed_once(split):
    """A formula of params is one run value."""
    h, program = split("inventory * (k * 3 + 1)")

    assert len([name for name in program.inputs if name.startswith("$")]) == 1
    assert [line.op for line in program.instructions] == ["mul"]
    assert set(h.values) == set(program.inputs) - {"@inventory"}


def test_over_time_functions_part_the_columns(split):
    """An expression before, the window, an expression after."""
    h, _ = split("mean(bid + ask, 5s) / 2 - 1tick")

    assert inner_ops(h) == ["column", "mean", "column"]
    mean = h.steps[1]
    assert isinstance(mean, SeriesStep)
    assert mean.inputs == ("c0",)
    assert mean.ticks == Ticks.BOOK
    assert (mean.windows[0].timed, mean.windows[0].constant) == (True, 5.0)


def test_each_column_comes_after_what_it_reads(split):
    """Steps can be run in their order."""
    h, _ = split("ewma(std(ret(last_price), 5s), 2s) + lag(mean(mid, 3), 2) / mid")

    made = {"mid", "last_price"}
    for step in h.steps:
        read = step.program.inputs if isinstance(step, ColumnStep) else step.inputs
        assert set(read) <= made
        made.add(step.output)


def test_a_shared_subtree_is_one_column(split):
    """Two formulas use one window."""
    h, _ = split("mean(mid, 5s) - inventory / clip * 1tick", "mean(mid, 5s) + 1tick")

    assert inner_ops(h).count("mean") == 1


def test_five_ticks_and_five_seconds_are_two_windows(split):
    """They look alike and are not."""
    h, _ = split("lag(mid, 5) - lag(mid, 5s)")

    lags = [step for step in h.steps if isinstance(step, SeriesStep)]
    assert sorted(step.windows[0].timed for step in lags) == [False, True]


def test_a_window_may_be_a_param(split):
    """Its length is known when the run starts."""
    h, _ = split("mean(mid, horizon)")

    (mean,) = (step for step in h.steps if isinstance(step, SeriesStep))
    assert mean.windows[0].param == "$horizon"
    assert mean.windows[0].timed
    assert "$horizon" in h.values


def test_prev_of_state_is_kept_from_the_last_evaluation(split):
    """Read as `~0`, given as an output after the others."""
    h, program = split("mid + 1tick * prev(inventory / clip)")

    assert len(h.previous) == 1
    assert "~0" in program.inputs
    assert len(program.outputs) == 2


def test_prev_of_a_field_keeps_the_field(split):
    """`prev(fair)` is fair's own output once more."""
    _, program = split("coalesce((prev(fair) + mid) / 2, mid)")

    assert program.outputs[1] == program.outputs[0]


def test_prev_within_prev_is_found(split):
    """What is kept may itself read what was kept."""
    h, program = split("mid + 1tick * prev(prev(inventory) / clip)")

    assert len(h.previous) == 2
    assert len(program.outputs) == 3


def test_the_same_prev_is_kept_once(split):
    """Two formulas, one value."""
    h, _ = split(
        "mid + 1tick * prev(inventory) / clip", "mid - 1tick * prev(inventory) / clip"
    )

    assert len(h.previous) == 1


def test_large_formulas_are_cut_for_numexpr(split):
    """No step has more nodes than its bound."""
    text = " + ".join(
        f"bid * {i} / (ask + {i}tick) * bid_size / ask_size" for i in range(30)
    )

    h, _ = split(f"({text}) * 1tick / 1tick")

    assert len(h.steps) > 1
    for step in h.steps:
        assert isinstance(step, ColumnStep)
        assert len(step.program.instructions) <= MOST_NODES


def test_columns_know_what_they_stand_for(split):
    """For people: the canonical text."""
    h, _ = split("bid - 1tick * queue_imbalance")

    assert "bid" in h.texts["c0"]
