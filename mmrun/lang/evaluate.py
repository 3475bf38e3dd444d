"""What a formula means: plain, slow, obvious Python, one row after the other.

This is the definition. The numexpr columns, the compiled residual and the over-time
kernels are held to it bit for bit. For each row an `Evaluator`

1. reads the row's leaves; the market names that follow from others are computed
   (`MARKET` below),
2. goes through the nodes, operands first: pointwise ones live in `pointwise`, functions
   over time, with their carried state, in `series` and `flow`,
3. after a row at which quotes are evaluated remembers what `prev` refers to.

Missing is NaN, conditions are 0.0, 1.0 or NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mmrun.lang.flow import FLOWS, Flow
from mmrun.lang.functions import FUNCTIONS, OWN
from mmrun.lang.names import joined, split
from mmrun.lang.nodes import Expr, Ticks
from mmrun.lang.pointwise import POINTWISE, divide
from mmrun.lang.series import SERIES, Series
from mmrun.lang.show import expr_texts
from mmrun.lang.sources import source_of
from mmrun.lang.walk import postorder
from mmrun.units import TIME


_NS = 1e9


@dataclass(frozen=True, slots=True)
class Row:
    """What is known at one row of the tape; names that are not given are missing.

    `market` holds the market's names in force after the row (`bid`, `NASDAQ.last_price`;
    `mid` and the like only where they are not to be computed), `params` the params with
    `tick`, `lot` and `max_inventory`, `states` the own state (`inventory`, `fills(10s)`), `inputs` the values of
    inputs that are fresh, else their defaults. `overrides` replaces values by the name of a root or by canonical text (`trades(1s)`), everywhere the
    same node is used: of `a: b` giving one gives both.
    """

    ts_ns: int
    #: BOOK, TRADE or OTHER: what the row is; and the bits of inputs seen anew
    ticks: Ticks
    market: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, float] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)
    #: what the row is to sources: `{"NASDAQ": Ticks.BOOK, "venue": Ticks.BOOK}`
    heard: Mapping[str, Ticks] = field(default_factory=dict)
    evaluates_quotes: bool = True  #: whether `prev` refers to this row later


def _mid(bid: float, ask: float) -> float:
    return (bid + ask) / 2.0


def _spread(bid: float, ask: float) -> float:
    return ask - bid


def _weighted_mid(bid: float, ask: float, bid_size: float, ask_size: float) -> float:
    return divide(ask * bid_size + bid * ask_size, bid_size + ask_size)


def _queue_imbalance(bid_size: float, ask_size: float) -> float:
    return divide(bid_size - ask_size, bid_size + ask_size)


#: Market names that follow from others, and those others.
MARKET: dict[str, tuple[Callable[..., float], tuple[str, ...]]] = {
    "mid": (_mid, ("bid", "ask")),
    "spread": (_spread, ("bid", "ask")),
    "weighted_mid": (_weighted_mid, ("bid", "ask", "bid_size", "ask_size")),
    "queue_imbalance": (_queue_imbalance, ("bid_size", "ask_size")),
}


class Evaluator:
    """Formulas and the state that their functions over time carry from row to row."""

    def __init__(self, roots: Mapping[str, Expr]) -> None:
        """Start before the first row.

        Args:
            roots: Checked formulas by name: lets, quote fields, anything.
        """
        self._roots = dict(roots)
        self._order = postorder(self._roots.values())
        self._series: dict[int, Series] = {
            id(node): SERIES[node.op](timed=_is_timed(node))
            for node in self._order
            if node.op in SERIES
        }
        self._flows: dict[int, Flow] = {
            id(node): FLOWS[node.op]() for node in self._order if node.op in FLOWS
        }
        self._texts = expr_texts(list(self._roots.values()))
        self._latest_ns: dict[tuple[str, Ticks], int] = {}
        self._before: dict[int, float] = {}
        self._fields_before: dict[str, float] = {}

    def step(self, row: Row) -> dict[str, float]:
        """The value of every root at the next row.

        Args:
            row: The row; its time is not before the last one's.

        Returns:
            Values by root name; NaN is missing.
        """
        for source, ticks in {"": row.ticks & Ticks.ANY, **row.heard}.items():
            self._latest_ns[source, ticks] = row.ts_ns
        overridden = self._overridden(row.overrides)
        values: dict[int, float] = {}
        for node in self._order:
            value = self._value(node, [values[id(arg)] for arg in node.args], row)
            values[id(node)] = overridden.get(id(node), value)
        results = {name: values[id(root)] for name, root in self._roots.items()}
        if row.evaluates_quotes:
            self._before, self._fields_before = values, results
        return results

    def _overridden(self, overrides: Mapping[str, float]) -> dict[int, float]:
        """Values by `id` of the nodes they replace."""
        if not overrides:
            return {}
        by_text = {
            key: overrides[text]
            for key, text in self._texts.items()
            if text in overrides
        }
        by_name = {
            id(root): overrides[name]
            for name, root in self._roots.items()
            if name in overrides
        }
        return by_text | by_name

    def _value(self, node: Expr, args: list[float], row: Row) -> float:
        if node.op in POINTWISE:
            return POINTWISE[node.op](*args)
        if node.op in SERIES:
            return self._series_value(node, args, row)
        if node.op in FLOWS:
            return self._flow(node, args, row)
        if node.op == "prev":
            return self._prev(node)
        if node.op in OWN:
            return row.states.get(self._texts[id(node)], math.nan)
        return self._leaf(node, row)

    def _leaf(self, node: Expr, row: Row) -> float:
        if node.op == "const":
            return node.value
        if node.op == "market":
            return self._market(node.name, row)
        given = {
            "param": row.params,
            "state": row.states,
            "input": row.inputs,
            "given": row.overrides,
        }[node.op]
        return given.get(node.name, math.nan)

    def _market(self, name: str, row: Row) -> float:
        if name in row.market:
            return row.market[name]
        source, rest = split(name)
        if rest in MARKET:
            compute, parts = MARKET[rest]
            return compute(*(self._market(joined(source, p), row) for p in parts))
        rows = {"age(quote)": Ticks.BOOK, "age(trade)": Ticks.TRADE}.get(rest)
        if rows is None or (source, rows) not in self._latest_ns:
            return math.nan
        return (row.ts_ns - self._latest_ns[source, rows]) / _NS

    def _series_value(self, node: Expr, args: list[float], row: Row) -> float:
        x = self._input(node, args, row)
        window = math.nan if node.op == "sample" else args[-1]
        return self._series[id(node)].step(row.ts_ns, x, window)

    def _input(self, node: Expr, args: list[float], row: Row) -> float | None:
        """The input of a function over time; None where it does not tick."""
        if not _ticked(node if node.op in _OWN_TICKS else node.args[0], row):
            return None
        if node.op == "trades":
            return 1.0
        size = joined(source_of(node), "last_size")
        return self._market(size, row) if node.op == "volume" else args[0]

    def _flow(self, node: Expr, args: list[float], row: Row) -> float:
        source = source_of(node)
        reads = [joined(source, name) for name in FUNCTIONS[node.op].reads]
        inputs = [self._market(name, row) for name in reads] or args[:1]
        bits = _ticked(node if reads else node.args[0], row)
        windows = args if reads else args[1:]
        flow = self._flows[id(node)]
        return flow.step(row.ts_ns, bits, tuple(inputs), tuple(windows))

    def _prev(self, node: Expr) -> float:
        if node.args:
            return self._before.get(id(node.args[0]), math.nan)
        return self._fields_before.get(node.name, math.nan)


#: Functions whose rows are their own, not their input's.
_OWN_TICKS = frozenset({"sample", "trades", "volume"})


def _ticked(node: Expr, row: Row) -> Ticks:
    """As what the row is where the node ticks; NEVER where it does not."""
    bits = row.ticks & node.ticks
    for source, ticks in node.hears:
        bits |= row.heard.get(source, Ticks.NEVER) & ticks
    return bits


def _is_timed(node: Expr) -> bool:
    return node.args[-1].type.dimension == TIME
