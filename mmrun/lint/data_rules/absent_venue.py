"""A quoting venue that the given data does not have.

The strategy names venues, and none or not all of them are in the data. A run refuses
data at a venue that the strategy does not quote.

FAIL:
    venues:
      NASDQ: {maker_rebate: 0.0020/share}

PASS:
    quote: {half_spread: 1bps, size: 100}
    venues:
      NASDAQ: {maker_rebate: 0.0020/share}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Section
from mmrun.documents.words import closest
from mmrun.lint.facts import MarketFacts
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM452"


def check(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """A problem at each such venue; an error where it is the only one."""
    venues = subject.document.at("venues")
    names = (
        [n for n in venues.entries if n != "use"] if isinstance(venues, Section) else []
    )
    absent = [name for name in names if name not in market.venues]
    for name in absent:
        near = closest(name, market.venues)
        there = " and ".join(market.venues)
        message = f"the data has no {name}: {market.symbol} is at {there}"
        yield problem_at(
            subject.document.key_place("venues", name),
            ID,
            message,
            hints=(f"did you mean '{near}'?",) if near else (),
            severity="error" if len(absent) == len(names) else "warning",
        )
