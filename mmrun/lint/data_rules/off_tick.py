"""A tick or decimals that are not the data's.

The strategy says a tick that quotes of the given data are not whole multiples of, or
rounds to more decimals than the data's tick has: its orders would be rejected where they
are meant to stand. Leave `tick` out to take the data's.

FAIL:
    venues:
      NASDAQ: {tick: 0.05}

FAIL:
    quote:
      half_spread: 1bps
      size: 100
      rounding: {mode: nearest_even, decimals: 3}

PASS:
    quote:
      half_spread: 1bps
      size: 100
      rounding: {mode: nearest_even, decimals: 2}
    venues:
      NASDAQ: {tick: 0.01}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lint.facts import MarketFacts
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM451"

#: Share of quotes off the tick that a few odd prices may have.
_ODD = 0.001
_ROUNDING = 1e-9


def check(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """A problem at each such tick, or at the decimals."""
    for venue in market.quoted:
        tick = subject.number("venues", venue.venue, "tick")
        share = venue.off_tick.get(tick or 0.0, 0.0)
        node = subject.document.at("venues", venue.venue, "tick")
        if node is not None and share > _ODD:
            message = (
                f"{share:.0%} of the quotes of {market.symbol} at {venue.venue} are "
                f"not on a tick of {tick:g}"
            )
            hints = (f"the data's tick is {venue.tick:g}",)
            yield problem_at(node.place, ID, message, hints=hints, severity="warning")
    yield from _decimals(subject, market)


def _decimals(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """A problem where a venue's tick has not as many: the coarsest is told of."""
    decimals = subject.number("quote", "rounding", "decimals")
    node = subject.document.at("quote", "rounding", "decimals")
    if node is None or decimals is None:
        return
    ticks = [
        subject.number("venues", each.venue, "tick") or each.tick
        for each in market.quoted
    ]
    finer = [tick for tick in ticks if _is_finer(decimals, tick)]
    if finer:
        tick = max(finer)
        message = f"prices of {decimals:g} decimals are finer than the tick of {tick:g}"
        hints = ("round to as many decimals as the tick has",)
        yield problem_at(node.place, ID, message, hints=hints, severity="warning")


def _is_finer(decimals: float, tick: float) -> bool:
    steps: float = 10.0**-decimals / tick
    return abs(steps - round(steps)) > _ROUNDING
