"""The frozen records a strategy file becomes: valid, typed, units resolved.

Numbers are in base units (prices in quote currency, seconds, fractions) except where a
name says otherwise: `_ns` is nanoseconds; `Amount` keeps ticks and lots until a plan is
bound to an instrument. A `Strategy` that exists has passed every check of this package;
its formulas are still text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from mmrun.problems import Place
from mmrun.units import Unit


@dataclass(frozen=True, slots=True)
class Formula:
    """Formula text and where it stands; a bare number or literal is a formula too."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Amount:
    """A price or size, absolute or counted in the instrument's ticks or lots."""

    value: float
    of: Literal["", "tick", "lot"] = ""

    def resolve(self, *, tick: float, lot: float) -> float:
        """The amount in base units for an instrument."""
        return self.value * {"": 1.0, "tick": tick, "lot": lot}[self.of]


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A named number: set by -s, sweeps and variants."""

    name: str
    value: float  #: in base units; ticks and lots as counts (unit.of says which)
    unit: Unit | None  #: None: a bare number, takes the unit of what it meets
    low: float | None = None  #: declared range, in base units
    high: float | None = None
    doc: str = ""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A column of the user's own, joined as of its time."""

    name: str
    unit: Unit | None = None  #: of the column's numbers; None: bare, as of a param
    stale_after_ns: int | None = None  #: missing once that old; None: never
    default: float | None = None  #: in base units, as a param; None: missing
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another instrument of the dataset, whose market names formulas can read."""

    name: str
    symbol: str
    place: Place


@dataclass(frozen=True, slots=True)
class Let:
    """A named formula."""

    name: str
    formula: Formula


#: The key of the formula that says a venue's share of the size.
SHARE = "allocate.by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulas:
    """The formulas of a file and what they are checked against."""

    params: tuple[Param, ...]
    lets: tuple[Let, ...]
    #: of the quote section: `fair`, `bid_size`, ...; `allocate.by`
    fields: Mapping[str, Formula]
    inputs: tuple[Input, ...] = ()
    venues: tuple[Venue, ...] = ()
    references: tuple[Reference, ...] = ()
    #: conditions by the key they stand behind: `toxicity.calm`, `risk.max_drawdown`
    conditions: Mapping[str, Formula] = field(default_factory=dict)
    target: Formula | None = None  #: risk.target_inventory
    units_off: bool = False
    #: names that are defined, but by what could not be read
    unclear: frozenset[str] = frozenset()


class RequoteOn(Enum):
    """The rows at which quotes are evaluated."""

    ANY = "any"
    QUOTE = "quote"  #: any book row
    TRADE = "trade"


class PostOnly(Enum):
    """What becomes of a quote that would take liquidity."""

    SLIDE = "slide"  #: moved to one tick short of the opposite touch
    SKIP = "skip"  #: not quoted
    REJECT = "reject"  #: sent, and rejected by the venue
    OFF = "off"  #: sent, and takes


class RoundingMode(Enum):
    """How a formula's price becomes a whole number of ticks."""

    OUTWARD = "outward"  #: bid down, ask up
    INWARD = "inward"  #: bid up, ask down
    NEAREST = "nearest"  #: to the nearest tick, halves outward
    NEAREST_EVEN = "nearest_even"  #: to `decimals`, halves to even, as Python's round


@dataclass(frozen=True, slots=True)
class Rounding:
    """A rounding mode; `decimals` belongs to NEAREST_EVEN alone."""

    mode: RoundingMode = RoundingMode.OUTWARD
    decimals: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requote:
    """When a working order is left alone and when it is replaced."""

    on: RequoteOn = RequoteOn.ANY
    tolerance: Amount = Amount(0.0, "tick")
    min_life_ns: int = 0
    max_age_ns: int | None = None  #: None: off
    after_fill_ns: int = 0
    keep_queue: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Several quotes a side: level k stands k steps further out than level 0."""

    count: int = 1
    step: Formula | None = None  #: a price; None: one tick
    size_factor: float = 1.0  #: size of a level over the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """The quote section. Either half_spread or both bid and ask are given."""

    fair: Formula | None = None  #: None: mid
    half_spread: Formula | None = None
    reservation: Formula | None = None  #: None: fair
    bid: Formula | None = None
    ask: Formula | None = None
    bid_size: Formula
    ask_size: Formula
    levels: Levels = Levels()
    #: how far inside the venue's touch a quote may stand, 0 joining it; None: anywhere
    place: Amount | None = None
    post_only: PostOnly = PostOnly.SLIDE
    rounding: Rounding = Rounding()
    min_size: Amount = Amount(1.0, "lot")
    allow_crossed: bool = False
    requote: Requote = Requote()


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee rate: cost positive, rebate negative."""

    rate: float = 0.0
    unit: Literal["value", "share", "contract", "flat"] = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A venue to quote on, with what the file says about it."""

    name: str
    maker_fee: Fee = Fee()
    taker_fee: Fee = Fee()
    tick: float | None = None  #: None: the dataset's
    lot: float | None = None
    multiplier: float | None = None
    weight: float | None = None  #: share of the size, beside the others'
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """How the size is divided over venues."""

    by: Formula | None = None  #: a venue's share beside the others'; None: its weight
    rounding: Literal["largest_remainder", "truncate"] = "largest_remainder"
    minimum: float = 0.0  #: size that every venue gets at least


class Act(Enum):
    """What a rule does while it is in force, weakest first."""

    WIDEN = "widen"  #: the distance from the reservation price times `factor`
    SIZE = "size"  #: sizes times `factor`
    REDUCE_ONLY = "reduce_only"  #: nothing that leads away from the target inventory
    PULL = "pull"  #: a side or both are not quoted
    FLATTEN = "flatten"  #: pulled, and what is off the target is taken to the market
    STOP = "stop"  #: nothing until the next session


@dataclass(frozen=True, slots=True)
class Action:
    """An act with what it needs."""

    act: Act
    factor: float = 1.0  #: of WIDEN and SIZE
    side: Literal["both", "bid", "ask", "adding"] = "both"  #: of PULL

    def __str__(self) -> str:
        """As a file has it."""
        if self.act in (Act.WIDEN, Act.SIZE):
            return f"{{{self.act.value}: {self.factor:.15g}}}"
        if self.act is Act.PULL and self.side != "both":
            return f"{{pull: {self.side}}}"
        return str(self.act.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A rule of the file: one of `toxicity`, or a limit of `risk` that says `then`."""

    key: str  #: `toxicity.picked_off`, `risk.max_drawdown`
    when: Formula  #: of a limit the comparison that it stands for
    then: Action
    hold_ns: int = 0  #: in force this long after the condition clears

    @property
    def name(self) -> str:
        """What decisions and summaries call it."""
        return self.key.rpartition(".")[2]


class OnBreach(Enum):
    """What reaching max_inventory does."""

    REDUCE_ONLY = "reduce_only"  #: sizes clipped to what the limit leaves
    STOP_ALL = "stop_all"  #: both sides off while the limit is reached
    NONE = "none"  #: max_inventory is only a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Limits. `risk: none` is every limit None and `crossed_book` False."""

    max_inventory: float | None = None
    on_breach: OnBreach = OnBreach.REDUCE_ONLY
    allow_short: bool = True
    max_position_value: float | None = None
    stale_after_ns: int | None = 60_000_000_000
    crossed_book: bool = True  #: pull while bid is above ask
    price_collar: float | None = None  #: fraction of mid
    target_inventory: Formula | None = None  #: None: 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Trading hours: an exchange's calendar, or hours of each day in a time zone."""

    calendar: str | None = None  #: a name exchange_calendars knows; without hours
    timezone: str = "UTC"
    open_s: float | None = None  #: seconds after local midnight; None: no hours
    close_s: float | None = None
    heartbeat_ns: int = 1_000_000_000
    reset_windows: bool = False
    flatten_before_close_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A whole strategy file, valid."""

    name: str
    description: str
    tags: tuple[str, ...]
    params: tuple[Param, ...]
    inputs: tuple[Input, ...] = ()
    references: tuple[Reference, ...] = ()
    lets: tuple[Let, ...]
    quoting: Quoting
    allocation: Allocation | None = None  #: None: each venue shows the whole size
    venues: tuple[Venue, ...]  #: empty: every venue of the dataset, without fees
    guards: tuple[Guard, ...] = ()  #: of `toxicity`, then of `risk`, as written
    risk: Risk
    session: Session
    units_off: bool  #: `units: off` turns unit errors into warnings
    resolved: str  #: the resolved file as canonical YAML: what a run keeps and hashes
