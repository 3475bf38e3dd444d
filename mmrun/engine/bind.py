"""Binding: a plan meets an instrument at its venues, a fill model and latencies.

What was named becomes numbers: ticks and lots, params, fees, limits, registers. The
result is a `Machine` before its first row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmrun.engine import state
from mmrun.engine.accounts import (
    CODES_A_VENUE,
    FIRST_OF_VENUE,
    FIRST_WATCH,
    STATE_NAMES,
    VENUE_STATE_NAMES,
)
from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.records import FIRST_OWN
from mmrun.engine.state import (
    CONFIG,
    LEVELS,
    NEVER,
    REGISTERS,
    new_machines,
    new_records,
)
from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import split
from mmrun.lang.nodes import Expr, Ticks
from mmrun.lang.pointwise import POINTWISE
from mmrun.lang.walk import postorder
from mmrun.market.instrument import Instrument
from mmrun.plan.plan import OUTPUTS, OwnCall, Plan
from mmrun.problems import DataError, UsageError
from mmrun.strategy.spec import (
    Act,
    Fee,
    OnBreach,
    PostOnly,
    RequoteOn,
    RoundingMode,
    Strategy,
    Venue,
)


_MODELS = {
    "queue": state.QUEUE,
    "through": state.THROUGH,
    "touch": state.TOUCH,
    "hftbacktest": state.HFTBACKTEST,
}
#: Functions of own fills: what their watch gives, and of which side's fills.
_WATCHES = {
    "fills": (state.WATCH_COUNT, 0),
    "bid_fills": (state.WATCH_COUNT, 1),
    "ask_fills": (state.WATCH_COUNT, -1),
    "fill_rate": (state.WATCH_RATE, 0),
    "own_markout": (state.WATCH_MARKOUT, 0),
    "daily_pnl": (state.WATCH_DAY, 0),
}
_POST_ONLY = {
    PostOnly.SLIDE: state.SLIDE,
    PostOnly.SKIP: state.SKIP,
    PostOnly.REJECT: state.REJECT,
    PostOnly.OFF: state.OFF,
}
_ROUNDING = {
    RoundingMode.OUTWARD: state.OUTWARD,
    RoundingMode.INWARD: state.INWARD,
    RoundingMode.NEAREST: state.NEAREST,
    RoundingMode.NEAREST_EVEN: state.NEAREST_EVEN,
}
_BREACH = {
    OnBreach.REDUCE_ONLY: state.REDUCE_ONLY,
    OnBreach.STOP_ALL: state.STOP_ALL,
    OnBreach.NONE: state.LIMIT_OFF,
}
_FEE_UNITS = {
    "value": state.OF_VALUE,
    "share": state.PER_UNIT,
    "contract": state.PER_UNIT,
    "flat": state.FLAT,
}
_REQUOTE = {
    RequoteOn.ANY: Ticks.ANY,
    RequoteOn.QUOTE: Ticks.BOOK,
    RequoteOn.TRADE: Ticks.TRADE,
}
_ACTS = {
    Act.WIDEN: state.WIDEN,
    Act.SIZE: state.RESIZE,
    Act.REDUCE_ONLY: state.REDUCE,
    Act.PULL: state.PULL,
    Act.FLATTEN: state.TAKE,
    Act.STOP: state.STOP,
}
_SIDES = {
    "bid": state.BID,
    "ask": state.ASK,
    "both": state.BOTH_SIDES,
    "adding": state.ADDING_SIDE,
}
#: Own state that starts over with each day.
_DAILY = frozenset({"@drawdown", "@daily_pnl"})
#: Book levels kept when the tape knows the whole book.
ALL_LEVELS = 1 << 40


def quoted_venue(strategy: Strategy, instrument: Instrument) -> Venue | None:
    """What the file says of the instrument's venue; None when it names no venues."""
    named = {venue.name: venue for venue in strategy.venues}
    return named.get(instrument.venue)


def sizes_of(strategy: Strategy, instrument: Instrument) -> tuple[float, float, float]:
    """Tick, lot and multiplier: the strategy's where it says so, else the dataset's."""
    venue = quoted_venue(strategy, instrument)
    if venue is None:
        return instrument.tick, instrument.lot, instrument.multiplier
    return (
        venue.tick or instrument.tick,
        venue.lot or instrument.lot,
        venue.multiplier or instrument.multiplier,
    )


def shared_sizes(
    strategy: Strategy, instruments: Sequence[Instrument]
) -> tuple[float, float, float]:
    """Tick, lot and multiplier of an instrument over its venues: the coarsest sizes.

    Raises:
        UsageError: there are too many venues, or their multipliers differ, so that
            their positions are not of one kind.
    """
    if len(instruments) > state.VENUES:
        msg = f"{len(instruments)} venues; a run takes {state.VENUES}"
        raise UsageError(msg)
    sizes = [sizes_of(strategy, instrument) for instrument in instruments]
    multipliers = {multiplier for _, _, multiplier in sizes}
    if len(multipliers) > 1:
        each = zip(instruments, sizes, strict=True)
        named = ", ".join(f"{i.venue} {size[2]:g}" for i, size in each)
        msg = f"one inventory cannot be held in contracts of several sizes: {named}"
        raise UsageError(msg)
    return max(s[0] for s in sizes), max(s[1] for s in sizes), multipliers.pop()


def is_inverse(instruments: Sequence[Instrument]) -> bool:
    """Whether contracts are worth an amount of money, so that profits are in coin.

    Raises:
        UsageError: some are and some are not.
    """
    kinds = {instrument.inverse for instrument in instruments}
    if len(kinds) > 1:
        named = ", ".join(i.venue for i in instruments if i.inverse)
        msg = f"one inventory cannot be of inverse contracts ({named}) and of others"
        raise UsageError(msg)
    return kinds.pop()


def run_values(plan: Plan, tick: float, lot: float) -> dict[str, float]:
    """The values fixed for a run, by their `$` names."""
    leaves = param_values(plan.strategy, tick, lot)
    known: dict[int, float] = {}
    for node in postorder(plan.values.values()):
        known[id(node)] = _value(node, [known[id(arg)] for arg in node.args], leaves)
    return {name: known[id(node)] for name, node in plan.values.items()}


def param_values(strategy: Strategy, tick: float, lot: float) -> dict[str, float]:
    """What formulas read that is fixed for a run, by name: params, limits, tick, lot."""
    limit = strategy.risk.max_inventory
    values = {param.name: param.value for param in strategy.params}
    values |= {"tick": tick, "lot": lot, "target_inventory": 0.0}
    values["max_inventory"] = math.nan if limit is None else limit
    return values


def _value(node: Expr, args: Sequence[float], leaves: Mapping[str, float]) -> float:
    if node.op == "const":
        return node.value
    return leaves[node.name] if node.op == "param" else POINTWISE[node.op](*args)


def ticks_per_unit(tick: float) -> float:
    """1/tick where that is a whole number (0.01 is off by an ulp), else 0."""
    inverse = 1.0 / tick
    whole = round(inverse)
    near = whole > 0 and abs(inverse - whole) <= 1e-9 * inverse
    return float(whole) if near else 0.0


def configure(
    strategy: Strategy,
    multiplier: float,
    *,
    inverse: bool = False,
    model: FillModel,
    latency: Latency,
    grid_ns: int,
    plan: Plan | None = None,
) -> Any:
    """The CONFIG record of a run, without venues; without a plan nothing is computed."""
    one = new_records(CONFIG, 1)[0]
    one.multiplier, one.inverse = multiplier, int(inverse)
    one.grid_ns = grid_ns
    if plan is not None:
        one.inputs, one.guards = len(plan.residual.inputs), len(plan.guards.outputs)
    one.fill_model, one.through_ticks = _MODELS[model.name], model.ticks
    _set_latency(one, latency)
    _set_quoting(one, strategy)
    _set_limits(one, strategy)
    flatten_ns = strategy.session.flatten_before_close_ns
    one.flatten_ns = NEVER if flatten_ns is None else flatten_ns
    return one


def enter_venue(machine: Any, strategy: Strategy, instrument: Instrument) -> Any:
    """Make an instrument's venue the machine's next: its VENUE record, terms filled in."""
    v = state.add_venue(machine)
    machine.config.single = int(machine.config.venues == 1 == machine.config.levels)
    tick, lot, _ = sizes_of(strategy, instrument)
    v.tick, v.lot = tick, lot
    v.ticks_per_unit = ticks_per_unit(tick)
    v.per_tick = per_tick(tick)
    tolerance = strategy.quoting.requote.tolerance.resolve(tick=tick, lot=lot)
    v.tolerance_ticks = math.floor(tolerance / tick + 1e-9)
    place = strategy.quoting.place
    v.inside_ticks = NEVER
    if place is not None:
        inside = place.resolve(tick=tick, lot=lot)
        v.inside_ticks = math.floor(inside / tick + 1e-9)
    v.min_size = strategy.quoting.min_size.resolve(tick=tick, lot=lot)
    v.book.depth = ALL_LEVELS if instrument.depth is None else instrument.depth
    venue = quoted_venue(strategy, instrument)
    _set_fee(v, "maker", venue.maker_fee if venue else Fee())
    _set_fee(v, "taker", venue.taker_fee if venue else Fee())
    return v


def per_tick(tick: float) -> float:
    """1/tick where `tick` is the float of 1 over a whole number, else 0."""
    whole = ticks_per_unit(tick)
    return whole if whole > 0.0 and 1.0 / whole == tick else 0.0


def _moves_freely(one: Any, first: Any) -> bool:
    """Whether an order of a size there is room for goes where it may rest, at once."""
    timed = one.min_life_ns > 0 or one.max_age_ns < NEVER or one.after_fill_ns > 0
    slides = one.post_only == state.SLIDE and one.allow_crossed == 0
    bound = timed or first.tolerance_ticks > 0 or first.inside_ticks < NEVER
    return bool(one.single == 1 and slides and one.instant and not bound)


def _rows_are_plain(machine: Any) -> bool:
    """Whether quotes depend on columns and inventory alone, and nothing else is looked at.

    Everything else of the machine must be bound already. See `engine.plain`.
    """
    one = machine.config
    watched = one.watches + one.rules + one.guards + one.previous > 0
    own = machine.state_codes[: one.states]
    usual = one.inverse == 0 and one.on_breach != state.STOP_ALL and not own.any()
    return _moves_freely(one, machine.venues[0]) and usual and not watched


def _set_latency(one: Any, latency: Latency) -> None:
    one.feed_ns, one.order_ns = latency.feed_ns, latency.order_ns
    one.cancel_ns, one.response_ns = latency.cancel_ns, latency.response_ns
    one.instant = int(latency == Latency())


def _set_quoting(one: Any, strategy: Strategy) -> None:
    quoting = strategy.quoting
    requote = quoting.requote
    one.levels = quoting.levels.count
    one.requote_bits = int(_REQUOTE[requote.on])
    one.min_life_ns = requote.min_life_ns
    one.max_age_ns = NEVER if requote.max_age_ns is None else requote.max_age_ns
    one.after_fill_ns = requote.after_fill_ns
    one.keep_queue = int(requote.keep_queue)
    one.post_only = _POST_ONLY[quoting.post_only]
    one.rounding = _ROUNDING[quoting.rounding.mode]
    one.decimals_scale = 10.0 ** (quoting.rounding.decimals or 0)
    one.allow_crossed = int(quoting.allow_crossed)


def _set_limits(one: Any, strategy: Strategy) -> None:
    risk = strategy.risk
    one.on_breach = _BREACH[risk.on_breach]
    one.max_inventory = _or_infinite(risk.max_inventory)
    one.max_position_value = _or_infinite(risk.max_position_value)
    one.allow_short = int(risk.allow_short)
    one.price_collar = _or_infinite(risk.price_collar)
    one.stale_after_ns = NEVER if risk.stale_after_ns is None else risk.stale_after_ns
    one.pull_crossed = int(risk.crossed_book)


def _or_infinite(limit: float | None) -> float:
    return math.inf if limit is None else limit


def _set_fee(one: Any, role: str, fee: Fee) -> None:
    setattr(one, f"{role}_rate", fee.rate)
    setattr(one, f"{role}_unit", _FEE_UNITS[fee.unit])


def too_deep() -> DataError:
    """The error for a book that the engine's memory does not hold."""
    message = f"a book has more than {LEVELS} levels a side"
    return DataError(message, hint="import with fewer levels")


def new_machine(
    plan: Plan,
    instruments: Sequence[Instrument],
    config: Any,
    values: Mapping[str, float],
    *,
    columns: Sequence[str],
    sessions: Sequence[tuple[int, int]],
) -> Any:
    """A machine before its first row, as a record array of one.

    `instruments` are one a venue; `columns` are the residual's columns in the order of
    the kernel's block; `sessions` are (open, close) times in ns.

    Raises:
        UsageError: the formulas read more values than the engine has registers.
    """
    machines = new_machines()
    machine = machines[0]
    machine.config = config
    for instrument in instruments:
        enter_venue(machine, plan.strategy, instrument)
    by_value = config.max_position_value < math.inf
    free = _moves_freely(machine.config, machine.venues[0])
    machine.config.plain = int(free and not by_value)
    inputs = plan.residual.inputs
    places = {name: index for index, name in enumerate(inputs)}
    states = [name for name in plan.read_at_rows if name.startswith("@")]
    absent = _absent(states, instruments)
    own = [name for name in inputs if name.startswith("@") and name not in absent]
    kept = [places.get(f"~{k}", len(inputs)) for k in range(plan.previous_count)]
    _set(
        machine,
        "column_registers",
        machine.config,
        "columns",
        [places[n] for n in columns if n in places],
    )
    codes = _state_codes(machine, plan, values, (n for n in states if n not in absent))
    machine.config.day_by_session = int(bool(sessions) and sessions[0][1] < NEVER)
    _set(
        machine, "state_codes", machine.config, "states", [codes[name] for name in own]
    )
    _set(
        machine,
        "state_registers",
        machine.config,
        "states",
        [places[name] for name in own],
    )
    _set(machine, "previous_registers", machine.config, "previous", kept)
    _set(machine, "sessions", machine.config, "sessions", sessions)
    if len(inputs) + len(plan.residual.outputs) > REGISTERS:
        msg = f"the quote formulas read {len(inputs)} values, more than {REGISTERS}"
        raise UsageError(msg)
    _set_outputs(machine, plan, instruments)
    machine.previous[:] = math.nan
    _set_values(machine.registers, inputs, values)
    for name in absent & places.keys():
        machine.registers[places[name]] = _at_absent(plan, name)
    at = {instrument.venue: index for index, instrument in enumerate(instruments)}
    set_rules(
        machine,
        plan.strategy,
        [(rule, at.get(venue, -1)) for rule, venue in plan.rules],
    )
    _set_guards(machine, plan, values, columns, codes)
    machine.config.plain_rows = int(_rows_are_plain(machine))
    return machines


def _at_absent(plan: Plan, name: str) -> float:
    """Own state of a venue that the data does not have: nothing, or missing."""
    call = plan.own.get(name)
    if call is not None:
        return 0.0 if FUNCTIONS[call.op].warm_up == "never" else math.nan
    counts = {"inventory", "fill_count", "working_bid_size", "working_ask_size"}
    return 0.0 if split(name[1:])[1] in counts else math.nan


def _set_outputs(machine: Any, plan: Plan, instruments: Sequence[Instrument]) -> None:
    """Where each venue finds its quotes among the outputs, and what they come from."""
    inputs, program = len(plan.residual.inputs), plan.residual
    count = len(OUTPUTS) * plan.levels
    machine.config.kept = inputs + count * plan.blocks
    machine.config.apart = int(plan.blocks > 1)
    for index in range(len(instruments)):
        first = count * (index if plan.blocks > 1 else 0)
        machine.venues[index].outputs = inputs + first
        for register in program.inputs_of(program.outputs[first : first + count]):
            machine.needs[index, register] = 1


def _absent(names: Sequence[str], instruments: Sequence[Instrument]) -> frozenset[str]:
    """Own state of venues that are not quoted, as the residual's inputs name it."""
    quoted = {"", *(instrument.venue for instrument in instruments)}
    return frozenset(name for name in names if split(name[1:])[0] not in quoted)


def _set_values(
    registers: Any, inputs: Sequence[str], values: Mapping[str, float]
) -> None:
    """Fill in what is fixed for a run."""
    for index, name in enumerate(inputs):
        if name.startswith("$"):
            registers[index] = values[name]


def set_rules(
    machine: Any, strategy: Strategy, instances: Sequence[tuple[int, int]]
) -> None:
    """Fill in what the strategy's own rules do, and where.

    `instances` are each a rule's place in `Strategy.guards` and a venue's index, -1 all.

    Raises:
        UsageError: there are more than the engine has records.
    """
    if len(strategy.guards) > state.OWN_RULES or len(instances) > state.RULES:
        msg = f"{len(strategy.guards)} rules; a strategy has at most {state.OWN_RULES}"
        raise UsageError(msg)
    machine.config.rules = len(instances)
    for rule, (place, venue) in zip(machine.rules, instances, strict=False):
        guard = strategy.guards[place]
        rule.code, rule.venue = FIRST_OWN + place, venue
        rule.act, rule.side = _ACTS[guard.then.act], _SIDES[guard.then.side]
        rule.factor, rule.hold_ns = guard.then.factor, guard.hold_ns


def _set_guards(
    machine: Any,
    plan: Plan,
    values: Mapping[str, float],
    columns: Sequence[str],
    codes: Mapping[str, int],
) -> None:
    """Fill in how the guards' program is fed.

    Raises:
        UsageError: it reads more values than the engine has registers.
    """
    inputs, guards = plan.guards.inputs, machine.guards
    if len(inputs) + len(plan.guards.outputs) > REGISTERS:
        msg = f"the rules read {len(inputs)} values, more than {REGISTERS}"
        raise UsageError(msg)
    places = {name: index for index, name in enumerate(inputs)}
    read = [(line, name) for line, name in enumerate(columns) if name in places]
    own = [name for name in inputs if name in codes]
    kept = [name for name in inputs if name.startswith("~")]
    guards.inputs = len(inputs)
    fed = (
        ("lines", "columns", [line for line, _ in read]),
        ("column_registers", "columns", [places[name] for _, name in read]),
        ("state_codes", "states", [codes[name] for name in own]),
        ("state_registers", "states", [places[name] for name in own]),
        ("previous_places", "previous", [int(name[1:]) for name in kept]),
        ("previous_registers", "previous", [places[name] for name in kept]),
    )
    for array, count, numbers in fed:
        _set(guards, array, guards, count, numbers)
    _set_values(guards.registers, inputs, values)
    for index, name in enumerate(inputs):
        if name.startswith("@") and name not in codes:  # of a venue without data
            guards.registers[index] = _at_absent(plan, name)
    stops = any(guard.then.act is Act.STOP for guard in plan.strategy.guards)
    daily = _DAILY.intersection(plan.read_at_rows)
    machine.config.daily = int(stops or bool(daily))


def _state_codes(
    machine: Any, plan: Plan, values: Mapping[str, float], names: Iterable[str]
) -> dict[str, int]:
    """The kernel's codes of own state that formulas read, by what programs call it."""
    return {name: _state_code(machine, plan, name, values) for name in names}


def _state_code(
    machine: Any, plan: Plan, name: str, values: Mapping[str, float]
) -> int:
    """The kernel's code of own state; what is over time becomes a watch.

    Raises:
        UsageError: the formulas read more such names than the engine has watches.
    """
    source, rest = split(name[1:])
    if rest in STATE_NAMES and not source:
        return STATE_NAMES.index(rest)
    venue = plan.venues.index(source) if source else -1
    if rest in VENUE_STATE_NAMES:
        place = VENUE_STATE_NAMES.index(rest)
        return FIRST_OF_VENUE + venue * CODES_A_VENUE + place
    place = machine.config.watches
    if place == state.WATCHES:
        msg = f"the formulas read more than {place} names of own fills over time"
        raise UsageError(msg)
    machine.config.watches += 1
    watch = machine.watches[place]
    call = plan.own.get(name, OwnCall("daily_pnl", ()))
    watch.kind, watch.side = _WATCHES[call.op]
    watch.venue = venue
    lengths = [each.length(values) for each in call.windows]
    if call.op == "own_markout":
        horizon, over, needed = lengths
        watch.horizon_ns, watch.needed = round(horizon * 1e9), int(needed)
        watch.window_ns = round(over * 1e9)
    elif lengths:
        watch.window_ns = round(lengths[0] * 1e9)
    return FIRST_WATCH + int(place)


def _set(
    record: Any, name: str, counts: Any, count: str, values: Sequence[Any]
) -> None:
    """Fill the front of an array and say in `counts` how much of it holds.

    Raises:
        UsageError: it does not hold that many.
    """
    array = getattr(record, name)
    if len(values) > len(array):
        msg = f"the strategy needs {len(values)} {count}, more than {len(array)}"
        raise UsageError(msg)
    if len(values):
        array[: len(values)] = values
    setattr(counts, count, len(values))
