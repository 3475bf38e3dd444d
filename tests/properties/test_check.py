"""Laws of `check`: whatever a file holds, there are problems as values and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from mmrun import api
from mmrun.cli.check_ import FORMATS, printed
from mmrun.problems import MOST_SHOWN, foremost, sorted_by_place


HEAD = "mmrun: 1\nname: plain\n"
REST = "risk: {max_inventory: 1000}\n"
LINES = [
    "mmrun: 1", "name: a", "params:", "let:", "quote:", "risk:", "venues:", "toxicity:",
    "  edge: {value: 5, unit: bps, range: [1, 10]}", "  load: inventory / max_inventory",
    "  half_spread: edge * (1 + load)", "  reservation: fair - load * half_spread",
    "  size: 100", "  max_inventory: 1000", "  on_breach: stop_all", "  A: {weight: 0.6}",
    "  B: {weight: 0.6, maker_fee: 1bps}", "  r: {when: load > 2, then: pull}",
    "  # mmrun: ignore MM442", "# mmrun: ignore-file MM410, MM999", "extends: .",
    "  - [*a, &a {", "\t", '"', "  x: |", "    text", "---", "  ? a", "risk: none",
]  # fmt: skip
TEXT = """
    mid spread inventory max_inventory edge load fair half_spread trades(1s) last_side 0
    1 5bps 1tick 5s + - * / % ** ( ) , < >= == and or not if else min( max( abs( sqrt(
    exp( log( lag(mid,5s) ewma(mid,5s) delta(mid,1s) prev( trade_imbalance(1s) missing(
    coalesce( tanh( clip( 9**9**9**9 1e300 __class__ lambda [ ] ' tick lot
"""
formulas = st.lists(st.sampled_from(TEXT.split()), min_size=1, max_size=14).map(
    " ".join
)


def check(folder: Path, text: str):
    file = folder / "fuzz.yaml"
    file.write_text(text, encoding="utf-8")
    return api.check(file)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=20))
def test_any_file_gives_problems_as_values(tmp_path_factory, lines):
    """Lines of strategies and of nothing, in any order, are refused or read."""
    problems = check(tmp_path_factory.getbasetemp(), "\n".join(lines))

    assert problems == sorted_by_place(problems)
    assert all(
        printed({"fuzz.yaml": problems}, form) or not problems for form in FORMATS
    )


@settings(max_examples=300)
@given(formulas, formulas, formulas)
@example("__import__('os').system('true')", "[x for x in mid]", "9**9**9**9")
def test_any_formula_gives_problems_as_values(tmp_path_factory, first, second, third):
    """Whatever quotes and rules say, the linter has its opinion or none."""
    text = (
        f"{HEAD}params:\n  edge: {{value: 5, unit: bps, range: [0, 10]}}\n"
        f'let:\n  load: "{first}"\nquote:\n  half_spread: "{second}"\n'
        f'  reservation: "{third}"\n  size: 100\n'
        f'toxicity:\n  r: {{when: "{first}", then: pull}}\n{REST}'
    )

    problems = check(tmp_path_factory.getbasetemp(), text)

    assert all(problem.span is not None for problem in problems)


HOSTILE = {
    "dunder": ("mid.__class__.__bases__", "MM301"),
    "call of an import": ("__import__(1)", "MM301"),
    "comprehension": ("[x for x in mid]", "MM201"),
    "tower of powers": ("1tick * 9**9**9**9", "MM324"),
    "a hundred thousand parentheses": ("(" * 100_000 + "mid" + ")" * 100_000, "MM203"),
    "deep within the bound of length": ("(" * 900 + "mid" + ")" * 900, "MM203"),
    "a megabyte of formula": ("mid + " * 160_000 + "mid", "MM203"),
    "two megabytes of text": ("x" * 2_000_000, "MM109"),
    "a number of a thousand digits": ("1" * 1_000, "MM206"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_formula_is_refused_by_a_bound(name, tmp_path):
    """What would fill memory or never end is one problem, found before it is computed."""
    formula, code = HOSTILE[name]
    text = f'{HEAD}quote:\n  half_spread: "{formula}"\n  size: 100\n{REST}'

    assert [problem.code for problem in check(tmp_path, text)] == [code]


MANY = 3_000
LARGE = {
    "unknown keys on one line": "{" + ", ".join(f"k{i}: 1" for i in range(MANY)) + "}",
    "unused lets": "let:\n" + "".join(f"  k{i}: 1\n" for i in range(MANY)),
    "unknown names": "let:\n" + "".join(f"  k{i}: n{i}\n" for i in range(MANY)),
    "a chain of doubled lets": "let:\n  k0: mid / spread\n"
    + "".join(f"  k{i}: k{i - 1} + k{i - 1}\n" for i in range(1, 500)),
    "a chain of conditions": "let:\n  k0: mid / spread\n"
    + "".join(f"  k{i}: k{i - 1} if k{i - 1} > {i} else 0\n" for i in range(1, 100))
    + "quote: {half_spread: 1bps * k99, size: 100}\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_ends(name, tmp_path):
    """Work grows with the file, and at most fifty problems of it are shown."""
    text = LARGE[name] if LARGE[name].startswith("{") else HEAD + REST + LARGE[name]

    problems = check(tmp_path, text)

    shown, more = foremost(problems)
    assert len(shown) + sum(more.values()) == len(problems) > 0
    assert len(shown) <= MOST_SHOWN
