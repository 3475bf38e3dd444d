"""Sums of products of unknowns, so that what is in both terms of a difference cancels.

`ask - bid` of `mid + x` and `mid - x` is `2*x`, whatever mid is; intervals alone would
see two unknown prices. Coefficients are intervals, unknowns are keys whose intervals
are told when a range is asked for. What gets too long gives None.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import reduce

from mmrun.lint.intervals import FALSE, Interval, add, multiply, point, power


#: A number, and the circumstances in which it is unknown ("" for all).
Unknown = tuple[int, str]
#: Unknowns of a product, sorted, one entry for each power.
Product = tuple[Unknown, ...]
Polynomial = Mapping[Product, Interval]

MOST_TERMS = 24
MOST_FACTORS = 6
#: A difference this much smaller than its terms is rounding.
_ROUNDING = 1e-12


def constant(interval: Interval) -> Polynomial:
    """A polynomial without unknowns."""
    return {(): interval}


def unknown(key: Unknown) -> Polynomial:
    """One unknown."""
    return {(key,): point(1.0)}


def plus(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """The sum; None where it is too long."""
    total = dict(a)
    for product, coefficient in b.items():
        before = total.pop(product, FALSE)
        after = _sum(before, coefficient)
        if after != FALSE:
            total[product] = after
    return total if len(total) <= MOST_TERMS else None


def _sum(a: Interval, b: Interval) -> Interval:
    """The sum of two coefficients; zero where only rounding is left of them."""
    total = add(a, b)
    size = max(abs(a.low), abs(a.high), abs(b.low), abs(b.high))
    left = max(abs(total.low), abs(total.high))
    return FALSE if left <= _ROUNDING * size < math.inf else total


def minus(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """The difference; None where it is too long."""
    return plus(a, {product: multiply(point(-1.0), c) for product, c in b.items()})


def times(a: Polynomial, b: Polynomial) -> Polynomial | None:
    """The product; None where it is too long."""
    if len(a) * len(b) > MOST_TERMS:
        return None
    total: dict[Product, Interval] = {}
    for left, c in a.items():
        for right, d in b.items():
            product = tuple(sorted((*left, *right)))
            if len(product) > MOST_FACTORS:
                return None
            total[product] = _sum(total.get(product, FALSE), multiply(c, d))
    return {product: c for product, c in total.items() if c != FALSE}


def size(a: Polynomial | None) -> int:
    """How much there is to look at: terms and their factors."""
    return sum(1 + len(product) for product in a) if a else 0


def range_of(a: Polynomial, interval: Callable[[Unknown], Interval]) -> Interval:
    """An interval that holds all values of a polynomial.

    The unknown in most terms is factored out first: `s + s*q` is `s*(1 + q)`, which is
    not negative where s is not and q is from -1 to 1.
    """
    counts = Counter(key for product in a for key in dict.fromkeys(product))
    shared = [key for key, count in counts.items() if count > 1]
    if not shared:
        terms = [_term(product, c, interval) for product, c in a.items()]
        return reduce(add, terms, FALSE)
    first = max(shared, key=lambda key: counts[key])
    inside: dict[Product, Interval] = {}
    rest: dict[Product, Interval] = {}
    for product, coefficient in a.items():
        if first in product:
            inside[_without(product, first)] = coefficient
        else:
            rest[product] = coefficient
    factored = multiply(interval(first), range_of(inside, interval))
    return add(factored, range_of(rest, interval)) if rest else factored


def _term(
    product: Product, coefficient: Interval, interval: Callable[[Unknown], Interval]
) -> Interval:
    total = coefficient
    for key, count in Counter(product).items():
        total = multiply(total, power(interval(key), point(float(count))))
    return total


def _without(product: Product, key: Unknown) -> Product:
    place = product.index(key)
    return product[:place] + product[place + 1 :]
