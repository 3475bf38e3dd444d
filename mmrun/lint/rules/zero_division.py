"""Division by what can be 0.

What is divided by can be 0 in a calm, empty or locked market, or somewhere in a param's
declared range. The quotient is then infinite or missing, and the side is not quoted, by
the rule `not_finite` or `missing`. Keep the divisor above 0, or say what holds there.

FAIL:
    let:
      speed: trades(1s) / trades(1min)
    quote:
      half_spread: 5bps * (1 + speed)
      size: 100

PASS:
    let:
      speed: trades(1s) / max(trades(1min), 1)
      width: 2bps * mid / spread if spread > 0 else 2
    quote:
      half_spread: 5bps * (1 + speed + width)
      size: 100
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from mmrun.lint.subject import Subject
from mmrun.problems import Problem


ID = "MM420"
_MOST = 200  #: divisions of one file that are told of


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at each division, where it is written."""
    ranges = subject.declared
    for root in subject.outputs:
        ranges.of(root)
    found = (pair for pair in ranges.divisors.values() if pair[1].holds(0.0))
    for node, divisor in islice(found, _MOST):
        key = subject.owners.get(id(node))
        if key is None:
            continue
        text = subject.text(node.args[1])
        verb = "is" if divisor.is_point else "can be"
        hints = (f"divide by max({text}, ...), or write: ... if {text} > 0 else ...",)
        if divisor.low < 0.0:
            hints = (f"write: ... if {text} != 0 else ...",)
        message = f"division by {text}, which {verb} 0"
        yield subject.warn(key, ID, message, *hints, at=node)
