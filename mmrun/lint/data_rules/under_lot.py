"""A size that is always under what can be quoted.

Sizes are rounded down to a lot, and what is smaller than `min_size` is not quoted, by
the rule of that name. Wherever params lie in their ranges the size stays below: the side
is never quoted.

FAIL:
    quote: {half_spread: 1bps, size: 0.5}

FAIL:
    quote: {half_spread: 1bps, size: 100, min_size: 200}

PASS:
    quote: {half_spread: 1bps, size: 100}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lint.facts import MarketFacts
from mmrun.lint.subject import Subject
from mmrun.problems import Problem
from mmrun.strategy.values import quantity


ID = "MM453"


def check(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """A problem at each size that is too small for every venue."""
    lots = [
        (subject.number("venues", each.venue, "lot") or each.lot, each)
        for each in market.quoted
    ]
    lot, venue = min(lots, key=lambda pair: pair[0])
    smallest = _min_size(subject, lot)
    least, what = (smallest, "min_size") if smallest > lot else (lot, "a lot")
    ranges = subject.ranges({"lot": lot})
    for key in ("size", "bid_size", "ask_size"):
        formula = subject.meant.get(key)
        if formula is not None and ranges.of(formula).high < least:
            message = f"{key} is always under {what} of {least:g}: nothing is quoted"
            hint = f"{market.symbol} at {venue.venue} trades in lots of {venue.lot:g}"
            yield subject.warn(key, ID, message, hint)


def _min_size(subject: Subject, lot: float) -> float:
    found = quantity(subject.document.at("quote", "min_size"))
    if found is None:
        return lot
    return found.value * (lot if found.unit and found.unit.of == "lot" else 1.0)
