"""An evaluation at a row: formulas, then the quotes of each venue. Kernels."""

from __future__ import annotations

from mmrun.engine.guards import known_elsewhere
from mmrun.engine.jit import apart, kernel
from mmrun.engine.ladder import quote_levels
from mmrun.engine.quoting import evaluate_formulas, quote_venue
from mmrun.engine.state import NO_ASK, NO_BID, Machine


@kernel
def evaluate_quotes(m, formula, ts):  # type: ignore[no-untyped-def]
    """Evaluate the formulas and bring the working orders in line.

    The row's columns are in the registers already.
    """
    apart()
    evaluate_formulas(m, formula, ts)
    m.state.steady = m.state.repeatable
    if m.config.single == 1:
        quote_venue(m, m.venues[0], ts)
    else:
        _quote_all(m, ts)


@kernel
def _quote_all(m: Machine, ts: int) -> None:
    """Each venue by itself; in a snapshot of which a side is still to come, later."""
    apart()
    for k in range(m.config.venues):
        v = m.venues[k]
        whole = v.best_bid != NO_BID and v.best_ask != NO_ASK
        partly = ts == v.clear_ts and not whole and known_elsewhere(m, v)
        if v.guard == 0 and not partly:
            if v.levels == 1:
                quote_venue(m, v, ts)
            else:
                quote_levels(m, v, ts)
        else:
            m.state.steady = 0
