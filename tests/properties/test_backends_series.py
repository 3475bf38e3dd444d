"""Over-time kernels: the language's own definition, bit for bit, in any batches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn
from numpy.typing import NDArray

from mmrun.engine.jit import Mode, compiled, uncompiled
from mmrun.engine.series import SeriesRunner
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.nodes import Expr, Ticks, Type
from mmrun.plan.plan import SeriesStep, Window
from mmrun.units import TIME


SECOND = 1_000_000_000
TIMED, COUNTED = Type(dimension=TIME), Type(bare=True)
WINDOWED = ("sum", "mean", "count", "std", "min_over", "max_over", "zscore")
ORDER_FLOW = ("trades", "volume", "trade_imbalance", "signed_volume", "vwap", "ofi")
TIMED_ONLY = ("volatility", "realized_vol", "twap", *ORDER_FLOW)
LAGS = ("lag", "delta", "ret", "log_ret")
AVERAGES = ("ewma", "ewm_std")
BATCH_NAMES = (
    "x", "mid", "last_price", "last_size", "last_side",
    "bid", "bid_size", "ask", "ask_size",
)  # fmt: skip


def timed(*lengths: float) -> tuple[Window, ...]:
    return tuple(Window(timed=True, constant=length) for length in lengths)


def counted(length: float) -> tuple[Window, ...]:
    return (Window(timed=False, constant=length),)


#: Function, and its windows in seconds or ticks.
CASES = [
    *[(op, timed(2.5)) for op in (*WINDOWED, *LAGS, *AVERAGES, *TIMED_ONLY)],
    *[(op, counted(3.0)) for op in (*WINDOWED, *LAGS)],
    ("ret", counted(1.0)),
    *[(op, counted(0.94)) for op in AVERAGES],
    ("sample", ()),
    ("parkinson", timed(0.7) + counted(3.0)),
    ("kyle_lambda", timed(2.5, 0.6)),
    ("vpin", counted(2.5) + counted(3.0)),
]
IDS = ["-".join([op, *(f"{w.timed}-{w.constant}" for w in ws)]) for op, ws in CASES]

Case = tuple[str, tuple[Window, ...]]
Tape = dict[str, NDArray[np.generic]]


def step_of(case: Case, ticks: Ticks) -> SeriesStep:
    """The step that the plan makes of a function of `x`."""
    op, windows = case
    names = FUNCTIONS[op].reads if is_order_flow(op) else ("x",)
    return SeriesStep("c", op, names, windows, int(ticks))


def formula_of(case: Case, ticks: Ticks) -> Expr:
    """The checked tree of a function of `x`, which ticks at `ticks`."""
    op, windows = case
    if not windows:
        return Expr(op, (Expr("market", name="x", ticks=Ticks.ANY),), ticks=ticks)
    lengths = [
        Expr("const", value=w.constant or math.nan, type=TIMED if w.timed else COUNTED)
        for w in windows
    ]
    x = () if is_order_flow(op) else (Expr("market", name="x", ticks=ticks),)
    return Expr(op, (*x, *lengths), ticks=ticks)


def by_definition(case: Case, ticks: Ticks, tape: Tape) -> list[float]:
    """The function's values by the language's reference."""
    evaluator = Evaluator({"c": formula_of(case, ticks)})
    values = []
    for i, (ts, bits) in enumerate(zip(tape["ts"], tape["bits"], strict=True)):
        market = {name: float(tape[name][i]) for name in BATCH_NAMES}
        values.append(evaluator.step(Row(int(ts), Ticks(int(bits)), market))["c"])
    return values


def by_kernels(
    case: Case, ticks: Ticks, tape: Tape, cuts: list[int], mode: Mode = compiled
) -> NDArray[np.float64]:
    """The function's values by the kernels, in batches that end at `cuts`."""
    step = step_of(case, ticks)
    runner = SeriesRunner(step, {}, mode=mode)
    out = np.empty(len(tape["ts"]))
    for part in parts(len(out), cuts):
        inputs = [tape[name][part] for name in step.inputs]
        runner.run(tape["ts"][part], tape["bits"][part], inputs, out[part])
    return out


def parts(length: int, cuts: list[int]) -> Iterator[slice]:
    edges = sorted({0, length, *(c for c in cuts if c < length)})
    return (slice(a, b) for a, b in itertools.pairwise(edges))


def same_bits(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Equal bytes, any NaN equal to any NaN."""
    equal = a.view(np.uint64) == b.view(np.uint64)
    return bool((equal | (np.isnan(a) & np.isnan(b))).all())


@st.composite
def tapes(draw: DrawFn) -> Tape:
    """Up to sixty rows: equal times, long gaps, missing, zero and infinite values."""
    gaps = st.sampled_from([0, 1, 7, SECOND // 2, SECOND, 5 * SECOND // 2, 9 * SECOND])
    some = st.sampled_from([math.nan, 0.0, -0.0, 1.0, 150.01, 150.02, 1e-9, -3.0])
    x = st.one_of(some, st.floats(1.0, 2.0), st.floats())
    size = st.sampled_from([1.0, 2.0, 0.3, 100.0, math.nan])
    price = st.sampled_from([150.01, 150.02, 150.03, 0.1, math.nan])
    side = st.sampled_from([-1.0, 0.0, 1.0])
    touch = (price, size, price, size)
    row = st.tuples(
        gaps, st.sampled_from([1, 2, 4]), x, price, price, size, side, *touch
    )
    rows = draw(st.lists(row, min_size=1, max_size=60))
    gap, bits, *columns = (np.array(c) for c in zip(*rows, strict=True))
    tape: Tape = {"ts": 1_700_000_000 * SECOND + np.cumsum(gap)}
    tape["bits"] = bits.astype(np.int8)
    return tape | dict(zip(BATCH_NAMES, columns, strict=True))


def long_tape(rows: int, seed: int) -> Tape:
    """Enough rows that sums are added up afresh and rings grow."""
    chance = np.random.default_rng(seed)
    known = chance.random(rows) > 0.02
    return {
        "ts": np.cumsum(chance.exponential(0.01 * SECOND, rows)).astype(np.int64),
        "bits": chance.choice(np.array([1, 2, 4], np.int8), rows, p=[0.7, 0.2, 0.1]),
        "x": np.where(known, 150 + np.cumsum(chance.normal(0, 0.01, rows)), math.nan),
        "mid": 150 + np.cumsum(chance.normal(0, 0.01, rows)),
        "last_price": 150 + chance.integers(-9, 9, rows) / 100,
        **{name: 150 + chance.integers(-1, 2, rows) / 100 for name in ("bid", "ask")},
        **{
            name: chance.integers(1, 50, rows) / 7
            for name in ("last_size", "bid_size", "ask_size")
        },
        "last_side": chance.choice([-1.0, 0.0, 1.0], rows),
    }


def is_order_flow(op: str) -> bool:
    return FUNCTIONS[op].category == "order_flow"


def ticks_of(case: Case, ticks: Ticks) -> Ticks:
    return FUNCTIONS[case[0]].ticks if is_order_flow(case[0]) else ticks


MASKS = st.sampled_from([Ticks.BOOK, Ticks.TRADE, Ticks.BOOK | Ticks.TRADE])


@pytest.mark.parametrize("case", CASES, ids=IDS)
@given(tape=tapes(), mask=MASKS, cuts=st.lists(st.integers(1, 59)))
@settings(deadline=None, max_examples=25)
def test_kernels_agree_with_the_definition_in_any_batches(
    case: Case, tape: Tape, mask: Ticks, cuts: list[int]
) -> None:
    """A column has the evaluator's bits, however its rows come in batches."""
    mask = ticks_of(case, mask)

    out = by_kernels(case, mask, tape, cuts)

    assert same_bits(out, np.array(by_definition(case, mask, tape)))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_long_tapes_agree_with_the_definition(case: Case) -> None:
    """The bits stay equal where sums are added up afresh and rings have grown."""
    tape = long_tape(5000, seed=11)
    mask = ticks_of(case, Ticks.BOOK)

    whole = by_kernels(case, mask, tape, [])
    cut = by_kernels(case, mask, tape, list(range(0, 5000, 611)))

    assert same_bits(whole, np.array(by_definition(case, mask, tape)))
    assert whole.tobytes() == cut.tobytes()


@pytest.mark.parametrize("case", CASES, ids=IDS)
@given(tape=tapes(), mask=MASKS, cuts=st.lists(st.integers(1, 59)))
@settings(deadline=None, max_examples=8)
def test_uncompiled_kernels_give_the_same_bits(
    case: Case, tape: Tape, mask: Ticks, cuts: list[int]
) -> None:
    """A kernel run as Python gives what its compiled form gives."""
    mask = ticks_of(case, mask)

    plain = by_kernels(case, mask, tape, cuts, uncompiled)

    assert same_bits(plain, by_kernels(case, mask, tape, cuts))


@pytest.mark.parametrize("case", CASES, ids=IDS)
@given(tape=tapes(), mask=MASKS)
@settings(deadline=None, max_examples=8)
def test_rows_that_do_not_tick_change_no_other_row(
    case: Case, tape: Tape, mask: Ticks
) -> None:
    """Without the clock's rows the rows that are left have the same bits."""
    mask = ticks_of(case, mask)
    left = (tape["bits"] & int(mask)) != 0
    fewer = {name: column[left] for name, column in tape.items()}

    whole, alone = (by_kernels(case, mask, rows, []) for rows in (tape, fewer))

    assert same_bits(whole[left], alone)


@given(seed=st.integers(0, 10_000), seconds=st.sampled_from([0.05, 1.0, 20.0]))
@settings(deadline=None, max_examples=20)
def test_windows_are_what_numpy_says(seed: int, seconds: float) -> None:
    """Sums, means and deviations are within 1e-9 of summing each window exactly."""
    tape = long_tape(400, seed)
    found = {
        op: by_kernels((op, timed(seconds)), Ticks.BOOK, tape, []) for op in WINDOWED
    }
    observed = (tape["bits"] == 1) & ~np.isnan(tape["x"])

    for row, now in enumerate(tape["ts"]):
        recent = (tape["ts"] > now - round(seconds * SECOND)) & observed
        held = tape["x"][: row + 1][recent[: row + 1]]
        mean = math.fsum(held) / len(held) if len(held) else math.nan
        std = np.std(held) if len(held) else math.nan

        assert found["count"][row] == len(held)
        low, high = (min(held), max(held)) if len(held) else (math.nan, math.nan)
        np.testing.assert_array_equal(found["min_over"][row], low)
        np.testing.assert_array_equal(found["max_over"][row], high)
        assert found["sum"][row] == pytest.approx(math.fsum(held), rel=1e-9)
        assert found["mean"][row] == pytest.approx(mean, rel=1e-9, nan_ok=True)
        assert found["std"][row] == pytest.approx(std, abs=1e-9, nan_ok=True)
