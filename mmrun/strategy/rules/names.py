"""Params, lets, inputs and references have names of their own.

In formulas every name is defined once: a param or let may not bear the name of market
data, of the strategy's own state or of a quote field, nor may two of them share one.
Function names are a namespace of their own, so a let may be called `volatility`.

PASS:
    params: {edge: 5bps}
    let: {volatility: "volatility(mid, 5min)"}

FAIL:
    params: {mid: 5}
    let: {inventory: 1}
    params: {edge: 5bps}     # with  let: {edge: 2 * base}
    references: {iex: {symbol: SPY}}     # with  venues: {iex: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at


ID = "MM136"
READS: tuple[str, ...] = ()

MARKET_NAMES = frozenset(
    [
        "bid",
        "ask",
        "bid_size",
        "ask_size",
        "mid",
        "spread",
        "weighted_mid",
        "microprice",
        "queue_imbalance",
        "last_price",
        "last_size",
        "last_side",
        "time_of_day",
        "time_left",
    ]
)
STATE_NAMES = frozenset(
    [
        "inventory",
        "max_inventory",
        "target_inventory",
        "average_cost",
        "realized_pnl",
        "unrealized_pnl",
        "net_pnl",
        "daily_pnl",
        "position_value",
        "inventory_age",
        "drawdown",
        "fill_count",
        "time_since_fill",
        "working_bid",
        "working_ask",
        "working_bid_size",
        "working_ask_size",
        "queue_ahead_bid",
        "queue_ahead_ask",
        "level",
    ]
)
QUOTE_NAMES = frozenset({"fair", "half_spread", "reservation"})
RESERVED_NAMES = MARKET_NAMES | STATE_NAMES | QUOTE_NAMES
#: Words of the formula language itself, and of its special arguments.
KEYWORDS = frozenset(["and", "or", "not", "if", "else", "trade", "quote", "venue"])

_DEEPER_LEVEL = re.compile(r"(?:bid|ask)(?:_size)?_[0-9]+\Z")
_KINDS = {"params": "param", "let": "let", "inputs": "input", "references": "reference"}


def check(document: Document) -> Iterator[Problem]:
    """A problem at each name that is taken; of two that are equal, at the later."""
    first: dict[str, str] = {}
    venues = document.at("venues")
    named = venues.entries.keys() if isinstance(venues, Section) else ()
    for section, kind in _KINDS.items():
        node = document.at(section)
        for name in node.entries if isinstance(node, Section) else ():
            taken = _meaning(name) or first.get(name)
            if section == "references" and name in named:
                taken = "a venue"
            first.setdefault(name, f"a {kind}")
            if taken:
                place = document.key_place(section, name)
                message = f"the name '{name}' is taken: it is {taken}"
                hints = (f"rename the {kind}, for example '{name}_{kind}'",)
                yield problem_at(place, ID, message, hints=hints)


def _meaning(name: str) -> str:
    """What a name means in every formula, "" if nothing."""
    if name in MARKET_NAMES or _DEEPER_LEVEL.match(name):
        return "a market name"
    if name in STATE_NAMES:
        return "a name of the strategy's own state"
    if name in QUOTE_NAMES:
        return "a quote field"
    return "a word of the formula language" if name in KEYWORDS else ""
