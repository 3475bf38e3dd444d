"""The strategy's inputs meet the files or frames that are given for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mmrun.documents.words import did_you_mean
from mmrun.feeds.input_rows import Reading
from mmrun.feeds.inputs import InputFacts, InputFile, open_input
from mmrun.feeds.replay import Replay
from mmrun.problems import UsageError
from mmrun.report.page import many
from mmrun.strategy.spec import Input, Strategy


#: `FILE` or `FILE:COLUMN`, or a frame; without a column the one of the input's name.
Given = Mapping[str, str | Path | pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run: those that are given, and those that are not."""

    columns: Mapping[str, InputFile]
    defaults: tuple[str, ...]  #: not given: their default holds throughout

    @property
    def hashes(self) -> dict[str, str]:
        """What of them goes into a run's id."""
        return {f"input.{n}": each.facts.hash for n, each in self.columns.items()}

    @property
    def manifest(self) -> dict[str, Any]:
        """What a manifest says of them."""
        given = {name: asdict(each.facts) for name, each in self.columns.items()}
        return given | dict.fromkeys(self.defaults)

    @property
    def terms(self) -> str:
        """What a report says of them."""
        said = [_said(name, each.facts) for name, each in self.columns.items()]
        said += [f"{name} is not given, its default holds" for name in self.defaults]
        return "; ".join(said) or "none"


def open_inputs(strategy: Strategy, given: Given, replay: Replay) -> Inputs:
    """Open and check what is given for the strategy's inputs.

    Raises:
        UsageError: an input is given that the strategy does not have, or one without a
            default is not given.
        DataError: as `feeds.inputs.open_input` does.
    """
    declared = {each.name: each for each in strategy.inputs}
    for name in given:
        if name not in declared:
            raise _not_declared(name, list(declared))
    for name, each in declared.items():
        if name not in given and each.default is None:
            raise _not_given(name)
    columns = {
        name: _open(each, given[name], replay)
        for name, each in declared.items()
        if name in given
    }
    return Inputs(columns, tuple(n for n in declared if n not in given))


def given_inputs(texts: Sequence[str]) -> dict[str, str | Path | pl.DataFrame]:
    """`NAME=FILE:COLUMN`, as --input takes it, by name.

    Raises:
        UsageError: a text is none, or a name is given twice.
    """
    found: dict[str, str | Path | pl.DataFrame] = {}
    for text in texts:
        name, equals, source = text.partition("=")
        name, source = name.strip(), source.strip()
        if not (name and equals and source):
            message = f"--input {text}: expected NAME=FILE:COLUMN"
            raise UsageError(message)
        if name in found:
            message = f"--input {text}: {name} is given twice"
            raise UsageError(message)
        found[name] = source
    return found


def _open(given: Input, source: object, replay: Replay) -> InputFile:
    instrument = replay.instruments[0]
    reading = Reading(
        unit=given.unit,
        stale_after_ns=given.stale_after_ns,
        symbol=instrument.symbol,
        timezone=instrument.timezone,
        span=replay.span,
    )
    if isinstance(source, pl.DataFrame):
        return open_input(source, given.name, reading, name=f"the frame {given.name}")
    if not isinstance(source, str | Path):
        message = (
            f"the input '{given.name}' is a {type(source).__name__}: "
            "expected a file's path or a polars DataFrame"
        )
        raise UsageError(message)
    path, column = _place(source, given.name)
    return open_input(path.expanduser(), column, reading, name=str(path))


def _place(source: str | Path, name: str) -> tuple[Path, str]:
    """File and column of `FILE:COLUMN`; a colon in a path is part of the path."""
    if isinstance(source, Path):
        return source, name
    file, colon, column = source.rpartition(":")
    if not colon or not file or "/" in column or "\\" in column:
        return Path(source), name
    return Path(file), column or name


def _not_declared(name: str, declared: Sequence[str]) -> UsageError:
    hints = did_you_mean(name, declared)
    meant = f"; {hints[0]}" if hints else ": it has no inputs"
    return UsageError(f"the strategy has no input '{name}'{meant}")


def _not_given(name: str) -> UsageError:
    return UsageError(
        f"the strategy's input '{name}' is not given and has no default: "
        f"give it with --input {name}=FILE:COLUMN"
    )


def _said(name: str, facts: InputFacts) -> str:
    """`alpha from theo, 1,000 values, 12 of them known after their time`."""
    source = "" if facts.column == name else f" from {facts.column}"
    late = facts.known_late
    parts = [
        f"{name}{source}, {many(facts.values, 'value')}",
        f"{late:,} of them known late and not seen before" if late else "",
        f"{facts.same_time:,} at the time of the next, which holds"
        if facts.same_time
        else "",
        f"{many(facts.empty, 'row')} empty" if facts.empty else "",
        f"{many(facts.other_symbols, 'row')} of other symbols left out"
        if facts.other_symbols
        else "",
        *(
            f"{column} has times after the values' (call it known_ts if {name} was "
            "known only then)"
            for column in facts.later_columns
        ),
    ]
    return ", ".join(part for part in parts if part)
