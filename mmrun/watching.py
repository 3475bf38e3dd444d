"""What a strategy reads and does not quote: references, and venues named in formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmrun.documents.words import closest
from mmrun.lang.names import QUOTED
from mmrun.market.dataset import Dataset
from mmrun.market.instrument import Instrument
from mmrun.plan.plan import Plan
from mmrun.problems import DataError
from mmrun.report.facts import Watched
from mmrun.strategy.spec import Strategy


@dataclass(frozen=True, slots=True)
class Lacking:
    """A name that formulas read and the data does not have."""

    name: str  #: as formulas have it
    wanted: str  #: the symbol or venue that is not there
    known: tuple[str, ...]  #: those that are

    @property
    def hint(self) -> str:
        """The likeliest name that was meant, or all."""
        close = closest(self.wanted, self.known)
        return (
            f"did you mean '{close}'?" if close else f"it has {', '.join(self.known)}"
        )


def lacking(
    strategy: Strategy, sources: Sequence[str], dataset: Dataset, symbol: str
) -> tuple[Lacking, ...]:
    """The sources that a dataset does not have.

    A venue that the strategy quotes is not among them: where the data lacks it, it has
    no part in the run, and its names are missing.
    """
    symbols = _symbols(strategy)
    known = tuple(sorted({each.symbol for each in dataset.instruments}))
    venues = tuple(e.venue for e in dataset.instruments if e.symbol == symbol)
    quoted = {QUOTED, *(venue.name for venue in strategy.venues)}
    found = []
    for name in sources:
        if name in symbols and symbols[name] not in known:
            found.append(Lacking(name, symbols[name], known))
        elif name not in symbols and name not in quoted and name not in venues:
            found.append(Lacking(name, name, venues))
    return tuple(found)


def watched(
    plan: Plan, dataset: Dataset, instruments: Sequence[Instrument]
) -> tuple[Instrument, ...]:
    """The instruments of a dataset that a plan reads beside those it quotes.

    Raises:
        DataError: the dataset has no such symbol, or venue.
    """
    symbol = instruments[0].symbol
    for one in lacking(plan.strategy, plan.sources, dataset, symbol):
        of = f", which the reference {one.name} is" if one.name != one.wanted else ""
        what = "symbol" if one.name in _symbols(plan.strategy) else f"{symbol} at"
        message = f"{dataset.path} has no {what} '{one.wanted}'{of}"
        if not of:
            message += ", whose names formulas read"
        raise DataError(message, hint=one.hint)
    symbols = _symbols(plan.strategy)
    return tuple(
        each
        for each in dataset.instruments
        if each not in instruments and _is_read(each, plan, symbols, symbol)
    )


def terms(
    plan: Plan,
    instruments: Sequence[Instrument],
    others: Sequence[Instrument],
    rows: Sequence[int],
) -> tuple[Watched, ...]:
    """What was read beside what was quoted, by the names that formulas have for it.

    `rows` are those of the instruments `others`.
    """
    symbols = _symbols(plan.strategy)
    found = []
    for name in plan.sources:
        here = [
            (each, int(count))
            for each, count in zip(others, rows, strict=True)
            if _answers(each, name, symbols, instruments[0].symbol)
        ]
        if here:
            venues = tuple(each.venue for each, _ in here)
            symbol = here[0][0].symbol
            found.append(Watched(name, symbol, venues, sum(n for _, n in here)))
    return tuple(found)


def _is_read(
    each: Instrument, plan: Plan, symbols: Mapping[str, str], symbol: str
) -> bool:
    return any(_answers(each, name, symbols, symbol) for name in plan.sources)


def _answers(
    each: Instrument, name: str, symbols: Mapping[str, str], symbol: str
) -> bool:
    """Whether an instrument is of those that a source's name stands for."""
    if name in symbols:
        return each.symbol == symbols[name]
    return each.symbol == symbol and each.venue == name


def _symbols(strategy: Strategy) -> dict[str, str]:
    """The symbol that each reference stands for."""
    return {each.name: each.symbol for each in strategy.references}
