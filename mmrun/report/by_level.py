"""What each level of a run with several quotes a side had of it: trading, time quoted."""

from __future__ import annotations

from typing import Any

from mmrun.engine.records import Recording
from mmrun.ledger.entries import Entries
from mmrun.report.by_venue import presence, traded


def by_level(recording: Recording, book: Entries) -> list[dict[str, Any]] | None:
    """A row a level, from 0 outward; None for a run with one quote a side.

    Args:
        recording: what the engine recorded.
        book: its fills, shape (fills,).

    Returns:
        Per level: money in quote currency, uptimes as shares of the session (None where
        it has no length), seconds not quoted by side and rule; at several venues a level
        is quoted while it rests at one of them.
    """
    levels = recording.totals.level_rule_ns
    if len(levels) < 2:
        return None
    return [
        {"level": level}
        | traded(recording, book, recording.fills["level"] == level)
        | presence(recording, rule_ns)
        for level, rule_ns in enumerate(levels)
    ]
