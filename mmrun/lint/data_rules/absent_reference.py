"""A reference to a symbol that the given data does not have.

References are other instruments of the same dataset. A run on data without one is
refused: what formulas read of it would be missing throughout.

FAIL:
    quote: {half_spread: 1bps, fair: "mid + 0.1 * delta(spy.mid, 1s)", size: 100}
    references: {spy: {symbol: SPY}}

PASS:
    quote: {half_spread: 1bps, size: 100}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents.words import closest
from mmrun.lint.facts import MarketFacts
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM454"


def check(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """An error at each such symbol."""
    for each in subject.formulas.references:
        symbol = subject.value("references", each.name, "symbol")
        if symbol not in market.symbols:
            near = closest(str(symbol), market.symbols)
            there = " and ".join(market.symbols)
            yield problem_at(
                subject.document.key_place("references", each.name),
                ID,
                f"the data has no {symbol}: it has {there}",
                hints=(f"did you mean '{near}'?",) if near else (),
            )
