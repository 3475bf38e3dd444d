"""What each venue of a run had of it: trading, fees, and time quoted there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrun.engine.records import Recording, Rule
from mmrun.ledger.entries import Entries


_NS = 1e9
_SIDES = ("bid", "ask")


def by_venue(recording: Recording, book: Entries) -> list[dict[str, Any]] | None:
    """A row a venue, in the order of `Recording.venues`; None for a run on one.

    Args:
        recording: what the engine recorded.
        book: its fills, shape (fills,).

    Returns:
        Per venue: money in quote currency, uptimes as shares of the session (None where
        it has no length), seconds not quoted by side and rule.
    """
    if len(recording.venues) < 2:
        return None
    return [
        {"venue": venue}
        | traded(recording, book, recording.fills["venue"] == index)
        | _quoted(recording, index)
        for index, venue in enumerate(recording.venues)
    ]


def traded(
    recording: Recording, book: Entries, here: NDArray[np.bool_]
) -> dict[str, Any]:
    """Of the fills that `here` picks; inventory is one for all, its P&L has no place."""
    fee = book.fee[here]
    return {
        "fills": int(np.count_nonzero(here)),
        "fill_volume": float(recording.fills["size"][here].sum()),
        "fill_notional": float(book.value[here].sum()),
        "spread_pnl": math.fsum(book.edge[here]),
        "fees": math.fsum(fee[fee > 0.0]),
        "rebates": math.fsum(-fee[fee < 0.0]),
    }


def _quoted(recording: Recording, index: int) -> dict[str, Any]:
    totals = recording.totals
    both = uptime(recording, totals.venue_both_ns[index])
    return {"quote_uptime": both} | presence(recording, totals.venue_rule_ns[index])


def presence(recording: Recording, rule_ns: NDArray[np.int64]) -> dict[str, Any]:
    """Of [side, rule] ns: each side's uptime, and the seconds not quoted by rule."""
    uptimes = {
        f"{name}_uptime": uptime(recording, rule_ns[side, Rule.QUOTED])
        for side, name in enumerate(_SIDES)
    }
    return uptimes | {"unquoted_time_s": unquoted(rule_ns, recording.rules)}


def uptime(recording: Recording, ns: np.int64) -> float | None:
    """A time as a share of the session; None where that has no length."""
    session_ns = recording.totals.session_ns
    return float(ns) / session_ns if session_ns else None


def unquoted(rule_ns: Any, rules: Sequence[str]) -> dict[str, dict[str, float]]:
    """Seconds not quoted by side and rule of [side, rule] ns, those that took any."""
    return {
        name: {
            rule: int(rule_ns[side, code]) / _NS
            for code, rule in enumerate(rules)
            if code != Rule.QUOTED and rule_ns[side, code]
        }
        for side, name in enumerate(_SIDES)
    }
