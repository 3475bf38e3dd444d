"""Everything the kernel knows between rows, in arrays that travel from batch to batch.

Kernel functions take one `Machine`, a record of records, and beside it, where
one venue is concerned, its record `v`: compiled by numba or run as plain Python they
read the same fields. Prices are the venue's whole ticks, sizes the instrument's units,
times ns. There are two views of our account: TRUE is what has happened, KNOWN what our
side has been told (they differ by the response latency).
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from mmrun.engine.memory import machine_memory
from mmrun.engine.records import DECISION, EQUITY, FILL, FIRST_OWN, ORDER, Rule
from mmrun.market import grid


BID, ASK = 0, 1
TRUE, KNOWN = 0, 1

NO_BID, NO_ASK = grid.NO_BID, grid.NO_ASK
#: A time that never comes.
NEVER = 1 << 62

# Fill models, codes for the kernel.
QUEUE, THROUGH, TOUCH, HFTBACKTEST = 0, 1, 2, 3
# Post-only policies.
SLIDE, SKIP, REJECT, OFF = 0, 1, 2, 3
# Rounding modes.
OUTWARD, INWARD, NEAREST, NEAREST_EVEN = 0, 1, 2, 3
# What reaching max_inventory does.
REDUCE_ONLY, STOP_ALL, LIMIT_OFF = 0, 1, 2
# Fee units.
OF_VALUE, PER_UNIT, FLAT = 0, 1, 2
# Requests.
NO_REQUEST, PLACE, CANCEL = 0, 1, 2
# What rules of the strategy do, weakest first, and on which sides they pull.
WIDEN, RESIZE, REDUCE, PULL, TAKE, STOP = 1, 2, 3, 4, 5, 6
BOTH_SIDES, ADDING_SIDE = 2, 3
# Whether a rule's condition is met.
UNKNOWN, UNMET, MET = -1, 0, 1

CONFIG = np.dtype(
    [
        ("venues", "i8"),
        ("multiplier", "f8"),
        ("inverse", "i8"),  # contracts worth money a price: a currency's price in coin
        ("requote_bits", "i8"),  # Ticks bits of the rows that evaluate quotes
        ("min_life_ns", "i8"),
        ("max_age_ns", "i8"),
        ("after_fill_ns", "i8"),
        ("keep_queue", "i8"),
        ("post_only", "i8"),
        ("rounding", "i8"),
        ("decimals_scale", "f8"),  # 10**decimals of NEAREST_EVEN
        ("allow_crossed", "i8"),
        ("on_breach", "i8"),
        ("max_inventory", "f8"),  # inf: no limit
        ("max_position_value", "f8"),  # inf: no limit
        ("allow_short", "i8"),
        ("price_collar", "f8"),  # inf: none
        ("stale_after_ns", "i8"),
        ("pull_crossed", "i8"),
        ("fill_model", "i8"),
        ("through_ticks", "i8"),
        ("instant", "i8"),  # all latencies zero
        ("levels", "i8"),  # quotes a side
        ("single", "i8"),  # one venue, one quote a side
        ("plain", "i8"),  # moving an order asks for nothing but its price
        ("plain_rows", "i8"),  # rows may pass in the loop of engine.plain
        ("feed_ns", "i8"),
        ("order_ns", "i8"),
        ("cancel_ns", "i8"),
        ("response_ns", "i8"),
        ("flatten_ns", "i8"),  # before the close; NEVER: not
        ("grid_ns", "i8"),
        ("inputs", "i8"),  # registers before the residual's outputs
        ("kept", "i8"),  # registers before those of its outputs that `prev` reads
        ("apart", "i8"),  # each venue has outputs of its own
        ("columns", "i8"),  # how many columns, own-state and kept values it reads
        ("states", "i8"),
        ("previous", "i8"),
        ("sessions", "i8"),
        ("watches", "i8"),  # names of own fills over time that formulas read
        ("day_by_session", "i8"),  # a day of P&L begins at an open, not at midnight
        ("daily", "i8"),  # something starts over with each day
        ("rules", "i8"),  # the strategy's own
        ("guards", "i8"),  # conditions and targets that are computed at rows
    ],
    align=True,
)

STATE = np.dtype(
    [
        # the market
        ("started", "i8"),
        ("mid", "f8"),  # last known mid of all venues, NaN before the first
        ("in_session", "i8"),
        ("session_index", "i8"),
        ("flattening", "i8"),  # before a close
        # the clock
        ("clock_ts", "i8"),  # time accounted up to here
        ("first_ts", "i8"),
        ("next_due", "i8"),  # nothing but rows happens before
        ("next_grid", "i8"),
        # our own
        ("guarded", "i8"),  # venues that a guard keeps us out of
        ("changed", "i8"),  # more than sizes and time, since guards last looked
        ("repeatable", "i8"),  # equal columns and fills mean equal quotes
        ("steady", "i8"),  # what rests is what was wanted, and nothing changed since
        (
            "sized_inventory",
            "f8",
        ),  # at which both sides' sizes were last found; NaN none
        ("next_order_id", "i8"),
        ("fill_count", "i8"),  # known
        ("last_fill_ts", "i8"),  # known
        ("position_since", "i8"),  # known: since it left the target or passed it
        # sums
        ("spread_pnl", "f8"),
        ("inventory_pnl", "f8"),
        ("peak", "f8"),
        ("max_drawdown", "f8"),
        ("known_peak", "f8"),  # of the day
        ("max_abs_inventory", "f8"),
        ("abs_inventory_ns", "f8"),
        ("held_ns", "i8"),  # in session, since the inventory last changed
        ("session_ns", "i8"),
        ("both_ns", "i8"),
        ("events", "i8"),
        ("quotes", "i8"),
        ("trades", "i8"),
        ("orders", "i8"),
        ("cancels", "i8"),
        ("rejects", "i8"),
        # written so far in the output arrays, and in the ring of fill notices
        ("fills_used", "i8"),
        ("orders_used", "i8"),
        ("decisions_used", "i8"),
        ("equity_used", "i8"),
        ("notice_head", "i8"),
        ("notice_count", "i8"),
        ("watch_full", "i8"),  # a watch had to forget what its window still held
        # the strategy's own rules
        ("target", "f8"),  # the inventory wanted
        ("restless", "i8"),  # time alone may change what they look at
        ("taking", "i8"),  # one of them takes what is off the target to the market
        ("next_day", "i8"),  # without sessions, where something starts over
    ],
    align=True,
)

#: One a side and level: the order at the venue, what we know of it, the request under
#: way. A slot's number is 2*level + side, so that of level 0 it is the side.
SLOT = np.dtype(
    [
        # at the venue
        ("live", "i8"),
        ("order_id", "i8"),
        ("price", "i8"),
        ("total", "f8"),  # size with what has filled
        ("filled", "f8"),
        ("ahead", "f8"),  # size ahead in the queue; NaN unknown
        ("joined_ts", "i8"),
        # as we know it
        ("known_live", "i8"),
        ("known_id", "i8"),
        ("known_price", "i8"),
        ("known_total", "f8"),
        ("known_filled", "f8"),
        ("known_since", "i8"),  # when the order got its price
        ("last_fill_ts", "i8"),  # of level 0: the side's
        # the size a formula gave last, its headroom and rule, and what became of it
        ("asked", "f8"),
        ("asked_room", "f8"),
        ("asked_limit", "i8"),
        ("given", "f8"),
        ("given_adjustment", "i8"),
        ("given_rule", "i8"),
        # where formulas want it now; the first level alone needs the last
        ("want_price", "i8"),
        ("want_size", "f8"),
        ("want_rule", "i8"),  # 0: it is wanted
        ("want_adjustment", "i8"),
        # the one request that may be under way
        ("request", "i8"),
        ("request_price", "i8"),
        ("request_total", "f8"),
        ("request_sent_ts", "i8"),
        ("request_effect_ts", "i8"),  # NEVER once it has had its effect
        ("request_answer_ts", "i8"),
        ("request_new", "i8"),  # a new order, not a replacement
        ("request_fresh", "i8"),  # joins the back of the queue even at its price
        ("request_take", "i8"),  # takes what it can at any price, the rest goes
        ("request_rule", "i8"),  # why it is cancelled
        ("answer_live", "i8"),
        # what the decision log says
        ("reason", "i8"),  # Rule while nothing rests
        ("adjustment", "i8"),
        ("missing", "i8"),
        ("status", "i8"),  # Rule recorded last, -1 before the first
        ("status_adjustment", "i8"),
    ],
    align=True,
)

ACCOUNT = np.dtype(
    [
        ("position", "f8"),
        ("cash", "f8"),
        ("cost", "f8"),  # average cost of the open position, 0 when flat
        ("realized", "f8"),
        ("fees", "f8"),  # costs, positive
        ("rebates", "f8"),  # positive
    ],
    align=True,
)

#: A fill our side has not heard of yet.
NOTICE = np.dtype(
    [
        ("due", "i8"),
        ("venue", "i8"),
        ("slot", "i8"),
        ("order_id", "i8"),
        ("price", "f8"),
        ("filled", "f8"),
        ("fee", "f8"),
        ("ts", "i8"),
    ],
    align=True,
)

# What a watch gives; see engine.watches.
WATCH_COUNT, WATCH_RATE, WATCH_MARKOUT, WATCH_DAY = range(4)
#: Watches of one strategy, and own fills or stretches of quoting that each holds.
WATCHES, KEPT_FILLS = 16, 1 << 14

#: A fill of ours that a watch holds; `signed` is its size, negative for sales.
OWN_FILL = np.dtype([("ts", "i8"), ("price", "f8"), ("signed", "f8"), ("mid", "f8")])
#: A stretch of time in which we were quoted.
SPAN = np.dtype([("since", "i8"), ("until", "i8")])
#: Own fills over time, as one name of the formulas asks for them.
WATCH = np.dtype(
    [
        ("kind", "i8"),
        ("side", "i8"),  # 1 our bid's fills, -1 our ask's, 0 both
        ("venue", "i8"),  # whose fills, -1 those of all
        ("window_ns", "i8"),
        ("horizon_ns", "i8"),  # of a markout
        ("needed", "i8"),  # fills without which a markout is missing
        ("head", "i8"),  # the oldest fill held; of WATCH_DAY the next session
        ("used", "i8"),  # fills so far
        ("ripe", "i8"),  # the first fill whose horizon has not passed
        ("summed", "i8"),  # the fill up to which `total` is
        ("stale", "i8"),  # `total` is of other fills
        ("total", "f8"),  # the markout; of WATCH_DAY net P&L where the day began
        ("until", "i8"),  # of WATCH_DAY when the next day begins
        ("spans_head", "i8"),
        ("spans_used", "i8"),
        ("quoted_ns", "i8"),  # of the spans held
        ("fills", OWN_FILL, (KEPT_FILLS,)),  # a ring
        ("spans", SPAN, (KEPT_FILLS,)),  # a ring
    ],
    align=True,
)

#: Rules of one strategy: adjustments have a bit for each.
OWN_RULES = 40
#: Of those whose condition reads `venue.…` there is one at each venue.
RULES = 256
#: A rule of the strategy: what it does, and whether it is in force.
RULE = np.dtype(
    [
        ("code", "i8"),  # from FIRST_OWN on
        ("venue", "i8"),  # where it acts, -1 at all
        ("act", "i8"),
        ("side", "i8"),  # of PULL
        ("factor", "f8"),  # of WIDEN and RESIZE
        ("hold_ns", "i8"),
        ("met", "i8"),  # the condition, when it was last looked at
        ("on", "i8"),  # in force
        ("until", "i8"),  # when a hold ends, NEVER where none runs
        ("events", "i8"),  # times it came into force
        ("unknown_ns", "i8"),
    ],
    align=True,
)

#: Venues that one strategy quotes.
VENUES = 16
#: Quotes a side at one venue; the schema says so of `quote.levels.count`.
QUOTE_LEVELS = 16
SLOTS = 2 * QUOTE_LEVELS
#: Levels a side that a book can hold; beyond, the tape is refused.
LEVELS = 1 << 14
#: Trading sessions of one run.
SESSIONS = 1 << 12
#: The residual's registers, and how many of them are of each kind.
REGISTERS, COLUMNS, STATES, PREVIOUS = 1024, 512, 256, 256
#: The program of conditions and target, as the machine's own arrays hold the quotes'.
GUARDS = np.dtype(
    [
        ("inputs", "i8"),  # registers before the outputs
        ("columns", "i8"),
        ("states", "i8"),
        ("previous", "i8"),
        ("lines", "u8", (COLUMNS,)),  # of the block, for each column
        ("column_registers", "u8", (COLUMNS,)),
        ("state_codes", "i8", (STATES,)),
        ("state_registers", "u8", (STATES,)),
        ("previous_places", "u8", (PREVIOUS,)),  # in the machine's `previous`
        ("previous_registers", "u8", (PREVIOUS,)),
        ("registers", "f8", (REGISTERS,)),
    ],
    align=True,
)
#: Records kept before the loop copies them out, and the most one row can make.
ROOM, ROW_ROOM = 1 << 13, 1 << 12
#: The order log is the longest by far. Memory comes when it is written; each time the
#: loop has to copy records out, the kernel waits for it and for other threads.
FILLS_ROOM, ORDERS_ROOM, EQUITY_ROOM = 1 << 16, 1 << 19, 1 << 17

#: A venue's book: per side levels sorted with the best last.
BOOK = np.dtype(
    [
        ("depth", "i8"),  # levels a side the tape knows
        ("count", "i8", (2,)),
        ("taken", "i8", (2,)),  # 1: of a quote's level something was taken
        ("price", "i8", (2, LEVELS)),  # ticks
        ("shown", "f8", (2, LEVELS)),  # displayed size
        ("free", "f8", (2, LEVELS)),  # displayed and not taken by us
    ],
    align=True,
)

#: A venue: its terms, what its rows told, our orders there.
VENUE = np.dtype(
    [
        ("index", "i8"),
        ("levels", "i8"),  # quotes a side
        ("tick", "f8"),
        ("ticks_per_unit", "f8"),  # round(1/tick) where 1/tick is whole, else 0
        ("per_tick", "f8"),  # 1/tick where tick is the float of 1/that, else 0
        ("lot", "f8"),
        ("min_size", "f8"),
        ("tolerance_ticks", "i8"),
        ("inside_ticks", "i8"),  # our best place from the touch; NEVER: anywhere
        ("maker_rate", "f8"),
        ("maker_unit", "i8"),
        ("taker_rate", "f8"),
        ("taker_unit", "i8"),
        ("outputs", "i8"),  # the register of the first output for this venue
        ("best_bid", "i8"),  # ticks
        ("best_ask", "i8"),
        ("heard_ts", "i8"),  # last row that was not a clock row
        ("clear_ts", "i8"),  # last clear row: a snapshot lasts for the rows of its time
        ("halted", "i8"),  # 0 or the Rule that says how
        ("stale", "i8"),  # 1 silent for too long; 2 of several, not heard from yet
        ("position", "f8"),  # known: of fills at this venue
        ("fill_count", "i8"),  # known
        ("guard", "i8"),  # Rule in force on both sides, 0 none
        # what the strategy's own rules in force come to; codes, 0 none
        ("own_guard", "i8"),  # the strongest that pulls both sides
        ("own_act", "i8"),  # what it does
        ("out", "i8", (2,)),  # by side, the rule that pulls it
        ("reduced_by", "i8"),  # what rests may only bring us to the target
        ("sized_by", "i8"),
        ("widen", "f8"),
        ("shrink", "f8"),
        ("changed_by", "i8"),  # bits of an adjustment: who widens and resizes
        ("altered", "i8"),  # quotes are other than the formulas say
        ("slots", SLOT, (SLOTS,)),
        ("book", BOOK),
        # of several venues; of one the machine's own say it
        ("rule_ns", "i8", (2, FIRST_OWN + OWN_RULES)),  # by side and rule
        ("both_ns", "i8"),
    ],
    align=True,
)

#: The engine's memory, one record: numba passes it as one pointer, which a named tuple
#: of arrays would not be (compiling took four times as long).
MACHINE = np.dtype(
    [
        ("config", CONFIG),
        ("state", STATE),
        ("venues", VENUE, (VENUES,)),
        ("accounts", ACCOUNT, (2,)),  # TRUE, KNOWN
        ("touch_ns", "i8", (2,)),  # by side
        ("sessions", "i8", (SESSIONS, 2)),  # open, close
        ("registers", "f8", (REGISTERS,)),
        ("needs", "i1", (VENUES, REGISTERS)),  # 1: an input of the venue's outputs
        ("previous", "f8", (PREVIOUS,)),  # values of the last quote evaluation
        ("column_registers", "u8", (COLUMNS,)),
        ("state_codes", "i8", (STATES,)),
        ("state_registers", "u8", (STATES,)),
        ("previous_registers", "u8", (PREVIOUS,)),
        ("notices", NOTICE, (ROOM,)),  # a ring
        ("watches", WATCH, (WATCHES,)),
        ("rule_ns", "i8", (2, FIRST_OWN + OWN_RULES)),  # by side and rule
        # of several levels
        ("level_ns", "i8", (QUOTE_LEVELS, 2, FIRST_OWN + OWN_RULES)),
        ("rules", RULE, (RULES,)),
        ("guards", GUARDS),
        ("fills", FILL, (FILLS_ROOM,)),
        ("orders", ORDER, (ORDERS_ROOM,)),
        ("decisions", DECISION, (FILLS_ROOM,)),
        ("equity", EQUITY, (EQUITY_ROOM,)),
    ],
    align=True,
)
#: A record of MACHINE, with attribute access in Python and in numba.
Machine = Any


_RECORD: dict[int, tuple[np.dtype[Any], np.dtype[Any]]] = {}


def _record(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of records of a dtype: one for all arrays, by which kernels know it.

    numpy would make one for each array, and to look into it takes a millisecond. Kept
    by identity, since hashing it takes as long.
    """
    known = _RECORD.get(id(dtype))
    if known is None:
        known = _RECORD[id(dtype)] = dtype, np.dtype((np.record, dtype))
    return known[1]


def new_records(dtype: np.dtype[Any], count: int) -> Any:
    """A zeroed record array with attribute access; `dtype` is a module's constant."""
    return np.zeros(count, _record(dtype)).view(np.recarray)


#: The outputs come last, and are written before they are read: they need no clearing.
_PLACES: Any = MACHINE.fields
_CLEARED = _PLACES["fills"][1] // mmap.PAGESIZE * mmap.PAGESIZE


def new_machines() -> Any:
    """One machine before its first row, config and registers still to be filled in."""
    memory = machine_memory(MACHINE.itemsize, cleared=_CLEARED)
    machines: Any = np.frombuffer(memory, _record(MACHINE)).view(np.recarray)
    machine = machines[0]
    state = machine.state
    state.mid = state.sized_inventory = np.nan
    state.next_grid = state.next_day = NEVER
    machine.rules["until"] = NEVER
    state.next_order_id = 1
    state.last_fill_ts = state.position_since = -NEVER
    return machines


def add_venue(machine: Any) -> Any:
    """The next venue of a machine before its first row; its terms are to be filled in."""
    venue = machine.venues[machine.config.venues]
    venue.index = machine.config.venues
    machine.config.venues += 1
    venue.best_bid, venue.best_ask = NO_BID, NO_ASK
    venue.clear_ts = -NEVER
    venue.levels = machine.config.levels
    slots = venue.slots
    slots["request_effect_ts"] = slots["request_answer_ts"] = NEVER
    slots["last_fill_ts"] = -NEVER
    slots["reason"] = Rule.NO_DATA
    slots["asked"] = np.nan
    slots["missing"] = slots["status"] = -1
    return venue
