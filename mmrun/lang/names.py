"""Every name a formula can mention without defining it, in one table.

Names of the strategy's file (params, lets) are not here: they come with a `Scope`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from mmrun.lang.mentions import QUOTE_FIELDS
from mmrun.lang.nodes import Expr, Stage, Ticks, Type
from mmrun.units import MONEY, PRICE, RATIO, SIZE, TIME


Group = Literal["market name", "own state", "quote field", "limit"]
#: Before a dot, the venue being quoted: another one for each that is.
QUOTED = "venue"


@dataclass(frozen=True, slots=True)
class Named:
    """A name with its type, what it depends on, and where its values come from."""

    name: str
    group: Group
    type: Type
    doc: str
    op: Literal["market", "state", "param"]
    stage: Stage
    ticks: Ticks = Ticks.NEVER
    supported: bool = True
    parts: tuple[str, ...] = ()  #: names it is computed from
    #: what has one of its own: nothing, every venue, or references too
    of: Literal["", "venue", "market"] = ""
    hears: frozenset[tuple[str, Ticks]] = frozenset()  #: as of `Expr`

    def leaf(self, start: int, end: int) -> Expr:
        """The name as a checked node, found at characters `start` to `end`."""
        return Expr(
            self.op,
            name=self.name,
            type=self.type,
            stage=self.stage,
            ticks=self.ticks,
            hears=self.hears,
            start=start,
            end=end,
        )


_PRICE, _SIZE, _TIME = Type(dimension=PRICE), Type(dimension=SIZE), Type(dimension=TIME)
_MONEY, _RATIO = Type(dimension=MONEY), Type(dimension=RATIO)
_TOUCH = ("bid", "ask")
_TOUCH_SIZES = ("bid_size", "ask_size")


def _market(
    name: str,
    kind: Type,
    ticks: Ticks,
    doc: str,
    *,
    parts: tuple[str, ...] = (),
    supported: bool = True,
) -> Named:
    return Named(
        name,
        "market name",
        kind,
        doc,
        "market",
        Stage.DATA,
        ticks,
        supported,
        parts,
        of="" if ticks == Ticks.ANY else "market",
    )


def _state(
    name: str,
    kind: Type,
    doc: str,
    *,
    supported: bool = True,
    of: Literal["", "venue"] = "",
) -> Named:
    return Named(
        name, "own state", kind, doc, "state", Stage.STATE, supported=supported, of=of
    )


def _limit(name: str, doc: str) -> Named:
    return Named(name, "limit", _SIZE, doc, "param", Stage.PARAM)


def _quote(name: str, doc: str) -> Named:
    return Named(name, "quote field", _PRICE, doc, "state", Stage.STATE)


_ROWS = (
    _market("bid", _PRICE, Ticks.BOOK, "highest bid of the market"),
    _market("ask", _PRICE, Ticks.BOOK, "lowest ask of the market"),
    _market("bid_size", _SIZE, Ticks.BOOK, "size displayed at the bid"),
    _market("ask_size", _SIZE, Ticks.BOOK, "size displayed at the ask"),
    _market("mid", _PRICE, Ticks.BOOK, "(bid + ask) / 2", parts=_TOUCH),
    _market("spread", _PRICE, Ticks.BOOK, "ask - bid", parts=_TOUCH),
    _market(
        "weighted_mid",
        _PRICE,
        Ticks.BOOK,
        "(ask*bid_size + bid*ask_size) / (bid_size + ask_size)",
        parts=_TOUCH + _TOUCH_SIZES,
    ),
    _market(
        "microprice",
        _PRICE,
        Ticks.BOOK,
        "needs a fitted table, and comes with it",
        supported=False,
    ),
    _market(
        "queue_imbalance",
        _RATIO,
        Ticks.BOOK,
        "(bid_size - ask_size) / (bid_size + ask_size), -1 to 1",
        parts=_TOUCH_SIZES,
    ),
    _market("last_price", _PRICE, Ticks.TRADE, "price of the last trade"),
    _market("last_size", _SIZE, Ticks.TRADE, "size of the last trade"),
    _market(
        "last_side", _RATIO, Ticks.TRADE, "1 a buy aggressor, -1 a sell, 0 unknown"
    ),
    _market("time_of_day", _TIME, Ticks.ANY, "since local midnight"),
    _market("time_left", _TIME, Ticks.ANY, "to the session's close"),
    _state("inventory", _SIZE, "position, negative when short", of="venue"),
    _limit("max_inventory", "risk.max_inventory"),
    _limit("target_inventory", "risk.target_inventory, 0 unless given"),
    _state("average_cost", _PRICE, "average price of the open position"),
    _state("realized_pnl", _MONEY, "P&L of what was closed, before fees"),
    _state("unrealized_pnl", _MONEY, "P&L of the open position at the mid"),
    _state("net_pnl", _MONEY, "realized and unrealized, after fees"),
    _state("daily_pnl", _MONEY, "net_pnl since the session's open, or the day's"),
    _state("position_value", _MONEY, "inventory at the mid"),
    _state("inventory_age", _TIME, "since inventory left target or changed sign"),
    _state("drawdown", _MONEY, "net_pnl below the day's highest, 0 or positive"),
    _state("fill_count", _RATIO, "own fills so far", of="venue"),
    _state("time_since_fill", _TIME, "since the last own fill", of="venue"),
    _state("working_bid", _PRICE, "price of the best working bid", of="venue"),
    _state("working_ask", _PRICE, "price of the best working ask", of="venue"),
    _state("working_bid_size", _SIZE, "open size of the working bids", of="venue"),
    _state("working_ask_size", _SIZE, "open size of the working asks", of="venue"),
    _state("queue_ahead_bid", _SIZE, "size ahead of the best working bid", of="venue"),
    _state("queue_ahead_ask", _SIZE, "size ahead of the best working ask", of="venue"),
    Named(
        "level",
        "own state",
        _RATIO,
        "0, 1, ...: which of `quote.levels.count` quotes a side",
        "state",
        Stage.PARAM,
    ),
    _quote("fair", "the quote's fair price"),
    _quote("half_spread", "half the quoted spread, a price"),
    _quote("reservation", "the price quoted around"),
)

#: Own state that is of one venue alone.
_ROWS_OF_A_VENUE = (
    _state("maker_cost", _PRICE, "the maker fee, negative a rebate", of="venue"),
    _state("taker_cost", _PRICE, "the taker fee, negative a rebate", of="venue"),
)

#: Deeper levels are `bid_2`, `ask_size_3` and so on.
_LEVEL = re.compile(r"(bid|ask)(_size)?_([1-9]\d{0,2})\Z")
_DEPTH = re.compile(r"depth\((bid|ask), (\d+)tick\)\Z")


class Level(NamedTuple):
    """A place in the book: of a side, a level's price or size, or the size so near."""

    side: Literal["bid", "ask"]
    what: Literal["price", "size", "depth"]
    number: int  #: of the level, 1 the best; of `depth` the ticks from the best


def level_of(name: str) -> Level | None:
    """What `bid_2`, `ask_size_3` and `depth(bid, 5tick)` ask for; None of other names.

    >>> level_of("ask_size_3")
    Level(side='ask', what='size', number=3)
    """
    if found := _LEVEL.match(name):
        side, size, number = found.groups()
        return Level(side, "size" if size else "price", int(number))  # type: ignore[arg-type]
    if found := _DEPTH.match(name):
        return Level(found[1], "depth", int(found[2]))  # type: ignore[arg-type]
    return None


def depth_name(side: str, ticks: int) -> str:
    """The name of `depth(side, ticks)` as market data."""
    return f"depth({side}, {ticks}tick)"


def split(name: str) -> tuple[str, str]:
    """A name's source, which stands before its dot, and the rest.

    >>> split("NASDAQ.depth(bid, 5tick)"), split("mid"), split("fills(0.5s)")
    (('NASDAQ', 'depth(bid, 5tick)'), ('', 'mid'), ('', 'fills(0.5s)'))
    """
    source, dot, rest = name.partition(".")
    return (source, rest) if dot and "(" not in source else ("", name)


def joined(source: str, name: str) -> str:
    """A name of a source; of none, the name itself."""
    return f"{source}.{name}" if source else name


def named(name: str) -> Named | None:
    """The row of a name, that of a source or of a deeper level made when asked for."""
    source, rest = split(name)
    row = VENUE_NAMES.get(rest) if source else None
    row = row or _of_all(rest)
    if row is None or not source:
        return row
    ticks, hears = heard_at(source, row.ticks)
    return replace(row, name=name, ticks=ticks, hears=hears) if row.of else None


def heard_at(source: str, ticks: Ticks) -> tuple[Ticks, frozenset[tuple[str, Ticks]]]:
    """`Expr.ticks` and `Expr.hears` of what ticks at such rows of a source."""
    if source and ticks not in (Ticks.NEVER, Ticks.ANY):
        return Ticks.NEVER, frozenset({(source, ticks)})
    return ticks, frozenset()


def _of_all(name: str) -> Named | None:
    if name in NAMES:
        return NAMES[name]
    level = level_of(name)
    if level is None or level.number < 2 or level.what == "depth":
        return None
    kind = _SIZE if level.what == "size" else _PRICE
    return _market(name, kind, Ticks.BOOK, f"{level.what} of a deeper level")


#: Name to row, in the order of the documentation.
NAMES: dict[str, Named] = {row.name: row for row in _ROWS}
#: Names that a venue has, and that mean nothing without one.
VENUE_NAMES: dict[str, Named] = {row.name: row for row in _ROWS_OF_A_VENUE}
#: Names that a let, a param or an input may not bear.
RESERVED_NAMES: frozenset[str] = frozenset(NAMES)

#: The key of the distance between levels, as of a quote field.
STEP = "levels.step"
#: Fields of a quote section and what they must be.
FIELDS: dict[str, Type] = (
    dict.fromkeys(QUOTE_FIELDS, _PRICE)
    | dict.fromkeys(_TOUCH, _PRICE)
    | dict.fromkeys(("size", *_TOUCH_SIZES), _SIZE)
    | {STEP: _PRICE}
)

#: What a tick and a lot are worth: known when a plan is bound to an instrument.
TICK = Expr("param", name="tick", type=_PRICE, stage=Stage.PARAM)
LOT = Expr("param", name="lot", type=_SIZE, stage=Stage.PARAM)


def level() -> Expr:
    """Which of several quotes a side, 0 the first: fixed for each of them."""
    return NAMES["level"].leaf(0, 0)


def mid() -> Expr:
    """The price that relative prices are taken of."""
    return NAMES["mid"].leaf(0, 0)
