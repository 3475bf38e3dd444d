"""The formulas of a file that has other mistakes, so that all are shown at once.

What stands in or around a mistake is left out, and the names it would define are
`unclear`: a formula that reads one is not reported for that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from mmrun.documents import Document, Entry, Node, Scalar, Section
from mmrun.documents.nodes import leaves
from mmrun.documents.source import TextPlace
from mmrun.problems import Problem, errors_in
from mmrun.strategy.build import BY_WEIGHT, conditions, own_input, param
from mmrun.strategy.spec import (
    SHARE,
    Fee,
    Formula,
    Formulas,
    Input,
    Let,
    Param,
    Reference,
    Venue,
)
from mmrun.strategy.values import formula


#: Codes of mistakes after which it is not known which names the file defines.
_READING = ("MM10", "MM12")
_TOP_LEVEL = "MM110"

_FIELDS = ("fair", "half_spread", "reservation", "bid", "ask")
_SIZES = ("size", "bid_size", "ask_size")
_NAMING = ("params", "let", "inputs")


def formulas_in(document: Document, problems: Sequence[Problem]) -> Formulas | None:
    """The formulas of a resolved file in which `problems` were found.

    None where these leave open which names the file defines.
    """
    errors = errors_in(problems)
    if any(_hides_names(p, document) for p in errors):
        return None
    wrong = _Wrong(errors)
    return Formulas(
        params=tuple(_params(document, wrong)),
        inputs=tuple(_inputs(document, wrong)),
        lets=tuple(Let(name, text) for name, text in _texts(document, "let", wrong)),
        fields=_fields(document, wrong),
        venues=tuple(_venues(document)),
        references=tuple(_references(document)),
        conditions=dict(_conditions(document, wrong)),
        target=_target(document, wrong),
        units_off=_is_off(document.at("units")),
        unclear=frozenset(name for key in _NAMING for name in _section(document, key)),
    )


def _fields(document: Document, wrong: _Wrong) -> dict[str, Formula]:
    """Formulas of the quote section, and what size is divided by, by their keys."""
    found = {
        name: text
        for name, text in _texts(document, "quote", wrong)
        if name in (*_FIELDS, *_SIZES)
    }
    for name, text in _texts(document, "quote.levels", wrong):
        if name == "step":
            found[f"levels.{name}"] = text
    for name, text in _texts(document, "allocate", wrong):
        if name == "by" and text.text != BY_WEIGHT:
            found[SHARE] = text
    return found


def _hides_names(problem: Problem, document: Document) -> bool:
    if problem.code.startswith(_READING):
        return True
    root = document.root
    known = root.entries if isinstance(root, Section) else {}
    tops = {entry.key.span() for entry in known.values()}
    return problem.code == _TOP_LEVEL and problem.span in tops


def _is_off(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value == "off"


class _Wrong:
    """Where a file's errors are."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        found: dict[str, list[tuple[int, int]]] = {}
        for problem in errors:
            if problem.span:
                start = (problem.span.line, problem.span.column)
                found.setdefault(problem.span.file, []).append(start)
        self._starts = {file: sorted(starts) for file, starts in found.items()}

    def touches(self, entry: Entry) -> bool:
        """Whether an error stands at a key or within its value, set by -s or not."""
        inner = (node.place for _, node in leaves(entry.node))
        places = (entry.key, entry.node.place, *inner)
        return any(self._within(place) for place in places)

    def _within(self, place: TextPlace) -> bool:
        first = place.source.position(place.start)
        last = place.source.position(place.end)
        starts = self._starts.get(place.file, [])
        after = bisect_left(starts, first)
        return after < len(starts) and starts[after] <= last


def _params(document: Document, wrong: _Wrong) -> Iterator[Param]:
    for name, entry in _section(document, "params").items():
        if not wrong.touches(entry):
            yield param(name, entry)


def _inputs(document: Document, wrong: _Wrong) -> Iterator[Input]:
    for name, entry in _section(document, "inputs").items():
        if not wrong.touches(entry):
            yield own_input(name, entry)


def _venues(document: Document) -> Iterator[Venue]:
    """The venues by name, with what formulas can go wrong by."""
    for name, entry in _section(document, "venues").items():
        if name != "use":
            maker, taker = (
                _kind(entry.node, key) for key in ("maker_fee", "taker_fee")
            )
            yield Venue(name=name, maker_fee=maker, taker_fee=taker, place=entry.key)


def _kind(venue: Node, key: str) -> Fee:
    """A fee of no amount, of the kind that the file has."""
    entry = venue.entries.get(key) if isinstance(venue, Section) else None
    section = entry.node if entry else None
    flat = isinstance(section, Section) and "flat" in section.entries
    return Fee(0.0, "flat") if flat else Fee()


def _references(document: Document) -> Iterator[Reference]:
    for name, entry in _section(document, "references").items():
        yield Reference(name=name, symbol="", place=entry.key)


def _texts(
    document: Document, key: str, wrong: _Wrong
) -> Iterator[tuple[str, Formula]]:
    for name, entry in _section(document, key).items():
        if not wrong.touches(entry) and isinstance(entry.node, Scalar):
            yield name, formula(entry.node)


def _conditions(document: Document, wrong: _Wrong) -> Iterator[tuple[str, Formula]]:
    root = document.root
    for key, section, when in conditions(root) if isinstance(root, Section) else ():
        if not any(wrong.touches(entry) for entry in section.entries.values()):
            yield key, when


def _target(document: Document, wrong: _Wrong) -> Formula | None:
    entry = _section(document, "risk").get("target_inventory")
    if entry is None or wrong.touches(entry) or not isinstance(entry.node, Scalar):
        return None
    return formula(entry.node)


def _section(document: Document, key: str) -> dict[str, Entry]:
    node: Node | None = document.at(*key.split("."))
    return dict(node.entries) if isinstance(node, Section) else {}
