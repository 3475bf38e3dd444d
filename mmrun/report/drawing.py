"""Numbers, bars and charts as plain text: what a terminal report is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


#: A cell filled from below by 0 to 8 eighths.
_RISING = " ▁▂▃▄▅▆▇█"
#: A cell filled from above by 0 to 2 halves: there are no finer blocks of that kind.
_FALLING = " ▀█"
_SIGNIFICANT = 4
_DURATIONS = ((1.0, "s", 1.0), (1e-3, "ms", 1e3), (1e-6, "us", 1e6))


def decimals(values: Sequence[float], least: int = 2) -> int:
    """Decimals that show four significant digits of the largest value, at most 8."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if not largest:
        return least
    return min(8, max(least, _SIGNIFICANT - 1 - math.floor(math.log10(largest))))


def amount(value: float) -> str:
    """A size: whole numbers whole, others to four significant digits.

    >>> amount(123400.0), amount(0.012345)
    ('123,400', '0.01235')
    """
    places = 0 if value == round(value) else decimals((value,), least=0)
    return f"{value:,.{places}f}"


def percent(share: float) -> str:
    """A share as a percentage; a trace is neither nothing nor everything.

    >>> percent(0.5), percent(0.00001), percent(0.99999)
    ('50.0%', '<0.1%', '>99.9%')
    """
    if 0.0 < share < 0.0005:
        return "<0.1%"
    if 0.9995 <= share < 1.0:
        return ">99.9%"
    return f"{share:.1%}"


def duration(seconds: float) -> str:
    """A length of time in the units one would say it in.

    >>> duration(23400.0), duration(61.0), duration(1.5), duration(0.002)
    ('6h 30m 00s', '1m 01s', '1.5s', '2ms')
    """
    if round(seconds) >= 60:
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return (
            f"{hours}h {minutes:02}m {rest:02}s" if hours else f"{minutes}m {rest:02}s"
        )
    for least, unit, scale in _DURATIONS:
        if seconds >= least:
            return f"{seconds * scale:.3g}{unit}"
    return f"{seconds * 1e9:.3g}ns" if seconds else "0s"


def bar(value: float, low: float, high: float, width: int) -> str:
    """A bar from zero to `value` on an axis from `low` to `high`, `width` cells wide.

    `low` is at most 0 and `high` at least 0; zero stands at a cell's edge. Halves of a
    cell are drawn, and what is not zero is never invisible.
    """
    span = high - low
    if not span or not value:
        return ""
    below = min(math.ceil(width * -low / span), width - (high > 0.0))
    cell = max(-low / below if below else 0.0, high / (width - below or 1))
    halves = max(1, math.ceil(abs(value) / cell * 2 - 1e-9))
    full, half = divmod(halves, 2)
    if value < 0.0:
        return ("▐" * half + "█" * full).rjust(below)
    return (" " * below + "█" * full + "▌" * half).rstrip()


def columns(values: NDArray[np.float64], count: int, pick: str) -> NDArray[np.float64]:
    """One value for each of `count` equal stretches of a series.

    Args:
        values: shape (n,), n at least 1.
        count: how many stretches; a short series is stretched.
        pick: "last" for a level, "extreme" for the value furthest from zero.

    Returns:
        Shape (count,); NaN where a stretch holds no number.
    """
    edges = np.arange(count + 1) * len(values) // count
    ends = np.maximum(edges[1:], edges[:-1] + 1)
    if pick == "last":
        return np.take(values, ends - 1)
    parts = (values[a:b] for a, b in zip(edges[:-1], ends, strict=True))
    return np.array([_extreme(part) for part in parts])


def _extreme(part: NDArray[np.float64]) -> float:
    known = part[~np.isnan(part)]
    return float(known[np.argmax(np.abs(known))]) if len(known) else math.nan


def chart(values: NDArray[np.float64], rows: int) -> list[tuple[str, str]]:
    """An area chart around zero: for each text row what its edge means, and its cells.

    The edge is "high" or "low" at the rows that reach the extremes, "zero" at the row
    that stands on the zero line, else "". Values of NaN leave their column empty.
    """
    high, low = extremes(values)
    if high == low:
        return [("zero", _RISING[1] * len(values))]
    cell = _scale(high, -low, rows)
    up, down = math.ceil(high / cell - 1e-9), math.ceil(-low / cell - 1e-9)
    drawn = np.nan_to_num(values / cell)
    above = [(_edge(k, up, "high"), _cells(drawn, k, _RISING)) for k in range(up)]
    below = [(_edge(k, down, "low"), _cells(-drawn, k, _FALLING)) for k in range(down)]
    if not up:
        below[0] = ("zero", below[0][1])
    return above[::-1] + below


def extremes(values: NDArray[np.float64]) -> tuple[float, float]:
    """The highest and the lowest of a series and zero; NaN is passed over."""
    known = values[~np.isnan(values)]
    return float(known.max(initial=0.0)), float(known.min(initial=0.0))


def _scale(high: float, low: float, rows: int) -> float:
    """The least value a row can stand for so that `rows` rows hold both sides."""
    choices = range(1, rows) if high and low else (rows,)
    return min(max(high / up, low / (rows - up or rows)) for up in choices)


def _edge(row: int, rows: int, extreme: str) -> str:
    if row == rows - 1:
        return extreme
    return "zero" if row == 0 and extreme == "high" else ""


def _cells(heights: NDArray[np.float64], row: int, blocks: str) -> str:
    """The cells of one row, counted from the zero line outward."""
    steps = len(blocks) - 1
    filled = np.clip(heights - row, 0.0, 1.0) * steps
    return "".join(blocks[level] for level in np.ceil(filled - 1e-9).astype(int))
