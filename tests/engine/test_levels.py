"""Deeper levels as columns: a dictionary of prices says what they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mmrun.engine.jit import Mode, compiled, uncompiled
from mmrun.engine.levels import Levels
from mmrun.lang.names import level_of
from mmrun.market.tape import Batch
from mmrun.plan.plan import Plan


NAMES = (
    "bid_2", "ask_2", "bid_size_2", "ask_size_3",
    "depth(bid, 0tick)", "depth(bid, 2tick)", "depth(ask, 3tick)",
)  # fmt: skip
SECOND = 1_000_000_000


def columns(
    batch: Batch,
    mode: Mode = uncompiled,
    cuts: tuple[int, ...] = (),
    venues: int = 1,
) -> dict[str, list[float]]:
    """The columns over a tape, in batches that end at `cuts`; silent for 5 s is stale."""
    levels = Levels(NAMES, [0.01] * venues, 5 * SECOND, mode)
    edges = [0, *sorted(cuts), len(batch)]
    found = {name: np.zeros(0) for name in NAMES}
    for start, stop in pairwise(edges):
        for name, values in levels.run(batch.rows(start, stop)).items():
            found[name] = np.append(found[name], values)
    return {name: values.tolist() for name, values in found.items()}


def by_dictionary(lines: list[str]) -> dict[str, list[float]]:
    """The same from a price to size dictionary a side, sorted anew at every row."""
    books: dict[str, dict[float, float]] = {"bid": {}, "ask": {}}
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for line in lines:
        _, kind, *rest = line.split()
        if kind == "clear":
            books = {"bid": {}, "ask": {}}
        elif kind == "depth":
            price, size = map(float, rest[1].split("x"))
            books[rest[0]] = {p: s for p, s in books[rest[0]].items() if p != price}
            books[rest[0]] |= {price: size} if size else {}
        for name in NAMES:
            found[name].append(value_in(books, name))
    return found


def value_in(books: dict[str, dict[float, float]], name: str) -> float:
    place = level_of(name)
    assert place is not None
    levels = sorted(books[place.side].items(), reverse=place.side == "bid")
    if place.what == "depth":
        near = [
            s for p, s in levels if abs(p - levels[0][0]) < place.number / 100 + 1e-6
        ]
        return sum(near) if near else math.nan
    if len(levels) < place.number:
        return math.nan
    return levels[place.number - 1][place.what == "size"]


LEVEL = st.tuples(
    st.sampled_from(["depth bid 99.9", "depth ask 100.0"]),
    st.integers(0, 9),
    st.integers(0, 3),
).map("{0[0]}{0[1]}x{0[2]}".format)
ROWS = st.lists(st.one_of(LEVEL, LEVEL, LEVEL, st.sampled_from(["clear", "clock"])))


@given(rows=ROWS, cut=st.integers(0, 40))
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.parametrize("mode", [compiled, uncompiled])
def test_levels_are_those_of_a_sorted_dictionary(
    tape: Callable[[str], Batch], mode: Mode, rows: list[str], cut: int
) -> None:
    """After every row, however the rows come in batches."""
    lines = [f"{n} {row}" for n, row in enumerate([*rows, "clock"])]

    found = columns(tape("\n".join(lines)), mode, (min(cut, len(lines)),))

    np.testing.assert_array_equal(
        [found[n] for n in NAMES], [by_dictionary(lines)[n] for n in NAMES]
    )


def test_a_quote_row_sets_the_touch_before_the_levels(
    tape: Callable[[str], Batch],
) -> None:
    """Levels are those behind the quote's touch, and its size counts in the depth."""
    found = columns(
        tape(
            """
            0 quote 99.99x5 100.01x7
            1 depth bid 99.98x4
            2 depth bid 99.97x2
            3 quote 99.98x9 100.01x7
            """
        )
    )

    np.testing.assert_array_equal(found["bid_2"], [np.nan, np.nan, 99.97, 99.97])
    assert found["depth(bid, 2tick)"] == [5, 4, 6, 11]
    assert found["depth(ask, 3tick)"] == [7, 7, 7, 7]


@given(rows=ROWS, seed=st.integers(0, 999))
@settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_levels_of_several_venues_are_those_of_all_their_sizes(
    tape: Callable[[str], Batch], rows: list[str], seed: int
) -> None:
    """At equal prices sizes are summed; each venue's own rows move its own levels."""
    rows = [row for row in rows if row.startswith("depth")] + ["clock"]
    lines = [f"{n} {row}" for n, row in enumerate(rows)]
    of = np.random.default_rng(seed).integers(0, 2, len(lines))
    books: list[dict[str, dict[float, float]]] = [
        {"bid": {}, "ask": {}} for _ in range(2)
    ]
    expected: dict[str, list[float]] = {name: [] for name in NAMES}
    for line, venue in zip(lines, of, strict=True):
        _, kind, *rest = line.split()
        if kind == "depth":
            price, size = map(float, rest[1].split("x"))
            books[venue][rest[0]][price] = size
        for name in NAMES:
            expected[name].append(value_in(merged(books), name))

    batch = replace(tape("\n".join(lines)), venue=of.astype(np.int8))
    found = columns(batch, compiled, venues=2)

    np.testing.assert_array_equal(
        [found[n] for n in NAMES], [expected[n] for n in NAMES]
    )


def merged(
    books: list[dict[str, dict[float, float]]],
) -> dict[str, dict[float, float]]:
    """One book of all sizes; a size of 0 is no level."""
    both: dict[str, dict[float, float]] = {"bid": {}, "ask": {}}
    for book in books:
        for side, levels in book.items():
            for price, size in levels.items():
                if size:
                    both[side][price] = both[side].get(price, 0.0) + size
    return both


def test_a_venue_that_is_silent_or_halted_has_no_part(
    tape: Callable[[str], Batch],
) -> None:
    """As in the consolidated touch."""
    batch = tape(
        """
        0 depth bid 99.99x5
        0 depth bid 99.98x4
        1000 depth bid 99.97x3
        5000 clock
        6000 status halt
        """
    )

    batch = replace(batch, venue=np.array([0, 1, 1, 0, 1], np.int8))
    found = columns(batch, venues=2)

    np.testing.assert_array_equal(found["bid_2"], [np.nan, 99.98, 99.98, 99.97, np.nan])


def test_nothing_runs_when_no_formula_reads_a_level(
    plan_of: Callable[..., Plan], tape: Callable[[str], Batch]
) -> None:
    """Without a name of a deeper level there is no second book."""
    plan = plan_of({"half_spread": "spread", "size": 10})

    levels = Levels(plan.base_columns, [0.01], SECOND, uncompiled)

    assert (levels.names, levels.run(tape("0 clock"))) == ((), {})
