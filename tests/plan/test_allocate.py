"""Size divided over venues, held to a plain sort of remainders."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from mmrun import api
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Ticks
from mmrun.plan.compile import Checked, at_each, roots_of


NAMES = ("NYSE", "NASDAQ", "BATS", "IEX")
#: The shares of reference/market_making.md, 7.1: they add to 0.9.
SHARES = (0.25, 0.30, 0.20, 0.15)


def checked(folder: Path, weights: Any, **keys: Any) -> Checked:
    """A strategy of those venues."""
    venues = {n: {"weight": w} for n, w in zip(NAMES, weights, strict=False)}
    document = {"mmrun": 1, "name": "parts", "venues": venues, "risk": "none"}
    document |= {"quote": {"half_spread": "5bps", "size": 400}} | keys
    path = folder / "parts.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    found, problems = api.read(path)
    assert found is not None, problems
    return found


def parts(
    strategy: Checked,
    market: dict[str, float] | None = None,
    venues: tuple[str, ...] = NAMES,
    lot: float = 1.0,
) -> list[float]:
    """What each venue gets of the bid's size."""
    roots = at_each(roots_of(strategy), strategy.strategy, venues)
    row = Row(0, Ticks.BOOK, market or {}, {"lot": lot, "tick": 0.01})
    values = Evaluator(roots).step(row)
    names = [
        f"{v}.bid_size" if f"{v}.bid_size" in roots else "bid_size" for v in venues
    ]
    return [values[name] for name in names]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [111, 133, 89, 67]),
        ({"rounding": "truncate"}, [111, 133, 88, 66]),
        ({"rounding": "truncate", "minimum": 100}, [111, 133, 100, 100]),
    ],
)
def test_the_worked_example(
    tmp_path: Path, how: dict[str, Any], expected: list[float]
) -> None:
    """400 by shares that add to 0.9: two lots are left over, for the largest remainders."""
    assert parts(checked(tmp_path, SHARES, allocate=how)) == expected


def test_of_equal_remainders_the_first_venue_is_first(tmp_path: Path) -> None:
    """Ten over four is two each, and one more for two of them."""
    quote = {"half_spread": "5bps", "size": 10}

    assert parts(checked(tmp_path, (1, 1, 1, 1), quote=quote)) == [3, 3, 2, 2]


def test_a_venue_that_is_not_there_has_no_share(tmp_path: Path) -> None:
    """The others divide the whole; one alone shows it."""
    strategy = checked(tmp_path, (0.5, 0.25, 0.25, 0))

    assert parts(strategy, venues=("NASDAQ", "BATS")) == [200, 200]
    assert parts(strategy, venues=("IEX",)) == [400]


def test_a_formula_says_the_shares(tmp_path: Path) -> None:
    """By what each venue displays; what is below 0 is 0, what is missing leaves nothing."""
    allocate = {"by": "venue.bid_size - 10lot"}
    strategy = checked(tmp_path, (), allocate=allocate, venues={"NYSE": {}, "IEX": {}})
    two = ("NYSE", "IEX")

    def given_sizes(first: float, second: float) -> list[float]:
        market = {"NYSE.bid_size": first, "IEX.bid_size": second}
        return parts(strategy, market, two)

    assert given_sizes(40, 20) == [300, 100]
    assert given_sizes(40, 5) == [400, 0]
    assert all(map(math.isnan, given_sizes(40, math.nan)))
    assert all(map(math.isnan, given_sizes(5, 5)))


weights = st.lists(st.integers(0, 9), min_size=2, max_size=4).filter(any)


@given(weights, st.integers(0, 300), st.sampled_from([1.0, 5.0, 0.1]))
def test_parts_are_those_of_a_sort(
    tmp_path_factory: pytest.TempPathFactory, shares: list[int], lots: int, lot: float
) -> None:
    """Whole lots that add to the whole, one more for the largest remainders."""
    quote = {"half_spread": "5bps", "size": lots * lot}
    strategy = checked(tmp_path_factory.mktemp("parts"), shares, quote=quote)
    names = NAMES[: len(shares)]

    found = parts(strategy, venues=names, lot=lot)

    total = math.fsum(shares)
    quotas = [lots * lot * share / total / lot for share in shares]
    whole = [math.floor(q + 1e-9) for q in quotas]
    order = sorted(range(len(shares)), key=lambda k: (whole[k] - quotas[k], k))
    for k in order[: lots - sum(whole)]:
        whole[k] += 1
    assert sum(whole) == lots
    assert found == [pytest.approx(n * lot) for n in whole]
