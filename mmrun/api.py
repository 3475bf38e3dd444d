"""The whole flow: read → check → build → parse → check → compile → drive → report.

A stranger starts here. Slow libraries are imported where they are first needed, so
that checking a file needs neither polars nor numexpr nor numba.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmrun.plan.compile import Checked, check_formulas, compile_plan, meanings
from mmrun.plan.plan import Plan
from mmrun.problems import Problem, StrategyError, errors_in, sorted_by_place
from mmrun.strategy import formulas_in, read_strategy, resolve


if TYPE_CHECKING:
    import polars as pl

    from mmrun.engine.quote import Market, Quote, Quoted
    from mmrun.feeds.held import HeldTape
    from mmrun.lint.facts import MarketFacts
    from mmrun.market.storage import Location
    from mmrun.report.run import Run

#: Params by name, other values by dotted path: what `-s` takes.
Settings = Mapping[str, object]
#: Told what is being done.
Tell = Callable[[str], None]


def read(
    file: Path | str, overrides: Sequence[str] = ()
) -> tuple[Checked | None, tuple[Problem, ...]]:
    """A strategy file with its formulas checked, None where there are errors."""
    strategy, problems = read_strategy(Path(file), overrides)  # YAML, schema, rules
    if strategy is None:
        found = _in_formulas(Path(file), overrides, problems)
        return None, sorted_by_place((*problems, *found))
    checked, found = check_formulas(strategy)  # parse, names, order, types and units
    problems = sorted_by_place((*problems, *found))
    return (None if errors_in(problems) else checked), problems


def check(
    file: Path | str,
    overrides: Sequence[str] = (),
    *,
    data: Path | str | None = None,
    inputs: Mapping[str, Path | str | pl.DataFrame] | None = None,
    tell: Tell = lambda _: None,
) -> tuple[Problem, ...]:
    """All that is wrong with a strategy file, by place, and what the linter warns of.

    Args:
        file: the YAML file.
        overrides: as -s takes them.
        data: a dataset's directory; what its first days say of the strategy is told too.
        inputs: as `run` takes them, for the trial run on the data.
        tell: hears which days were looked at, and of inputs that are not given.

    Raises:
        UsageError: the file is not there, or an input that the strategy has not is given.
        DataError: the data is missing or cannot be right.
    """
    from mmrun.lint import lint

    checked, problems = read(file, overrides)
    document, _ = resolve(Path(file), overrides)
    if document is None:
        return problems
    markets: tuple[MarketFacts, ...] = ()
    if data is not None:
        from mmrun.looking import Tried, look_at

        touched = partial(
            replay, file, data, overrides=overrides, fills="touch", inputs=inputs
        )
        given = inputs or {}
        tried = Tried(Path(file), checked, given, touched, tell) if checked else None
        markets = look_at(Path(data), tried)  # medians, and a run of the first days
    return sorted_by_place(lint(document, problems, markets, complete=not overrides))


def load(
    file: Path | str,
    *,
    set: Settings | None = None,  # noqa: A002
) -> Plan:
    """Read, check and compile a strategy.

    Args:
        file: the YAML file.
        set: params by name, other values by dotted path.

    Raises:
        StrategyError: the file has problems.
        UsageError: the file is not there.
    """
    return build(file, _overrides(set))


def build(file: Path | str, overrides: Sequence[str] = ()) -> Plan:
    """As `load`, with overrides as -s takes them."""
    checked, problems = read(file, overrides)
    if checked is None:
        raise StrategyError(problems)
    return compile_plan(checked)  # rewrite, split into columns and residual, lower


def run(
    file: Path | str,
    data: Location | str | None = None,
    *,
    set: Settings | None = None,  # noqa: A002
    fills: str = "queue",
    latency: str = "",
    seed: int = 0,
    symbol: str | None = None,
    days: str | None = None,
    inputs: Mapping[str, Path | str | pl.DataFrame] | None = None,
) -> Run:
    """Replay a dataset through a strategy.

    Args:
        file: the strategy.
        data: a dataset's directory or fsspec URL; None: the example that comes with
            the package.
        set: params by name, other values by dotted path.
        fills: `queue`, `through`, `through:TICKS`, `touch` or `hftbacktest`.
        latency: `feed=0.5ms,order=2ms,cancel=2ms,response=0ms`; the rest is zero.
        seed: kept with the run; no model draws from chance yet.
        symbol: which symbol of the dataset; None: its only one.
        days: `2012-06-21..2012-06-22`, dates in the dataset's timezone; None: all.
        inputs: for each of the strategy's inputs a file (`"FILE"`, `"FILE:COLUMN"`) or
            a frame, with a column `ts` beside the values'.

    Raises:
        StrategyError: the file has problems.
        UsageError: an argument is wrong, an input without a default is not given.
        DataError: the data is missing or cannot be right.
    """
    return replay(
        file,
        data,
        overrides=_overrides(set),
        fills=fills,
        latency=latency,
        seed=seed,
        symbol=symbol,
        days=days,
        inputs=inputs,
    )


def replay(
    file: Path | str,
    data: Location | str | None,
    *,
    overrides: Sequence[str] = (),
    fills: str = "queue",
    latency: str = "",
    seed: int = 0,
    symbol: str | None = None,
    days: str | None = None,
    inputs: Mapping[str, Path | str | pl.DataFrame] | None = None,
    tape: HeldTape | None = None,
    tell: Tell = lambda _: None,
) -> Run:
    """As `run`, with overrides as -s takes them; `tell` hears what is being done.

    With `tape` the data stays in memory for the next run of the same.
    """
    from mmrun.engine.assumptions import fill_model, latency as latencies
    from mmrun.engine.run import start
    from mmrun.joining import open_inputs
    from mmrun.replaying import Stopwatch, conditions_of, finish, open_feed

    watch = Stopwatch()
    model, delays = fill_model(fills), latencies(latency)
    plan = build(file, overrides)
    source = open_feed(plan, data, symbol=symbol, days=days)
    joined = open_inputs(plan.strategy, inputs or {}, source.replay)
    conditions = conditions_of(
        source, model=model, latency=delays, inputs=joined.columns, tell=tell
    )
    feed = watch.reading(tape.feed(source.replay) if tape else source.replay)
    bound = start(plan, feed, conditions)  # ticks, params, registers, machine code
    with watch.driving():
        recording = bound.over(feed, progress=watch.telling(tell))
    return finish(
        plan,
        source,
        conditions,
        recording,
        watch,
        inputs=joined,
        file=Path(file),
        seed=seed,
    )


def quote(
    file: Path | str,
    *,
    bid: float = math.nan,
    ask: float = math.nan,
    bid_size: float = math.nan,
    ask_size: float = math.nan,
    mid: float | None = None,
    inventory: float = 0.0,
    names: Mapping[str, str] | None = None,
    set: Settings | None = None,  # noqa: A002
) -> list[Quote]:
    """The quotes a strategy would show in a market, one a venue and level.

    Args:
        file: the strategy.
        bid: the market's best bid.
        ask: its best ask.
        bid_size: size displayed at the bid.
        ask_size: size displayed at the ask.
        mid: instead of bid and ask; the touch is then unknown.
        inventory: our position.
        names: lets, inputs, own state, market names and windowed names by their text
            (`{"trades(1s)": "6"}`); bare values are in base units.
        set: params by name, other values by dotted path.

    Raises:
        StrategyError: the file has problems.
        UsageError: a name that the strategy does not have.
    """
    from mmrun.engine.quote import Market

    market = Market(
        bid=bid,
        ask=ask,
        bid_size=bid_size,
        ask_size=ask_size,
        mid=mid,
        inventory=inventory,
        names=names or {},
    )
    return quoted(file, market, _overrides(set)).quotes


def quoted(file: Path | str, market: Market, overrides: Sequence[str] = ()) -> Quoted:
    """As `quote`, with what stood behind the quotes; overrides as -s takes them."""
    from mmrun.engine.quote import quotes_in

    checked, problems = read(file, overrides)
    if checked is None:
        raise StrategyError(problems)
    return quotes_in(checked, market)


def _in_formulas(
    file: Path, overrides: Sequence[str], problems: tuple[Problem, ...]
) -> tuple[Problem, ...]:
    """What is wrong with the formulas of a file that has other problems."""
    document, _ = resolve(file, overrides)
    formulas = document and formulas_in(document, problems)
    return meanings(formulas)[1] if formulas else ()


def _overrides(settings: Settings | None) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in (settings or {}).items())
