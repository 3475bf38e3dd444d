"""A stop without a way back.

Both sides are pulled on a condition that only own trading could end: with nothing quoted
the inventory stays, its age and the time since the last fill grow, and the strategy is
silent for good. Let the side that unwinds go on: `reduce_only`, `{pull: adding}`, or the
default `on_breach`. `flatten` trades itself out, `stop` ends with the session.

FAIL:
    toxicity:
      too_long: {when: inventory > 0.9 * max_inventory, then: pull}

FAIL:
    risk:
      max_inventory: 1000
      on_breach: stop_all

PASS:
    toxicity:
      too_long: {when: inventory > 0.9 * max_inventory, then: reduce_only}
    risk:
      max_inventory: 1000
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.lint.subject import Subject
from mmrun.problems import Problem, problem_at


ID = "MM442"

#: Own state that no market moves while nothing is quoted.
_HELD = frozenset(
    [
        "inventory",
        "average_cost",
        "realized_pnl",
        "fill_count",
        "working_bid",
        "working_ask",
        "working_bid_size",
        "working_ask_size",
    ]
)
#: Own state that only grows while nothing is quoted, here after a long while.
_GROWING = {"inventory_age": 1e9, "time_since_fill": 1e9}
_HINT = "write reduce_only, which leaves the side that unwinds"


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at each action, limit and policy that silences both sides."""
    for key, condition in subject.conditions.items():
        name = key.split(".")[1]
        if subject.value("toxicity", name, "then") == "pull" and _stays(
            subject, condition
        ):
            message = f"the rule {name} pulls both sides, and nothing else ends it"
            yield _at(subject, message, _HINT, "toxicity", name, "then")
    if subject.value("risk", "max_inventory_age", "then") == "pull":
        message = "with both sides pulled the inventory only gets older"
        yield _at(subject, message, _HINT, "risk", "max_inventory_age", "then")
    if subject.value("risk", "on_breach") == "stop_all":
        message = "at the limit both sides stop, and no fill brings the inventory back"
        hint = "leave on_breach out: the side that unwinds stays"
        yield _at(subject, message, hint, "risk", "on_breach")


def _stays(subject: Subject, condition: Expr) -> bool:
    """Whether a condition that holds goes on to hold while nothing is quoted."""
    leaves = [node for node in postorder([condition]) if not node.args]
    read = {node.name for node in leaves if node.op in {"market", "state", "input"}}
    if not read or not read <= _HELD | _GROWING.keys():
        return False
    if any(node.op not in {"const", "param", "state"} for node in leaves):
        return False
    return subject.ranges(_GROWING).of(condition).holds(1.0)


def _at(subject: Subject, message: str, hint: str, *path: str) -> Problem:
    node = subject.document.at(*path)
    place = node.place if node else subject.document.key_place(*path)
    return problem_at(place, ID, message, hints=(hint,), severity="warning")
