"""Rules over several keys at once, one a file, all alike.

A rule's module docstring is its manual. `ID` is its code, `READS` the keys it looks at:
a rule is passed over where the schema already found one of them wrong or missing, so
that one mistake is said once. `check` yields problems and never raises, whatever the
document holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from mmrun.documents import Document
from mmrun.documents.nodes import Path
from mmrun.documents.schema import Finding
from mmrun.problems import Problem
from mmrun.strategy.rules import (
    allocation,
    breach_limits,
    calendar,
    fee_sides,
    heartbeat,
    input_age,
    inventory_limit,
    names,
    param_range,
    param_unit,
    quote_form,
    quote_size,
    rounding_decimals,
    rule_names,
    session_hours,
    session_needed,
    time_zone,
)


RULES: tuple[ModuleType, ...] = (
    fee_sides,
    inventory_limit,
    quote_form,
    quote_size,
    param_unit,
    param_range,
    names,
    rule_names,
    session_hours,
    session_needed,
    time_zone,
    rounding_decimals,
    heartbeat,
    breach_limits,
    calendar,
    input_age,
    allocation,
)


def check_rules(document: Document, found: Iterable[Finding]) -> Iterator[Problem]:
    """The problems of every rule whose keys the schema had nothing against."""
    wrong: dict[Path, list[Finding]] = {}
    for finding in found:
        first = finding.path[:1] if len(finding.path) > 1 else ()
        wrong.setdefault(first, []).append(finding)
    for rule in RULES:
        reads = [tuple(key.split(".")) for key in rule.READS]
        if not any(
            _touches(finding, read)
            for read in reads
            for first in ((), read[:1])
            for finding in wrong.get(first, ())
        ):
            yield from rule.check(document)


def _touches(finding: Finding, read: Path) -> bool:
    """Whether a finding is about a key a rule reads, or a misspelling beside it."""
    path, problem = finding
    if problem.code == "MM110" and path[:-1] == read[:-1]:
        return True
    shorter = min(len(path), len(read))
    return path[:shorter] == read[:shorter]
