"""Quotes over a grid of states: what two strategies would show in the same market.

The market is the sample's last (`sample`): windowed names have its values, volatility
also half and twice that. Inventory goes from one limit to the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmrun.engine.quote import Market, Quote, quotes_in
from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import QUOTED, joined
from mmrun.lang.nodes import Expr, Stage
from mmrun.lang.show import show
from mmrun.lang.sources import source_of
from mmrun.lang.walk import postorder
from mmrun.plan.compile import Checked, quoted_venues, roots_of
from mmrun.testing.sample import sample_tape, sample_values
from mmrun.testing.shown import sizes


#: Functions over time that grow with how much the market moves.
MOVING = frozenset({"volatility", "realized_vol", "std", "ewma_std", "parkinson"})
FACTORS = (0.5, 1.0, 2.0)
_STEPS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_LIMIT = 1_000.0  #: where no strategy has a limit


@dataclass(frozen=True, slots=True)
class State:
    """One point of the grid."""

    inventory: float
    factor: float  #: of the sample's volatility


@dataclass(frozen=True, slots=True)
class Pair:
    """What both strategies quote in one state at one venue and level."""

    state: State
    venue: str  #: "" where neither names any
    level: int
    before: Quote
    after: Quote

    @property
    def differs(self) -> bool:
        """Whether a price, size or rule is another; the venue's name is no quote."""
        return _shown(self.before) != _shown(self.after)


@dataclass(frozen=True, slots=True)
class Grid:
    """The market, and both strategies' quotes over the states."""

    bid: float
    ask: float
    pairs: tuple[Pair, ...]


def compare_quotes(before: Checked, after: Checked) -> Grid:
    """Quote a grid of states by two strategies, in the first one's ticks."""
    bid, ask, touch = _touch(*sizes(before.strategy))
    windows = [_windows(checked) for checked in (before, after)]
    factors = FACTORS if any(_moves(w) for w in windows) else (1.0,)
    states = [
        State(step * _limit(before, after), factor)
        for factor in factors
        for step in _STEPS
    ]
    pairs = tuple(
        pair
        for state in states
        for pair in _pairs(
            state,
            _quotes(before, touch, windows[0], state),
            _quotes(after, touch, windows[1], state),
        )
    )
    return Grid(bid, ask, pairs)


def _pairs(
    state: State, before: Sequence[Quote], after: Sequence[Quote]
) -> Iterator[Pair]:
    """The quotes at the venues that both name; the first of each where there is none.

    A level that only one of them has stands beside nothing, and is left out.
    """
    old, new = (
        {(q.venue or "", q.level): q for q in quotes} for quotes in (before, after)
    )
    common = [place for place in old if place in new]
    for venue, level in common:
        yield Pair(state, venue, level, old[venue, level], new[venue, level])
    if not common:
        yield Pair(state, "", 0, before[0], after[0])


def _touch(tick: float, lot: float) -> tuple[float, float, Mapping[str, float]]:
    tape = sample_tape(tick, lot)
    last = {name: float(getattr(tape, name)[-2]) for name in ("bid", "ask")}
    shown = {name: float(getattr(tape, name)[-2]) for name in ("bid_size", "ask_size")}
    return last["bid"], last["ask"], last | shown


def _limit(*strategies: Checked) -> float:
    limits = (checked.strategy.risk.max_inventory for checked in strategies)
    return max((limit for limit in limits if limit), default=_LIMIT)


def _windows(checked: Checked) -> list[tuple[Expr, float]]:
    """Functions over time, and names of one source, with the sample's values."""
    values = sample_values(checked)[0]
    nodes = postorder(roots_of(checked).values())
    return [
        (node, values[id(node)])
        for node in nodes
        if node.op in FUNCTIONS
        and FUNCTIONS[node.op].over_time
        and node.stage == Stage.DATA
        and math.isfinite(values.get(id(node), math.nan))
    ] + [
        (node, values[id(node)])
        for node in nodes
        if node.op == "market"
        and source_of(node) not in {"", QUOTED}
        and math.isfinite(values.get(id(node), math.nan))
    ]


def _moves(windows: list[tuple[Expr, float]]) -> bool:
    return any(node.op in MOVING for node, _ in windows)


def _quotes(
    checked: Checked,
    touch: Mapping[str, float],
    windows: list[tuple[Expr, float]],
    state: State,
) -> Sequence[Quote]:
    names = dict(_given(windows, state.factor))
    venues = quoted_venues(checked.strategy)
    if len(venues) > 1:  # what is held is held at all alike
        share = repr(state.inventory / len(venues))
        names |= {joined(venue, "inventory"): share for venue in venues}
    market = Market(**touch, inventory=state.inventory, names=names)
    return quotes_in(checked, market).quotes


def _given(
    windows: list[tuple[Expr, float]], factor: float
) -> Iterator[tuple[str, str]]:
    for node, value in windows:
        yield show(node), repr(value * (factor if node.op in MOVING else 1.0))


def _shown(quote: Quote) -> tuple[object, ...]:
    bid = (quote.bid, quote.bid_size, quote.bid_rule)
    return (*bid, quote.ask, quote.ask_size, quote.ask_rule)
