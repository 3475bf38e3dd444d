"""What a dataset says of a strategy: a look at each symbol, with a trial run of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mmrun.lint.facts import MarketFacts, Trial
from mmrun.lint.look import first_days, market_facts, trial_of
from mmrun.market.dataset import Dataset, load_dataset
from mmrun.market.instrument import Instrument
from mmrun.plan.compile import Checked, compile_plan
from mmrun.report.run import Run
from mmrun.strategy.spec import Strategy
from mmrun.watching import lacking


class Replay(Protocol):
    """Runs a strategy on days (`2012-06-21..2012-06-22`) of one of a dataset's symbols."""

    def __call__(self, *, symbol: str, days: str) -> Run:
        """The run."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """A strategy without errors, which is tried on data."""

    file: Path
    checked: Checked
    given: Mapping[str, object]  #: inputs by name
    replay: Replay  #: every touch fills
    tell: Callable[[str], None]

    @property
    def strategy(self) -> Strategy:
        """What the file says."""
        return self.checked.strategy

    def say(self, text: str) -> None:
        """Tell which days were looked at, and of inputs that are not given."""
        self.tell(f"{self.file}: {text}")


def look_at(data: Path, tried: Tried | None) -> tuple[MarketFacts, ...]:
    """Each symbol of a dataset, with a trial run where the strategy runs on it.

    `tried` is None where the strategy has errors.

    Raises:
        DataError: the data is missing or cannot be right.
    """
    dataset, strategy = load_dataset(data), tried.strategy if tried else None
    venues = {each.name for each in strategy.venues} if strategy else set()
    ticks = [v.tick for v in strategy.venues if v.tick] if strategy else []
    found = []
    for symbol in _symbols(dataset, strategy):
        at = [each for each in dataset.instruments if each.symbol == symbol]
        quoted = [each for each in at if each.venue in venues]
        runs = quoted or not venues
        trial = _trial(tried, dataset, quoted or at) if tried and runs else None
        names = [each.venue for each in at]
        found.append(market_facts(dataset, names, quoted or at, ticks, trial))
    return tuple(found)


def _symbols(dataset: Dataset, strategy: Strategy | None) -> Iterator[str]:
    """Those that may be quoted, sorted; a reference is read beside another one."""
    references = {each.symbol for each in strategy.references} if strategy else set()
    symbols = sorted({each.symbol for each in dataset.instruments})
    for symbol in symbols:
        if symbol not in references or len(symbols) == 1:
            yield symbol


def _trial(
    tried: Tried, dataset: Dataset, quoted: Sequence[Instrument]
) -> Trial | None:
    """What a run of a symbol's first days says; None where something is not there."""
    symbol, days = quoted[0].symbol, first_days(dataset, quoted)
    tried.say(f"looked at {symbol}, {' to '.join(dict.fromkeys(days))}")
    if not _can_run(tried, dataset, symbol):
        return None
    run = tried.replay(symbol=symbol, days="..".join(days))
    names = (each.name for each in tried.strategy.inputs)
    return trial_of(run, tuple(name for name in names if name not in tried.given))


def _can_run(tried: Tried, dataset: Dataset, symbol: str) -> bool:
    """Whether all that is read is there; inputs may have a default, which is told of."""
    sources = compile_plan(tried.checked).sources
    can = not lacking(tried.strategy, sources, dataset, symbol)
    for each in tried.strategy.inputs:
        if each.name not in tried.given and each.default is not None:
            tried.say(f"{each.name} is not given, its default holds")
        elif each.name not in tried.given:
            option = f"--input {each.name}=FILE:COLUMN"
            tried.say(f"no trial run: {each.name} has no default, give {option}")
            can = False
    return can
