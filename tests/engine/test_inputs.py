"""Columns of one's own in a run: seen as of their time, stale, defaulted."""

from __future__ import annotations

import pytest

from mmrun.engine.jit import compiled, uncompiled


TAPE = """
    0  quote 99.99x5 100.01x5
    10 quote 99.99x6 100.01x5
    20 quote 99.99x5 100.01x5
"""
AT_THEO = {"fair": "theo", "half_spread": "2tick", "size": 10}
THEO = {"theo": {"unit": "price"}}


def test_a_value_is_seen_at_rows_at_or_after_its_time(run):
    """At an equal time it is known; one nanosecond later it waits for the next row."""
    ran = run(
        TAPE, AT_THEO, inputs=THEO, joined={"theo": [(0, 99.90), (10.000001, 99.80)]}
    )

    assert ran.bid_rules[-1][1] == "QUOTED"
    prices = {round(price, 2): t for t, _, price, _ in ran.bids}
    assert prices == {99.88: 0, 99.78: 20}


def test_before_the_first_value_the_side_is_missing_by_its_name(run):
    """Without a default there is no quote, and the decision names the input."""
    ran = run(TAPE, AT_THEO, inputs=THEO, joined={"theo": [(10, 99.90)]})

    assert ran.bid_rules[-2:] == [(0, "MISSING"), (10, "QUOTED")]
    names = ran.recording.missing_names
    missing = ran.recording.decisions["missing"]
    assert "theo" in {names[place] for place in missing if place >= 0}


def test_a_stale_value_is_missing_at_clock_rows_too(run):
    """Once it is stale_after old the side is pulled, though the market is silent."""
    ran = run(
        TAPE,
        AT_THEO,
        inputs={"theo": {"unit": "price", "stale_after": "1s"}},
        joined={"theo": [(0, 99.90)]},
        heartbeat_ms=500,
    )

    assert ran.bid_rules[-2:] == [(0, "QUOTED"), (1020, "MISSING")]


def test_a_default_holds_before_the_first_value_and_while_one_is_stale(run):
    """Default, value, default."""
    ran = run(
        TAPE,
        AT_THEO,
        inputs={"theo": {"unit": "price", "stale_after": "10ms", "default": 99.70}},
        joined={"theo": [(5, 99.90)]},
    )

    prices = [(t, round(price, 2)) for t, _, price, _ in ran.bids]
    assert prices == [(0, 99.68), (10, 99.88), (20, 99.68)]


@pytest.mark.parametrize("mode", [compiled, uncompiled])
@pytest.mark.parametrize("rows", [1, 2, 65_536])
def test_a_window_over_an_input_ticks_where_it_is_observed(run, rows, mode):
    """The lag by one tick is the value before, whatever rows came between."""
    quote = AT_THEO | {"fair": "coalesce(lag(theo, 1), theo)"}

    ran = run(
        TAPE, quote, inputs=THEO, joined={"theo": [(0, 99.90), (20, 99.80)]},
        rows=rows, mode=mode,
    )  # fmt: skip

    assert {round(price, 2) for *_, price, _ in ran.bids} == {99.88}
