"""Facts of an instrument that files do not hold: guessed from them, or stated.

    tick, lot       guessed (`steps.common_step`), said in a note
    multiplier ...  what a plain spot market has, unless the format's table knows better

`mmrun import ... --instrument tick=0.5` states one for every instrument read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from mmrun.documents.words import did_you_mean
from mmrun.importers.rows import Imported
from mmrun.market.instrument import Instrument
from mmrun.market.writer import Tape
from mmrun.problems import UsageError


Value = str | float | bool


def read_facts(given: Mapping[str, str]) -> dict[str, Value]:
    """Facts by name from their text.

    Raises:
        UsageError: a name is none of `FACTS`, or a value is not right.
    """
    return {name: _value(name, text) for name, text in given.items()}


def stated(imported: Imported, facts: Mapping[str, Value]) -> Imported:
    """The instruments with the facts given, which are then no longer guessed.

    Args:
        imported: what an importer gave.
        facts: what `read_facts` gave.

    Raises:
        UsageError: several instruments would have one symbol or venue.
    """
    names_one = facts.keys() & {"symbol", "venue"}
    if names_one and len(imported.tapes) > 1:
        symbols = ", ".join(tape.instrument.symbol for tape in imported.tapes)
        message = f"the files hold {len(imported.tapes)} instruments ({symbols}); expected one to give a {min(names_one)}"
        raise UsageError(message)
    return replace(imported, tapes=tuple(_with(tape, facts) for tape in imported.tapes))


def guesses(imported: Imported) -> Iterator[str]:
    """What was guessed, a sentence for each instrument."""
    for tape in imported.tapes:
        instrument = tape.instrument
        names = instrument.guessed
        shown = [f"{name} {getattr(instrument, name):.12g}" for name in names]
        remedy = " ".join(f"--instrument {name}=..." for name in names)
        if names:
            verb = "is" if len(names) == 1 else "are"
            yield (
                f"{instrument.symbol} at {instrument.venue}: {' and '.join(shown)} {verb} "
                f"guessed, as the files do not say; if not right: {remedy}"
            )


def _with(tape: Tape, facts: Mapping[str, Value]) -> Tape:
    known: Instrument = replace(tape.instrument, **facts)  # type: ignore[arg-type]
    guessed = tuple(name for name in known.guessed if name not in facts)
    return replace(tape, instrument=replace(known, guessed=guessed))


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _word(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text


#: What may be stated, how it is read, and what is expected.
FACTS: dict[str, tuple[Callable[[str], Value], str]] = {
    "symbol": (_word, "a name"),
    "venue": (_word, "a name"),
    "tick": (_positive, "a number above 0"),
    "lot": (_positive, "a number above 0"),
    "multiplier": (_positive, "a number above 0"),
    "inverse": (_truth, "true or false"),
    "currency": (_word, "a name"),
}


def _value(name: str, text: str) -> Value:
    if name not in FACTS:
        (hint, *_) = did_you_mean(name, FACTS)
        message = f"no fact of an instrument is called '{name}'; {hint}"
        raise UsageError(message)
    read, expected = FACTS[name]
    try:
        return read(text)
    except (KeyError, ValueError) as error:
        message = f"{name} is '{text}'; expected {expected}"
        raise UsageError(message) from error
