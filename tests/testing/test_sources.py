"""Tests of strategies that read venues and references: states and tapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrun.cli import run as mmrun


STRATEGY = """\
mmrun: 1
name: venues
references: {spy: {symbol: SPY}}
venues:
  NASDAQ: {maker_rebate: 0.0020/share, taker_fee: 0.0030/share}
  IEX: {maker_fee: 1bps}
let:
  load: venue.inventory / max_inventory
  drift: spy.mid - lag(spy.mid, 1s)
quote:
  fair: venue.mid + 0.1 * coalesce(drift, 0)
  half_spread: 5tick + max(venue.maker_cost, 0) + 0 * coalesce(BATS.spread, 0)
  reservation: fair - 10tick * load
  size: 100
risk: {max_inventory: 1000}
"""
TAPE = """
    tape: |
      0ms    quote NASDAQ 99.99x300 100.01x300
      0ms    quote spy    499.99x1 500.01x1
      5ms    quote BATS   99.99x300 100.01x300
      10ms   quote IEX    99.89x300 99.91x300
      1500ms quote spy    500.99x1 501.01x1
"""
CASES = {
    "each venue about its own mid, its fee added": """
    given: {bid: 99.99, ask: 100.01, IEX.bid: 99.89, IEX.ask: 99.91}
    expect: {venue: IEX, bid: 99.84, ask: 99.96}
""",
    "what is given of one is nothing to another": """
    given: {bid: 99.99, ask: 100.01, IEX.mid: 99.90}
    expect: {venue: NASDAQ, bid: 99.95, ask: 100.05, fair: 100}
""",
    "what is given of the venue being quoted is of each": """
    given: {bid: 99.99, ask: 100.01, venue.mid: 99.90}
    expect: {fair: 99.90}
""",
    "what is held at a venue leans there": """
    given: {bid: 99.99, ask: 100.01, inventory: 500, NASDAQ.inventory: 500, IEX.inventory: 0}
    expect: {venue: NASDAQ, bid: 99.90, ask: 100.00, load: 0.5}
""",
    "what is held somewhere is not known to be anywhere": """
    given: {bid: 99.99, ask: 100.01, inventory: 500}
    expect: {bid: none, rule: missing}
""",
    "windows of a reference by their text": """
    given: {bid: 99.99, ask: 100.01, "lag(spy.mid, 1s)": 499, spy.mid: 500}
    expect: {venue: NASDAQ, bid: 100.00, drift: 1}
""",
    "a tape of two venues, a third and a reference": TAPE
    + """
    expect:
      - {at: 20ms, venue: NASDAQ, bid: 99.95, ask: 100.05}
      - {at: 20ms, venue: IEX, bid: 99.84, ask: 99.96}
      - {at: 1600ms, venue: NASDAQ, bid: 100.00, drift: 1}
      - {at: 1600ms, load: 0}
""",
}


def tried(folder: Path, case: str) -> int:
    """The exit code of `mmrun test` for one test."""
    (folder / "s.yaml").write_text(STRATEGY)
    head = "mmrun: 1\nstrategy: s.yaml\ntests:\n  - name: the one"
    (folder / "s.test.yaml").write_text(head + case)
    return mmrun(["test", str(folder / "s.test.yaml")])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_passes(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each expectation is met."""
    code = tried(tmp_path, case)

    assert code == 0, capsys.readouterr().out


def test_a_let_that_differs_is_compared_at_each_venue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the expectation names none; the one that is off is named."""
    case = TAPE + "    expect: {at: 20ms, fair: 100}\n"

    assert tried(tmp_path, case) == 1

    out = capsys.readouterr().out
    assert "fair at 20ms on IEX: expected 100, got 99.9" in out
    assert "on NASDAQ" not in out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("BATS ", "EDGX "), "the strategy quotes NASDAQ, IEX, not EDGX"),
        (("spy ", "spx "), "the strategy quotes NASDAQ, IEX, not spx"),
    ],
)
def test_rows_of_what_nobody_reads_are_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    said: str,
) -> None:
    """At the name in the tape."""
    case = TAPE.replace(*change) + "    expect: {at: 20ms, load: 0}\n"

    assert tried(tmp_path, case) == 1
    assert f"error[MM607] {said}" in "".join(capsys.readouterr())


def test_a_tape_without_a_quoted_venue_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There would be nothing to quote."""
    case = "\n    tape: 0ms quote spy 9x1 11x1\n    expect: {at: 1ms, load: 0}\n"

    assert tried(tmp_path, case) == 1
    out = "".join(capsys.readouterr())
    assert "error[MM607] no row is of a venue that is quoted" in out
