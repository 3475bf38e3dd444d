from __future__ import annotations

import re

import pytest

from mmrun.documents import read_text
from mmrun.documents.schema import findings
from mmrun.engine.records import Adjustment, Rule
from mmrun.strategy import CODES
from mmrun.strategy.rules import RULES, check_rules, rule_names


NAMES = [rule.__name__.rsplit(".", 1)[-1] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_has_a_manual_and_a_code(rule):
    """Each rule says what passes and what fails, and its code is in the table."""
    assert re.search(r"^PASS:\n", rule.__doc__, re.MULTILINE)
    assert re.search(r"^FAIL:\n", rule.__doc__, re.MULTILINE)
    assert rule.ID in CODES
    assert isinstance(rule.READS, tuple)


def test_no_two_rules_share_a_code():
    """A code names one rule."""
    assert len({rule.ID for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "mmrun",
        "[]",
        "params: 5\nlet: []\nquote: x\nvenues: [1]\nrisk: [2]\nsession: 4\n",
        "params: {a: [1], b: {value: [2], range: 5, unit: {}}, c: {range: [a, b]}}\n",
        "quote: {rounding: {mode: [], decimals: x}, size: {}, bid: []}\n",
        "session: {open: 5, close: [], timezone: {}, heartbeat: soon}\n",
        "session: {timezone: ../../etc/passwd}\nvenues: {X: 5, Y: []}\n",
        'session: {timezone: ""}\n',
        'session: {timezone: "a\\0b"}\n',
    ],
)
def test_rules_never_raise_whatever_the_document_holds(text):
    """A document of the wrong shape gives problems, of the schema or the rules."""
    document, _ = read_text(text, "a.yaml")
    found = findings(document, "strategy")

    problems = [*check_rules(document, found), *(f.problem for f in found)]

    assert problems


def test_a_rule_may_bear_no_name_that_reports_use():
    """Those that every strategy has, and how quotes are adjusted."""
    engine = {each.name.lower() for each in (*Rule, *Adjustment)}

    assert engine <= rule_names.BUILT_IN
