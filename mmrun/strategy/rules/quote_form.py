"""Quotes are given by half_spread, or by formulas for both bid and ask.

PASS:
    quote: {half_spread: 5bps, size: 100}
    quote: {bid: mid - 5bps, ask: mid + 7bps, size: 100}

FAIL:
    quote: {bid: mid - 5bps, size: 100}
    quote: {half_spread: 5bps, bid: mid - 5bps, ask: mid + 5bps, size: 100}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at


ID = "MM132"
READS = ("quote.half_spread", "quote.bid", "quote.ask")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the key that is alone or too many."""
    quote = document.at("quote")
    given = set(quote.entries) if isinstance(quote, Section) else set()
    sides = [side for side in ("bid", "ask") if side in given]
    if "half_spread" in given and sides:
        place = document.key_place("quote", sides[0])
        message = f"quote has both half_spread and {' and '.join(sides)}"
        hints = ("keep half_spread, or both bid and ask",)
        yield problem_at(place, ID, message, hints=hints)
    elif len(sides) == 1:
        other = "ask" if sides == ["bid"] else "bid"
        place = document.key_place("quote", sides[0])
        message = f"quote has {sides[0]} without {other}"
        yield problem_at(place, ID, message, hints=(f"add `{other}:`",))
    elif not sides and "half_spread" not in given:
        message = "expected half_spread, or both bid and ask, in 'quote'"
        hints = ("for example `half_spread: 5bps`",)
        yield problem_at(document.key_place("quote"), ID, message, hints=hints)
