"""The summary of made-up runs, key by key, and the schema beside it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from mmrun.engine.records import Recording, Rule
from mmrun.report.facts import RunFacts, Watched
from mmrun.report.metrics import METRICS
from mmrun.report.summary import summarize, summary_schema


SCHEMA = Path(__file__).parents[2] / "schemas" / "summary.schema.json"


def test_money_of_the_worked_example(recording: Recording, facts: RunFacts) -> None:
    """The parts of net P&L are those worked out by hand."""
    summary = summarize(recording, facts)

    assert summary["net_pnl"] == pytest.approx(11.83)
    assert summary["spread_pnl"] == pytest.approx(12.3)
    assert summary["inventory_pnl"] == -0.8
    assert (summary["fees"], summary["rebates"]) == pytest.approx((0.45, 0.78))
    assert summary["realized_pnl"] == pytest.approx(10.9)
    assert summary["unrealized_pnl"] == pytest.approx(0.6)
    assert abs(summary["attribution_residual"]) < 1e-9


def test_trading_of_the_worked_example(recording: Recording, facts: RunFacts) -> None:
    """Counts, volumes and rates follow from the five fills and three orders."""
    summary = summarize(recording, facts)

    assert (summary["fills"], summary["buy_fills"], summary["sell_fills"]) == (5, 3, 2)
    assert summary["fill_volume"] == 540
    assert summary["fill_notional"] == pytest.approx(54000.5)
    assert summary["spread_capture_bps"] == pytest.approx(12.3 / 54000.5 * 1e4)
    assert summary["net_edge_bps"] == pytest.approx(11.83 / 54000.5 * 1e4)
    assert summary["fill_ratio"] == pytest.approx(540 / (100 + 150 + 350))
    assert summary["order_to_trade_ratio"] == 0.8


def test_inventory_and_presence(recording: Recording, facts: RunFacts) -> None:
    """Inventory is weighted by time, presence is a share of the session."""
    summary = summarize(recording, facts)

    assert summary["mean_abs_inventory"] == 85
    assert summary["turnover"] == pytest.approx(540 / 85)
    assert summary["quote_uptime"] == 0.5
    assert summary["bid_uptime"] == pytest.approx(5 / 6)
    assert summary["ask_uptime"] == pytest.approx(4 / 6)
    assert summary["time_at_touch"] == pytest.approx((3 + 1) / 12)
    assert summary["unquoted_time_s"] == {
        "bid": {"stale": 1.0},
        "ask": {"no_data": 0.5, "missing": 1.5},
    }


def test_each_side_sums_to_the_session(recording: Recording, facts: RunFacts) -> None:
    """Time quoted and time not quoted, over all rules, are the whole session."""
    shares = np.arange(1, 2 * len(Rule) + 1, dtype=np.int64).reshape(2, -1)
    rule_ns = shares * 1_234_567_891
    rule_ns[0, Rule.QUOTED] += (rule_ns[1] - rule_ns[0]).sum()
    session_ns = int(rule_ns[0].sum())
    totals = replace(recording.totals, rule_ns=rule_ns, session_ns=session_ns)

    summary = summarize(replace(recording, totals=totals), facts)

    for side in ("bid", "ask"):
        quoted_s = summary[f"{side}_uptime"] * summary["session_s"]
        unquoted_s = math.fsum(summary["unquoted_time_s"][side].values())
        assert len(summary["unquoted_time_s"][side]) == len(Rule) - 1
        assert quoted_s + unquoted_s == pytest.approx(session_ns / 1e9, rel=1e-12)


def test_each_venue_has_its_fills_fees_and_time(
    split: Recording, facts: RunFacts
) -> None:
    """By hand from the worked example: fills 3 and 4 at IEX, the rest at NASDAQ."""
    nasdaq, iex = summarize(split, facts)["venues"]

    assert [nasdaq["venue"], iex["venue"]] == ["NASDAQ", "IEX"]
    assert [nasdaq["fills"], iex["fills"]] == [3, 2]
    assert [nasdaq["fill_volume"], iex["fill_volume"]] == [240, 300]
    assert nasdaq["fill_notional"] == pytest.approx(9998 + 9995 + 4000)
    assert iex["fill_notional"] == pytest.approx(150 * 99.99 + 150 * 100.06)
    assert nasdaq["spread_pnl"] == pytest.approx(2.0 + 2.0 + 0.8)
    assert iex["spread_pnl"] == pytest.approx(3.0 + 4.5)
    assert [nasdaq["fees"], iex["fees"]] == pytest.approx([0, 0.45])
    assert [nasdaq["rebates"], iex["rebates"]] == pytest.approx([0.48, 0.30])
    assert nasdaq["quote_uptime"] == 0.5
    assert iex["bid_uptime"] == 0.5
    assert iex["ask_uptime"] == pytest.approx(1 / 6)
    assert iex["unquoted_time_s"] == {"bid": {"halt": 3.0}, "ask": {"halt": 5.0}}


def test_venues_sum_to_the_run(split: Recording, facts: RunFacts) -> None:
    """What is said of venues adds up to what is said of the run."""
    summary = summarize(split, facts)

    for key in ("fills", "fill_volume", "fill_notional", "spread_pnl", "fees"):
        total = sum(row[key] for row in summary["venues"])
        assert total == pytest.approx(summary[key])


def test_each_level_has_its_fills_and_time(ladder: Recording, facts: RunFacts) -> None:
    """Fills at a level, and the time it was quoted and why it was not."""
    first, second = summarize(ladder, facts)["levels"]

    assert [first["level"], second["level"]] == [0, 1]
    assert [first["fills"], second["fills"]] == [3, 2]
    assert [first["fill_volume"], second["fill_volume"]] == [240.0, 300.0]
    assert first["bid_uptime"] == pytest.approx(4 / 6)
    assert second["ask_uptime"] == pytest.approx(1 / 6)
    assert second["unquoted_time_s"]["bid"] == {"max_inventory": 3.0}


def test_levels_sum_to_the_run(ladder: Recording, facts: RunFacts) -> None:
    """What is said of levels adds up to what is said of the run."""
    summary = summarize(ladder, facts)

    for key in ("fills", "fill_volume", "fill_notional", "spread_pnl", "fees"):
        total = sum(row[key] for row in summary["levels"])
        assert total == pytest.approx(summary[key]), key


def test_one_level_is_no_table_of_levels(recording: Recording, facts: RunFacts) -> None:
    """`levels` is not in the summary of an ordinary run."""
    assert "levels" not in summarize(recording, facts)


def test_one_venue_is_no_table_of_venues(recording: Recording, facts: RunFacts) -> None:
    """Neither `venues` nor `absent_venues` are in the summary of an ordinary run."""
    assert not {"venues", "absent_venues"} & summarize(recording, facts).keys()


def test_multiplier_scales_traded_value(recording: Recording, facts: RunFacts) -> None:
    """Money keys take the contract's multiplier, sizes and bps of edge do not."""
    plain = summarize(recording, facts)

    summary = summarize(recording, replace(facts, multiplier=50.0))

    assert summary["fill_notional"] == pytest.approx(50 * plain["fill_notional"])
    assert summary["fill_volume"] == plain["fill_volume"]
    capture = pytest.approx(plain["spread_capture_bps"])
    assert summary["spread_capture_bps"] == capture


def test_a_rate_without_denominator_is_null(idle: Recording, facts: RunFacts) -> None:
    """Every null of a run without anything in it has its reason, and only nulls do."""
    summary = summarize(idle, facts)

    nulls = {key for key, value in summary.items() if value is None}
    assert nulls == set(summary["reasons"])
    assert summary["reasons"]["spread_capture_bps"] == "no fills"
    assert summary["reasons"]["quote_uptime"] == "the session has no length"
    assert summary["reasons"]["turnover"] == "no position was ever held"
    assert (summary["fills"], summary["net_pnl"]) == (0, 0.0)


def test_no_mid_for_an_open_position(recording: Recording, facts: RunFacts) -> None:
    """A position that nothing marks has no net P&L: null, never NaN."""
    totals = replace(recording.totals, final_mid=float("nan"))

    summary = summarize(replace(recording, totals=totals), facts)

    assert summary["net_pnl"] is None
    assert summary["reasons"]["net_pnl"] == "not a finite number"
    assert summary["spread_pnl"] == pytest.approx(12.3)


def test_summary_is_plain_json(recording: Recording, facts: RunFacts) -> None:
    """A summary survives JSON unchanged: no numpy scalars, no NaN."""
    summary = summarize(recording, facts)

    text = json.dumps(summary, allow_nan=False)

    assert json.loads(text) == summary


@pytest.mark.parametrize("which", ["recording", "split", "idle"])
def test_summary_fits_its_schema(
    which: str, request: pytest.FixtureRequest, facts: RunFacts
) -> None:
    """A full and an empty summary are valid under the schema that ships."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))

    summary = summarize(request.getfixturevalue(which), facts)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(summary)


def test_schema_file_is_the_generated_one(split: Recording, facts: RunFacts) -> None:
    """The schema that ships lists exactly the metrics, in their order, with units."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))

    watched = (Watched("spy", "SPY", ("ARCA",), 3),)
    facts = replace(facts, absent_venues=("BATS",), watched=watched)
    levels = np.zeros((2, 2, len(Rule)), np.int64)
    everything = replace(split, totals=replace(split.totals, level_rule_ns=levels))

    keys = list(summarize(everything, facts))

    assert schema == summary_schema()
    assert list(schema["properties"]) == keys
    assert keys == ["version", *(metric.key for metric in METRICS), "reasons"]


def test_schema_refuses_an_unknown_key(recording: Recording, facts: RunFacts) -> None:
    """A key that no row of the table defines is not part of a summary."""
    summary = summarize(recording, facts) | {"sharpe": 3.2}

    validator = jsonschema.Draft202012Validator(summary_schema())

    assert not validator.is_valid(summary)


def test_keys_are_unique_and_documented() -> None:
    """Each metric is defined once, in a sentence."""
    keys = [metric.key for metric in METRICS]

    assert len(set(keys)) == len(keys)
    assert all(metric.doc.endswith(".") for metric in METRICS)
