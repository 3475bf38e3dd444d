"""One meaning, three back ends: the definition, the compiled plan, the plan as Python.

Random strategies that check clean, over random tapes and random own state: the values
of `lang.evaluate`, row by row on the checked trees, are bit for bit those of columns
and residual, compiled and uncompiled, and of the trees after each rewrite. Inputs are joined
by a slow loop here, and as of their time there.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.strategies import DrawFn
from numpy.typing import NDArray

from mmrun.engine.bind import run_values
from mmrun.engine.interpret import python_residual
from mmrun.engine.jit import Mode, compiled, uncompiled
from mmrun.engine.pipeline import new_pipeline
from mmrun.engine.residual import compile_residual
from mmrun.lang.evaluate import Evaluator, Row
from mmrun.lang.nodes import Expr, Ticks, input_ticks
from mmrun.lang.place import TextPlace, formula
from mmrun.market.inputs import InputRows
from mmrun.market.instrument import Instrument
from mmrun.market.tape import Batch, Kind
from mmrun.plan.compile import Checked, check_formulas, compile_plan
from mmrun.plan.levels import output_name, output_names
from mmrun.plan.passes import PASSES
from mmrun.plan.plan import OUTPUTS, Plan
from mmrun.plan.program import Program
from mmrun.strategy.spec import (
    Input,
    Let,
    Levels,
    Param,
    Quoting,
    Risk,
    Session,
    Strategy,
)
from mmrun.units import parse_unit
from tests.engine.conftest import at_rows


SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
TICK, LOT = 0.01, 1.0
UTC_OFFSET_NS = -5 * 3600 * SECOND
SESSION = (START + SECOND, START + 20 * SECOND)
EXAMPLES = 120 if os.environ.get("CI") else 60

Values = dict[str, float]
Floats = NDArray[np.float64]

# ---- formulas


#: Kind of value to the names and literals that are one; market data first.
DATA = {
    "price": ["bid", "ask", "mid", "weighted_mid", "last_price", "spread", "theo"],
    "size": ["bid_size", "ask_size", "last_size"],
    "ratio": ["queue_imbalance", "last_side", "(signal / 1bps)"],
    "time": ["age(quote)", "age(trade)", "time_of_day", "time_left"],
    "relative": ["ret(mid)", "ret(last_price, 2s)", "realized_vol(mid, 3s)", "signal"],
    "sigma": ["volatility(mid, 2s)", "volatility(last_price, span)"],
    "bool": ["bid < ask", "last_side == 1", "missing(last_price)", "bid_size >= 7lot"],
}
FIXED = {
    "price": ["2tick", "width", "cents"],
    "size": ["3lot", "clip", "max_inventory"],
    "ratio": ["edge", "0.1", "2", "(1 / 3)", "level"],
    "time": ["1.5s", "span", "250ms"],
    "relative": ["5bps", "0.3bps", "alpha"],
    "sigma": ["vol"],
    "bool": ["edge > 0.5", "1 == 1"],
}
STATE = {
    "price": ["average_cost", "working_bid", "prev(half_spread)", "prev(fair)"],
    "size": ["inventory", "working_ask_size"],
    "ratio": ["fill_count", "inventory / max_inventory", "prev(fill_count)"],
    "time": ["time_since_fill", "inventory_age"],
    "relative": ["5bps * fill_count", "prev(alpha * fill_count)"],
    "sigma": ["average_cost / sqrt(2s)"],
    "bool": ["inventory > 0", "missing(working_bid)", "prev(net_pnl) < net_pnl"],
}
KINDS = tuple(DATA)
WINDOWS = ["2s", "700ms", "span", "3", "back", "1"]
TIMES = ["2s", "700ms", "span"]
EXPONENTS = ["0", "1", "2", "3", "8", "9", "-1", "-2", "0.5", "-0.5", "1.5", "level"]

#: Ways to make a value: what of, and the text with its operands as {0}, {1}, ...
SAME = [
    (("*", "*"), "({0} + {1})"),
    (("*", "*"), "({0} - {1})"),
    (("*",), "(-{0})"),
    (("*",), "abs({0})"),
    (("*", "ratio"), "({0} * {1})"),
    (("ratio", "*"), "({0} * {1})"),
    (("*", "ratio"), "({0} / {1})"),
    (("*", "*"), "min({0}, {1})"),
    (("*", "*", "*"), "max({0}, {1}, {2})"),
    (("*", "*", "*"), "clip({0}, {1}, {2})"),
    (("*", "*"), "coalesce({0}, {1})"),
    (("*", "*"), "({0} % {1})"),
    (("*", "bool", "*"), "({0} if {1} else {2})"),
]
ROOTS = [(("*",), "sqrt({0} * {0})"), (("*",), "(({0} ** 2) ** 0.5)")]
RATIOS = [
    *[(("*", "*"), text) for text in ("({0} / {1})", "sign({0} - {1})")],
    (("ratio",), "exp({0})"),
    (("ratio",), "log({0})"),
    (("ratio",), "tanh({0})"),
    (("ratio",), "floor({0} * 10)"),
    (("ratio",), "ceil({0} / 0.3)"),
    (("ratio",), "round({0} * 10)"),
    (("ratio",), "({0} ** {n})"),
    (("bool",), "(1 if {0} else 0)"),
]
PRICES = [
    (("price", "relative"), "({0} + {1})"),
    (("relative", "price"), "max({0}, {1})"),
    (("price", "relative"), "({0} * {1})"),
    (("price",), "(floor({0} / 1tick) * 1tick)"),
    (("sigma", "time"), "({0} * sqrt({1}))"),
    (("sigma",), "sqrt({0} ** 2 * 5s)"),
]
CONDITIONS = [
    *[(("?", "?"), f"({{0}} {op} {{1}})") for op in ("<", "<=", ">", ">=", "==", "!=")],
    (("price", "relative"), "({0} > {1})"),
    (("bool", "bool"), "({0} and {1})"),
    (("bool", "bool"), "({0} or {1})"),
    (("bool",), "(not {0})"),
    (("?",), "missing({0})"),
    (("bool",), "missing({0})"),
    (("bool", "bool"), "coalesce({0}, {1})"),
    (("bool", "bool", "bool"), "({0} if {1} else {2})"),
]
MORE = {
    "ratio": RATIOS,
    "price": PRICES + ROOTS,
    "size": ROOTS,
    "time": ROOTS,
    "bool": CONDITIONS,
    "sigma": [*ROOTS, (("price", "time"), "({0} / sqrt({1}))")],
}
#: Functions over time: {x} is market data of the kind, {w} a window, {t} a time.
OVER_TIME = [
    "lag({x}, {w})", "prev({x})", "delta({x}, {w})", "mean({x}, {w})",
    "std({x}, {w})", "sum({x}, {w})", "ewma({x}, {t})", "ewma({x}, decay=0.9)",
    "sample({x}, trade)", "sample({x}, quote)", "twap({x}, {t})",
    "min_over({x}, {w})", "max_over({x}, {w})", "ewm_std({x}, {t})",
    "ewm_std({x}, decay=0.9)",
]  # fmt: skip
OVER_TIME_MORE = {
    "bool": ["lag({x}, {w})", "prev({x})", "sample({x}, trade)", "sample({x}, quote)"],
    "ratio": [
        "count({any}, {w})", "trade_imbalance({t})", "trades({t})",
        "zscore({any}, {w})", "vpin({bucket}, buckets=2)",
    ],
    "price": ["vwap({t})", "(kyle_lambda({t}, bar=300ms) * 100lot)"],
    "size": ["volume({t})", "signed_volume({t})", "ofi({t})"],
    "relative": [
        "ret({price}, {w})", "realized_vol({price}, {t})", "log_ret({price}, {w})",
        "parkinson({price}, bar={t}, bars=2)", "parkinson({price}, 500ms, bars=back)",
    ],
    "sigma": ["volatility({price}, {t})"],
}  # fmt: skip


@dataclass(slots=True)
class Maker:
    """Draws formulas that check clean."""

    draw: DrawFn
    lets: dict[str, list[tuple[str, str]]]  #: kind to (name, stage) of the lets so far

    def pick(self, items: Sequence[str]) -> str:
        return self.draw(st.sampled_from(items))

    def value(self, kind: str, stage: str, depth: int) -> str:
        """A value of a kind: `data` looks at the market alone, `state` at all."""
        if depth <= 0 or self.draw(st.integers(0, 5)) == 5:
            return self.leaf(kind, stage)
        if self.draw(st.integers(0, 3)) == 0:
            return self.over_time(kind, depth)
        ways = MORE.get(kind, []) + (SAME if kind != "bool" else [])
        operands, text = self.draw(st.sampled_from(ways))
        star = (
            self.pick(["price", "size", "time", "relative"])
            if kind == "ratio"
            else kind
        )
        either = self.pick(["price", "size", "ratio", "time", "relative"])
        if kind == "ratio" and (operands, text) in SAME:
            star = "ratio"
        kinds = [{"*": star, "?": either}.get(each, each) for each in operands]
        values = [self.value(each, stage, depth - 1) for each in kinds]
        return text.format(*values, n=self.pick(EXPONENTS))

    def leaf(self, kind: str, stage: str) -> str:
        known = [n for n, s in self.lets[kind] if stage == "state" or s == "data"]
        names = DATA[kind] + FIXED[kind] + 2 * known
        return f"({self.pick(names + STATE[kind] if stage == 'state' else names)})"

    def over_time(self, kind: str, depth: int) -> str:
        shapes = OVER_TIME_MORE.get(kind, [])
        shapes = shapes + (OVER_TIME if kind != "bool" else [])
        return self.pick(shapes).format(
            x=self.series(kind, depth - 1),
            price=self.series("price", depth - 1),
            any=self.series(self.pick(["price", "size", "relative"]), depth - 1),
            w=self.pick(WINDOWS),
            t=self.pick(TIMES),
            bucket=self.pick(["5", "2lot", "clip"]),
        )

    def series(self, kind: str, depth: int) -> str:
        """Market data for sure: one operand is."""
        inner = self.value(kind, "data", depth)
        fresh = self.pick(DATA[kind])
        joined = {"bool": f"({inner} or ({fresh}))"}
        return joined.get(kind, f"({inner} - {fresh})")


@st.composite
def strategies(draw: DrawFn) -> dict[str, str]:
    """Formulas by name: quote fields, and lets of all kinds."""
    maker = Maker(draw, {kind: [] for kind in KINDS})
    texts: dict[str, str] = {}
    for index in range(draw(st.integers(1, 5))):
        kind, stage = (
            draw(st.sampled_from(KINDS)),
            draw(st.sampled_from(["data", "state"])),
        )
        texts[f"l{index}"] = maker.value(kind, stage, 2)
        maker.lets[kind].append((f"l{index}", stage))
    for name in ("fair", "half_spread", "reservation"):
        texts[name] = maker.value("price", "state", 2)
    return texts


#: What changes at trades alone, as columns are made of it there and kept between.
SAMPLES = {
    "price": ["sample(vwap({t}), trade)", "sample(max_over(last_price, {w}), trade)"],
    "size": ["sample(signed_volume({t}), trade)", "sample(2 * volume({t}), trade)"],
    "ratio": ["sample(trade_imbalance({t}), trade)"],
    "relative": ["sample(std(ret(last_price), {w}), trade)"],
    "sigma": ["sample(volatility(last_price, {t}), trade)"],
    "bool": ["(sample(mean(last_side, {w}), trade) > 0)"],
}


class Sampler(Maker):
    """Draws formulas of samples at trades, and little else."""

    def leaf(self, kind: str, stage: str) -> str:
        if kind not in SAMPLES or self.draw(st.integers(0, 3)) == 0:
            return super().leaf(kind, stage)
        return self.over_time(kind, 0)

    def over_time(self, kind: str, depth: int) -> str:
        text = self.pick(SAMPLES[kind]) if kind in SAMPLES else self.leaf(kind, "data")
        return text.format(w=self.pick(WINDOWS), t=self.pick(TIMES))


@st.composite
def samples(draw: DrawFn) -> dict[str, str]:
    """Formulas beside what moves at book rows, made of samples at trades."""
    maker = Sampler(draw, {kind: [] for kind in KINDS})
    one, two, three = (maker.value("price", "data", 3) for _ in range(3))
    condition = maker.value("bool", "data", 2)
    return {
        "fair": f"(mid + {one})",
        "half_spread": f"({two} if ({condition}) and bid < ask else spread)",
        "reservation": f"max({three}, (fair + average_cost) / 2)",
    }


PARAMS = {
    "edge": (0.7, None),
    "back": (2.0, None),
    "alpha": (3e-4, "bps"),
    "width": (3.0, "tick"),
    "cents": (0.05, "price"),
    "clip": (100.0, "size"),
    "span": (1.25, "s"),
    "vol": (0.02, "price/sqrt(s)"),
}


INPUTS = {
    "signal": ("bps", 2 * SECOND, None),
    "theo": ("tick", SECOND, 5.0),
}


def strategy_of(texts: Mapping[str, str], levels: Levels | None = None) -> Strategy:
    """A strategy with these formulas and the params above."""
    place = TextPlace("")
    made = {
        name: Param(name=name, value=v, unit=u and parse_unit(u), place=place)
        for name, (v, u) in PARAMS.items()
    }
    fields = ("fair", "half_spread", "reservation")
    return Strategy(
        name="random",
        description="",
        tags=(),
        params=tuple(made.values()),
        inputs=tuple(
            Input(
                name=name,
                unit=parse_unit(unit),
                stale_after_ns=old_ns,
                default=default,
                place=place,
            )
            for name, (unit, old_ns, default) in INPUTS.items()
        ),
        lets=tuple(Let(n, formula(t)) for n, t in texts.items() if n not in fields),
        quoting=Quoting(
            **{name: formula(texts[name]) for name in fields if name in texts},
            bid_size=formula("clip"),
            ask_size=formula("clip"),
            levels=levels or Levels(),
        ),
        venues=(),
        risk=Risk(max_inventory=1000.0),
        session=Session(),
        units_off=False,
        resolved="",
    )


def as_written(texts: Mapping[str, str], levels: Levels | None = None) -> Checked:
    """The checked strategy."""
    checked, problems = check_formulas(strategy_of(texts, levels))
    assert checked is not None, [(p.code, p.message, texts) for p in problems]
    return checked


def checked_of(texts: Mapping[str, str]) -> Checked:
    """The checked strategy; what else there is to compute are its lets.

    They are the other quote fields, whatever their kind, and conditions of rules.
    """
    checked = as_written(texts)
    outputs = itertools.cycle(checked.lets.values())
    others = {name: next(outputs) for name in OUTPUTS if name not in texts}
    conditions = {f"toxicity.{name}": expr for name, expr in checked.lets.items()}
    fields = dict(checked.fields) | others
    return replace(checked, fields=fields, conditions=conditions)


# ---- tapes


@dataclass(frozen=True, slots=True)
class Tape:
    """A batch, own state by row, which rows evaluate quotes, and inputs by name."""

    batch: Batch
    states: list[Values]
    evaluated: list[bool]
    inputs: dict[str, Own]


@dataclass(frozen=True, slots=True)
class Own:
    """An input's values, and where its table is cut."""

    rows: InputRows
    cuts: list[int]

    def pieces(self) -> Iterator[InputRows]:
        for part in parts(len(self.rows.ts), self.cuts):
            yield InputRows(*(column[part] for column in self.rows))


NUMBERS = st.sampled_from(
    [math.nan, 0.0, -0.0, 1.0, -2.5, 0.01, 150.25, 1e300, math.inf]
)
STATES = st.one_of(NUMBERS, st.floats(-500.0, 500.0))
GAPS = [0, 1, SECOND // 3, 7 * SECOND // 10, SECOND, 5 * SECOND]
PRICES_SEEN = [math.nan, 99.98, 99.99, 100.0, 100.01, 100.03, 0.01]
SIZES_SEEN = [math.nan, 0.0, 1.0, 7.0, 100.0, 1 / 3]
SOME_STATE = (
    "average_cost", "working_bid", "inventory", "working_ask_size", "fill_count",
    "time_since_fill", "inventory_age", "net_pnl",
)  # fmt: skip


@st.composite
def tapes(draw: DrawFn) -> Tape:
    """Up to 40 rows: quotes, trades and clock rows, with what real data leaves out."""
    count = draw(st.integers(1, 40))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    some = [draw(STATES) for _ in range(8)]
    of_kinds = [Kind.QUOTE, Kind.TRADE, Kind.CLOCK]
    kinds = chance.choice(of_kinds, count, p=[0.5, 0.3, 0.2])
    quote, trade = kinds == Kind.QUOTE, kinds == Kind.TRADE

    def column(of: list[float], where: NDArray[np.bool_]) -> Floats:
        return np.where(where, chance.choice(of, count), math.nan)

    batch = Batch(
        ts=START + np.cumsum(chance.choice(GAPS, count)),
        kind=kinds.astype(np.int8),
        bid=column(PRICES_SEEN, quote),
        bid_size=column(SIZES_SEEN, quote),
        ask=column(PRICES_SEEN, quote),
        ask_size=column(SIZES_SEEN, quote),
        price=column(PRICES_SEEN[1:], trade),
        size=column(SIZES_SEEN[1:], trade),
        side=np.where(trade, chance.choice([-1, 1], count), 0).astype(np.int8),
        status=np.zeros(count, np.int8),
        venue=np.zeros(count, np.int8),
    )
    states = [
        {name: float(chance.choice(some)) for name in SOME_STATE} for _ in range(count)
    ]
    inputs = {name: own_values(draw, chance) for name in INPUTS}
    return Tape(batch, states, (chance.random(count) < 0.7).tolist(), inputs)


def own_values(draw: DrawFn, chance: np.random.Generator) -> Own:
    """Up to 30 values about the tape's times, some known late, some at one time."""
    count = draw(st.integers(0, 30))
    ts = START + np.cumsum(chance.choice([-SECOND, *GAPS], count).clip(min=0))
    late = chance.choice([0, 0, 1, SECOND // 3, 3 * SECOND], count)
    values = chance.choice([0.5, -2.0, 3.0, math.inf], count)
    cuts = chance.integers(0, 30, 3).tolist()
    return Own(InputRows(ts, ts + late * draw(st.integers(0, 1)), values), cuts)


# ---- the definition


TICKS = {Kind.QUOTE: Ticks.BOOK, Kind.TRADE: Ticks.TRADE, Kind.CLOCK: Ticks.OTHER}


def latest_known(own: Own, ts: int) -> int | None:
    """The place of the value seen at a time: of those known by then the latest."""
    known = [i for i, at in enumerate(own.rows.known_ts) if at <= ts]
    return max(known, default=None)


def inputs_at(
    tape: Tape, ts: int, before: dict[str, int | None]
) -> tuple[Values, Ticks]:
    """Inputs as of a time, and which of them are new; `before` is what was seen."""
    values: Values = {}
    ticks = Ticks.NEVER
    for index, (name, (_, old_ns, default)) in enumerate(INPUTS.items()):
        own = tape.inputs[name]
        place = latest_known(own, ts)
        values[name] = math.nan if default is None else default
        if place is not None and ts - int(own.rows.known_ts[place]) < old_ns:
            values[name] = float(own.rows.value[place])
            ticks |= input_ticks(index) if place != before[name] else Ticks.NEVER
        before[name] = place
    return values, ticks


def rows_of(tape: Tape, params: Values) -> Iterator[Row]:
    """The tape as the definition takes it."""
    market: Values = {}
    seen: dict[str, int | None] = dict.fromkeys(INPUTS)
    for i, kind in enumerate(tape.batch.kind):
        ts = int(tape.batch.ts[i])
        if kind == Kind.QUOTE:
            names = ("bid", "bid_size", "ask", "ask_size")
            market |= {name: float(getattr(tape.batch, name)[i]) for name in names}
        elif kind == Kind.TRADE:
            for name in ("price", "size", "side"):
                market[f"last_{name}"] = float(getattr(tape.batch, name)[i])
        market["time_of_day"] = (ts + UTC_OFFSET_NS) % (86_400 * SECOND) / 1e9
        inside = SESSION[0] <= ts < SESSION[1]
        market["time_left"] = (SESSION[1] - ts) / 1e9 if inside else math.nan
        inputs, new = inputs_at(tape, ts, seen)
        yield Row(
            ts,
            TICKS[Kind(kind)] | new,
            dict(market),
            params,
            tape.states[i],
            inputs,
            evaluates_quotes=tape.evaluated[i],
        )


def by_definition(
    roots: Mapping[str, Expr], tape: Tape, level: int = 0
) -> list[Values]:
    """Values of the roots at a level, row by row."""
    params = {name: value for name, (value, _) in PARAMS.items()}
    params |= {"tick": TICK, "lot": LOT, "max_inventory": 1000.0}
    evaluator = Evaluator(roots)
    rows = (
        replace(row, states={**row.states, "level": float(level)})
        for row in rows_of(tape, params)
    )
    return [evaluator.step(row) for row in rows]


# ---- the plan


def machine_code(program: Program) -> Callable[[Floats], None]:
    residual = compile_residual(program)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(residual.address)

    def run(registers: Floats, keep: object = residual) -> None:
        function(registers.ctypes.data)

    return run


def plain_python(program: Program) -> Callable[[Floats], None]:
    return python_residual(program)


def by_plan(
    plan: Plan,
    tape: Tape,
    cuts: list[int],
    mode: Mode,
    compile_: Callable[[Program], Callable[[Floats], None]],
    conditions: Sequence[str],
) -> list[Values]:
    """Values of the outputs, row by row: columns in batches, then what is left."""
    values = run_values(plan, TICK, LOT)
    instrument = Instrument(symbol="ACME", venue="NASDAQ", tick=TICK, lot=LOT)
    pipeline = new_pipeline(
        plan,
        (instrument,),
        values,
        sessions=[SESSION],
        utc_offset=lambda _: UTC_OFFSET_NS,
        mode=mode,
        inputs=tape.inputs,
    )
    quotes, guards = compile_(plan.residual), compile_(plan.guards)
    known = dict.fromkeys(plan.read_at_rows, math.nan) | values
    found: list[Values] = []
    for part in parts(len(tape.batch), cuts):
        block = at_rows(*pipeline.run(tape.batch.rows(part.start, part.stop)))
        for i in range(part.start, part.stop):
            known |= dict(zip(pipeline.columns, block[:, i - part.start], strict=True))
            known |= {f"@{name}": value for name, value in tape.states[i].items()}
            guarded = outputs_of(plan.guards, guards, known)
            outputs = outputs_of(plan.residual, quotes, known)
            names = output_names(plan.levels)
            found.append(dict(zip(names, outputs, strict=False)))
            found[-1] |= dict(zip(conditions, guarded, strict=True))
            if tape.evaluated[i]:
                kept = outputs[len(names) :]
                known |= {f"~{k}": value for k, value in enumerate(kept)}
    return found


def outputs_of(
    program: Program, run: Callable[[Floats], None], known: Values
) -> list[float]:
    """The outputs of a program for these values of its inputs."""
    inputs = [known[name] for name in program.inputs]
    registers = np.array(inputs + [7.0] * len(program.outputs))
    run(registers)
    return registers[len(inputs) :].tolist()


def parts(length: int, cuts: list[int]) -> Iterator[slice]:
    edges = sorted({0, length, *(c for c in cuts if c < length)})
    return (slice(a, b) for a, b in itertools.pairwise(edges))


def bits(value: float) -> bytes:
    """The bytes of a double; every NaN counts as one."""
    return b"nan" if math.isnan(value) else struct.pack("d", value)


def differences(
    expected: list[Values], actual: list[Values]
) -> list[tuple[int, str, float, float]]:
    """Row, name and both values, wherever the bits differ."""
    return [
        (row, name, wanted[name], got[name])
        for row, (wanted, got) in enumerate(zip(expected, actual, strict=True))
        for name in got
        if bits(wanted[name]) != bits(got[name])
    ]


def meant(checked: Checked) -> dict[str, Expr]:
    """What the definition and the plan both give."""
    return dict(checked.fields) | dict(checked.conditions)


# ---- the tests


CUTS = st.lists(st.integers(1, 39), max_size=4)


@given(texts=strategies(), tape=tapes(), cuts=CUTS)
@settings(deadline=None, max_examples=EXAMPLES)
def test_the_compiled_plan_has_the_bits_of_the_definition(
    texts: dict[str, str], tape: Tape, cuts: list[int]
) -> None:
    """Columns and machine code, in any batches, give what formulas mean."""
    checked = checked_of(texts)

    plan, conditions = compile_plan(checked), tuple(checked.conditions)
    found = by_plan(plan, tape, cuts, compiled, machine_code, conditions)

    assert differences(by_definition(meant(checked), tape), found) == []


@given(texts=samples(), tape=tapes(), cuts=CUTS, machine=st.booleans())
@settings(deadline=None, max_examples=EXAMPLES)
def test_what_is_made_of_samples_has_the_bits_of_the_definition(
    texts: dict[str, str], tape: Tape, cuts: list[int], *, machine: bool
) -> None:
    """Columns that are held between trades, alone and within others, are no others."""
    checked = as_written(texts)
    how = (compiled, machine_code) if machine else (uncompiled, plain_python)

    found = by_plan(compile_plan(checked), tape, cuts, *how, ())

    assert differences(by_definition(checked.fields, tape), found) == []


@given(texts=strategies(), tape=tapes(), cuts=CUTS)
@settings(deadline=None, max_examples=EXAMPLES // 2)
def test_the_uncompiled_plan_has_the_bits_of_the_definition(
    texts: dict[str, str], tape: Tape, cuts: list[int]
) -> None:
    """Columns by uncompiled kernels and the residual as Python give what formulas mean."""
    checked = checked_of(texts)

    plan, conditions = compile_plan(checked), tuple(checked.conditions)
    found = by_plan(plan, tape, cuts, uncompiled, plain_python, conditions)

    assert differences(by_definition(meant(checked), tape), found) == []


@given(texts=strategies(), tape=tapes(), cuts=CUTS, data=st.data())
@settings(deadline=None, max_examples=EXAMPLES // 2)
def test_each_level_has_the_bits_of_the_definition_at_its_number(
    texts: dict[str, str], tape: Tape, cuts: list[int], data: st.DataObject
) -> None:
    """A plan of three levels gives what formulas mean where `level` is 0, 1 and 2."""
    step = Maker(data.draw, {kind: [] for kind in KINDS}).value("price", "state", 1)
    checked = as_written(texts, Levels(count=3, step=formula(step), size_factor=0.5))

    found = by_plan(compile_plan(checked), tape, cuts, uncompiled, plain_python, ())

    for level in range(3):
        wanted = by_definition(checked.fields_at(level), tape, level)
        named = [{output_name(n, level): x for n, x in row.items()} for row in wanted]
        got = [{name: row[name] for name in named[0]} for row in found]
        assert (level, differences(named, got)) == (level, [])


@given(texts=strategies(), tape=tapes())
@settings(deadline=None, max_examples=EXAMPLES // 2)
def test_each_pass_keeps_every_bit(texts: dict[str, str], tape: Tape) -> None:
    """Formulas mean the same before and after each rewrite."""
    checked = checked_of(texts)
    roots: Mapping[str, Expr] = dict(checked.fields) | {
        f"let.{name}": expr for name, expr in checked.lets.items()
    }
    before = by_definition(roots, tape)

    for rewrite in PASSES:
        roots = rewrite(roots)

        assert (rewrite.__name__, differences(before, by_definition(roots, tape))) == (
            rewrite.__name__,
            [],
        )
