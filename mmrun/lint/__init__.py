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

from collections.abc import Sequence

from mmrun.documents import Document
from mmrun.lint.data_rules import RULES as DATA_RULES
from mmrun.lint.facts import MarketFacts
from mmrun.lint.manual import Manual, manual_of
from mmrun.lint.rules import RULES
from mmrun.lint.subject import subject_of
from mmrun.lint.suppressions import CODES as _OF_COMMENTS, suppressed
from mmrun.problems import Problem, errors_in
from mmrun.strategy import formulas_in


__all__ = ["CODES", "MANUALS", "lint"]

#: Code to the manual of its rule.
MANUALS: dict[str, Manual] = {
    rule.ID: manual_of(rule) for rule in (*RULES, *DATA_RULES)
}
#: Code to title.
CODES = _OF_COMMENTS | {code: manual.title for code, manual in MANUALS.items()}


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
    for rule in RULES:
        found += (p for p in rule.check(subject) if p.span not in wrong)
    for market in markets:
        for rule in DATA_RULES:
            found += rule.check(subject, market)
    looked = RULES + DATA_RULES if markets else RULES
    judged = [rule.ID for rule in looked] if complete else ()
    return suppressed(found, document, MANUALS.keys(), judged=judged)
