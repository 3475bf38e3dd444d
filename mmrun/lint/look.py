"""Looking at a dataset for `check --data`: its first days, as many as are quick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mmrun.lint.facts import MarketFacts, Trial, VenueFacts
from mmrun.market.dataset import Dataset, files_of, files_of_all, in_time
from mmrun.market.grid import on_grid
from mmrun.market.instrument import Instrument
from mmrun.market.reader import read_day
from mmrun.market.touch import touch_of


if TYPE_CHECKING:
    from mmrun.report.run import Run

#: Rows that are looked at, beyond the first day: seconds of replay.
MOST_ROWS = 1_000_000


def first_days(dataset: Dataset, quoted: Sequence[Instrument]) -> tuple[str, str]:
    """The first day of the data and those after it, up to a million rows together.

    Every venue has one of them, were they more.
    """
    rows: dict[str, int] = {}
    begins: dict[str, str] = {}
    for file in sorted(files_of_all(dataset, quoted), key=in_time):
        rows[file.date] = rows.get(file.date, 0) + file.row_count
        begins.setdefault(file.venue, file.date)
    days = list(rows)
    total = list(accumulate(rows.values()))
    quick = [day for day, count in zip(days, total, strict=True) if count <= MOST_ROWS]
    return days[0], max(days[0], *quick, *begins.values())


def market_facts(
    dataset: Dataset,
    venues: Sequence[str],
    quoted: Sequence[Instrument],
    ticks: Iterable[float],
    trial: Trial | None,
) -> MarketFacts:
    """Look at the first days of a symbol.

    Args:
        dataset: the dataset.
        venues: all that the symbol is on.
        quoted: the symbol at the venues that a run would quote.
        ticks: those its prices are held to.
        trial: what a replay of these days says, None where there is none.

    Raises:
        DataError: a day cannot be decoded.
    """
    days = first_days(dataset, quoted)
    wanted = tuple(ticks)
    return MarketFacts(
        symbol=quoted[0].symbol,
        symbols=tuple(sorted({each.symbol for each in dataset.instruments})),
        venues=tuple(venues),
        quoted=tuple(_venue_facts(dataset, each, days, wanted) for each in quoted),
        trial=trial,
    )


def _venue_facts(
    dataset: Dataset,
    instrument: Instrument,
    days: tuple[str, str],
    ticks: Sequence[float],
) -> VenueFacts:
    """Medians of the touch, day after day; a venue may have none of the days."""
    files = [f for f in files_of(dataset, instrument) if days[0] <= f.date <= days[1]]
    touches = [touch_of(read_day(dataset, f)).select("bid", "ask") for f in files]
    touch = pl.concat(touches) if touches else pl.DataFrame({"bid": [], "ask": []})
    bid = touch["bid"].cast(pl.Float64).to_numpy()
    ask = touch["ask"].cast(pl.Float64).to_numpy()
    two_sided = ~np.isnan(ask - bid)
    bid, ask = bid[two_sided], ask[two_sided]
    prices = np.concatenate([bid, ask])
    known = bool(len(bid))
    return VenueFacts(
        venue=instrument.venue,
        tick=instrument.tick,
        lot=instrument.lot,
        mid=float(np.median((bid + ask) / 2.0)) if known else None,
        spread=float(np.median(ask - bid)) if known else None,
        off_tick={t: float(np.mean(~on_grid(prices, t))) for t in ticks if known},
    )


def trial_of(run: Run, defaults: tuple[str, ...]) -> Trial:
    """What a replay says of how far off its quotes are.

    Args:
        run: one in which every touch fills.
        defaults: inputs whose default held throughout.
    """
    summary = run.summary
    unquoted: dict[str, float] = {}
    for rules in summary["unquoted_time_s"].values():
        for rule, seconds in rules.items():
            unquoted[rule] = unquoted.get(rule, 0.0) + seconds
    return Trial(
        events=summary["events"],
        fills=summary["fills"],
        half_spreads=_half_spreads(run),
        quoted=max(summary["bid_uptime"] or 0.0, summary["ask_uptime"] or 0.0),
        unquoted_s=unquoted,
        defaults=defaults,
    )


def _half_spreads(run: Run) -> dict[str, float]:
    best = run.decisions.filter(pl.col("level") == 0)
    quoted = best.filter(pl.col("price").is_not_null())
    medians = {
        (venue, side): price
        for venue, side, price in quoted.group_by("venue", "side")
        .agg(pl.col("price").median())
        .iter_rows()
    }
    return {
        str(venue): (medians[venue, "ask"] - bid) / 2.0
        for (venue, side), bid in medians.items()
        if side == "bid" and (venue, "ask") in medians
    }
