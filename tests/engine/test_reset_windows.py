"""With `session.reset_windows` functions over time start over at each open."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mmrun.engine.bind import run_values
from mmrun.engine.jit import uncompiled
from mmrun.engine.pipeline import new_pipeline
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch
from mmrun.plan.plan import Plan
from tests.engine.conftest import at_rows


FUNCTIONS = (
    "ewma(mid, 1s)",
    "ewma(mid, decay=0.9)",
    "mean(mid, 5)",
    "std(mid, 2s)",
    "lag(mid, 3)",
    "delta(mid, 1s)",
    "volume(2s)",
    "trade_imbalance(3s)",
    "volatility(mid, 1s)",
    "twap(mid, 2s)",
    "max_over(mid, 2s)",
    "min_over(mid, 4)",
    "ewm_std(mid, 1s)",
    "zscore(mid, 2s)",
    "parkinson(mid, bar=1s, bars=3)",
    "vwap(2s)",
    "ofi(2s)",
    "vpin(10, buckets=2)",
    "kyle_lambda(3s, bar=1s)",
    "sample(mid, trade)",
    "sample(std(ret(last_price), 3s), trade)",
    "mid * (1 + coalesce(2 * sample(ret(last_price), trade) + 1, 5))",
)
OPENS_MS = (21_000, 42_000)  #: rows of quotes: the book is known from them on
HOURS = {"open": "09:30", "close": "16:00"}


def line(ms: int) -> str:
    """A row of a walking market: a trade each third time, else a quote."""
    mid = 100 + ((ms // 250) * 7 % 11) / 100
    if ms % 750 == 500:
        return f"{ms} trade {'buy' if ms % 2000 else 'sell'} {mid}x{1 + ms % 7}"
    return f"{ms} quote {mid - 0.01:.2f}x5 {mid + 0.01:.2f}x5"


@pytest.fixture
def column(
    plan_of: Callable[..., Plan], tape: Callable[[str], Batch], acme: Instrument
) -> Callable[..., Any]:
    """The values of a formula over rows from some ms on, in batches of some rows."""

    def compute(formula: str, times: range, rows: int, *, reset: bool) -> Any:
        session = HOURS | {"reset_windows": reset}
        quote = {"half_spread": formula, "size": 10}
        plan = plan_of(quote, units="off", session=session)
        start = int(tape("0 clock").ts[0])
        pipeline = new_pipeline(
            plan,
            (acme,),
            run_values(plan, 0.01, 1.0),
            sessions=[(start + ms * 10**6, start + ms * 10**6 + 1) for ms in OPENS_MS],
            utc_offset=lambda _: 0,
            mode=uncompiled,
        )
        batch = tape("\n".join(line(ms) for ms in times))
        cuts = range(0, len(batch), rows)
        blocks = [
            at_rows(*pipeline.run(batch.rows(cut, min(cut + rows, len(batch)))))
            for cut in cuts
        ]
        return np.hstack(blocks)

    return compute


@pytest.mark.parametrize("formula", FUNCTIONS)
@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_after_an_open_values_are_those_of_a_tape_that_starts_there(
    column: Callable[..., Any], formula: str, rows: int
) -> None:
    """Whatever came before the open is forgotten, at each of two opens."""
    whole = column(formula, range(0, 63_000, 250), rows, reset=True)
    edges = (0, *OPENS_MS, 63_000)
    days = [range(start, stop, 250) for start, stop in pairwise(edges)]

    alone = [column(formula, day, 1000, reset=False) for day in days]

    assert np.isfinite(whole).any()
    np.testing.assert_array_equal(whole, np.hstack(alone))


def test_windows_carry_over_a_close_unless_told_otherwise(
    column: Callable[..., Any],
) -> None:
    """The mean of the last five mids holds mids of the day before."""
    carried = column("mean(mid, 5)", range(0, 63_000, 250), 1000, reset=False)
    reset = column("mean(mid, 5)", range(0, 63_000, 250), 1000, reset=True)

    assert np.isfinite(carried[-1, 84:]).all()
    assert np.isnan(reset[-1, 84:88]).all()
