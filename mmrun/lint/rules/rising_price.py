"""A price that rises with the inventory.

A long book must quote lower, so that its ask is taken and its bid is not; one that
quotes higher buys more of what it already has too much of. The sign is wrong at the
params' values, or at an end of a range one of them declares. Subtract what grows with
the inventory: fair - skew * load * half_spread.

FAIL:
    let:
      load: inventory / max_inventory
    quote:
      half_spread: 5bps
      reservation: fair + load * half_spread
      size: 100

PASS:
    let:
      load: inventory / max_inventory
    quote:
      half_spread: 5bps
      reservation: fair - load * half_spread
      size: 100
"""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.lang.nodes import Expr
from mmrun.lang.walk import postorder
from mmrun.lint.intervals import Interval, point
from mmrun.lint.ranges import TooMuchWorkError
from mmrun.lint.subject import MIDS, Subject
from mmrun.lint.witness import written
from mmrun.problems import Problem


ID = "MM431"
#: Inventories that are compared, in parts of the limit: less, more.
_PAIRS = ((-1.0, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, 1.0))
_ANY_SIZE = point(100.0)  #: for a limit, where none is given
_TINY = 1e-12
#: Params whose ends are tried, and nodes of a formula in which they are.
_MOST_PARAMS, _LARGEST = 20, 500


def check(subject: Subject) -> Iterator[Problem]:
    """A problem at the reservation price, else the fair price, or at bid and ask."""
    if not subject.prices:
        return
    given = [key for key in ("reservation", "fair") if key in subject.meant][:1]
    for key in ("bid", "ask") if "bid" in subject.meant else given:
        formula = subject.prices[key]
        hint = "a long book quotes lower: subtract what grows with the inventory"
        if _rises(subject, formula, {}):
            message = f"{key} rises with the inventory: a long book buys more"
            yield subject.warn(key, ID, message, hint)
        elif end := _rising_end(subject, formula):
            message = f"{key} rises with the inventory where {end}, in its range"
            yield subject.warn(key, ID, message, hint, "or narrow the range")


def _rising_end(subject: Subject, formula: Expr) -> str:
    """The end of a param's range at which the price rises, "" for none."""
    nodes = postorder([formula])
    if len(nodes) > _LARGEST:
        return ""
    read = dict.fromkeys(node.name for node in nodes if node.op == "param")
    params = [subject.params[name] for name in read if name in subject.params]
    ends = [(p, x) for p in params[:_MOST_PARAMS] for x in (p.low, p.high)]
    try:
        for param, end in ends:
            if end is not None and _rises(subject, formula, {param.name: end}):
                return f"{param.name} is {written(param, end)}"
    except TooMuchWorkError:
        pass  # at the params' values it does not rise
    return ""


def _rises(subject: Subject, formula: Expr, params: dict[str, float]) -> bool:
    """Whether more inventory gives a higher price, whatever the market does."""
    if not subject.structure.moves(subject.structure.number(formula)):
        return False
    higher = False
    for mid in MIDS:
        for pair in _PAIRS:
            step = _step(subject, formula, {**params, "mid": mid}, pair)
            if step.low < -_TINY * mid:
                return False
            higher |= step.high > _TINY * mid
    return higher


def _step(
    subject: Subject,
    formula: Expr,
    values: dict[str, float],
    pair: tuple[float, float],
) -> Interval:
    """How much higher the price is at the more inventory of the two."""
    most = subject.limits.get("max_inventory", _ANY_SIZE).low
    less, more = (
        subject.ranges(
            {**values, "inventory": part * most}, anywhere=False, moment=str(part)
        )
        for part in pair
    )
    return more.less(formula, less, formula)
