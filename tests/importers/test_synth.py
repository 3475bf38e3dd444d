"""The made-up market: the same for a seed, and like a market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mmrun.importers.synth import MarketModel, make
from mmrun.market.dataset import load_dataset
from mmrun.market.facts import facts_of
from mmrun.market.reader import read_day
from mmrun.market.tape import Kind


def market(seed: int, **options):
    """A made-up tape."""
    made = make(MarketModel(**options), np.random.default_rng(seed), "a test")
    return made.tapes[0]


@pytest.fixture(scope="module")
def tape():
    """Ten minutes."""
    return market(11, minutes=10)


def test_a_seed_is_a_market():
    """Equal seeds give equal rows, others give others."""
    first, again, other = (market(seed, minutes=1).frame for seed in (1, 1, 2))

    assert first.equals(again)
    assert not first.equals(other)


def test_a_longer_run_begins_like_a_shorter_one():
    """What happens later changes nothing before."""
    short, long = (market(1, minutes=minutes).frame for minutes in (1, 2))

    assert long[: len(short)].equals(short)


def test_the_book_is_never_locked_or_off_the_grid(tape):
    """Bids below asks, prices on ticks, sizes at least a lot."""
    facts = facts_of(tape.frame, tape.instrument)
    quotes = tape.frame.filter(pl.col("kind") == int(Kind.QUOTE))

    assert (facts.crossed, facts.locked, facts.one_sided) == (0, 0, 0)
    assert (facts.off_tick_quotes, facts.off_tick_trades) == (0, 0)
    assert quotes.select("bid_size", "ask_size").min().min_horizontal().item() >= 1


def test_trades_print_at_the_touch_before_the_book_changes(tape):
    """A trade takes what the quote before it shows, and the quote after it shows less."""
    rows = tape.frame.rows(named=True)

    for before, row, after in zip(rows, rows[1:], rows[2:], strict=False):
        if row["kind"] == Kind.TRADE and before["kind"] == after["kind"] == Kind.QUOTE:
            name = "ask" if row["side"] > 0 else "bid"
            assert row["price"] == before[name]
            assert row["ts"] == after["ts"] > before["ts"]
            taken = before[f"{name}_size"] - row["size"]
            assert taken >= 0
            assert taken == 0 or (after[name], after[f"{name}_size"]) == (
                before[name],
                taken,
            )


def test_it_looks_like_a_market(tape):
    """Spreads of one to three ticks, runs of signs, bursts, queues worth waiting in."""
    facts = facts_of(tape.frame, tape.instrument)
    trades = tape.frame.filter(pl.col("kind") == int(Kind.TRADE))
    signs = trades["side"].to_numpy().astype(float)
    waits = np.diff(np.unique(tape.frame["ts"].to_numpy()))

    assert facts.spread_median == pytest.approx(0.01)
    assert 0.01 < facts.spread_p95 <= 0.03 + 1e-9
    assert np.corrcoef(signs[:-1], signs[1:])[0, 1] > 0.3
    assert np.std(waits) > 1.2 * np.mean(waits)
    assert facts.touch_size_median > 2 * facts.trade_size_median
    assert 140 < tape.frame["bid"].min() < tape.frame["ask"].max() < 160


def test_other_ticks_and_lots_scale_the_market():
    """Prices and sizes are whole ticks and lots of the instrument."""
    tape = market(3, minutes=1, tick=0.0001, lot=0.5, price=1.1)
    facts = facts_of(tape.frame, tape.instrument)

    sizes = tape.frame["size"].drop_nulls() * 2

    assert facts.off_tick_quotes == 0
    assert 1.0 < tape.frame["bid"].min() < 1.2
    assert (sizes == sizes.round()).all()


def test_the_shipped_example_is_what_its_command_makes(repository: Path):
    """`mmrun data synth --seed 7` makes the dataset in the package, row for row."""
    dataset = load_dataset(repository / "mmrun" / "example")
    (file,) = dataset.files

    shipped = read_day(dataset, file)

    assert (
        dataset.manifest.provenance.source == "made up by `mmrun data synth --seed 7`"
    )
    assert shipped.equals(market(7).frame)
    assert 30_000 <= len(shipped) <= 60_000
    assert file.bytes < 600_000
