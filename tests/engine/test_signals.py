"""Signals by their published definitions: worked examples as text a trader can review.

A case is formulas and the rows of a tape; below `---` for each formula its values, row
by row, to ten digits. All three back ends give them. The examples are those of the
papers and notebooks named in the cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mmrun.engine.bind import run_values
from mmrun.engine.interpret import interpret
from mmrun.engine.jit import Mode, compiled, uncompiled
from mmrun.engine.pipeline import new_pipeline
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Ticks
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, Kind
from mmrun.plan.compile import check_formulas
from mmrun.plan.plan import OUTPUTS, Plan
from tests.engine.conftest import at_rows


GOLDEN = Path(__file__).parents[1] / "golden" / "lang" / "signals.case"
BLOCKS = GOLDEN.read_text("utf-8").rstrip("\n").split("\n===\n")
BOOK = {Kind.QUOTE, Kind.DEPTH, Kind.CLEAR}
Values = list[float]


def formulas_and_rows(given: str) -> tuple[list[str], str]:
    """The formulas of a case, and its tape; `#` opens a comment."""
    lines = [line for line in given.splitlines() if not line.startswith("#")]
    rows = [line for line in lines if line[:1].isdigit()]
    return [line for line in lines if line not in rows], "\n".join(rows)


def by_engine(plan: Plan, batch: Batch, mode: Mode) -> tuple[Values, Values]:
    """The size row by row, and the signs of trades."""
    fixed = run_values(plan, 0.01, 1.0)
    acme = Instrument(symbol="ACME", venue="NASDAQ", tick=0.01, lot=1.0)
    pipeline = new_pipeline(
        plan, (acme,), fixed, sessions=[], utc_offset=lambda _: 0, mode=mode
    )
    rows, block = pipeline.run(batch)
    known = [
        fixed | dict(zip(pipeline.columns, column, strict=True))
        for column in at_rows(rows, block).T
    ]
    registers = [[float(row[name]) for name in plan.residual.inputs] for row in known]
    place = OUTPUTS.index("bid_size")
    return [
        interpret(plan.residual, row)[place] for row in registers
    ], rows.side.tolist()


def by_definition(plan: Plan, batch: Batch, signs: Values) -> Iterator[float]:
    """The size by the language's definition; of quote and trade rows."""
    checked, _ = check_formulas(plan.strategy)
    assert checked is not None
    evaluator = Evaluator({"x": checked.fields["bid_size"]})
    market: dict[str, float] = {}
    for i, kind in enumerate(batch.kind):
        if kind == Kind.QUOTE:
            names = ("bid", "bid_size", "ask", "ask_size")
            market |= {name: float(getattr(batch, name)[i]) for name in names}
        if kind == Kind.TRADE:
            market |= {"last_price": batch.price[i], "last_size": batch.size[i]}
            market |= {"last_side": float(signs[i])}
        bits = Ticks.BOOK if kind in BOOK else Ticks.OTHER
        bits = Ticks.TRADE if kind == Kind.TRADE else bits
        yield evaluator.step(Row(int(batch.ts[i]), bits, dict(market)))["x"]


@pytest.mark.parametrize("block", BLOCKS, ids=[b.split("\n")[0] for b in BLOCKS])
def test_signals_have_their_published_values(
    plan_of: Callable[..., Plan],
    tape: Callable[[str], Batch],
    request: pytest.FixtureRequest,
    block: str,
) -> None:
    """Each worked example comes out, by the definition and by kernels in both modes."""
    given, _, expected = block.partition("\n---")
    formulas, rows = formulas_and_rows(given)
    lines = []
    for text in formulas:
        plan, batch = (
            plan_of({"half_spread": "1tick", "size": text}, units="off"),
            tape(rows),
        )
        found, signs = by_engine(plan, batch, compiled)
        np.testing.assert_array_equal(by_engine(plan, batch, uncompiled)[0], found)
        np.testing.assert_array_equal(list(by_definition(plan, batch, signs)), found)
        shown = (f"{x:.7g}".replace("nan", "missing") for x in found)
        lines.append(f"{text}: {', '.join(shown)}")

    if request.config.getoption("--update-golden"):
        text = GOLDEN.read_text("utf-8").replace(
            block, f"{given}\n---\n" + "\n".join(lines)
        )
        GOLDEN.write_text(text, "utf-8")
    else:
        assert lines == expected.split("\n")[1:]
