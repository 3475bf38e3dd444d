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

from mmrun.documents import Document
from mmrun.problems import Problem
from mmrun.strategy.either import one_or_both


ID = "MM132"
READS = ("quote.half_spread", "quote.bid", "quote.ask")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the key that is alone or too many."""
    yield from one_or_both(
        document,
        ID,
        whole="half_spread",
        pair=("bid", "ask"),
        alone="",
        example="half_spread: 5bps",
    )
