"""A traced plan quotes as the plan it traces, and tells what the definition says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mmrun import api
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.jit import uncompiled
from mmrun.engine.run import Conditions, drive, start
from mmrun.feeds.replay import TapeFeed
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Ticks
from mmrun.lang.walk import postorder
from mmrun.market.instrument import Instrument
from mmrun.plan.compile import roots_of
from mmrun.testing.sample import SAMPLE_VENUE, sample_tape
from mmrun.testing.scripted import conditions_for, run_tape
from mmrun.testing.trace import trace


ROOT = Path(__file__).parent.parent.parent
STRATEGIES = sorted((ROOT / "strategies").rglob("*.yaml"))
SHIPPED = [path for path in STRATEGIES if not path.name.endswith(".test.yaml")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name + path.stem)
def test_tracing_changes_no_byte_of_a_run(path: Path) -> None:
    """Orders, decisions and fills of a traced run are those of the plan itself."""
    checked, _ = api.read(path)
    assert checked is not None
    traced = trace(checked, [SAMPLE_VENUE])
    instrument = Instrument(symbol="S", venue=SAMPLE_VENUE, tick=0.01, lot=1.0)
    feed = TapeFeed(sample_tape(0.01, 1.0).rows(0, 150), (instrument,))
    conditions = Conditions(mode=uncompiled)

    plain = drive(api.build(path), feed, conditions)
    run = start(traced.plan, feed, conditions)
    run.formulas = (traced.quotes, traced.guards)
    other = run.over(feed)

    assert len(plain.orders) > 10
    for name in ("orders", "decisions", "fills", "equity"):
        assert getattr(plain, name).tobytes() == getattr(other, name).tobytes()


def test_traced_values_are_the_definition_s() -> None:
    """Each node's value after a quote is what the slow evaluator gives."""
    path = ROOT / "strategies" / "inventory_skew.yaml"
    checked, _ = api.read(path)
    assert checked is not None
    traced = trace(checked, [SAMPLE_VENUE])
    tape = sample_tape(0.01, 1.0).rows(0, 1)
    conditions = conditions_for(checked.strategy, FillModel(), Latency())

    run_tape(traced, tape, [SAMPLE_VENUE], [0], conditions)

    market = {name: float(getattr(tape, name)[0]) for name in ("bid", "ask")}
    row = Row(
        0,
        Ticks.BOOK,
        market,
        {"edge": 1.0, "skew_factor": 1.0, "clip": 100.0, "max_inventory": 1000.0},
        {"inventory": 0.0},
    )
    found = roots_of(checked).values()
    nodes = {str(id(node)): node for node in postorder(found)}
    for key, value in Evaluator(nodes).step(row).items():
        got = traced.last[SAMPLE_VENUE][0][int(key)]
        assert got == value or (math.isnan(got) and math.isnan(value))
