"""A rule whose condition always holds.

Whatever the market does and wherever params lie in their declared ranges, the condition
is true: the rule never clears, and a strategy that it pulls never quotes. What is always
so belongs into the quote itself.

FAIL:
    toxicity:
      busy: {when: trades(1s) >= 0, then: {widen: 1.5}}

PASS:
    toxicity:
      busy: {when: trades(1s) >= 10, then: {widen: 1.5}}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lint.intervals import TRUE
from mmrun.lint.subject import Subject
from mmrun.problems import Problem


ID = "MM441"


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at each such condition."""
    ranges = subject.declared
    for key, condition in subject.conditions.items():
        if ranges.of(condition) == TRUE:
            name = key.split(".")[1]
            message = f"the rule {name} never clears: its condition always holds"
            hint = "compare the threshold with what is measured, or drop the rule"
            yield subject.warn(key, ID, message, hint)
