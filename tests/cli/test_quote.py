"""`mmrun quote`: one market, one state, no tape."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mmrun.cli import run as mmrun


#: The design's example: a long book quotes both sides lower.
GUARDS = """\
mmrun: 1
name: guards
let: {load: inventory / max_inventory, flow: trade_imbalance(1s)}
quote:
  fair: mid
  half_spread: 5bps
  reservation: fair - 10bps * load
  size: 100
risk: {max_inventory: 1000}
"""


@pytest.fixture
def ask_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Asks for the quotes of a strategy text; gives its lines as dictionaries."""

    def quote(text: str, *arguments: str) -> list[dict[str, Any]]:
        path = tmp_path / "quoted.yaml"
        path.write_text(text)
        code = mmrun(["quote", str(path), *arguments, "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        lines: list[dict[str, Any]] = json.loads(captured.out)
        return lines

    return quote


@pytest.fixture
def ask(ask_all: Any) -> Any:
    """The same where there is one line."""

    def quote(text: str, *arguments: str) -> dict[str, Any]:
        (line,) = ask_all(text, *arguments)
        return line  # type: ignore[no-any-return]

    return quote


MARKET = ("--bid", "149.95", "--ask", "150.05")


def test_a_flat_book_quotes_symmetrically(ask: Any) -> None:
    """5 bps of 150 is 7.5 cents a side, rounded outward to the tick."""
    line = ask(GUARDS, *MARKET)

    assert line == {
        "venue": None,
        "level": 0,
        "bid": 149.92,
        "bid_size": 100.0,
        "ask": 150.08,
        "ask_size": 100.0,
        "bid_rule": None,
        "ask_rule": None,
    }


def test_a_long_book_quotes_both_sides_lower(ask: Any) -> None:
    """Half the limit long, the reservation price is 5 bps below fair."""
    line = ask(GUARDS, *MARKET, "--inventory", "500")

    assert (line["bid"], line["ask"]) == (149.85, 150.0)


def test_at_the_limit_only_the_side_that_adds_is_dropped(ask: Any) -> None:
    """Long at max_inventory the bid goes, by its rule, and the ask stays."""
    line = ask(GUARDS, *MARKET, "--inventory", "1000")

    assert (line["bid"], line["bid_size"], line["bid_rule"]) == (
        None,
        0.0,
        "max_inventory",
    )
    assert line["ask_size"] == 100.0


def test_size_is_clipped_to_headroom(ask: Any) -> None:
    """950 long of 1000, fifty are left to buy."""
    line = ask(GUARDS, *MARKET, "--inventory", "950")

    assert (line["bid_size"], line["ask_size"]) == (50.0, 100.0)


def test_post_only_slides_to_one_tick_short_of_the_touch(ask: Any) -> None:
    """A bid that would take is moved under the ask."""
    line = ask(GUARDS, *MARKET, "--inventory", "-5000", "-s", "risk.max_inventory=1000")

    assert line["bid"] == 150.04


def test_mid_alone_leaves_the_touch_unknown(ask: Any) -> None:
    """With --mid post-only does nothing, and bid and ask read the mid."""
    line = ask(
        GUARDS.replace("fair: mid", "fair: (bid + ask) / 2 + 20bps"), "--mid", "150"
    )

    assert (line["bid"], line["ask"]) == (150.22, 150.38)


def test_a_missing_value_is_named_and_can_be_given(ask: Any) -> None:
    """Volatility has no value without a tape: the rule is missing, --set gives it."""
    text = GUARDS.replace(
        "half_spread: 5bps", "half_spread: volatility(mid, 1min) * sqrt(1s)"
    )

    unknown = ask(text, *MARKET)
    known = ask(text, *MARKET, "--set", "volatility(mid, 1min)=0.05")

    assert (unknown["bid"], unknown["bid_rule"]) == (None, "missing")
    assert (known["bid"], known["ask"]) == (149.95, 150.05)


def test_set_reads_lets_units_and_own_state(ask: Any) -> None:
    """A let is overridden by its name; a literal is read in its unit."""
    by_let = ask(GUARDS, *MARKET, "--set", "load=0.5")
    by_state = ask(GUARDS, *MARKET, "--set", "inventory=500lot")

    assert by_let["bid"] == by_state["bid"] == 149.85


def test_tick_and_lot_come_from_the_venue(ask: Any) -> None:
    """venues.X.tick and .lot decide the grid and the venue's name is told."""
    text = GUARDS + "venues: {KRX: {tick: 0.05, lot: 30}}\n"

    line = ask(text, *MARKET)

    assert line["venue"] == "KRX"
    assert (line["bid"], line["ask"], line["bid_size"]) == (149.9, 150.1, 90.0)


TWO = GUARDS + "venues: {A: {tick: 0.01, lot: 1}, B: {tick: 0.05, lot: 30}}\n"


def test_each_venue_is_a_line_on_its_own_grid(ask_all: Any) -> None:
    """The market given is that of both; in the file's order."""
    lines = ask_all(TWO, *MARKET)

    shown = [tuple(line.values())[:6] for line in lines]
    assert shown == [
        ("A", 0, 149.92, 100.0, 150.08, 100.0),
        ("B", 0, 149.9, 90.0, 150.1, 90.0),
    ]


def test_venues_share_the_headroom(ask_all: Any) -> None:
    """What the first shows counts at the second, on the side that adds."""
    lines = ask_all(TWO, *MARKET, "--inventory", "860")
    out_of_room = ask_all(TWO, *MARKET, "--inventory", "900")

    assert [line["bid_size"] for line in lines] == [100.0, 30.0]
    assert [line["ask_size"] for line in lines] == [100.0, 90.0]
    assert [line["bid_rule"] for line in out_of_room] == [None, "max_inventory"]


def test_a_mid_is_that_of_every_venue(ask_all: Any) -> None:
    """With the touch unknown post-only holds nothing back at either."""
    lines = ask_all(TWO, "--mid", "150", "--inventory", "1000")

    assert [line["ask"] for line in lines] == [149.93, 149.95]


def test_venues_whose_grid_is_assumed_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, each with what it was given."""
    path = tmp_path / "quoted.yaml"
    path.write_text(GUARDS + "venues: {A: {tick: 0.01, lot: 1}, B: {lot: 5}}\n")

    assert mmrun(["quote", str(path), *MARKET]) == 0

    out, err = capsys.readouterr()
    assert [line[:2] for line in out.splitlines()[:2]] == ["A:", "B:"]
    assert err == "B: tick 0.01 and lot 5 are assumed; write them under venues.B\n"


def test_a_crossed_market_pulls_both_sides(ask: Any) -> None:
    """Bid above ask: both sides off by the rule crossed_book."""
    line = ask(GUARDS, "--bid", "150.05", "--ask", "149.95")

    assert (line["bid_rule"], line["ask_rule"]) == ("crossed_book", "crossed_book")


def test_a_mid_of_zero_is_legal(ask: Any) -> None:
    """At mid 0 nothing is quoted and nothing breaks."""
    line = ask(GUARDS, "--mid", "0")

    assert line["bid"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--bid and --ask, or --mid"),
        (["--mid", "150", "--bid", "149"], "--bid and --ask, or --mid"),
        (["--mid", "150", "--set", "laod=1"], "did you mean 'load'?"),
        (["--mid", "150", "--set", "load"], "expected NAME=VALUE"),
        (["--mid", "150", "--set", "load=many"], "expected a number"),
        (["--mid", "150", "--set", "inventory=5bps"], "inventory is a size"),
    ],
)
def test_wrong_arguments_are_usage_errors(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    """Each mistake is said with what was expected, exit code 2."""
    path = tmp_path / "s.yaml"
    path.write_text(GUARDS)

    code = mmrun(["quote", str(path), *arguments])

    assert code == 2
    assert said in capsys.readouterr().err


def test_quote_imports_no_compiler(tmp_path: Path) -> None:
    """quote runs the kernels as plain Python: no numba, no numexpr, no polars."""
    path = tmp_path / "s.yaml"
    path.write_text(GUARDS)
    probe = (
        "import sys; from mmrun.cli import run;"
        f"run(['quote', {str(path)!r}, '--mid', '150', '--json']);"
        "print(sorted({'numba', 'numexpr', 'polars', 'llvmlite'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


LEANING = """\
mmrun: 1
name: leaning
inputs:
  alpha: {unit: bps, default: 0bps}
  theo: {unit: tick}
quote: {fair: mid + alpha + theo, half_spread: 5bps, size: 100}
risk: {max_inventory: 1000}
"""


@pytest.mark.parametrize("theo", ["2tick", "0.02"])
def test_an_input_is_set_in_its_unit_or_in_base_units(ask: Any, theo: str) -> None:
    """2 bps of 150 is 3 cents, 2 ticks are 2 cents; 0.02 is a price."""
    line = ask(LEANING, *MARKET, "--set", "alpha=2bps", "--set", f"theo={theo}")

    assert (line["bid"], line["ask"]) == (149.97, 150.13)


def test_an_input_that_is_not_set_has_its_default(ask: Any) -> None:
    """alpha is 0 unless said."""
    line = ask(LEANING, *MARKET, "--set", "theo=0tick")

    assert (line["bid"], line["ask"]) == (149.92, 150.08)


def test_an_input_without_a_default_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page says which to give."""
    (tmp_path / "a.yaml").write_text(LEANING)

    mmrun(["quote", str(tmp_path / "a.yaml"), *MARKET])

    assert "missing: theo (give --set 'theo=…')" in capsys.readouterr().out


def test_an_input_in_another_unit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A time is no relative price."""
    (tmp_path / "a.yaml").write_text(LEANING)

    code = mmrun(["quote", str(tmp_path / "a.yaml"), *MARKET, "--set", "alpha=2s"])

    assert code == 2
    assert "alpha is a ratio, not in s" in capsys.readouterr().err


OF_VENUES = """\
mmrun: 1
name: of_venues
venues:
  NASDAQ: {maker_rebate: 0.0020/share, tick: 0.01, lot: 1}
  IEX: {maker_fee: 1bps, tick: 0.01, lot: 1}
quote:
  fair: venue.mid
  half_spread: max(venue.spread / 2, 2tick + venue.maker_cost)
  reservation: fair - 10tick * venue.inventory / max_inventory
  size: 100
risk: {max_inventory: 1000}
"""


def test_each_venue_has_its_own_quote(ask_all: Any) -> None:
    """By its book, where one is given, its fee and what is held there."""
    given = ("IEX.bid=149.80", "IEX.ask=150.00", "IEX.inventory=100")
    said = [part for text in given for part in ("--set", text)]

    nasdaq, iex = ask_all(
        OF_VENUES, *MARKET, "--inventory", "100", *said, "--set", "NASDAQ.inventory=0"
    )

    assert (nasdaq["venue"], nasdaq["bid"], nasdaq["ask"]) == ("NASDAQ", 149.95, 150.05)
    assert (iex["venue"], iex["bid"], iex["ask"]) == ("IEX", 149.79, 149.99)


def test_values_that_differ_are_printed_for_each_venue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its name; what is missing, too."""
    path = tmp_path / "quoted.yaml"
    path.write_text(OF_VENUES)

    assert mmrun(["quote", str(path), *MARKET, "--inventory", "100"]) == 0

    out = capsys.readouterr().out
    assert "  NASDAQ.fair        150\n  IEX.fair           150\n" in out
    assert "missing: NASDAQ.inventory, IEX.inventory (give" in out


def test_a_venue_that_is_nowhere_named_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the likeliest that is."""
    path = tmp_path / "quoted.yaml"
    path.write_text(OF_VENUES)

    assert mmrun(["quote", str(path), *MARKET, "--set", "BATS.mid=150"]) == 2

    assert "no formula of the strategy reads 'BATS.mid'" in capsys.readouterr().err


LADDER = """\
mmrun: 1
name: ladder
let: {gap: 2tick}
quote:
  half_spread: 5bps
  size: 100
  levels: {count: 3, step: gap, size_factor: 0.5}
risk: {max_inventory: 160}
venues: {NASDAQ: {tick: 0.01, lot: 1}}
"""


def test_a_ladder_is_a_line_a_level(ask_all: Any) -> None:
    """Level by level, with what headroom leaves each; JSON counts from 0."""
    lines = ask_all(LADDER, *MARKET, "--inventory", "20")

    assert [(q["level"], q["bid"], q["bid_size"], q["ask"]) for q in lines] == [
        (0, 149.92, 100, 150.08),
        (1, 149.9, 40, 150.1),
        (2, None, 0, 150.12),
    ]
    assert [q["bid_rule"] for q in lines] == [None, None, "max_inventory"]


def test_what_is_set_holds_at_every_level(ask_all: Any) -> None:
    """A let that is set moves the deeper levels."""
    lines = ask_all(LADDER, *MARKET, "--set", "gap=5tick")

    assert [q["bid"] for q in lines] == [149.92, 149.87, 149.82]


def test_a_let_that_is_set_is_so_where_it_read_level(ask_all: Any) -> None:
    """Set, it is the same at each level, and the formula that reads it is still its own."""
    text = LADDER.replace("gap: 2tick", "gap: 2tick * level")
    text = text.replace("half_spread: 5bps", "half_spread: 5bps + gap")

    lines = ask_all(text, *MARKET, "--set", "gap=3tick")

    assert [q["bid"] for q in lines] == [149.89] * 3


def test_the_level_of_a_quote_is_not_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All levels are quoted; none is chosen."""
    path = tmp_path / "ladder.yaml"
    path.write_text(LADDER)

    code = mmrun(["quote", str(path), *MARKET, "--set", "level=1"])

    assert code == 2
    assert "each quote has its own" in capsys.readouterr().err


def test_a_ladder_is_printed_in_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asks stand one below the other, whatever the bids' texts."""
    path = tmp_path / "ladder.yaml"
    path.write_text(LADDER)

    mmrun(["quote", str(path), *MARKET, "--inventory", "20"])

    lines = capsys.readouterr().out.splitlines()[:3]
    assert lines[1].startswith("NASDAQ: level 1  bid 149.9 x 40 ")
    assert len({line.index("ask") for line in lines}) == 1


def test_a_quote_that_joins_stands_at_the_touch(ask: Any) -> None:
    """With --mid the touch is unknown, and the target holds."""
    text = GUARDS.replace("half_spread: 5bps", "half_spread: 1bps\n  place: join")

    joined, alone = ask(text, *MARKET), ask(text, "--mid", "150")

    assert (joined["bid"], joined["ask"]) == (149.95, 150.05)
    assert (alone["bid"], alone["ask"]) == (149.98, 150.02)


def test_venues_divide_the_size_of_each_level(ask_all: Any) -> None:
    """And quote it by their own books: a line a venue and level."""
    text = """\
mmrun: 1
venues:
  NASDAQ: {tick: 0.01, lot: 1, weight: 0.6}
  IEX: {tick: 0.01, lot: 1, weight: 0.4}
allocate: {by: weight}
quote:
  fair: venue.mid
  half_spread: 2tick * (1 + level)
  size: 100
  levels: {count: 2, size_factor: 0.5}
risk: {max_inventory: 1000}
"""

    lines = ask_all(text, *MARKET, "--set", "IEX.bid=149.90")

    assert [(q["venue"], q["level"], q["bid"], q["bid_size"]) for q in lines] == [
        ("NASDAQ", 0, 149.98, 60),
        ("NASDAQ", 1, 149.96, 30),
        ("IEX", 0, 149.95, 40),
        ("IEX", 1, 149.93, 20),
    ]


RULED = """
mmrun: 1
let: {flow: trade_imbalance(1s)}
quote: {half_spread: 5bps, size: 100}
venues: {NASDAQ: {tick: 0.01, lot: 1}}
toxicity:
  one_sided: {when: abs(flow) > 0.7 and trades(1s) >= 5, then: {pull: bid}}
  picked_off: {when: "own_markout(5s, 30min, 20) < -1bps", then: {widen: 2}}
  full: {when: inventory > 500, then: pull}
risk: {max_inventory: 1000}
"""


def test_rules_in_force_and_unknown_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule that pulls is named at its side; what has no value is not met."""
    path = tmp_path / "ruled.yaml"
    path.write_text(RULED, encoding="utf-8")
    market = ["quote", str(path), "--bid", "149.95", "--ask", "150.05"]

    assert mmrun([*market, "--set", "flow=0.8", "--set", "trades(1s)=5"]) == 0

    out = capsys.readouterr().out
    assert "NASDAQ: bid none (one_sided)   ask 150.08 x 100" in out
    assert "\nin force: one_sided\nunknown: picked_off\n" in out


STACKED = """\
mmrun: 1
name: stacked
let: {{load: inventory / max_inventory}}
quote:
  half_spread: 5bps
  reservation: fair - 10bps * load
  size: 300
  levels: {{count: 3, step: 2tick}}
venues: {{NASDAQ: {{tick: 0.01, lot: 1}}}}
toxicity: {{long: {{when: inventory >= 500, then: {then}}}}}
risk: {{max_inventory: 1000}}
"""


@pytest.mark.parametrize(
    ("then", "bids", "asks"),
    [
        # 149.925 is the reservation price; each level's distance from it is doubled
        (
            "{widen: 2}",
            [(149.77, 300, None), (149.73, 200, None), (None, 0, "max_inventory")],
            [(150.08, 300, None), (150.12, 300, None), (150.16, 300, None)],
        ),
        (
            "{size: 0.5}",
            [(149.85, 150, None), (149.83, 150, None), (149.81, 150, None)],
            [(150.0, 150, None), (150.02, 150, None), (150.04, 150, None)],
        ),
        (
            "{pull: adding}",
            [(None, 0, "long")] * 3,
            [(150.0, 300, None), (150.02, 300, None), (150.04, 300, None)],
        ),
        (
            "reduce_only",
            [(None, 0, "long")] * 3,
            [(150.0, 300, None), (150.02, 200, None), (None, 0, "long")],
        ),
    ],
)
def test_rules_act_on_every_level(
    ask_all: Any, then: str, bids: list[Any], asks: list[Any]
) -> None:
    """Prices and sizes of each level; what may only reduce is shared from level 0 out."""
    lines = ask_all(STACKED.format(then=then), *MARKET, "--inventory", "500")

    assert [(q["bid"], q["bid_size"], q["bid_rule"]) for q in lines] == bids
    assert [(q["ask"], q["ask_size"], q["ask_rule"]) for q in lines] == asks
