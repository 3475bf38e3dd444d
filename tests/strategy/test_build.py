from __future__ import annotations

import pytest

from mmrun.strategy.spec import (
    Act,
    Action,
    Amount,
    Fee,
    OnBreach,
    PostOnly,
    Requote,
    RequoteOn,
    Risk,
    Rounding,
    RoundingMode,
    Session,
)
from mmrun.units import PRICE, SIZE


QUOTE = "mmrun: 1\nquote: {{half_spread: 5bps, size: 100{}}}\nrisk: {{max_inventory: 1000{}}}\n{}"


def text(quote="", risk="", rest=""):
    return QUOTE.format(quote, risk, rest)


def test_a_minimal_file_takes_the_defaults(strategy):
    """What is not written is what the format says by default."""
    found = strategy(text())

    assert found.name == "a"
    assert found.description == ""
    assert (found.params, found.lets, found.venues, found.tags) == ((), (), (), ())
    assert found.quoting.fair is found.quoting.reservation is None
    assert found.quoting.requote == Requote()
    assert found.quoting.min_size == Amount(1.0, "lot")
    assert found.quoting.post_only is PostOnly.SLIDE
    assert found.risk == Risk(max_inventory=1000.0)
    assert found.risk.stale_after_ns == 60_000_000_000
    assert found.session == Session()
    assert not found.units_off


def test_risk_none_turns_every_limit_off(strategy):
    """`risk: none` leaves no limit, no staleness and no crossed-book pull."""
    found = strategy("mmrun: 1\nquote: {half_spread: 5bps, size: 1}\nrisk: none\n")

    assert found.risk == Risk(stale_after_ns=None, crossed_book=False)


def test_limits_are_in_base_units(strategy):
    """Times are ns, shares of a price fractions, money and sizes as written."""
    risk = (
        ", on_breach: reduce_only, allow_short: false, max_position_value: 150_000,"
        " stale_after: 1.5s, crossed_book: off, price_collar: 50bps"
    )

    found = strategy(text(risk=risk)).risk

    assert found == Risk(
        max_inventory=1000.0,
        on_breach=OnBreach.REDUCE_ONLY,
        allow_short=False,
        max_position_value=150_000.0,
        stale_after_ns=1_500_000_000,
        crossed_book=False,
        price_collar=0.005,
    )
    assert strategy(text(risk=", stale_after: off")).risk.stale_after_ns is None
    stopping = strategy(text(risk=", on_breach: stop_all")).risk
    assert stopping.on_breach is OnBreach.STOP_ALL


def test_the_quote_policies_are_read(strategy):
    """Words become enums, times ns, ticks stay ticks."""
    quote = (
        ", post_only: off, rounding: {mode: nearest_even, decimals: 2}, min_size: 2lot,"
        " allow_crossed: true, requote: {on: quote, tolerance: 0.01, min_life: 250ms,"
        " max_age: 30s, after_fill: 1us, keep_queue: false}"
    )

    found = strategy(text(quote)).quoting

    assert found.post_only is PostOnly.OFF
    assert found.rounding == Rounding(RoundingMode.NEAREST_EVEN, 2)
    assert found.min_size == Amount(2.0, "lot")
    assert found.allow_crossed
    assert found.requote == Requote(
        on=RequoteOn.QUOTE,
        tolerance=Amount(0.01),
        min_life_ns=250_000_000,
        max_age_ns=30_000_000_000,
        after_fill_ns=1_000,
        keep_queue=False,
    )


def test_size_is_the_size_of_both_sides(strategy):
    """`size` gives both sides; bid_size and ask_size one each."""
    both = strategy(text()).quoting
    each = strategy(
        "mmrun: 1\nquote: {bid: mid - 1, ask: mid + 1, bid_size: 1, ask_size: 2}\nrisk: none\n"
    ).quoting

    assert both.bid_size == both.ask_size
    assert both.bid_size.text == "100"
    assert (each.bid_size.text, each.ask_size.text) == ("1", "2")
    assert (each.bid.text, each.ask.text, each.half_spread) == (
        "mid - 1",
        "mid + 1",
        None,
    )


@pytest.mark.parametrize(
    ("number", "formula"),
    [
        ("0.05", "0.05"),
        ("1e-3", "0.001"),
        ("0x10", "16"),
        ("5bps", "5bps"),
        (".5", "0.5"),
        ("1e300", "1e300"),
        ('"0.50"', "0.50"),
    ],
)
def test_a_number_is_a_formula_too(strategy, number, formula):
    """A bare number becomes text that the formula language reads."""
    found = strategy(
        f"mmrun: 1\nquote: {{half_spread: 1tick, size: {number}}}\nrisk: none\n"
    )

    assert found.quoting.bid_size.text == formula


def test_a_formula_knows_its_place(strategy):
    """Offsets of a folded formula are places of the file."""
    found = strategy(
        "mmrun: 1\nrisk: none\nquote:\n  size: 1\n  half_spread: >\n    1tick +\n    2bps\n"
    )
    formula = found.quoting.half_spread

    span = formula.place.span(formula.text.index("2bps"), len("1tick + 2bps"))

    assert (span.line, span.column, span.end_column) == (7, 5, 9)
    assert formula.place.line_text(span.line) == "    2bps"


@pytest.mark.parametrize(
    ("written", "maker", "taker"),
    [
        ("maker_fee: 0.2bps", Fee(0.2e-4), Fee()),
        ("maker_fee: -0.2bps, taker_fee: 0.1pct", Fee(-0.2e-4), Fee(0.001)),
        ("maker_rebate: 0.0020/share", Fee(-0.002, "share"), Fee()),
        ("taker_fee: 0.85/contract", Fee(), Fee(0.85, "contract")),
        ("maker_fee: {flat: 0.35}", Fee(0.35, "flat"), Fee()),
        ("maker_rebate: {flat: 0.35}", Fee(-0.35, "flat"), Fee()),
        ("maker_fee: 0, taker_fee: 0bps", Fee(), Fee()),
    ],
)
def test_fees_are_costs_in_their_unit(strategy, written, maker, taker):
    """A cost is positive, a rebate negative, and the unit stays with the rate."""
    found = strategy(text(rest=f"venues: {{X: {{{written}}}}}\n")).venues[0]

    assert (found.name, found.maker_fee, found.taker_fee) == ("X", maker, taker)


def test_a_rebate_of_zero_is_not_negative_zero(strategy):
    """0 is printed as 0."""
    found = strategy(text(rest="venues: {X: {maker_rebate: 0bps}}\n")).venues[0]

    assert str(found.maker_fee.rate) == "0.0"


def test_a_venue_may_override_the_dataset(strategy):
    """Tick, lot and multiplier are numbers, None where left out."""
    found = strategy(text(rest="venues: {X: {tick: 0.05, lot: 10}}\n")).venues[0]

    assert (found.tick, found.lot, found.multiplier) == (0.05, 10.0, None)


def test_session_hours_are_seconds_after_midnight(strategy):
    """Hours are read in the session's zone, to the fraction of a second."""
    session = 'session: {timezone: America/New_York, open: "09:30", close: "16:00:00.5", heartbeat: 500ms}\n'

    found = strategy(text(rest=session)).session

    assert found == Session(
        timezone="America/New_York",
        open_s=34_200.0,
        close_s=57_600.5,
        heartbeat_ns=500_000_000,
    )


def test_params_are_in_base_units(strategy):
    """A bare number is in the param's unit; a literal brings its own."""
    params = """params:
  plain: 0.5
  glued: 5bps
  edge: {value: 0.3, unit: bps, range: [0.1bps, 2], doc: half spread}
  mixed: {value: 0.05pct, unit: bps}
  step: {value: 2, unit: tick}
  clip: {value: 100, unit: size}
  sigma: {value: 0.02, unit: price/sqrt(s)}
  wait: {value: 250, unit: ms}
"""

    found = {p.name: p for p in strategy(text(rest=params)).params}

    assert {name: p.value for name, p in found.items()} == {
        "plain": 0.5,
        "glued": 0.0005,
        "edge": 0.3e-4,
        "mixed": 0.0005,
        "step": 2.0,
        "clip": 100.0,
        "sigma": 0.02,
        "wait": 0.25,
    }
    assert (found["edge"].low, found["edge"].high) == (0.1e-4, 2e-4)
    assert found["edge"].doc == "half spread"
    assert found["plain"].unit is None
    assert found["glued"].unit.relative
    assert found["edge"].unit.name == "bps"
    assert found["step"].unit.of == "tick"
    assert found["step"].unit.dimension == PRICE
    assert found["clip"].unit.dimension == SIZE


def test_inputs_are_in_base_units_too(strategy):
    """Default and age as params and times are; a default's own unit is the column's."""
    inputs = """inputs:
  alpha: {unit: bps, stale_after: 2s, default: 0.3bps}
  theo: {default: 2tick}
  bare: {}
"""

    found = {i.name: i for i in strategy(text(rest=inputs)).inputs}

    assert (found["alpha"].default, found["alpha"].stale_after_ns) == (3e-5, 2 * 10**9)
    assert found["theo"].unit.name == "tick"
    assert found["theo"].default == 2.0
    assert (found["bare"].unit, found["bare"].default) == (None, None)
    assert found["bare"].stale_after_ns is None


def test_lets_keep_the_order_of_the_file(strategy):
    """Lets are formulas by name."""
    found = strategy(text(rest="let: {b: mid + 1tick, a: 5}\n"))

    assert [(let.name, let.formula.text) for let in found.lets] == [
        ("b", "mid + 1tick"),
        ("a", "5"),
    ]


def test_the_resolved_text_makes_the_same_strategy(strategy):
    """What a run keeps can be run again."""
    rest = "params: {e: {value: 0.3, unit: bps, range: [0, 1]}}\nlet: {x: 'mid # not a comment'}\n"
    first = strategy(
        text(quote=", fair: x", rest=rest), "e=0.25", "risk.price_collar=5pct"
    )

    again = strategy(first.resolved)

    assert again.resolved == first.resolved
    assert again.params[0].value == first.params[0].value == 0.25e-4
    assert again.lets[0].formula.text == "mid # not a comment"
    assert again.risk == first.risk
    assert again.name == first.name


def test_the_order_of_keys_does_not_change_the_resolved_text(strategy):
    """Files that say the same in another order resolve to the same text."""
    one = strategy(
        "mmrun: 1\nname: x\nquote: {half_spread: 5bps, size: 1.50}\nrisk: none\n"
    )
    two = strategy(
        "mmrun: 1\nrisk: none\nquote: {size: 1.5, half_spread: '5bps'}\nname: x\n"
    )

    assert one.resolved == two.resolved


def test_units_may_be_turned_off(strategy):
    """`units: off` is a word, not false."""
    assert strategy(text(rest="units: off\n")).units_off


def test_what_the_engine_runs_by_default_may_be_written_out(strategy):
    """Unsupported keys at the value that is supported are no problem."""
    rest = (
        "toxicity: {}\ninputs: {}\nreferences: {}\naccounting: {cost_basis: average}\n"
        "session: {reset_windows: false, flatten_before_close: off}\n"
        'checks: {fail: ["max_drawdown < 8000"], warn: ["sharpe > 2"]}\n'
        "venues: {X: {inverse: false}}\n"
    )

    found = strategy(
        text(", levels: {count: 1}, place: target", ", target_inventory: 0", rest)
    )

    assert found.venues[0].name == "X"


@pytest.mark.parametrize(
    ("then", "action"),
    [
        ("pull", Action(Act.PULL)),
        ("{pull: adding}", Action(Act.PULL, side="adding")),
        ("{widen: 1.5}", Action(Act.WIDEN, factor=1.5)),
        ("{size: 0.25}", Action(Act.SIZE, factor=0.25)),
        ("reduce_only", Action(Act.REDUCE_ONLY)),
        ("flatten", Action(Act.FLATTEN)),
        ("stop", Action(Act.STOP)),
    ],
)
def test_an_action_is_an_act_with_its_number_or_side(strategy, then, action):
    """And it is written as it was read."""
    rest = f"toxicity: {{busy: {{when: trades(1s) > 5, then: {then}, hold: 1.5s}}}}\n"

    (guard,) = strategy(text(rest=rest)).guards

    assert (guard.name, guard.key) == ("busy", "toxicity.busy")
    assert guard.when.text == "trades(1s) > 5"
    assert guard.then == action
    assert str(guard.then) == then
    assert guard.hold_ns == 1_500_000_000


def test_limits_that_say_then_are_rules_after_those_of_toxicity(strategy):
    """Each by its key, with the comparison that it stands for."""
    risk = (
        ", max_inventory_age: {limit: 45 min, then: reduce_only}"
        ", max_daily_loss: {limit: 5000, then: stop}"
        ", max_drawdown: {limit: 8000.5, then: pull}"
    )

    rest = "toxicity: {old: {when: age(quote) > 9s, then: pull}}\n"
    found = strategy(text(risk=risk, rest=rest)).guards

    assert [(guard.key, guard.when.text, guard.hold_ns) for guard in found[1:]] == [
        ("risk.max_daily_loss", "daily_pnl <= -5000", 0),
        ("risk.max_drawdown", "drawdown >= 8000.5", 0),
        ("risk.max_inventory_age", "inventory_age >= 45min", 0),
    ]


def test_a_target_is_a_formula_whether_a_number_or_not(strategy):
    """None where the file leaves it out."""
    assert strategy(text()).risk.target_inventory is None
    for written in ("5", "2lot", "100 if mid > 5 else 0"):
        found = strategy(text(risk=f", target_inventory: {written}"))
        assert found.risk.target_inventory.text == written
