"""Looking at a dataset for `check --data`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from mmrun.lint.facts import MarketFacts, Trial
from mmrun.market.dataset import Dataset, files_of
from mmrun.market.grid import on_grid
from mmrun.market.instrument import Instrument
from mmrun.market.reader import read_day
from mmrun.market.touch import touch_of


if TYPE_CHECKING:
    from mmrun.report.run import Run


def market_facts(
    dataset: Dataset,
    instruments: tuple[Instrument, ...],
    ticks: Iterable[float],
    run: Run | None,
) -> MarketFacts:
    """Look at the first day of a symbol.

    Args:
        dataset: the dataset.
        instruments: the symbol's, one a venue.
        ticks: those its prices are held to.
        run: a replay in which every touch fills, None where there is none.

    Raises:
        DataError: the day cannot be decoded.
    """
    first = instruments[0]
    touch = touch_of(read_day(dataset, files_of(dataset, first)[0]))
    bid, ask = touch["bid"].to_numpy(), touch["ask"].to_numpy()
    two_sided = ~np.isnan(ask - bid)
    bid, ask = bid[two_sided], ask[two_sided]
    prices = np.concatenate([bid, ask])
    known = bool(len(bid))
    return MarketFacts(
        symbol=first.symbol,
        venues=tuple(each.venue for each in instruments),
        symbols=tuple(sorted({each.symbol for each in dataset.instruments})),
        tick=first.tick,
        lot=first.lot,
        mid=float(np.median((bid + ask) / 2.0)) if known else None,
        spread=float(np.median(ask - bid)) if known else None,
        off_tick={t: float(np.mean(~on_grid(prices, t))) for t in ticks if known},
        trial=None if run is None else trial_of(run),
    )


def trial_of(run: Run) -> Trial:
    """What a replay says of how far off its quotes are."""
    summary = run.summary
    unquoted: dict[str, float] = {}
    for rules in summary["unquoted_time_s"].values():
        for rule, seconds in rules.items():
            unquoted[rule] = unquoted.get(rule, 0.0) + seconds
    return Trial(
        events=summary["events"],
        fills=summary["fills"],
        half_spread=_half_spread(run),
        quoted=max(summary["bid_uptime"] or 0.0, summary["ask_uptime"] or 0.0),
        unquoted_s=unquoted,
    )


def _half_spread(run: Run) -> float | None:
    quoted = run.decisions.filter(run.decisions["price"].is_not_null())
    medians = [
        quoted.filter(quoted["side"] == side)["price"].median()
        for side in ("bid", "ask")
    ]
    bid, ask = (m if isinstance(m, float) else None for m in medians)
    return None if bid is None or ask is None else (ask - bid) / 2.0
