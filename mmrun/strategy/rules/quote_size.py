"""Quotes have one size for both sides, or one for each.

PASS:
    quote: {half_spread: 5bps, size: 100}
    quote: {half_spread: 5bps, bid_size: 100, ask_size: 200}

FAIL:
    quote: {half_spread: 5bps}
    quote: {half_spread: 5bps, bid_size: 100}
    quote: {half_spread: 5bps, size: 100, ask_size: 200}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at


ID = "MM133"
READS = ("quote.size", "quote.bid_size", "quote.ask_size")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the key that is alone or too many."""
    quote = document.at("quote")
    given = set(quote.entries) if isinstance(quote, Section) else set()
    sides = [side for side in ("bid_size", "ask_size") if side in given]
    if "size" in given and sides:
        place = document.key_place("quote", sides[0])
        message = f"quote has both size and {' and '.join(sides)}"
        hints = ("keep size, or both bid_size and ask_size",)
        yield problem_at(place, ID, message, hints=hints)
    elif len(sides) == 1:
        other = "ask_size" if sides == ["bid_size"] else "bid_size"
        place = document.key_place("quote", sides[0])
        message = f"quote has {sides[0]} without {other}"
        yield problem_at(place, ID, message, hints=(f"add `{other}:`, or use `size:`",))
    elif not sides and "size" not in given:
        message = "expected size, or both bid_size and ask_size, in 'quote'"
        hints = ("for example `size: 100`",)
        yield problem_at(document.key_place("quote"), ID, message, hints=hints)
