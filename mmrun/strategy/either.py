"""Keys that are given whole or as a pair: what two rules of a quote have in common."""

from __future__ import annotations

from collections.abc import Iterator

from mmrun.documents import Document, Section
from mmrun.problems import Problem, problem_at


def one_or_both(
    document: Document,
    code: str,
    *,
    whole: str,
    pair: tuple[str, str],
    alone: str,
    example: str,
) -> Iterator[Problem]:
    """A problem at the key of `quote` that is alone or too many.

    `alone` is added to the hint of a half pair, `example` shows the whole.
    """
    quote = document.at("quote")
    given = set(quote.entries) if isinstance(quote, Section) else set()
    halves = [key for key in pair if key in given]
    both = " and ".join(pair)
    if whole in given and halves:
        place = document.key_place("quote", halves[0])
        message = f"quote has both {whole} and {' and '.join(halves)}"
        yield problem_at(place, code, message, hints=(f"keep {whole}, or both {both}",))
    elif len(halves) == 1:
        other = pair[1] if halves[0] == pair[0] else pair[0]
        place = document.key_place("quote", halves[0])
        message = f"quote has {halves[0]} without {other}"
        yield problem_at(place, code, message, hints=(f"add `{other}:`{alone}",))
    elif not halves and whole not in given:
        place = document.key_place("quote")
        message = f"expected {whole}, or both {both}, in 'quote'"
        yield problem_at(place, code, message, hints=(f"for example `{example}`",))
