"""Suggestions for misspelt words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, None when none is near."""
    names = sorted(set(known))
    lowered = {name.lower(): name for name in reversed(names)}
    found = get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A hint with the closest known word, or the whole list when none is near.

    >>> did_you_mean("spraed", ["spread", "mid"])
    ("did you mean 'spread'?",)
    >>> did_you_mean("x", ["spread", "mid"])
    ('known here: mid, spread',)
    """
    names = sorted(set(known))
    match = closest(word, names)
    if match is not None:
        return (f"did you mean '{match}'?",)
    return (f"known here: {', '.join(names)}",) if names else ()
