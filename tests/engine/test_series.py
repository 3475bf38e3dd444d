"""Tests of over-time functions: small tapes with values worked out by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mmrun.engine.jit import Mode, compiled, uncompiled
from mmrun.engine.series import FIRST_CAPACITY, SeriesRunner
from mmrun.plan.plan import SeriesStep, Window


SECOND = 1_000_000_000
NAN = math.nan
BOOK, TRADE, OTHER = 1, 2, 4

#: A tape of one row a second: book rows at 0 2 4 6, trades at 1 3 5, a clock row at 7.
BITS = [BOOK, TRADE, BOOK, TRADE, BOOK, TRADE, BOOK, OTHER]
X = [1.0, 9.0, 3.0, 9.0, NAN, 9.0, 7.0, 9.0]
SIZE = [0.0, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 6.0]
SIDE = [0.0, 1.0, 1.0, -1.0, -1.0, 0.0, 0.0, 0.0]


def run(
    op: str,
    window: Window | None,
    ticks: int = BOOK,
    inputs: tuple[list[float], ...] = (X,),
    mode: Mode = compiled,
) -> list[float]:
    """The column of one function over the tape."""
    windows = () if window is None else (window,)
    step = SeriesStep("c", op, tuple("xy"[: len(inputs)]), windows, ticks)
    out = np.empty(len(BITS))
    ts = np.arange(len(BITS)) * SECOND
    SeriesRunner(step, {}, mode=mode).run(
        ts, np.array(BITS, np.int8), [np.array(i) for i in inputs], out
    )
    return out.tolist()


def seconds(w: float) -> Window:
    return Window(timed=True, constant=w)


def ticks(n: float) -> Window:
    return Window(timed=False, constant=n)


HALF = 0.5 ** (2 / 4)  # what is left of an old value two seconds on, half-life 4 s

BY_HAND = [
    # x is observed as 1 at 0 s, 3 at 2 s, 7 at 6 s; the missing one at 4 s is none.
    ("sum", seconds(4), [1, 1, 4, 4, 3, 3, 7, 7]),
    ("count", seconds(4), [1, 1, 2, 2, 1, 1, 1, 1]),
    ("mean", seconds(4), [1, 1, 2, 2, 3, 3, 7, 7]),
    ("mean", seconds(3), [1, 1, 2, 3, 3, NAN, 7, 7]),
    ("std", seconds(4), [0, 0, 1, 1, 0, 0, 0, 0]),
    ("sum", ticks(2), [NAN, NAN, 4, 4, 4, 4, 10, 10]),
    ("mean", ticks(2), [NAN, NAN, 2, 2, 2, 2, 5, 5]),
    ("std", ticks(2), [NAN, NAN, 1, 1, 1, 1, 2, 2]),
    ("lag", ticks(1), [NAN, NAN, 1, 1, 1, 1, 3, 3]),
    ("lag", ticks(2), [NAN, NAN, NAN, NAN, NAN, NAN, 1, 1]),
    ("lag", seconds(3), [NAN, NAN, NAN, 1, 1, 3, 3, 3]),
    ("delta", ticks(1), [NAN, NAN, 2, 2, 2, 2, 4, 4]),
    ("delta", seconds(3), [NAN, NAN, NAN, 2, 2, 0, 4, 4]),
    ("ret", ticks(1), [NAN, NAN, 2, 2, 2, 2, 7 / 3 - 1, 7 / 3 - 1]),
    ("ewma", ticks(0.5), [1, 1, 2, 2, 2, 2, 4.5, 4.5]),
    ("volatility", seconds(4), [NAN] * 4 + [1, 1, 2, 2]),
    ("sample", None, [1, 1, 3, 3, NAN, NAN, 7, 7]),
]


@pytest.mark.parametrize(("op", "window", "expected"), BY_HAND)
@pytest.mark.parametrize("mode", [compiled, uncompiled])
def test_values_worked_out_by_hand(
    op: str, window: Window | None, expected: list[float], mode: Mode
) -> None:
    """Old values leave at every row, new ones enter at ticks, the value is held."""
    column = run(op, window, mode=mode)

    np.testing.assert_array_equal(column, expected)


def test_a_half_life_halves() -> None:
    """After one half-life, half of what was is left; time counts between ticks."""
    column = run("ewma", seconds(4))

    second = 1 + (1 - HALF) * (3 - 1)
    assert column[2] == pytest.approx(second, rel=1e-15)
    assert column[6] == pytest.approx((second + 7) / 2, rel=1e-15)


def test_realized_volatility_is_of_log_returns() -> None:
    """The root of summed squares, missing until the window has passed."""
    column = run("realized_vol", seconds(4))

    assert all(map(math.isnan, column[:4]))
    assert column[4] == column[5] == pytest.approx(math.log(3), rel=1e-15)
    assert column[7] == pytest.approx(math.log(7 / 3), rel=1e-15)


@pytest.mark.parametrize(
    ("op", "inputs", "expected"),
    [
        ("trades", (), [0, 1, 1, 2, 2, 2, 2, 1]),
        ("volume", (SIZE,), [0, 2, 2, 6, 6, 10, 10, 6]),
        ("trade_imbalance", (SIZE, SIDE), [0, 1, 1, -1 / 3, -1 / 3, -1, -1, 0]),
    ],
)
def test_order_flow_counts_trades(
    op: str, inputs: tuple[list[float], ...], expected: list[float]
) -> None:
    """Only trade rows count, unsigned ones not in the imbalance; 0 when empty."""
    column = run(op, seconds(4), TRADE, inputs)

    np.testing.assert_array_equal(column, expected)


def test_a_window_longer_than_its_ring_grows_it() -> None:
    """As many observations as memory allows are held."""
    rows = 40 * FIRST_CAPACITY + 3
    step = SeriesStep("c", "count", ("x",), (seconds(1e9),), BOOK)
    out = np.empty(rows)

    SeriesRunner(step, {}).run(
        np.arange(rows), np.ones(rows, np.int8), [np.ones(rows)], out
    )

    assert out.tolist() == list(range(1, rows + 1))


def test_a_ring_that_grew_keeps_the_order() -> None:
    """Growing unrolls a ring whose oldest entry is not at its start."""
    rows = 10 * FIRST_CAPACITY
    ts = np.where(np.arange(rows) < 20, np.arange(rows) * SECOND, 20 * SECOND)
    x = np.arange(rows, dtype=np.float64)
    step = SeriesStep("c", "lag", ("x",), (seconds(5),), BOOK)
    out = np.empty(rows + 1)

    SeriesRunner(step, {}).run(
        np.append(ts, 24 * SECOND), np.ones(rows + 1, np.int8), [np.append(x, 0.0)], out
    )

    assert out[19] == 14.0
    assert out[-1] == 19.0


def test_windows_take_their_length_from_params() -> None:
    """A swept window is data: two values, two columns of one kernel."""
    step = SeriesStep("c", "sum", ("x",), (Window(timed=True, param="$w"),), BOOK)
    columns: list[NDArray[np.float64]] = []

    for w in (2.0, 3.0):
        out = np.empty(4)
        runner = SeriesRunner(step, {"$w": w})
        runner.run(np.arange(4) * SECOND, np.ones(4, np.int8), [np.ones(4)], out)
        columns.append(out)

    assert columns[0].tolist() == [1.0, 2.0, 2.0, 2.0]
    assert columns[1].tolist() == [1.0, 2.0, 3.0, 3.0]


def test_read_only_inputs_need_no_second_kernel() -> None:
    """Mapped files are read-only; the column and the compiled code are the same."""
    step = SeriesStep("c", "sample", ("x",), (), BOOK)
    x = np.arange(3.0)
    x.flags.writeable = False
    out = np.empty(3)

    SeriesRunner(step, {}).run(np.arange(3), np.ones(3, np.int8), [x], out)

    assert out.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("length", [0.0, -1.0, NAN, math.inf])
def test_a_window_must_be_a_positive_length(length: float) -> None:
    """A window that a param made zero, negative or missing is refused by name."""
    step = SeriesStep("vol", "std", ("x",), (seconds(length),), BOOK)

    with pytest.raises(ValueError, match="vol: std cannot look back"):
        SeriesRunner(step, {})


def test_an_unknown_function_is_refused() -> None:
    """A step that no kernel knows is an error before the first row."""
    with pytest.raises(ValueError, match="microprice is not a function over time"):
        SeriesRunner(SeriesStep("c", "microprice", ("x",), (), BOOK), {})


def test_inputs_must_match_the_step() -> None:
    """A missing input or a short one is an error, not a column of another's values."""
    runner = SeriesRunner(SeriesStep("c", "sample", ("x",), (), BOOK), {})
    two = np.zeros(2, np.int64), np.zeros(2, np.int8)

    with pytest.raises(ValueError, match="do not match"):
        runner.run(*two, [], np.empty(2))
    with pytest.raises(ValueError, match="do not match"):
        runner.run(*two, [np.empty(1)], np.empty(2))


def std_of(
    ts: NDArray[np.int64], x: NDArray[np.float64], cuts: list[int], mode: Mode
) -> NDArray[np.float64]:
    """The std of 100 ns, in batches that end at the cuts."""
    step = SeriesStep("c", "std", ("x",), (seconds(1e-7),), BOOK)
    runner, out = SeriesRunner(step, {}, mode=mode), np.empty(len(ts))
    for start, stop in pairwise([0, *cuts, len(ts)]):
        here = slice(start, stop)
        bits = np.full(stop - start, BOOK, np.int8)
        runner.run(ts[here], bits, [x[here]], out[here])
    return out


@pytest.mark.parametrize("gap", [0.1, 2, 20, 300])
@pytest.mark.parametrize("odd", [0.0, math.inf, NAN])
@pytest.mark.parametrize("mode", [compiled, uncompiled])
def test_std_at_rows_that_all_have_a_value_is_that_of_any_rows(
    gap: float, odd: float, mode: Mode
) -> None:
    """To the bit: where one row is a clock's, another kernel does the work."""
    rng, rows = np.random.default_rng(7), 5000
    ts = np.cumsum(rng.uniform(0, gap, rows)).astype(np.int64) - 400
    x = rng.normal(size=rows) + 1e6
    x[1234] = odd
    step = SeriesStep("c", "std", ("x",), (seconds(1e-7),), BOOK)
    clocked = np.append(np.full(rows, BOOK), OTHER).astype(np.int8)
    any_rows = np.empty(rows + 1)
    runner = SeriesRunner(step, {}, mode=mode)
    runner.run(np.append(ts, ts[-1]), clocked, [np.append(x, 0.0)], any_rows)

    for cuts in ([], [1], [700, 701, 2600]):
        assert std_of(ts, x, cuts, mode).tobytes() == any_rows[:-1].tobytes()
