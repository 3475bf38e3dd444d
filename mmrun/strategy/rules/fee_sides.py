"""A venue has a maker fee or a maker rebate, not both.

A cost is positive and a rebate negative; `maker_rebate: 0.2bps` is another way to write
`maker_fee: -0.2bps`, so both together say two things about one rate.

PASS:
    venues: {NASDAQ: {maker_rebate: 0.0020/share, taker_fee: 0.0030/share}}

FAIL:
    venues: {NASDAQ: {maker_rebate: 0.0020/share, maker_fee: 0.1bps}}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at


ID = "MM130"
READS: tuple[str, ...] = ()


def check(document: Document) -> Iterator[Problem]:
    """A problem at the second of the two keys."""
    venues = document.at("venues")
    for name in venues.entries if isinstance(venues, Section) else ():
        if document.at("venues", name, "maker_fee") and document.at(
            "venues", name, "maker_rebate"
        ):
            fee = document.key_place("venues", name, "maker_fee")
            rebate = document.key_place("venues", name, "maker_rebate")
            place = max(fee, rebate, key=lambda p: p.span())
            message = f"'{name}' has both maker_fee and maker_rebate"
            hints = ("keep one: a rebate is a negative fee",)
            yield problem_at(place, ID, message, hints=hints)
