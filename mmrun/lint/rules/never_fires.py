"""A rule whose condition never holds.

Whatever the market does and wherever params lie in their declared ranges, the condition
is false: the rule guards against nothing. Often a threshold is beyond what its measure
can reach.

FAIL:
    toxicity:
      one_sided_flow: {when: abs(trade_imbalance(1s)) > 1.5, then: pull}

PASS:
    toxicity:
      one_sided_flow: {when: abs(trade_imbalance(1s)) > 0.7, then: pull}
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lint.intervals import CONDITION, FALSE
from mmrun.lint.subject import Subject
from mmrun.problems import Problem


ID = "MM440"


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at each such condition."""
    ranges = subject.declared
    for key, condition in subject.conditions.items():
        found = ranges.of(condition).meet(CONDITION)
        if found == FALSE or found.is_empty:
            name = key.split(".")[1]
            how = "is always missing" if found.is_empty else "can never hold"
            message = f"the rule {name} never fires: its condition {how}"
            hint = "compare the threshold with what is measured, or drop the rule"
            yield subject.warn(key, ID, message, hint)
