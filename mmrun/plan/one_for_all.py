"""What is one for all venues may not differ by the venue being quoted.

A quote that reads `venue.…` is computed for each venue, and a rule that does acts at
that venue. The target inventory is that of the one inventory: which venue's value it
had would be chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mmrun.lang.mentions import mentions
from mmrun.lang.names import QUOTED, VENUE_NAMES, joined, split
from mmrun.lang.nodes import Call, Expr, Name, Node
from mmrun.lang.show import show
from mmrun.lang.sources import source_of
from mmrun.lang.walk import postorder
from mmrun.plan.instances import by_venue
from mmrun.problems import Problem, problem_at
from mmrun.strategy.spec import Formula, Venue


CODES = {"MM307": "one for all venues, and its formula differs by venue"}


def differing(
    name: str,
    tree: Node,
    formula: Formula,
    roots: Mapping[str, Expr],
    venues: Sequence[Venue],
) -> Iterator[Problem]:
    """A problem (MM307) at each part of a formula that differs by venue.

    Args:
        name: what the formula stands for.
        tree: as it was written.
        formula: its text and place.
        roots: what formulas can read, by name, and `name` itself.
        venues: those of the file, for the remedy.
    """
    apart = by_venue(roots)
    for part in mentions(tree) if name in apart else ():
        read = _read_of_venue(part, formula, roots, apart)
        if read is None:
            continue
        written = _text(part, formula)
        why = "" if read == written else f": it reads {read}"
        message = f"{name} is one for all venues, {written} differs by venue{why}"
        yield problem_at(
            formula.place,
            "MM307",
            message,
            hints=(_remedy(read, venues),),
            start=part.start,
            end=part.end,
        )


def _read_of_venue(
    part: Name | Call,
    formula: Formula,
    roots: Mapping[str, Expr],
    apart: frozenset[str],
) -> str | None:
    """What a part reads of the venue being quoted; None: nothing."""
    if split(part.name)[0] == QUOTED:
        return _text(part, formula)
    if isinstance(part, Name) and part.name in apart:
        return next(_reads(part.name, roots))
    return None


def _text(part: Name | Call, formula: Formula) -> str:
    return " ".join(formula.text[part.start : part.end].split())


def _reads(name: str, roots: Mapping[str, Expr]) -> Iterator[str]:
    """What a root reads of the venue being quoted, itself or through `prev(fair)`."""
    through = [name]
    for each in through:
        nodes = postorder([roots[each]])
        yield from (show(node) for node in nodes if source_of(node) == QUOTED)
        through += [
            node.name
            for node in nodes
            if node.op == "prev" and node.name in roots and node.name not in through
        ]


def _remedy(read: str, venues: Sequence[Venue]) -> str:
    rest = split(read)[1]
    one = joined(venues[0].name if venues else "NASDAQ", rest)
    if rest in VENUE_NAMES:
        return f"name one: {one}"
    return f"write {rest}, or name one: {one}"
