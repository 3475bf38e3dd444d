"""Tapes as text: a row a line, `10ms trade NASDAQ buy 150.05x100   every 10ms x5`.

    TIME quote  VENUE BID ASK          each PRICExSIZE, PRICE (size unknown) or -
    TIME trade  VENUE buy|sell|unknown PRICExSIZE
    TIME depth  VENUE bid|ask PRICExSIZE
    TIME clear  VENUE
    TIME status VENUE halt|resume|auction|connected|stale|gap
    TIME clock  VENUE
    TIME input  NAME VALUE             of the strategy's inputs, known at that time

`every TIME xN` after a row says it N times. A part after # is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from mmrun.documents import Scalar, did_you_mean
from mmrun.market.tape import BATCH_COLUMNS, Batch, Kind, Side, Status
from mmrun.problems import Problem, problem_at
from mmrun.testing.spec import Tape, TapeInput
from mmrun.units import TIME, parse_literal


MAX_ROWS = 100_000
LONGEST_S = 30 * 86_400  #: of a tape's times
Row = dict[str, float]
T = TypeVar("T")

_WORD = re.compile(r"\S+")
_VENUE = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_NUMBER = r"(?:[0-9][0-9_]{0,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})"
_LEVEL = re.compile(rf"([-+]?{_NUMBER})(?:x({_NUMBER}))?\Z")
_TIMES = re.compile(r"x([0-9]{1,6})\Z")
_TRADE_SIDES = {"buy": Side.BUY, "sell": Side.SELL, "unknown": Side.UNKNOWN}
_BOOK_SIDES = {"bid": Side.BUY, "ask": Side.SELL}
_STATUSES = {s.name.lower(): s for s in Status if s is not Status.NONE}
_KINDS = {kind.name.lower(): kind for kind in Kind}
_INPUT = "input"  #: a line of this kind is no row
_CODES = ("kind", "side", "status", "venue")
_INTEGERS = {"ts": np.int64} | dict.fromkeys(_CODES, np.int8)


class _WrongLineError(Exception):
    """What is wrong with a line, at which of its words."""

    def __init__(self, word: Word, message: str, *hints: str) -> None:
        self.word, self.message, self.hints = word, message, hints
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a tape and where in the tape's text it stands."""

    text: str
    start: int
    end: int


def read_tape(scalar: Scalar) -> tuple[Tape | None, tuple[Problem, ...]]:
    """A tape's rows in time order; None, with a problem each, where lines are wrong."""
    rows: list[Row] = []
    inputs: list[TapeInput] = []
    venues: dict[str, Word] = {}
    problems: list[Problem] = []
    for words in _lines(scalar.text):
        left = MAX_ROWS - len(rows) - len(inputs)
        try:
            if len(words) > 1 and words[1].text == _INPUT:
                inputs += _inputs(words, left)
            else:
                rows += _rows(words, venues, left)
        except _WrongLineError as wrong:
            problems.append(_problem(scalar, wrong))
    if not rows and not problems:
        message = "expected a row such as `0ms quote NASDAQ 149.95x300 150.05x200`"
        problems.append(problem_at(scalar.place, "MM602", message))
    if problems:
        return None, tuple(problems)
    rows.sort(key=lambda row: row["ts"])
    mentions = {name: (word.start, word.end) for name, word in venues.items()}
    inputs.sort(key=lambda each: each.at_ns)
    return Tape(_batch(rows), scalar.place, mentions, tuple(inputs)), ()


def time_ns(text: str) -> int | None:
    """A time such as `10ms` in ns, None where it is none or longer than a tape can be."""
    quantity = parse_literal(text)
    if quantity is None or quantity.unit is None or quantity.number < 0:
        return None
    if quantity.unit.dimension != TIME or quantity.value > LONGEST_S:
        return None
    return quantity.nanoseconds


def _lines(text: str) -> Iterator[list[Word]]:
    start = 0
    for line in text.split("\n"):
        found = _WORD.finditer(line.partition("#")[0])
        words = [Word(m[0], start + m.start(), start + m.end()) for m in found]
        if words:
            yield words
        start += len(line) + 1


def _problem(scalar: Scalar, wrong: _WrongLineError) -> Problem:
    return problem_at(
        scalar.place,
        "MM602",
        wrong.message,
        hints=wrong.hints,
        start=wrong.word.start,
        end=wrong.word.end,
    )


def _inputs(words: list[Word], most: int) -> list[TapeInput]:
    """The values that a line gives an input, repetitions included."""
    ts = _time(words[0])
    name = _word(words, 2, "an input's name")
    value = _word(words, 3, "a value such as 2bps")
    every, count = _repeated(words[4:], words[0], most)
    places = (name.start, name.end), (value.start, value.end)
    return [
        TapeInput(ts + i * every, name.text, value.text, *places) for i in range(count)
    ]


def _rows(words: list[Word], venues: dict[str, Word], most: int) -> list[Row]:
    """The rows of a line, repetitions included."""
    row, rest = _row(words, venues)
    every, count = _repeated(rest, words[0], most)
    return [row | {"ts": row["ts"] + i * every} for i in range(count)]


def _repeated(words: list[Word], first: Word, most: int) -> tuple[int, int]:
    """The step in ns and the count of `every 10ms x5`; (0, 1) of nothing."""
    every, count = _step(words)
    if count > most:
        raise _WrongLineError(first, f"expected at most {MAX_ROWS:,} rows in a tape")
    return every, count


def _step(words: list[Word]) -> tuple[int, int]:
    if not words:
        return 0, 1
    if words[0].text != "every":
        raise _WrongLineError(
            words[0], "expected the end of the line, or `every 10ms x5`"
        )
    every = _time(_word(words, 1, "a time such as 10ms"))
    times = _word(words, 2, "how often, such as x5")
    match = _TIMES.match(times.text)
    if match is None or len(words) > 3:
        wrong = words[3] if match else times
        raise _WrongLineError(
            wrong, "expected `every TIME xN`, such as `every 10ms x5`"
        )
    return every, int(match[1])


def _row(words: list[Word], venues: dict[str, Word]) -> tuple[Row, list[Word]]:
    """A line's row, and the words after it."""
    ts = _time(words[0])
    kind = _word(words, 1, f"a kind of row: {', '.join((*_KINDS, _INPUT))}")
    name = _kind(kind)
    venue = _word(words, 2, "a venue's name")
    if not _VENUE.match(venue.text):
        raise _WrongLineError(venue, f"expected a venue's name, got '{venue.text}'")
    venues.setdefault(venue.text, venue)
    values, used = _VALUES.get(name, _nothing)(words[3:], venue)
    index = 0 if name is Kind.CLOCK else list(venues).index(venue.text)
    return {"ts": ts, "kind": name, "venue": index, **values}, words[3 + used :]


def _kind(word: Word) -> Kind:
    if word.text not in _KINDS:
        known = (*_KINDS, _INPUT)
        message = f"expected one of {', '.join(known)}, got '{word.text}'"
        raise _WrongLineError(word, message, *did_you_mean(word.text, known))
    return _KINDS[word.text]


def _quote(words: list[Word], last: Word) -> tuple[Row, int]:
    bid = _level(_word([last, *words], 1, "a bid such as 149.95x300, or -"), "bid")
    ask = _level(_word([last, *words], 2, "an ask such as 150.05x200, or -"), "ask")
    return bid | ask, 2


def _sided(sides: Mapping[str, Side]) -> Callable[[list[Word], Word], tuple[Row, int]]:
    def read(words: list[Word], last: Word) -> tuple[Row, int]:
        words = [last, *words]
        side = _choice(_word(words, 1, f"one of {', '.join(sides)}"), sides)
        word = _word(words, 2, "a price and size such as 150.05x100")
        level = _level(word, "")
        if math.isnan(level.get("size", math.nan)):
            message = f"expected a price and size such as 150.05x100, got '{word.text}'"
            raise _WrongLineError(word, message)
        return {"side": side, **level}, 2

    return read


def _status(words: list[Word], last: Word) -> tuple[Row, int]:
    word = _word([last, *words], 1, f"one of {', '.join(_STATUSES)}")
    return {"status": _choice(word, _STATUSES)}, 1


def _nothing(words: list[Word], last: Word) -> tuple[Row, int]:
    del words, last
    return {}, 0


_VALUES = {
    Kind.QUOTE: _quote,
    Kind.TRADE: _sided(_TRADE_SIDES),
    Kind.DEPTH: _sided(_BOOK_SIDES),
    Kind.STATUS: _status,
}


def _level(word: Word, name: str) -> Row:
    """`149.95x300` of a side; of no side the price and size of a row."""
    price, size = (name, f"{name}_size") if name else ("price", "size")
    if word.text == "-" and name:
        return {}
    match = _LEVEL.match(word.text)
    if match is None:
        message = f"expected a price and size such as 150.05x100, got '{word.text}'"
        raise _WrongLineError(word, message)
    level = {price: float(match[1].replace("_", ""))}
    return level | ({size: float(match[2].replace("_", ""))} if match[2] else {})


def _time(word: Word) -> int:
    found = time_ns(word.text)
    if found is None:
        message = f"expected a time such as 10ms, at most 30d, got '{word.text}'"
        raise _WrongLineError(word, message)
    return found


def _word(words: list[Word], index: int, what: str) -> Word:
    if index >= len(words):
        message = f"expected {what} after '{words[-1].text}', got the end of the line"
        raise _WrongLineError(words[-1], message)
    return words[index]


def _choice(word: Word, known: Mapping[str, T]) -> T:
    if word.text not in known:
        message = f"expected one of {', '.join(known)}, got '{word.text}'"
        raise _WrongLineError(word, message, *did_you_mean(word.text, known))
    return known[word.text]


def _batch(rows: list[Row]) -> Batch:
    columns: dict[str, Any] = {}
    for name in BATCH_COLUMNS:
        default = 0 if name in _INTEGERS else math.nan
        values = [row.get(name, default) for row in rows]
        columns[name] = np.array(values, _INTEGERS.get(name, np.float64))
    return Batch(**columns)
