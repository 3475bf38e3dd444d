"""Own bid at or above own ask.

The distance between the own quotes can fall below 0 somewhere in the params' declared
ranges, or as nothing bounds a name it is made of. Quotes that cross each other are not
shown, by the rule `crossed`: the strategy is silent just there. Give the half spread a
floor, such as max(..., 1tick).

FAIL:
    params:
      edge: {value: 5, unit: bps, range: [1, 10]}
    quote:
      half_spread: edge - 2bps * abs(trade_imbalance(5s))
      size: 100

PASS:
    params:
      edge: {value: 5, unit: bps, range: [1, 10]}
    quote:
      half_spread: max(edge - 2bps * abs(trade_imbalance(5s)), 1tick)
      size: 100
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lint.refine import Facts
from mmrun.lint.subject import MIDS, Subject
from mmrun.lint.witness import where
from mmrun.problems import Problem


ID = "MM430"
#: Share of the price below which a distance is rounding.
TINY = 1e-9


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at the half spread, or at the ask."""
    if not subject.prices or subject.value("quote", "allow_crossed") is True:
        return
    key = "half_spread" if "half_spread" in subject.texts else "ask"
    what = "half_spread" if key == "half_spread" else "ask less bid"
    gaps = subject.gaps
    if all(each.high <= TINY * mid for each, mid in zip(gaps, MIDS, strict=True)):
        message = f"{what} is never above 0: own bid and ask always cross"
        yield subject.warn(key, ID, message, "a bid stands below the ask")
    elif all(each.low < -TINY * mid for each, mid in zip(gaps, MIDS, strict=True)):
        formulas = [subject.prices["ask"], subject.prices["bid"]]

        def possible(facts: Facts) -> bool:
            return all(subject.gap(mid, facts).low < -TINY * mid for mid in MIDS)

        place = where(subject, formulas, possible)
        message = f"{what} can fall below 0: own quotes cross{place}"
        yield subject.warn(key, ID, message, "give it a floor: max(..., 1tick)")
