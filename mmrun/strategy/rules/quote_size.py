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

from mmrun.documents import Document
from mmrun.problems import Problem
from mmrun.strategy.either import one_or_both


ID = "MM133"
READS = ("quote.size", "quote.bid_size", "quote.ask_size")


def check(document: Document) -> Iterator[Problem]:
    """A problem at the key that is alone or too many."""
    yield from one_or_both(
        document,
        ID,
        whole="size",
        pair=("bid_size", "ask_size"),
        alone=", or use `size:`",
        example="size: 100",
    )
