"""What a name or a function over time can be, whatever the market does.

Prices and displayed sizes are above 0, ages and counts not below it, imbalances from
-1 to 1. A book that is crossed is not quoted, so the spread is not below 0. What nothing
bounds is listed too (`UNBOUNDED`), so that nothing is left out by oversight: signed
sizes, money, and prices that formulas make. Running sums may round over a bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from mmrun.lang.names import QUOTED, level_of, split
from mmrun.lang.nodes import Expr
from mmrun.lint.intervals import (
    ANYTHING,
    OPERATIONS,
    TRUE,
    Interval,
    divide,
    subtract,
)
from mmrun.units import TIME


#: Above 0, but not so little that products of a few of them would vanish.
POSITIVE = Interval(1e-9, math.inf)
NOT_NEGATIVE = Interval(0.0, math.inf)
SIGNED = Interval(-1.0, 1.0)
_DAY = Interval(0.0, 90_000.0)  #: seconds; a day of 25 hours

NAMES: dict[str, Interval] = {
    "bid": POSITIVE,
    "ask": POSITIVE,
    "bid_size": POSITIVE,
    "ask_size": POSITIVE,
    "mid": POSITIVE,
    "spread": NOT_NEGATIVE,
    "weighted_mid": POSITIVE,
    "microprice": POSITIVE,
    "queue_imbalance": SIGNED,
    "last_price": POSITIVE,
    "last_size": POSITIVE,
    "last_side": SIGNED,
    "time_of_day": _DAY,
    "time_left": _DAY,
    "age(quote)": NOT_NEGATIVE,
    "age(trade)": NOT_NEGATIVE,
    "max_inventory": POSITIVE,
    "tick": POSITIVE,
    "lot": POSITIVE,
    "average_cost": POSITIVE,
    "inventory_age": NOT_NEGATIVE,
    "drawdown": NOT_NEGATIVE,
    "fill_count": NOT_NEGATIVE,
    "time_since_fill": NOT_NEGATIVE,
    "working_bid": POSITIVE,
    "working_ask": POSITIVE,
    "working_bid_size": NOT_NEGATIVE,
    "working_ask_size": NOT_NEGATIVE,
    "queue_ahead_bid": NOT_NEGATIVE,
    "queue_ahead_ask": NOT_NEGATIVE,
    "level": NOT_NEGATIVE,
}
#: Names and functions over time that can be anything.
UNBOUNDED = frozenset(
    [
        *("inventory", "target_inventory", "position_value"),
        *("realized_pnl", "unrealized_pnl", "net_pnl", "daily_pnl"),
        *("fair", "half_spread", "reservation"),
        *("signed_volume", "ofi", "kyle_lambda", "own_markout"),
    ]
)

_ROUNDING = 1e-6  #: of sums over a window

_Inputs = tuple[Interval, ...]


def _always(interval: Interval) -> Callable[[_Inputs], Interval]:
    return lambda _: interval


def _as_input(inputs: _Inputs) -> Interval:
    return inputs[0]


def _sum(inputs: _Inputs) -> Interval:
    """Of any number of observations, none at all among them."""
    low = 0.0 if inputs[0].low >= 0.0 else -math.inf
    return Interval(low, 0.0 if inputs[0].high <= 0.0 else math.inf)


def _growth(inputs: _Inputs) -> Interval:
    """One of its values over another: not below 0 where it is not."""
    return divide(inputs[0], inputs[0])


def _ret(inputs: _Inputs) -> Interval:
    return subtract(_growth(inputs), TRUE)


def _log_ret(inputs: _Inputs) -> Interval:
    return OPERATIONS["log"](_growth(inputs))


def _deviation(inputs: _Inputs) -> Interval:
    """At most half of what lies between the ends; twice that for its rounding."""
    return Interval(0.0, max(0.0, inputs[0].high - inputs[0].low))


#: Functions over time by name: from the intervals of their arguments.
FUNCTIONS: dict[str, Callable[[_Inputs], Interval]] = {
    "lag": _as_input,
    "prev": _as_input,
    "sample": _as_input,
    "mean": _as_input,
    "ewma": _as_input,
    "twap": _as_input,
    "min_over": _as_input,
    "max_over": _as_input,
    "delta": lambda inputs: subtract(inputs[0], inputs[0]),
    "sum": _sum,
    "ret": _ret,
    "log_ret": _log_ret,
    "std": _deviation,
    "ewm_std": _deviation,
    "volatility": _always(NOT_NEGATIVE),
    "realized_vol": _always(NOT_NEGATIVE),
    "parkinson": _always(NOT_NEGATIVE),
    "count": _always(NOT_NEGATIVE),
    "trades": _always(NOT_NEGATIVE),
    "volume": _always(NOT_NEGATIVE),
    "fills": _always(NOT_NEGATIVE),
    "bid_fills": _always(NOT_NEGATIVE),
    "ask_fills": _always(NOT_NEGATIVE),
    "fill_rate": _always(NOT_NEGATIVE),
    "trade_imbalance": _always(SIGNED),
    "vpin": _always(Interval(0.0, 1.0)),
    "vwap": _always(POSITIVE),
}


def _zscore(node: Expr, inputs: _Inputs) -> Interval:
    """Of n observations none is further than sqrt(n - 1) deviations from their mean."""
    if node.args[1].type.dimension == TIME:
        return ANYTHING
    most = math.sqrt(max(inputs[1].high - 1.0, 0.0)) * (1.0 + _ROUNDING)
    return Interval(-most, most)


def of_function(node: Expr, inputs: _Inputs) -> Interval:
    """What a function over time gives; its own arguments come first in `inputs`."""
    if node.op == "zscore":
        return _zscore(node, inputs)
    rule = FUNCTIONS.get(node.op)
    return rule(inputs) if rule and (inputs or node.op != "prev") else ANYTHING


def of_name(node: Expr) -> Interval:
    """What a leaf can be that nothing more is known of.

    A venue that is only read may stand crossed.
    """
    source, name = split(node.name)
    if name == "spread" and source not in {"", QUOTED}:
        return ANYTHING
    level = level_of(name)
    if level is not None:
        return NOT_NEGATIVE if level.what == "depth" else POSITIVE
    return NAMES.get(name, ANYTHING)
