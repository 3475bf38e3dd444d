"""A plan meets an instrument: names become numbers."""

from __future__ import annotations

import math

import pytest

from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.bind import (
    configure,
    enter_venue,
    new_machine,
    run_values,
    sizes_of,
    ticks_per_unit,
)
from mmrun.engine.state import NEVER, new_machines
from mmrun.problems import UsageError


@pytest.fixture
def config_of(plan_of, acme):
    """The CONFIG of a strategy's keys at ACME."""

    def config(quote=None, *, latency=None, **keys):
        plan = plan_of(quote, **keys)
        return configure(
            plan.strategy,
            acme.multiplier,
            model=FillModel(),
            latency=latency or Latency(),
            grid_ns=1,
        )

    return config


@pytest.fixture
def venue_of(plan_of, acme):
    """The VENUE of a strategy's keys at ACME."""

    def venue(quote=None, **keys):
        machine = new_machines()[0]
        return enter_venue(machine, plan_of(quote, **keys).strategy, acme)

    return venue


@pytest.mark.parametrize(
    ("tick", "whole"),
    [
        (0.01, 100),
        (0.0001, 10_000),
        (0.25, 4),
        (1e-8, 1e8),
        (1.0, 1),
        (0.03, 0),
        (5.0, 0),
    ],
)
def test_ticks_per_unit_where_it_is_whole(tick, whole):
    """A hundred at a cent, though 1/0.01 is no whole double; 0 where it is not whole."""
    found = ticks_per_unit(tick)

    assert found == whole


def test_the_datasets_sizes_hold_unless_the_venue_says_otherwise(plan_of, acme):
    """`venues.NASDAQ: {tick, lot, multiplier}` overrides."""
    plain = plan_of()
    said = plan_of(venues={"NASDAQ": {"tick": 0.05, "lot": 100, "multiplier": 10}})

    found = (sizes_of(plain.strategy, acme), sizes_of(said.strategy, acme))

    assert found == ((0.01, 1.0, 1.0), (0.05, 100.0, 10.0))


def test_ticks_and_lots_are_resolved_with_the_instrument(plan_of, acme):
    """A param in ticks, one in lots and a formula of both."""
    params = {
        "width": {"value": 3, "unit": "tick"},
        "clip": {"value": 2, "unit": "lot"},
    }
    plan = plan_of({"half_spread": "2 * width", "size": "clip"}, params=params)

    values = run_values(plan, 0.05, 100.0)

    assert sorted(values.values()) == pytest.approx([0.3, 200.0])


def test_limits_that_are_not_written_are_infinite(config_of):
    """`risk: none` turns all off."""
    config = config_of()

    assert config.max_inventory == config.max_position_value == math.inf
    assert config.price_collar == math.inf
    assert config.stale_after_ns == NEVER
    assert config.pull_crossed == 0


def test_written_limits_have_their_defaults_beside_them(config_of):
    """A minute of silence and a crossed book pull unless written otherwise."""
    config = config_of(risk={"max_inventory": 7, "price_collar": "5pct"})

    assert (config.max_inventory, config.price_collar) == (7.0, 0.05)
    assert config.stale_after_ns == 60 * 10**9
    assert config.pull_crossed == 1


def test_a_tolerance_below_a_tick_is_none(venue_of):
    """Prices move by whole ticks: 1.5 ticks are one, half a tick is none."""
    quotes = [
        {"bid": 99.99, "ask": 100.01, "size": 1, "requote": {"tolerance": t}}
        for t in ("0.5tick", "1.5tick", "2tick", 0.03)
    ]

    found = [int(venue_of(quote).tolerance_ticks) for quote in quotes]

    assert found == [0, 1, 2, 3]


def test_latency_of_nothing_is_instant(config_of):
    """Any latency at all means requests travel."""
    found = [
        int(config_of(latency=latency).instant)
        for latency in (Latency(), Latency(response_ns=1), Latency(feed_ns=1))
    ]

    assert found == [1, 0, 0]


def test_a_maker_rebate_is_a_negative_fee(venue_of):
    """Cost positive, rebate negative, in the unit that was written."""
    venues = {"NASDAQ": {"maker_rebate": "0.0020/share", "taker_fee": "3bps"}}

    venue = venue_of(venues=venues)

    assert venue.maker_rate == -0.0020
    assert venue.taker_rate == pytest.approx(3e-4)
    assert venue.maker_unit != venue.taker_unit


def test_too_many_sessions_are_refused(plan_of, config_of, acme):
    """What does not fit the engine's arrays is said, not cut off."""
    plan = plan_of()
    sessions = [(i, i + 1) for i in range(5_000)]

    with pytest.raises(UsageError, match="5000 sessions, more than 4096"):
        new_machine(plan, (acme,), config_of(), {}, columns=(), sessions=sessions)
