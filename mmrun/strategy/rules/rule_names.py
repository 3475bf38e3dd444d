"""A rule of `toxicity` has a name that no other rule has.

Decisions, summaries and tests name rules: those that every strategy has (`stale`,
`max_inventory`, ...) and those of the risk section keep their names.

PASS:
    toxicity: {quiet: {when: trades(1min) < 3, then: {widen: 1.5}}}

FAIL:
    toxicity: {stale: {when: age(quote) > 10s, then: pull}}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at
from mmrun.strategy.build import LIMITS


ID = "MM146"
READS: tuple[str, ...] = ()

#: The rules of every strategy.
BUILT_IN = frozenset(
    [
        "quoted",
        "no_data",
        "session",
        "halt",
        "auction",
        "stale",
        "crossed_book",
        "missing",
        "not_finite",
        "not_positive",
        "own_crossed",
        "post_only",
        "price_collar",
        "max_inventory",
        "max_position_value",
        "no_short",
        "min_size",
        "after_fill",
        "filled",
        "in_flight",
        "flatten",
        "tolerance",
        "place",
    ]
)


def check(document: Document) -> Iterator[Problem]:
    """A problem at each name that is taken."""
    rules = document.at("toxicity")
    for name in rules.entries if isinstance(rules, Section) else ():
        if name in BUILT_IN or name in LIMITS:
            message = f"the name '{name}' is taken: another rule is called so"
            place = document.key_place("toxicity", name)
            hints = (f"rename the rule, for example '{name}_rule'",)
            yield problem_at(place, ID, message, hints=hints)
