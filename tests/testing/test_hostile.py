"""Whatever a test file holds, what comes back is results and problems."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from mmrun.testing.run import run_file


STRATEGY = """\
mmrun: 1
params: {half: {value: 5, unit: bps}}
let: {load: inventory / max_inventory}
quote: {half_spread: half, reservation: mid - 1tick * load, size: 100}
risk: {max_inventory: 1000}
"""
TESTS = """\
mmrun: 1
strategy: s.yaml
tolerance: 1tick
tests:
  - name: state
    set: {half: 6}
    given: {bid: 149.95, ask: 150.05, inventory: 5lot, 'load': 0.5}
    expect: {bid: 149.9, rule: none, load: 0.5, half_spread: 9tick}
  - name: tape
    fills: touch
    latency: {order: 2ms}
    tape: |
      0ms quote N 149.95x300 150.05x200 every 10ms x3
      9ms trade N sell 149.91x10  # filled
    expect:
      - {at: 1s, venue: N, bid_size: 90, fills: [{side: buy}], inventory: 10}
  - name: codes
    set: {half: 5s}
    problems: [MM134]
"""
PIECES = [
    "1e400", "-", "x", "none", "1" * 400, "[", "{", "}", "]", ": ", "\n", "  ", "#",
    "every 1ns x9999", "0ms", "NaN", "99999999d", "5bps", "1/share", "'", '"', "&a ",
    "*a", "\x00", "é", "mid", "bid: 1", "- ", "null", "9" * 30 + "s",
]  # fmt: skip


def run_text(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "s.yaml").write_text(STRATEGY, encoding="utf-8")
        path = Path(folder) / "s.test.yaml"
        path.write_text(text, encoding="utf-8")

        ran = run_file(path, "", None)

    assert ran.results or ran.problems


@given(
    st.integers(0, len(TESTS)),
    st.integers(0, 12),
    st.sampled_from(PIECES) | st.text(max_size=3).filter(str.isprintable),
)
@example(at=TESTS.index("s.yaml"), gone=0, piece="1" * 400)
def test_an_edited_file_gives_results_or_problems(
    at: int, gone: int, piece: str
) -> None:
    """A few characters taken out and others put in: nothing is raised."""
    run_text(TESTS[:at] + piece + TESTS[at + gone :])


@pytest.mark.parametrize(
    "value", ["1e400", "9" * 500, "-1e308", "1e-320", "[[[[1]]]]", "''", "~", "0x10"]
)
@pytest.mark.parametrize("old", ["149.95,", "5lot", "149.9,", "1tick", "6}", "90,"])
def test_odd_values_are_refused_or_compared(old: str, value: str) -> None:
    """Numbers that no float holds, lists, nothing, at every place a value can stand."""
    run_text(TESTS.replace(old, value + old[-1:].strip("0123456789tkn"), 1))
