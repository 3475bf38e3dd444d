"""A run day by day: net P&L and fills of each date.

The P&L of a day is the change of net P&L up to the day's end, read at the last point of
the equity grid by then, so that the days add up to the run. What happens between two
days of `TradingDay` (a night, a weekend) counts to the day before, fills by their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmrun.engine.records import Recording
from mmrun.market.sessions import TradingDay


def daily(
    recording: Recording, days: Sequence[TradingDay], net_pnl: float
) -> list[dict[str, Any]]:
    """A row a day: `date` (YYYY-MM-DD), `net_pnl` (money) and `fills` (their number).

    Args:
        recording: what the engine recorded.
        days: in time order; the first counts from the run's start, the last to its end.
        net_pnl: at the run's end.

    Returns:
        The rows; `net_pnl` is None where there was no mid to mark a position to.
    """
    starts = np.array([day.start_ns for day in days[1:]], np.int64)
    known = np.concatenate(([0.0], recording.equity["net_pnl"]))
    reached = known[np.searchsorted(recording.equity["ts"], starts, side="right")]
    gains = np.diff(np.concatenate(([0.0], reached, [net_pnl])))
    of_day = np.searchsorted(starts, recording.fills["ts"], side="right")
    fills = np.bincount(of_day, minlength=len(days))
    return [
        {
            "date": day.date.isoformat(),
            "net_pnl": float(gain) if np.isfinite(gain) else None,
            "fills": int(count),
        }
        for day, gain, count in zip(days, gains, fills, strict=True)
    ]
