"""A strategy that never trades on the given data.

In a replay of the data in which every touch of a quote fills it, nothing fills: the
quotes are too far from the market, or there are none. The help says how wide the market
is and how far the quotes stand, or which rule keeps them off.

FAIL:
    quote: {half_spread: 5pct, size: 100}

FAIL:
    quote:
      half_spread: max(1bps, volatility(mid, 2h) * sqrt(1s))
      size: 100

PASS:
    quote: {half_spread: 1bps, size: 100}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lint.facts import MarketFacts, Trial
from mmrun.lint.subject import Subject
from mmrun.problems import Problem


ID = "MM450"


def check(subject: Subject, market: MarketFacts) -> Iterator[Problem]:
    """A problem at the half spread, or at the ask."""
    trial = market.trial
    key = "half_spread" if "half_spread" in subject.texts else "ask"
    if trial is None or trial.fills or key not in subject.texts:
        return
    what = f"in {trial.events:,} events of {market.name}"
    if trial.quoted == 0.0:
        message = f"nothing is ever quoted {what}"
        yield subject.warn(key, ID, message, *_rules(trial), *_given(trial))
    else:
        message = f"no quote is ever touched {what}"
        hints = (*_distances(trial, market), *_given(trial))
        yield subject.warn(key, ID, message, *hints)


def _rules(trial: Trial) -> Iterator[str]:
    longest = max(trial.unquoted_s, key=lambda rule: trial.unquoted_s[rule], default="")
    if longest:
        yield f"the rule {longest} keeps quotes off, most of the time"


def _given(trial: Trial) -> Iterator[str]:
    for name in trial.defaults:
        yield f"{name} was at its default: give it with --input {name}=FILE:COLUMN"


def _distances(trial: Trial, market: MarketFacts) -> Iterator[str]:
    """How far from mid own quotes and the market's stand, where they come nearest."""
    found = []
    for each in market.quoted:
        own = trial.half_spreads.get(each.venue)
        if own is not None and each.spread is not None and each.mid:
            to_bps = 1e4 / each.mid
            found.append((own * to_bps, each.spread / 2.0 * to_bps, each.venue))
    if found:
        own, touch, venue = min(found, key=lambda row: row[0] - row[1])
        at = f" at {venue}" if len(market.quoted) > 1 else ""
        yield f"own quotes stand {own:.3g}bps from mid, the market's {touch:.3g}bps{at}"
