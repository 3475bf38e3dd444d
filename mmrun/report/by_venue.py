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
    session_ns, rule_ns = totals.session_ns, totals.venue_rule_ns[index]
    quoted_ns = {
        "quote_uptime": totals.venue_both_ns[index],
        "bid_uptime": rule_ns[0, Rule.QUOTED],
        "ask_uptime": rule_ns[1, Rule.QUOTED],
    }
    uptimes = {
        key: float(ns) / session_ns if session_ns else None
        for key, ns in quoted_ns.items()
    }
    return uptimes | {"unquoted_time_s": unquoted(rule_ns, recording.rules)}


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
