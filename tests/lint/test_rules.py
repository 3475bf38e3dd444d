"""Every rule of the linter: a manual, files that fail it and files that pass."""

from __future__ import annotations

import pytest

from mmrun import api
from mmrun.cli.examples import complete
from mmrun.documents import read_text
from mmrun.lint import CODES, MANUALS, lint
from mmrun.lint.data_rules import RULES as DATA_RULES
from mmrun.lint.rules import RULES
from mmrun.replaying import example_data


ALL = (*RULES, *DATA_RULES)
ON_DATA = {rule.ID for rule in DATA_RULES}


def codes_of(part, folder, code):
    """The codes of a part made a whole file; rules of data see the example market."""
    path = folder / "a.yaml"
    path.write_text(complete(part))
    problems = api.check(path, data=example_data() if code in ON_DATA else None)
    return {problem.code for problem in problems}


def parts(kind):
    return [
        pytest.param(code, part, id=f"{code}-{index}")
        for code, manual in MANUALS.items()
        for index, part in enumerate(getattr(manual, kind))
    ]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.__name__.split(".")[-1])
def test_a_rule_has_a_manual(rule):
    """A title, what to do, a file that fails and one that passes."""
    manual = MANUALS[rule.ID]

    assert CODES[rule.ID] == manual.title
    assert len(manual.title) < 60
    assert len(manual.text) > 80
    assert manual.failing
    assert manual.passing


def test_no_two_rules_share_a_code():
    """A code names one rule."""
    assert len(MANUALS) == len(ALL)


@pytest.mark.parametrize(("code", "part"), parts("failing"))
def test_what_a_manual_shows_as_failing_fails(code, part, tmp_path):
    """The rule finds its own example."""
    assert code in codes_of(part, tmp_path, code)


@pytest.mark.parametrize(("code", "part"), parts("passing"))
def test_what_a_manual_shows_as_passing_passes(code, part, tmp_path):
    """Nothing is wrong, but that some of it may not run yet."""
    assert codes_of(part, tmp_path, code) <= {"MM190"}


#: What a market maker writes on purpose, and what looks wrong at first sight.
FINE = [
    "quote: {half_spread: 'max(5bps, spread / 2)', size: 100}\n",
    "quote: {bid: 'min(bid, mid - 5bps)', ask: 'max(ask, mid + 5bps)', size: 100}\n",
    "quote: {bid: bid, ask: ask, size: 100}\n",
    "quote: {bid: weighted_mid - 1tick, ask: weighted_mid + 1tick, size: 100}\n",
    "quote: {half_spread: spread / 2, fair: 'ewma(mid, 5s)', size: 100}\n",
    "quote: {half_spread: weighted_mid - bid, size: 100}\n",
    "quote: {half_spread: 5bps if inventory > 0 else 3bps, size: 100}\n",
    "quote: {half_spread: 5bps, reservation: fair - 1tick * (inventory / max_inventory), size: 100}\n",
    "quote: {half_spread: 5bps, reservation: fair - 2bps * sign(inventory), size: 100}\n",
    "quote: {half_spread: 5bps, reservation: fair + 2bps * trade_imbalance(1s), size: 100}\n",
    "quote: {half_spread: 'max(2bps, 1tick)', size: 100}\nvenues: {X: {maker_fee: 1bps}}\n",
    "quote: {half_spread: 1bps, size: 100}\nvenues: {X: {maker_rebate: 0.5bps}}\n",
    "quote: {half_spread: 5bps * (mid / (bid + ask)) * mid, size: 100}\n",
    "quote: {half_spread: 5bps * (1 if missing(last_price) else 2), size: 100}\n",
    "quote: {half_spread: 'clip(2bps * mid, 1tick, 5tick)', size: 100}\n",
]  # fmt: skip


@pytest.mark.parametrize("part", FINE)
def test_what_is_meant_so_is_not_warned_of(part, tmp_path):
    """A warning that is wrong teaches not to read warnings."""
    assert codes_of(part, tmp_path, "") == set()


def test_a_fee_that_is_an_error_is_not_reckoned_with(tmp_path):
    """What a bare number was meant as is not known: 0.5 is no fee of a half."""
    part = "quote: {half_spread: 5bps, size: 100}\nvenues: {X: {maker_fee: 0.5}}\n"

    assert codes_of(part, tmp_path, "") == {"MM114"}


@pytest.mark.parametrize(
    "text",
    [
        "mmrun",
        "[]",
        "params: 5\nlet: []\nquote: x\nvenues: [1]\nrisk: [2]\nallocate: 4\n",
        "toxicity: {a: 5, b: {when: [1]}, c: {when: 5, then: {pull: {}}}}\n",
        "venues: {A: {weight: x}, B: {weight: []}, C: 5, D: {maker_fee: [], tick: {}}}\n",
        "venues: {A: {weight: 0}, B: {weight: -1}, C: {weight: 1e300}}\n",
        "quote: {half_spread: [], size: {}, bid: 5, ask: '', rounding: {decimals: x}}\n",
        "let: {a: 1/0, b: 0**-1, c: 1e300*1e300, d: sqrt(0-1)}\nquote: {bid: a, ask: b}\n",
        "quote: {bid: mid - 1e300, ask: mid + 1e300, size: 100}\nrisk: none\n",
    ],
)
def test_rules_never_raise_whatever_the_document_holds(text):
    """A document of any shape gives warnings or none."""
    document, _ = read_text(text, "a.yaml")

    assert isinstance(lint(document, ()), tuple)
