"""Half spread under what a fill costs.

Where a venue charges for fills that rested, a round trip earns twice the half spread
and pays the fee twice: below the fee every round trip loses. The half spread can fall
there somewhere in the params' declared ranges, or because the market is calm. Give it a
floor a little above the fee.

FAIL:
    params:
      edge: {value: 2, unit: bps, range: [0.5, 10]}
    quote: {half_spread: edge, size: 100}
    venues:
      BINANCE: {maker_fee: 1bps, taker_fee: 4bps}

PASS:
    params:
      edge: {value: 2, unit: bps, range: [1.5, 10]}
    quote: {half_spread: edge, size: 100}
    venues:
      BINANCE: {maker_fee: 1bps, taker_fee: 4bps}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Scalar, Section
from mmrun.lang.names import QUOTED
from mmrun.lint.intervals import Interval
from mmrun.lint.refine import Facts
from mmrun.lint.rules.crossed_quotes import TINY
from mmrun.lint.subject import MIDS, Subject
from mmrun.lint.witness import where
from mmrun.problems import Problem
from mmrun.strategy.spec import Fee
from mmrun.strategy.values import fee, quantity


ID = "MM432"


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at the half spread, or the ask, for the dearest venue."""
    dearest = max(_fees(subject), key=lambda row: row[1].rate, default=None)
    if dearest is None or not subject.prices:
        return
    venue, charged, text = dearest
    key = "half_spread" if "half_spread" in subject.texts else "ask"
    what = "half_spread" if key == "half_spread" else "half of ask less bid"

    def quoted(mid: float, facts: Facts | None = None) -> Interval:
        """Own ask less own bid at that venue."""
        cost = {f"{QUOTED}.maker_cost": _cost(charged, mid)}
        return subject.gap(mid, facts, cost)

    gaps = [quoted(mid) for mid in MIDS]
    if all(each.low < -TINY * mid for each, mid in zip(gaps, MIDS, strict=True)):
        return  # quotes that cross are the greater evil, and said already
    formulas = [subject.prices["ask"], subject.prices["bid"]]

    def possible(facts: Facts) -> bool:
        return all(_loses(quoted(mid, facts), charged, mid) for mid in MIDS)

    if possible({}):
        costs = [_cost(charged, mid) for mid in MIDS]
        always = all(g.high / 2.0 < c for g, c in zip(gaps, costs, strict=True))
        verb = "is always" if always else "can fall"
        place = "" if always else where(subject, formulas, possible)
        message = f"{what} {verb} under the maker fee of {venue}, {text}{place}"
        hint = "give it a floor above the fee: max(..., fee + 1tick)"
        yield subject.warn(key, ID, message, hint)


def _loses(distance: Interval, charged: Fee, mid: float) -> bool:
    return distance.low / 2.0 < _cost(charged, mid) * (1.0 - TINY)


def _cost(charged: Fee, mid: float) -> float:
    """A fill's fee, by price."""
    return charged.rate * mid if charged.unit == "value" else charged.rate


def _fees(subject: Subject) -> Iterator[tuple[str, Fee, str]]:
    """The venues that charge by value or size for a fill that rested."""
    venues = subject.document.at("venues")
    for name in venues.entries if isinstance(venues, Section) else ():
        node = subject.document.at("venues", name, "maker_fee")
        rate = quantity(node) if isinstance(node, Scalar) else None
        # A bare number is an error of its own: what it was meant as is not known.
        if isinstance(node, Scalar) and rate is not None and (rate.unit or rate.per):
            charged = fee(node)
            if charged.rate > 0.0:
                yield name, charged, node.text
