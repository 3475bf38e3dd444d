"""A venue of the strategy that the given data does not have.

The strategy names venues, and none or not all of them are in the data. A run refuses
data at a venue that the strategy does not quote, and data without a venue that only
formulas name.

FAIL:
    venues:
      NASDQ: {maker_rebate: 0.0020/share}

FAIL:
    quote: {half_spread: 1bps, fair: (NASDAQ.mid + ARCA.mid) / 2, size: 100}
    venues: {NASDAQ: {}}

PASS:
    quote: {half_spread: 1bps, size: 100}
    venues:
      NASDAQ: {maker_rebate: 0.0020/share}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Section
from mmrun.documents.words import closest
from mmrun.lang.names import QUOTED
from mmrun.lang.nodes import Expr
from mmrun.lang.sources import source_of
from mmrun.lang.walk import postorder
from mmrun.lint.facts import MarketFacts
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM452"


def check(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """A problem at each such venue; an error where it is the only one, or only read."""
    venues = subject.document.at("venues")
    names = (
        [n for n in venues.entries if n != "use"] if isinstance(venues, Section) else []
    )
    absent = [name for name in names if name not in market.venues]
    for name in absent:
        yield problem_at(
            subject.document.key_place("venues", name),
            ID,
            _message(name, market),
            hints=_hints(name, market),
            severity="error" if len(absent) == len(names) else "warning",
        )
    known = {QUOTED, *names, *market.venues}
    known |= {each.name for each in subject.formulas.references}
    for key, node in _first_read(subject):
        name = source_of(node)
        if name not in known:
            message, hints = _message(name, market), _hints(name, market)
            yield subject.warn(key, ID, message, *hints, at=node, severity="error")


def _message(name: str, market: MarketFacts) -> str:
    there = " and ".join(market.venues)
    return f"the data has no {name}: {market.symbol} is at {there}"


def _hints(name: str, market: MarketFacts) -> tuple[str, ...]:
    near = closest(name, market.venues)
    return (f"did you mean '{near}'?",) if near else ()


def _first_read(subject: Subject) -> Iterator[tuple[str, Expr]]:
    """Of each venue and reference the first node that is of it, with its formula."""
    found: set[str] = set()
    for node in postorder(subject.meant.values()):
        name, key = source_of(node), subject.owners.get(id(node))
        if name and name not in found and key is not None:
            found.add(name)
            yield key, node
