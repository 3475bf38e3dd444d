from __future__ import annotations

from mmrun.strategy import read_strategy


TEXT = """mmrun: 1
params:
  edge: {value: 1.0, range: [0.5, 4], doc: half spread}
  wide: 5bps
  base: {value: 5bps, doc: d}
quote: {half_spread: wide, size: 100}
risk: {max_inventory: 1000}
"""


def params(strategy, *overrides):
    return {p.name: p for p in strategy(TEXT, *overrides).params}


def test_a_name_sets_a_param(strategy):
    """A param's section keeps its range and doc."""
    edge = params(strategy, "edge=2")["edge"]

    assert (edge.value, edge.low, edge.high, edge.doc) == (2.0, 0.5, 4.0, "half spread")


def test_a_dotted_path_to_a_param_is_the_param(strategy):
    """`params.edge` and `params.edge.value` are other ways to say `edge`."""
    assert params(strategy, "params.edge=2")["edge"].value == 2.0
    assert params(strategy, "params.edge.value=2")["edge"].value == 2.0


def test_a_bare_number_is_in_the_unit_the_param_was_written_in(strategy):
    """Seven, for a param written 5bps, is 7 bps."""
    found = params(strategy, "wide=7", "base=8")

    assert (found["wide"].value, found["wide"].unit.name) == (0.0007, "bps")
    assert (found["base"].value, found["base"].doc) == (0.0008, "d")


def test_a_literal_keeps_its_unit(strategy):
    """A unit given with -s counts."""
    assert params(strategy, "wide=0.1pct")["wide"].value == 0.001


def test_the_last_override_holds(strategy):
    """Overrides are set in the order given."""
    assert params(strategy, "edge=2", "edge=3")["edge"].value == 3.0


def test_a_dotted_path_sets_a_key_of_the_format(strategy):
    """Keys the format knows may be set whether the file writes them or not."""
    found = strategy(
        TEXT,
        "risk.max_inventory=500",
        "quote.requote.min_life=5ms",
        "quote.half_spread=max(edge * 1bps, 1tick)",
        "session.timezone=Asia/Tokyo",
    )

    assert found.risk.max_inventory == 500.0
    assert found.quoting.requote.min_life_ns == 5_000_000
    assert found.quoting.half_spread.text == "max(edge * 1bps, 1tick)"
    assert found.session.timezone == "Asia/Tokyo"


def test_values_are_yaml_scalars(strategy):
    """Values are typed as in a file, and a flow section may be given."""
    found = strategy(
        TEXT,
        "risk.allow_short=false",
        "quote.rounding={mode: nearest_even, decimals: 3}",
    )

    assert found.risk.allow_short is False
    assert found.quoting.rounding.decimals == 3


def test_a_problem_in_an_override_has_its_column(write):
    """The caret stands below the part of the -s that is wrong."""
    _, problems = read_strategy(write(TEXT), ["edge=2", "risk.max_inventory=-5"])

    span = problems[0].span
    assert (span.file, span.line, span.column, span.end_column) == (
        "<-s #2>",
        1,
        20,
        22,
    )
    assert problems[0].snippet == "risk.max_inventory=-5"


def test_a_formula_in_an_override_has_its_place(strategy):
    """Offsets of a formula given with -s point into it."""
    formula = strategy(TEXT, "quote.half_spread=1tick + bad").quoting.half_spread

    span = formula.place.span(8, 11)

    assert (span.file, span.column, span.end_column) == ("<-s #1>", 27, 30)


def test_the_resolved_text_holds_what_was_set(strategy):
    """A run keeps the strategy as it ran."""
    resolved = strategy(TEXT, "edge=2", "risk.price_collar=5pct").resolved

    assert "value: 2\n" in resolved
    assert "price_collar: 5pct\n" in resolved
