"""A document that passed every check becomes a `Strategy`.

Nothing is checked here: the schema and the rules have said all there is to say. What
is left out of the file takes the default of the record in `spec`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from mmrun.documents import (
    Document,
    Entry,
    Node,
    Scalar,
    Section,
    canonical,
    load_schema,
)
from mmrun.documents.nodes import plain
from mmrun.strategy.spec import (
    Act,
    Action,
    Allocation,
    Amount,
    Fee,
    Formula,
    Guard,
    Input,
    Let,
    Levels,
    OnBreach,
    Param,
    PostOnly,
    Quoting,
    Reference,
    Requote,
    RequoteOn,
    Risk,
    Rounding,
    RoundingMode,
    Session,
    Strategy,
    Venue,
)
from mmrun.strategy.values import (
    amount,
    clock_seconds,
    duration_ns,
    duration_or_off_ns,
    fee,
    formula,
    in_unit,
    number,
    param_unit,
)


T = TypeVar("T")
#: The word for `allocate.by` that is no formula.
BY_WEIGHT = "weight"


def build(document: Document) -> Strategy:
    """Make the records of a valid, resolved document."""
    root = _named(document)
    return Strategy(
        name=_value(root, "name", _text, ""),
        description=_value(root, "description", _text, ""),
        tags=tuple(str(tag) for tag in _list(root, "tags")),
        params=tuple(param(name, entry) for name, entry in _entries(root, "params")),
        inputs=tuple(
            own_input(name, entry) for name, entry in _entries(root, "inputs")
        ),
        references=tuple(
            reference(name, entry) for name, entry in _entries(root, "references")
        ),
        lets=tuple(
            Let(name, formula(entry.node)) for name, entry in _entries(root, "let")
        ),
        quoting=_quoting(_section(root, "quote")),
        venues=tuple(_venue(name, entry) for name, entry in _entries(root, "venues")),
        allocation=_allocation(root),
        guards=tuple(
            Guard(
                key=key,
                when=when,
                then=_action(section.entries["then"].node),
                hold_ns=_value(section, "hold", duration_ns, 0),
            )
            for key, section, when in conditions(root)
        ),
        risk=_risk(root),
        session=_session(_section(root, "session")),
        units_off=_value(root, "units", _text, "on") == "off",
        resolved=canonical(root, load_schema("strategy")),
    )


def _named(document: Document) -> Section:
    """The root with a name: the file's own, without its ending, if none is given."""
    root = document.root
    if not isinstance(root, Section):
        raise TypeError("a strategy is a section")
    if "name" in root.entries:
        return root
    stem = Path(document.file).stem
    place = document.key_place()
    name = Entry(place, Scalar(stem, stem, place))
    return Section({**root.entries, "name": name}, root.place)


def param(name: str, entry: Entry) -> Param:
    """A param that nothing is wrong with."""
    node = entry.node
    unit = param_unit(node)
    section = node if isinstance(node, Section) else Section({}, entry.key)
    value = section.entries["value"].node if "value" in section.entries else node
    low, high = (in_unit(bound, unit) for bound in _bounds(section))
    return Param(
        name=name,
        value=_known(in_unit(value, unit)),
        unit=unit,
        low=low,
        high=high,
        doc=_value(section, "doc", _text, ""),
        place=entry.key,
    )


def own_input(name: str, entry: Entry) -> Input:
    """An input that nothing is wrong with."""
    node = entry.node
    section = node if isinstance(node, Section) else Section({}, entry.key)
    unit = param_unit(section)
    return Input(
        name=name,
        unit=unit,
        stale_after_ns=_value(section, "stale_after", duration_ns, None),
        default=_value(section, "default", lambda n: in_unit(n, unit), None),
        place=entry.key,
    )


def reference(name: str, entry: Entry) -> Reference:
    """A reference that nothing is wrong with."""
    section = entry.node if isinstance(entry.node, Section) else Section({}, entry.key)
    return Reference(
        name=name, symbol=_value(section, "symbol", _text, ""), place=entry.key
    )


#: Limits of `risk` that say `then`: the comparison each stands for.
LIMITS = {
    "max_daily_loss": "daily_pnl <= -{}",
    "max_drawdown": "drawdown >= {}",
    "max_inventory_age": "inventory_age >= {}",
}


def conditions(root: Section) -> Iterator[tuple[str, Section, Formula]]:
    """What makes each rule of the file: its key, its section, its condition."""
    for name, entry in _entries(root, "toxicity"):
        section, when = _part(entry.node, "when")
        if section is not None and when is not None:
            yield f"toxicity.{name}", section, formula(when)
    for name, text in LIMITS.items():
        section, limit = _part(_section(root, "risk").entries.get(name), "limit")
        if section is not None and limit is not None:
            said = formula(limit)
            bound = said.text.replace(" ", "")
            yield f"risk.{name}", section, Formula(text.format(bound), said.place)


def _part(node: Node | Entry | None, key: str) -> tuple[Section | None, Node | None]:
    """A section, and the scalar it has under a key."""
    section = node.node if isinstance(node, Entry) else node
    if not isinstance(section, Section) or key not in section.entries:
        return None, None
    part = section.entries[key].node
    if not isinstance(part, Scalar) or isinstance(part.value, bool | None):
        return section, None
    return section, part


def _action(node: Node) -> Action:
    if not isinstance(node, Section):
        return Action(Act(_text(node)))
    ((word, entry),) = node.entries.items()
    if word == "pull":
        return Action(Act.PULL, side=cast("Literal['bid', 'ask']", _text(entry.node)))
    return Action(Act(word), factor=number(entry.node))


def _bounds(section: Section) -> tuple[Node | None, Node | None]:
    entry = section.entries.get("range")
    if entry is None or isinstance(entry.node, Scalar | Section):
        return None, None
    low, high = entry.node.items
    return low, high


def _quoting(section: Section) -> Quoting:
    size = "size" if "size" in section.entries else None
    return Quoting(
        fair=_value(section, "fair", formula, None),
        half_spread=_value(section, "half_spread", formula, None),
        reservation=_value(section, "reservation", formula, None),
        bid=_value(section, "bid", formula, None),
        ask=_value(section, "ask", formula, None),
        bid_size=formula(section.entries[size or "bid_size"].node),
        ask_size=formula(section.entries[size or "ask_size"].node),
        levels=_levels(_section(section, "levels")),
        requote=_requote(_section(section, "requote")),
        **_given(
            section,
            place=_place,
            post_only=lambda node: PostOnly(_text(node)),
            rounding=_rounding,
            min_size=amount,
            allow_crossed=_flag,
        ),
    )


def _place(node: Node) -> Amount | None:
    if isinstance(node, Section):
        return amount(node.entries["improve"].node)
    return Amount(0.0, "tick") if _text(node) == "join" else None


def _levels(section: Section) -> Levels:
    return Levels(
        **_given(
            section,
            count=lambda node: int(number(node)),
            step=formula,
            size_factor=number,
        )
    )


def _rounding(node: Node) -> Rounding:
    if not isinstance(node, Section):
        return Rounding(RoundingMode(_text(node)))
    mode = RoundingMode(_text(node.entries["mode"].node))
    decimals = _value(node, "decimals", number, None)
    return Rounding(mode, None if decimals is None else int(decimals))


def _requote(section: Section) -> Requote:
    renamed = _given(
        section,
        on=lambda node: RequoteOn(_text(node)),
        tolerance=amount,
        keep_queue=_flag,
    )
    times = _given(
        section,
        min_life=duration_ns,
        max_age=duration_or_off_ns,
        after_fill=duration_ns,
    )
    return Requote(**renamed, **{f"{name}_ns": ns for name, ns in times.items()})


def _venue(name: str, entry: Entry) -> Venue:
    section = entry.node if isinstance(entry.node, Section) else Section({}, entry.key)
    maker = _value(section, "maker_fee", fee, Fee())
    return Venue(
        name=name,
        maker_fee=_value(section, "maker_rebate", lambda n: fee(n, sign=-1), maker),
        taker_fee=_value(section, "taker_fee", fee, Fee()),
        tick=_value(section, "tick", number, None),
        lot=_value(section, "lot", number, None),
        multiplier=_value(section, "multiplier", number, None),
        weight=_value(section, "weight", number, None),
        place=entry.key,
    )


def _allocation(root: Section) -> Allocation | None:
    """What `allocate` says; by weight where there is none and venues have weights."""
    weighed = any(
        isinstance(entry.node, Section) and "weight" in entry.node.entries
        for _, entry in _entries(root, "venues")
    )
    if "allocate" not in root.entries and not weighed:
        return None
    return Allocation(
        **_given(
            _section(root, "allocate"),
            by=lambda node: None if _text(node) == BY_WEIGHT else formula(node),
            rounding=_text,
            minimum=number,
        )
    )


def _risk(root: Section) -> Risk:
    entry = root.entries.get("risk")
    if entry is None or not isinstance(entry.node, Section):
        return Risk(stale_after_ns=None, crossed_book=False)
    given = _given(
        entry.node,
        max_inventory=number,
        on_breach=lambda node: OnBreach(_text(node)),
        allow_short=_flag,
        max_position_value=number,
        crossed_book=lambda node: _text(node) == "pull",
        price_collar=number,
        target_inventory=formula,
    )
    stale = _given(entry.node, stale_after=duration_or_off_ns)
    return Risk(**given, **{f"{name}_ns": ns for name, ns in stale.items()})


def _session(section: Section) -> Session:
    given = _given(section, calendar=_text, timezone=_text, reset_windows=_flag)
    clocks = _given(section, open=clock_seconds, close=clock_seconds)
    times = _given(
        section, heartbeat=duration_ns, flatten_before_close=duration_or_off_ns
    )
    return Session(
        **given,
        **{f"{name}_s": seconds for name, seconds in clocks.items()},
        **{f"{name}_ns": ns for name, ns in times.items()},
    )


def _given(section: Section, **readers: Callable[[Node], Any]) -> dict[str, Any]:
    """The keys the section has, each read; the rest is left to the record."""
    return {
        name: read(section.entries[name].node)
        for name, read in readers.items()
        if name in section.entries
    }


def _value(section: Section, name: str, read: Callable[[Node], T], default: T) -> T:
    entry = section.entries.get(name)
    return default if entry is None else read(entry.node)


def _section(root: Section, name: str) -> Section:
    entry = root.entries.get(name)
    node = entry.node if entry else None
    return node if isinstance(node, Section) else Section({}, root.place)


def _entries(root: Section, name: str) -> Iterator[tuple[str, Entry]]:
    yield from _section(root, name).entries.items()


def _list(root: Section, name: str) -> list[object]:
    entry = root.entries.get(name)
    found = plain(entry.node) if entry else []
    return found if isinstance(found, list) else []


def _text(node: Node) -> str:
    return str(plain(node))


def _flag(node: Node) -> bool:
    return plain(node) is True


def _known(value: float | None) -> float:
    if value is None:
        raise AssertionError("a param without a number passed the rules")
    return value
