"""Size divided over the venues that are quoted, written as formulas of the language.

A venue's share of a size is its weight over the sum of all: so many lots of the
instrument and a remainder. By `largest_remainder` the lots that are left over go one by
one to the largest remainders, of equal ones to the first venue; by `truncate` they are
left out. `minimum` raises what a venue gets. A weight below 0 counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from mmrun.lang.meet import CONDITION
from mmrun.lang.names import LOT, joined
from mmrun.lang.nodes import Expr, Type
from mmrun.lang.scope import compose, constant
from mmrun.plan.instances import at_value
from mmrun.plan.levels import output_name
from mmrun.plan.passes import Roots
from mmrun.strategy.spec import SHARE, Allocation, Strategy


_RATIO = Type()
#: As everywhere where sizes become whole lots.
_ALMOST = 1e-9


def divide(roots: Roots, strategy: Strategy, venues: Sequence[str]) -> Roots:
    """The roots with sizes of each venue's own, where there are several to divide over."""
    allocation = strategy.allocation
    if allocation is None or len(venues) < 2:
        return roots
    weights = _weights(roots, strategy, venues)
    found = dict(roots)
    levels = range(strategy.quoting.levels.count)
    for name, k in product(("bid_size", "ask_size"), levels):
        name, bid, ask = (output_name(n, k) for n in (name, "bid_size", "ask_size"))
        whole = [at_value(roots, name, venue) for venue in venues]
        sizes = _divided(whole, weights, allocation)
        both = at_value(roots, bid, venues[0]) is at_value(roots, ask, venues[0])
        found.pop(name, None)
        for venue, size in zip(venues, sizes, strict=True):
            label = f"{venue}'s part of {'size' if both else name}"
            found[joined(venue, name)] = replace(size, name=label)
    return found


def _weights(roots: Roots, strategy: Strategy, venues: Sequence[str]) -> list[Expr]:
    """What each venue has beside the others, not below 0."""
    zero = Expr("const", value=0.0)
    if SHARE in roots or joined(venues[0], SHARE) in roots:
        given = [at_value(roots, SHARE, venue) for venue in venues]
        return [compose("max", (each, zero), each.type, each) for each in given]
    written = {venue.name: venue.weight or 0.0 for venue in strategy.venues}
    return [Expr("const", value=written.get(venue, 0.0)) for venue in venues]


def _divided(
    whole: Sequence[Expr], weights: Sequence[Expr], allocation: Allocation
) -> list[Expr]:
    """The size of each venue, of what each would show by itself."""
    total = _sum(weights)
    quotas = [
        _of("div", _of("div", _of("mul", size, weight), total), LOT)
        for size, weight in zip(whole, weights, strict=True)
    ]
    lots = [_whole(quota) for quota in quotas]
    if allocation.rounding == "largest_remainder":
        rests = [_of("sub", q, n) for q, n in zip(quotas, lots, strict=True)]
        left = _of("sub", _whole(_sum(quotas)), _sum(lots))
        lots = [_with_one(n, _before(rests, k), left) for k, n in enumerate(lots)]
    sizes = [compose("mul", (n, LOT), LOT.type, LOT) for n in lots]
    if allocation.minimum == 0.0:
        return sizes
    least = constant(allocation.minimum, LOT.type, LOT)
    return [compose("max", (size, least), LOT.type, LOT) for size in sizes]


def _before(rests: Sequence[Expr], place: int) -> Expr:
    """How many remainders come before that of a venue."""
    own = rests[place]
    ahead = [
        _is("ge" if k < place else "gt", rest, own)
        for k, rest in enumerate(rests)
        if k != place
    ]
    one, zero = Expr("const", value=1.0), Expr("const", value=0.0)
    return _sum([_of("if", each, one, zero) for each in ahead])


def _with_one(lots: Expr, before: Expr, left: Expr) -> Expr:
    """The lots, and one more where fewer come before than are left over."""
    more = _of("add", lots, Expr("const", value=1.0))
    return _of("if", _is("lt", before, left), more, lots)


def _sum(terms: Sequence[Expr]) -> Expr:
    total = terms[0]
    for term in terms[1:]:
        total = _of("add", total, term)
    return total


def _whole(quota: Expr) -> Expr:
    return _of("floor", _of("add", quota, Expr("const", value=_ALMOST)))


def _of(op: str, *args: Expr) -> Expr:
    return compose(op, args, _RATIO, args[0])


def _is(op: str, *args: Expr) -> Expr:
    return compose(op, args, CONDITION, args[0])
