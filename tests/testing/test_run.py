"""Tests of strategies: states and tapes, what fails and how it is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mmrun.testing.report import failure_lines
from mmrun.testing.run import Ran


Runner = Callable[..., Ran]

GIVEN = "given: {bid: 149.95, ask: 150.05, flow: 0}"
TAPE = """\
    tape: |
      0ms     quote NASDAQ 149.95x300 150.05x200
      10ms    trade NASDAQ buy 150.05x100   every 10ms x5
"""


def outcomes(ran: Ran) -> list[str]:
    assert ran.problems == ()
    return [result.outcome for result in ran.results]


def failed(ran: Ran) -> list[tuple[str, str, str]]:
    """(key, expected, got) of the only test's failures."""
    (result,) = ran.results
    assert result.problems == ()
    return [(f.key, f.expected, f.got) for f in result.failures]


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("inventory: 500, flow: 0", "bid: 149.85, ask: 150.0, rule: none"),
        ("inventory: 1000, flow: 0", "bid: none, bid_rule: max_inventory, bid_size: 0"),
        ("inventory: 1000, flow: 0", "rule: max_inventory, ask_size: 100"),
        ("'trade_imbalance(1s)': 1", "bid_size: 50, flow: 1"),
        ("inventory: 500lot, flow: 0", "load: 0.5, half_spread: 7.5tick, fair: 150"),
    ],
)
def test_a_state_is_quoted_as_mmrun_quote_does(
    run_tests: Runner, given: str, expect: str
) -> None:
    """Prices, sizes, rules, lets and fields of one state are what they should be."""
    ran = run_tests(
        "  - name: state\n"
        f"    given: {{bid: 149.95, ask: 150.05, {given}}}\n"
        f"    expect: {{{expect}}}\n"
    )

    assert outcomes(ran) == ["passed"]


def test_what_a_formula_needs_and_is_not_given_is_unknown(run_tests: Runner) -> None:
    """Without a tape volatility has no value, and what needs it is not quoted."""
    ran = run_tests(
        "  - name: unknown\n    given: {mid: 150}\n"
        "    expect: {rule: missing, half_spread: none, fair: 150}\n",
        strategy="mmrun: 1\nrisk: none\nquote:\n  size: 1\n"
        "  half_spread: volatility(mid, 1min) * sqrt(1s)\n",
    )

    assert outcomes(ran) == ["passed"]


def test_a_tape_is_run_and_its_windows_pass(run_tests: Runner) -> None:
    """One-sided flow halves the sizes, and a second after it they are whole again."""
    ran = run_tests(
        f"  - name: flow\n    set: {{quote.requote.keep_queue: false}}\n{TAPE}"
        "    expect:\n"
        "      - {at: 9ms, bid: 149.92, ask: 150.08, bid_size: 100}\n"
        "      - {at: 50ms, flow: 1, bid_size: 50}\n"
        "      - {at: 4.5s, flow: 0, bid_size: 100, fills: [], inventory: 0}\n"
    )

    assert outcomes(ran) == ["passed"]


def test_a_fill_and_the_rule_behind_it(run_tests: Runner) -> None:
    """A trade fills what rests, partly, and the fill is named by time, side and size."""
    ran = run_tests(
        "  - name: fill\n    fills: touch\n    tape: |\n"
        "      0ms   quote NASDAQ 149.95x300 150.05x200\n"
        "      10ms  trade NASDAQ sell 149.92x30\n"
        "    expect:\n"
        "      - at: 10ms\n"
        "        fills: [{side: buy, price: 149.92, size: 30, at: 10ms}]\n"
        "        inventory: 30\n"
        "        bid: 149.92\n"
    )

    assert outcomes(ran) == ["passed"]


def test_a_tape_goes_on_to_its_last_time(run_tests: Runner) -> None:
    """A venue silent for a minute is stale at the very minute, without a row then."""
    ran = run_tests(
        f"  - name: silence\n{TAPE}"
        "    expect:\n"
        "      - {at: 60.049s, rule: none}\n"
        "      - {at: 60.05s, rule: stale}\n"
    )

    assert outcomes(ran) == ["passed"]


def test_latencies_are_the_engine_s(run_tests: Runner) -> None:
    """An order of 2 ms is not at the venue before them."""
    ran = run_tests(
        f"  - name: latency\n    latency: {{order: 2ms}}\n{TAPE}"
        "    expect:\n"
        "      - {at: 1ms, bid: none, rule: in_flight}\n"
        "      - {at: 2ms, bid: 149.92}\n"
    )

    assert outcomes(ran) == ["passed"]


def test_times_count_from_the_session_s_open(run_tests: Runner) -> None:
    """At 0 the session is open; after its close, by the rule session, nothing rests."""
    ran = run_tests(
        f"  - name: hours\n{TAPE}"
        "    expect:\n      - {at: 9ms, rule: none}\n      - {at: 1min, rule: session}\n",
        strategy=_WITH_HOURS,
    )

    assert outcomes(ran) == ["passed"]


_WITH_HOURS = """\
mmrun: 1
quote: {half_spread: 5bps, size: 100}
risk: {max_inventory: 1000}
session: {timezone: America/New_York, open: "09:30", close: "09:31"}
"""


def test_a_failure_shows_every_value(run_tests: Runner) -> None:
    """Each part of the formula stands below it with its value, once a moment."""
    ran = run_tests(
        f"  - name: off\n    {GIVEN}\n    expect: {{bid: 149.9, rule: stale}}\n"
    )

    text = list(failure_lines(ran.results[0].failures))

    assert failed(ran) == [("bid", "149.9", "149.92"), ("rule", "stale", "none")]
    assert any(line.split() == ["half_spread", "0.075", "price"] for line in text)
    assert len([line for line in text if line.strip() == "bid"]) == 1


@pytest.mark.parametrize(
    ("tolerance", "outcome"),
    [("0.02", "passed"), ("1tick", "failed"), ("2tick", "passed")],
)
def test_numbers_may_be_off_by_the_tolerance(
    run_tests: Runner, tolerance: str, outcome: str
) -> None:
    """A tolerance is in the value's unit, or in ticks."""
    ran = run_tests(
        f"  - name: near\n    {GIVEN}\n    tolerance: {tolerance}\n"
        "    expect: {bid: 149.9}\n"
    )

    assert outcomes(ran) == [outcome]


def test_a_tolerance_in_ticks_is_for_prices_alone(run_tests: Runner) -> None:
    """A ratio is compared as ever."""
    ran = run_tests(
        f"  - name: near\n    {GIVEN}\n    tolerance: 5tick\n    expect: {{load: 0.01}}\n"
    )

    assert failed(ran) == [("load", "0.01", "0")]


def test_settings_are_those_of_the_command_line(run_tests: Runner) -> None:
    """Params and dotted paths are set as -s sets them."""
    ran = run_tests(
        "  - name: set\n    set: {half: 10, risk.max_inventory: 100}\n"
        "    given: {bid: 149.95, ask: 150.05, flow: 0, inventory: 50}\n"
        "    expect: {half_spread: 0.15, bid_size: 50}\n"
    )

    assert outcomes(ran) == ["passed"]


def test_expected_problems_are_the_codes_that_check_finds(run_tests: Runner) -> None:
    """A setting out of range gives its code; expecting none of it fails with all."""
    passed = run_tests("  - name: range\n    set: {half: 99}\n    problems: [MM135]\n")
    wrong = run_tests("  - name: range\n    set: {half: 99}\n    problems: []\n")

    assert outcomes(passed) == ["passed"]
    assert failed(wrong) == [("problems", "[]", "[MM135]")]


def test_a_strategy_with_errors_breaks_its_tests(run_tests: Runner) -> None:
    """A setting's problem stands at the setting in the test file."""
    ran = run_tests(
        f"  - name: x\n    set: {{hafl: 9}}\n    {GIVEN}\n    expect: {{bid: 1}}\n"
    )

    (result,) = ran.results
    (problem,) = result.problems
    assert result.outcome == "broken"
    assert (problem.code, problem.span.line, problem.span.column) == ("MM123", 5, 11)
    assert problem.hints == ("did you mean 'half'?",)


def test_a_keyword_selects_by_name(run_tests: Runner) -> None:
    """-k takes tests whose name holds the text, whatever its case."""
    body = f"    {GIVEN}\n    expect: {{fair: 150}}\n"
    ran = run_tests(f"  - name: One\n{body}  - name: Two\n{body}", keyword="tWO")

    assert [result.test.name for result in ran.results] == ["Two"]


def test_a_tape_of_many_kinds_of_row(run_tests: Runner) -> None:
    """Depth, clear, status and clock rows do what they do in a recording."""
    ran = run_tests(
        "  - name: kinds\n    tape: |\n"
        "      0ms   depth NASDAQ bid 149.95x300    # a book of depth rows\n"
        "      0ms   depth NASDAQ ask 150.05x200\n"
        "      10ms  status NASDAQ halt\n"
        "      20ms  status NASDAQ resume\n"
        "      30ms  clock NASDAQ\n"
        "      40ms  clear NASDAQ\n"
        "      50ms  quote NASDAQ 149.85 -\n"
        "    expect:\n"
        "      - {at: 9ms, bid: 149.92, ask: 150.08}\n"
        "      - {at: 10ms, rule: halt}\n"
        "      - {at: 30ms, rule: none}\n"
        "      - {at: 40ms, rule: missing}\n"
        "      - {at: 50ms, fair: none}\n"
    )

    assert outcomes(ran) == ["passed"]


def test_several_venues_are_quoted_each_by_its_own_book(run_tests: Runner) -> None:
    """A moment without a venue means every one; with one, that one; fills say theirs."""
    ran = run_tests(
        "  - name: venues\n    tape: |\n"
        "      0ms  quote NASDAQ 149.95x300 150.05x200\n"
        "      0ms  quote IEX 149.94x100 150.06x100\n"
        "      5ms  trade IEX sell 149.91x100\n"
        "      6ms  status IEX halt\n"
        "    expect:\n"
        "      - {at: 1ms, bid: 149.92, ask: 150.08, rule: none}\n"
        "      - {at: 5ms, fills: [{venue: IEX, side: buy, price: 149.92}], inventory: 100}\n"
        "      - {at: 6ms, venue: IEX, rule: halt}\n"
        "      - {at: 6ms, venue: NASDAQ, rule: none}\n"
        "      - {at: 6ms, ask: 150.06}\n"
    )

    assert [(f.at, f.got) for f in ran.results[0].failures] == [
        ("6ms on IEX", "none (halt)")
    ]


LADDER = """\
mmrun: 1
quote:
  half_spread: 5bps * (1 + level)
  size: 100
  levels: {count: 2, size_factor: 0.5}
risk: {max_inventory: 130}
"""


def test_levels_are_expected_as_market_names_count_them(run_tests: Runner) -> None:
    """`bid` is level 0, `bid_2` level 1; sizes, rules and fields likewise."""
    ran = run_tests(
        "  - name: state\n    given: {bid: 149.95, ask: 150.05, inventory: 30}\n"
        "    expect: {bid: 149.92, bid_size: 100, bid_rule_2: max_inventory,\n"
        "      ask_2: 150.15, ask_size_2: 50, half_spread_2: 15tick}\n",
        strategy=LADDER,
    )

    assert outcomes(ran) == ["passed"]


def test_a_level_fails_with_its_own_values(run_tests: Runner) -> None:
    """What stands behind a deeper quote is said as it is there."""
    ran = run_tests(
        "  - name: state\n    given: {bid: 149.95, ask: 150.05}\n"
        "    expect: {bid_2: 149.9, rule: none, bid_size_2: 30}\n",
        strategy=LADDER,
    )

    (result,) = ran.results
    assert failed(ran) == [("bid_2", "149.9", "149.85")]
    lines = [line.split() for line in failure_lines(result.failures)]
    assert ["level", "1", "ratio"] in lines


def test_a_level_that_is_not_there_is_said(run_tests: Runner) -> None:
    """The strategy has two quotes a side, not three."""
    ran = run_tests(
        "  - name: state\n    given: {bid: 149.95, ask: 150.05}\n"
        "    expect: {bid_3: 149.9}\n",
        strategy=LADDER,
    )

    (result,) = ran.results
    assert [p.code for p in result.problems] == ["MM604"]
    assert "has 2 quotes a side" in result.problems[0].message


def test_levels_of_a_tape_are_those_that_rest(run_tests: Runner) -> None:
    """Level 0 has filled and is back; level 1 is where it was."""
    ran = run_tests(
        "  - name: tape\n"
        "    tape: |\n"
        "      0ms   quote NASDAQ 149.95x300 150.05x200\n"
        "      10ms  trade NASDAQ sell 149.91x100\n"
        "    expect:\n"
        "      - {at: 9ms, bid: 149.92, bid_2: 149.85, bid_size_2: 30}\n"
        "      - {at: 10ms, inventory: 100, bid_size: 30, bid_rule_2: max_inventory}\n",
        strategy=LADDER,
    )

    assert outcomes(ran) == ["passed"]
