"""From a path to a `Strategy`: the whole of this room on one screen.

1. Read the file and what it extends, merged         lives in `strategy.extends`.
2. Set what -s says                                  lives in `strategy.overrides`.
3. Check it against `schemas/strategy.schema.json`   lives in `documents.schema`.
4. Check the cross-field rules                       lives in `strategy.rules`.
5. Refuse what the engine does not run yet           lives in `strategy.supported`.
6. Build the records                                 lives in `strategy.build`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mmrun.documents import Document
from mmrun.documents.schema import findings, spelt_out
from mmrun.problems import Problem, UsageError, errors_in, sorted_by_place
from mmrun.strategy.build import build
from mmrun.strategy.extends import read_extended
from mmrun.strategy.overrides import apply_overrides
from mmrun.strategy.rules import check_rules
from mmrun.strategy.spec import Strategy
from mmrun.strategy.supported import unsupported


def read_strategy(
    path: Path, overrides: Sequence[str] = ()
) -> tuple[Strategy | None, tuple[Problem, ...]]:
    """Read a strategy file.

    Args:
        path: the YAML file.
        overrides: `NAME=VALUE`, as given to -s.

    Returns:
        The strategy, None where there are errors; and all problems by place.

    Raises:
        UsageError: the file is not there or cannot be opened.
    """
    document, problems = resolve(path, overrides)
    if document is None:
        return None, _tidy(problems)
    found = findings(document, "strategy")
    problems = _tidy(
        (
            *problems,
            *spelt_out(found),
            *check_rules(document, found),
            *unsupported(document),
        )
    )
    return (None if errors_in(problems) else build(document)), problems


def resolve(
    path: Path, overrides: Sequence[str] = ()
) -> tuple[Document | None, tuple[Problem, ...]]:
    """The file with what it extends and what -s says, as one document.

    Raises:
        UsageError: the file is not there or cannot be opened.
    """
    try:
        document, problems = read_extended(path)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        message = f"cannot read the strategy file '{path}': {reason}"
        raise UsageError(message) from error
    if document is None:
        return None, problems
    document, more = apply_overrides(document, overrides)
    return document, (*problems, *more)


def _tidy(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By place, without echoes.

    An error hides a warning at its place; what cannot be read there (MM10x) hides what
    the schema thinks of it.
    """
    ordered = sorted_by_place(problems)
    wrong = {p.span for p in errors_in(ordered)}
    unread = {p.span for p in errors_in(ordered) if p.code < "MM110"}
    return tuple(
        p
        for p in ordered
        if (p.severity == "error" or p.span not in wrong)
        and (p.code < "MM110" or p.span not in unread)
    )
