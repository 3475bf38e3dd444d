"""The linter: what is valid and still not what a market maker would want.

Takes a resolved document and the problems found in it; gives warnings, placed like all
problems. `rules/` has one rule a file, `ranges` works out what formulas can give over
everything that params, market and own state can be, `suppressions` reads the comments
that take warnings back.

    lint(document, problems)   → the problems, with warnings, without suppressed ones

With data, `data_rules/` says what it says of the strategy. Only `look` reads data and
imports what that takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmrun.documents import Document
from mmrun.lint.data_rules import RULES as DATA_RULES
from mmrun.lint.facts import MarketFacts
from mmrun.lint.manual import Manual, manual_of
from mmrun.lint.ranges import TooMuchWorkError
from mmrun.lint.rules import RULES
from mmrun.lint.subject import Subject, subject_of
from mmrun.lint.suppressions import CODES as _OF_COMMENTS, suppressed
from mmrun.problems import Problem, errors_in, problem_at
from mmrun.strategy import formulas_in


__all__ = ["CODES", "MANUALS", "lint"]

#: Code to the manual of its rule.
MANUALS: dict[str, Manual] = {
    rule.ID: manual_of(rule) for rule in (*RULES, *DATA_RULES)
}
_TOO_LARGE = "MM403"
#: Code to title.
CODES = (
    _OF_COMMENTS
    | {_TOO_LARGE: "formulas too large for the linter"}
    | {code: manual.title for code, manual in MANUALS.items()}
)


def lint(
    document: Document,
    problems: Sequence[Problem],
    markets: Sequence[MarketFacts] = (),
    *,
    complete: bool = True,
) -> tuple[Problem, ...]:
    """The problems of a file, with what the rules warn of.

    Args:
        document: the resolved file.
        problems: what was found in it so far.
        markets: symbols of the data that it is checked against.
        complete: whether the file is looked at as it is, so that a suppression that
            suppresses nothing is left over; else something is set from outside.
    """
    formulas = formulas_in(document, problems)
    if formulas is None:
        return tuple(problems)
    subject = subject_of(document, formulas, problems)
    found = list(subject.problems)
    wrong = {problem.span for problem in errors_in(found)}
    unfinished: dict[str, None] = {}
    for rule in RULES:
        warnings, finished = _looked(subject, rule.check(subject))
        found += (each for each in warnings if each.span not in wrong)
        unfinished |= {} if finished else {rule.ID: None}
    for market in markets:
        for rule in DATA_RULES:
            warnings, finished = _looked(subject, rule.check(subject, market))
            found += warnings
            unfinished |= {} if finished else {rule.ID: None}
    if unfinished:
        found.append(_too_large(document, unfinished))
    looked = RULES + DATA_RULES if markets else RULES
    judged = [each.ID for each in looked if each.ID not in unfinished]
    codes = (*MANUALS, _TOO_LARGE)
    return suppressed(found, document, codes, judged=judged if complete else ())


def _looked(
    subject: Subject, warnings: Iterable[Problem]
) -> tuple[list[Problem], bool]:
    """What a rule warns of, and whether it came to its end."""
    found: list[Problem] = []
    subject.structure.work.renew()
    try:
        for each in warnings:
            found.append(each)  # noqa: PERF402  kept when the next one ends it
    except TooMuchWorkError:
        return found, False
    return found, True


def _too_large(document: Document, unfinished: Iterable[str]) -> Problem:
    message = f"the formulas are too large to look for {', '.join(unfinished)} in them"
    hint = "nest conditions less deeply, or split the strategy"
    place = document.key_place("quote")
    return problem_at(place, _TOO_LARGE, message, hints=(hint,), severity="warning")
