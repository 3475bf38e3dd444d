"""What the kernel reads at each row is what a column at every row would hold there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mmrun.engine import fresh, kernel
from mmrun.engine.bind import run_values
from mmrun.engine.buffers import Buffers
from mmrun.engine.fresh import FreshColumns
from mmrun.engine.jit import compiled, uncompiled
from mmrun.engine.kernel import Rows
from mmrun.engine.layout import Layout, columns_of, lay_out, parted
from mmrun.engine.observe import SAME
from mmrun.engine.pipeline import new_pipeline
from mmrun.engine.sparse import sparse_steps
from mmrun.lang.nodes import Ticks
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch
from mmrun.plan.plan import Plan
from tests.engine.conftest import at_rows
from tests.engine.test_batches import CALM, RULES, content, quotes_and_trades


VALUES = st.sampled_from([0.0, -0.0, 1.0, 2.5, np.nan])
#: A row: whether it is a trade, whether windows start over there, two leaves, a sample.
ROW = st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1]), VALUES, VALUES, VALUES)
#: The kernel reads a leaf and what is sampled; the other leaf it does not.
LAYOUT = Layout(
    columns=("a", "held"),
    sparse=frozenset({"sampled"}),
    samples={"sampled": "held"},
    held=("held",),
    late=frozenset(),
    leaves=("a", "b"),
    lines=("a", "held", "b"),
)


@st.composite
def tapes(draw: st.DrawFn) -> tuple[list[Any], list[int]]:
    """Rows, some the same as the row before, and where batches end."""
    rows = draw(st.lists(ROW, min_size=1, max_size=20))
    repeats = [draw(st.integers(1, 3)) for _ in rows]
    rows = [row for row, times in zip(rows, repeats, strict=True) for _ in range(times)]
    cuts = draw(st.sets(st.integers(1, len(rows)), max_size=3))
    return rows, sorted({0, len(rows), *cuts})


def slowly(rows: list[Any]) -> list[tuple[float, float]]:
    """The leaf and what is held at each row."""
    held, found = np.nan, []
    for trade, opens, a, _, sampled in rows:
        held = np.nan if opens else held
        held = sampled if trade else held
        found.append((a, held))
    return found


def by_tables(columns: FreshColumns, rows: list[Any], buffers: Buffers) -> Any:
    """The same by the tables of a batch: what the kernel reads at each row, and bits."""
    trade, opens, a, b, sampled = (np.array(each) for each in zip(*rows, strict=True))
    bits = np.where(trade, int(Ticks.TRADE), int(Ticks.BOOK)).astype(np.int8)
    leaves = columns.begin(len(rows), buffers)
    leaves["a"][:], leaves["b"][:] = a, b
    trades = np.flatnonzero(trade)
    columns.hold(len(trades), buffers)["sampled"][:] = sampled[trades]
    if opens.any():
        columns.start_over(trades, np.flatnonzero(opens), bits)
    found = columns.find(bits, buffers)
    block = columns.keep(found, bits, buffers)
    read = at_rows(Rows(*[bits] * len(Rows._fields)), block)
    return read.copy(), bits


@given(tapes(), st.sampled_from([1, 2, 5, 4096]))
def test_the_kernel_reads_what_a_slow_loop_holds(case: Any, stretch: int) -> None:
    """Leaves and samples, bit for bit, over opens, however rows are cut."""
    rows, cuts = case
    columns, buffers = FreshColumns(LAYOUT, uncompiled), (Buffers(), Buffers())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fresh, "_STRETCH", stretch)

        parts = []
        for nth, (start, stop) in enumerate(pairwise(cuts)):
            buffers[nth % 2].begin()
            parts.append(by_tables(columns, rows[start:stop], buffers[nth % 2])[0])

    assert np.hstack(parts).T.tobytes() == np.array(slowly(rows)).tobytes()


def test_machine_code_gives_the_same_over_many_stretches() -> None:
    """Compiled kernels leave the block and the bits that the same code leaves as Python."""
    chance = np.random.default_rng(1)
    few = chance.choice([0.0, 1.0, np.nan], (3, 3 * fresh._STRETCH + 7))
    few[0, 100:5000] = 2.0
    flags = chance.random((2, few.shape[1])) < [[0.2], [0.001]]
    rows = list(zip(*flags.tolist(), *few.tolist(), strict=True))

    python = by_tables(FreshColumns(LAYOUT, uncompiled), rows, Buffers())
    machine_code = by_tables(FreshColumns(LAYOUT, compiled), rows, Buffers())

    for one, other in zip(python, machine_code, strict=True):
        assert one.tobytes() == other.tobytes()
    assert python[0].T.tobytes() == np.array(slowly(rows)).tobytes()


@pytest.mark.parametrize(("unchanged", "same"), [(1, 0), (20, 20)])
def test_hardly_any_row_is_not_worth_leaving_out(unchanged: int, same: int) -> None:
    """Where what is read stays while a leaf moves, the row is SAME, unless few are."""
    read = np.arange(100.0)
    read[1 : unchanged + 1] = 0.0
    rows = [(False, 0, a, float(nth), 0.0) for nth, a in enumerate(read)]

    found, bits = by_tables(FreshColumns(LAYOUT, uncompiled), rows, Buffers())

    assert np.count_nonzero(bits & SAME) == same
    np.testing.assert_array_equal(found[0], read)


def test_a_condition_is_fresh_where_it_changes(
    plan_of: Callable[..., Plan], tape: Callable[[str], Batch], acme: Instrument
) -> None:
    """Sizes move at each row, whether they are small does not: those rows are SAME."""
    plan = plan_of({"half_spread": "1tick if bid_size < 4lot else 2tick", "size": 10})
    sizes = [5, 6, 7, 3, 2, 1, 8, 9, 5, 6]
    batch = tape(
        "\n".join(f"{n} quote 99.99x{x} 100.01x5" for n, x in enumerate(sizes))
    )
    pipeline = new_pipeline(
        plan,
        (acme,),
        run_values(plan, 0.01, 1.0),
        sessions=[],
        utc_offset=lambda _: 0,
        mode=uncompiled,
    )

    rows, _ = pipeline.run(batch)

    assert np.flatnonzero(rows.bits & SAME == 0).tolist() == [0, 3, 6]


def test_what_is_made_of_samples_is_computed_once_a_trade(
    plan_of: Callable[..., Plan],
) -> None:
    """A step is parted where part of it changes at trades alone; the rest is late."""
    quote = {
        "fair": "mid",
        "half_spread": "mid * (1bps + 10 * coalesce(100 * sample(ret(last_price), trade), 0))",
        "size": 10,
    }
    plan = plan_of(quote)
    sparse = sparse_steps(plan)

    found = lay_out(parted(plan, sparse), sparse)

    assert found.columns == ("mid", "c2", "c3", "c4")
    assert found.samples == {"c0": "c1"}
    assert found.held == ("c1", "c2/0")
    assert found.late == {"c2", "c3", "c4"}
    assert found.leaves == ("mid",)
    assert found.lines == ("mid", "c2", "c3", "c4", "c2/0")


def test_what_a_function_over_time_reads_is_made_at_every_row(
    plan_of: Callable[..., Plan],
) -> None:
    """A mean of a sample and of a product needs them at each of its rows."""
    quote = {
        "fair": "mid + 0 * mean(mid * sample(last_price / mid, trade), 2s)",
        "half_spread": "1tick",
        "size": 10,
    }
    plan = plan_of(quote)

    found = lay_out(parted(plan, sparse_steps(plan)), sparse_steps(plan))

    read_over_time = {name for step in plan.steps[:-3] for name in columns_of(step)}
    assert found.held == ()
    assert found.late == set(found.columns)
    assert read_over_time.isdisjoint(found.elsewhere)


@pytest.mark.parametrize("keys", [{}, RULES], ids=["plain", "rules"])
def test_a_batch_goes_on_where_it_ran_out_of_room(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any]
) -> None:
    """The block is read from the right place on when a kernel is called again."""
    tape = quotes_and_trades(seed=3)
    whole = run(tape, CALM, **keys).recording
    room, asked = kernel.has_room, iter(range(10**6))
    monkeypatch.setattr(
        kernel, "has_room", lambda m, kind: next(asked) % 3 != 1 and room(m, kind)
    )

    in_pieces = run(tape, CALM, **keys).recording

    assert len(whole.fills) > 0
    assert content(in_pieces) == content(whole)
