"""What `api.run` does around the engine: opening the feed, timing, writing down facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any

from mmrun.engine.assumptions import FillModel, Latency
from mmrun.engine.bind import is_inverse, quoted_venue, shared_sizes
from mmrun.engine.jit import Mode, compiled
from mmrun.engine.records import Recording
from mmrun.engine.run import Conditions
from mmrun.feeds.replay import Replay
from mmrun.joining import Inputs
from mmrun.market.check import refuse_hopeless
from mmrun.market.dataset import (
    Dataset,
    choose_instruments,
    files_of_all,
    load_dataset,
)
from mmrun.market.inputs import InputColumn
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import TapeFile
from mmrun.market.schedule import Schedule, by_calendar, by_hours, endless
from mmrun.market.sessions import utc_offset
from mmrun.market.storage import Location, locate
from mmrun.market.tape import Batch, Feed
from mmrun.plan.plan import Plan
from mmrun.problems import UsageError
from mmrun.report.facts import RunFacts
from mmrun.report.provenance import git_state, run_id, text_hash, versions
from mmrun.report.run import Run
from mmrun.report.summary import summarize
from mmrun.strategy.spec import Fee, Session, Strategy, Venue
from mmrun.watching import terms, watched


@dataclass(frozen=True, slots=True)
class Source:
    """An opened dataset with what was chosen from it."""

    dataset: Dataset
    replay: Replay
    schedule: Schedule
    scope: dict[str, str]  #: symbol and days, as they went into the run


def open_feed(
    plan: Plan, data: Location | str | None, *, symbol: str | None, days: str | None
) -> Source:
    """Open a dataset for a plan.

    Raises:
        DataError: it is missing, damaged, crossed too often to mean anything, does not
            hold one symbol or what formulas read besides, or has days that the calendar does not know.
        NothingSelectedError: it has none of the days, or they have no session.
        UsageError: the strategy quotes other venues, `days` cannot be read, or no
            driver for the data's URL is installed.
    """
    dataset = load_dataset(example_data() if data is None else locate(data))
    venues = tuple(venue.name for venue in plan.strategy.venues)
    instruments = choose_instruments(dataset, symbol, venues)
    others = watched(plan, dataset, instruments)
    for instrument in (*instruments, *others):
        refuse_hopeless(dataset, instrument)
    chosen = _read_days(days)
    session = plan.strategy.session
    tape = files_of_all(dataset, instruments, chosen)
    schedule = _schedule(session, tape, instruments[0])
    replay = Replay(
        dataset,
        symbol,
        venues=venues,
        heartbeat_ns=session.heartbeat_ns,
        session=schedule.hours,
        days=chosen,
        watched=others,
    )
    scope = {"symbol": instruments[0].symbol, "days": days or "all"}
    return Source(dataset, replay, schedule, scope)


def _schedule(
    session: Session, tape: Sequence[TapeFile], instrument: Instrument
) -> Schedule:
    if session.calendar is not None:
        return by_calendar(tape, session.calendar)
    if session.open_s is not None and session.close_s is not None:
        return by_hours(tape, session.timezone, session.open_s, session.close_s)
    return endless(tape, instrument.timezone)


def example_data() -> Path:
    """The dataset that comes with the package."""
    return Path(str(files("mmrun") / "example"))


def _read_days(text: str | None) -> tuple[str, str] | None:
    """First and last date of `A..B`, or of one date alone."""
    if text is None:
        return None
    first, dots, last = (part.strip() for part in text.partition(".."))
    chosen = (first, last if dots else first)
    if not all(_is_date(day) for day in chosen):
        message = f"days are '{text}'; expected dates, as 2013-10-07..2013-10-08 or 2013-10-07"
        raise UsageError(message)
    if chosen[0] > chosen[1]:
        message = f"days are '{text}'; expected the earlier date first"
        raise UsageError(message)
    return chosen


def _is_date(text: str) -> bool:
    """Whether a text is a date as partitions have it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def conditions_of(
    source: Source,
    *,
    model: FillModel,
    latency: Latency,
    inputs: Mapping[str, InputColumn],
    tell: Callable[[str], None],
) -> Conditions:
    """The conditions of a compiled run; a cold compile is announced once."""
    return Conditions(
        model=model,
        latency=latency,
        sessions=source.schedule.hours,
        utc_offset=utc_offset(source.schedule.timezone),
        inputs=inputs,
        mode=announced(tell),
    )


def announced(tell: Callable[[str], None]) -> Mode:
    """`compiled`, saying so before the first kernel that is not in the cache."""
    said: list[str] = []

    def cold(name: str) -> None:
        if not said:
            said.append(name)
            tell("compiling the engine for this machine (once, about a minute) ...")

    def mode(function: Any) -> Any:
        return compiled(function, on_cold=cold)

    return mode


@dataclass(slots=True)
class Stopwatch:
    """Seconds spent reading data and running the engine."""

    started: float = field(default_factory=perf_counter)
    decode_s: float = 0.0
    drive_s: float = 0.0

    @contextmanager
    def driving(self) -> Iterator[None]:
        """Time the engine, decoding included."""
        began = perf_counter()
        yield
        self.drive_s += perf_counter() - began

    def reading(self, feed: Feed) -> Feed:
        """The same feed, its decoding timed."""
        return _Timed(feed, self)

    def telling(self, tell: Callable[[str], None]) -> Callable[[int], None]:
        """Progress: rows done, said once the run has taken a second."""
        said = [perf_counter()]

        def rows(done: int) -> None:
            if perf_counter() - said[0] > 1.0:
                said[0] = perf_counter()
                tell(f"{done:,} rows")

        return rows


@dataclass(frozen=True, slots=True)
class _Timed:
    """A feed whose decoding is timed."""

    inner: Feed
    watch: Stopwatch

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return self.inner.instruments

    @property
    def watched(self) -> tuple[Instrument, ...]:
        return self.inner.watched

    @property
    def span(self) -> tuple[int, int]:
        return self.inner.span

    def batches(self) -> Iterator[Batch]:
        batches = self.inner.batches()
        while True:
            began = perf_counter()
            batch = next(batches, None)
            self.watch.decode_s += perf_counter() - began
            if batch is None:
                return
            yield batch


def finish(
    plan: Plan,
    source: Source,
    conditions: Conditions,
    recording: Recording,
    watch: Stopwatch,
    *,
    inputs: Inputs,
    file: Path,
    seed: int,
) -> Run:
    """Summary, manifest and timing of a recording."""
    began = perf_counter()
    strategy = plan.strategy
    facts = facts_of(plan, source, conditions, recording, seed, inputs.terms)
    summary = summarize(recording, facts)
    ended = perf_counter()
    engine_s = watch.drive_s - watch.decode_s
    timing = {
        "engine_s": engine_s,
        "decode_s": watch.decode_s,
        "report_s": ended - began,
        "elapsed_s": ended - watch.started,
        "events_per_second": recording.totals.events / engine_s if engine_s else 0.0,
        "peak_rss_mb": _peak_rss_mb(),
    }
    manifest = {
        "version": 1,
        "id": run_id(summary, source.scope | inputs.hashes),
        "versions": versions(),
        "git": git_state(file),
        "strategy": strategy.name,
        "strategy_hash": summary["strategy_hash"],
        "data": {"hash": summary["data_hash"], **source.scope},
        "inputs": inputs.manifest,
        "seed": seed,
        "fill_model": summary["fill_model"],
        "latency": summary["latency"],
    }
    return Run(summary, timing, manifest, strategy.resolved, recording)


def _peak_rss_mb() -> float:
    """The largest resident memory of this process so far; Linux counts kilobytes."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def facts_of(
    plan: Plan,
    source: Source,
    conditions: Conditions,
    recording: Recording,
    seed: int,
    input_terms: str,
) -> RunFacts:
    """What a report says beside what happened."""
    strategy = plan.strategy
    instruments, others = source.replay.instruments, source.replay.watched
    instrument = instruments[0]
    totals = recording.totals
    inferred = totals.signed_trades + totals.unknown_trades > 0
    return RunFacts(
        strategy=strategy.name,
        symbol=instrument.symbol,
        venue=", ".join(each.venue for each in instruments),
        absent_venues=_absent(strategy, instruments),
        watched=terms(plan, instruments, others, totals.watched_rows.tolist()),
        currency=instrument.currency,
        timezone=instrument.timezone,
        days=source.schedule.days,
        multiplier=shared_sizes(strategy, instruments)[2],
        inverse=is_inverse(instruments),
        fill_model=str(conditions.model),
        latency=conditions.latency.seconds,
        trade_sign_policy="lee_ready" if inferred else "aggressor",
        fee_terms=fee_terms(strategy, instruments),
        input_terms=input_terms,
        engine_version=version("mmrun"),
        strategy_hash=text_hash(strategy.resolved),
        data_hash=source.dataset.content_hash,
        seed=seed,
    )


def _absent(strategy: Strategy, instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """The strategy's venues that the data does not have, in its order."""
    there = {each.venue for each in instruments}
    return tuple(v.name for v in strategy.venues if v.name not in there)


def fee_terms(strategy: Strategy, instruments: Sequence[Instrument]) -> str:
    """Fees as a reader would say them, of each venue where there are several."""
    terms = {each.venue: _terms(quoted_venue(strategy, each)) for each in instruments}
    if len(set(terms.values())) == 1:
        return terms[instruments[0].venue]
    return "; ".join(f"{venue}: {said}" for venue, said in terms.items())


def _terms(venue: Venue | None) -> str:
    if venue is None:
        return "none"
    return f"maker {_fee(venue.maker_fee)}, taker {_fee(venue.taker_fee)}"


def _fee(fee: Fee) -> str:
    amount = abs(fee.rate)
    word = "rebate " if fee.rate < 0 else ""
    if fee.unit == "value":
        return f"{word}{amount * 1e4:.10g}bps"
    if fee.unit == "flat":
        return f"{word}{amount:.10g} a fill"
    return f"{word}{amount:.10g}/{fee.unit}"
