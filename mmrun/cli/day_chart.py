"""A day drawn in the terminal: mid, spread, sizes and events over its hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mmrun.cli.moments import clock


if TYPE_CHECKING:
    from mmrun.market.facts_day import DaySeries

#: A cell filled from below by 0 to 8 eighths.
_BLOCKS = " ▁▂▃▄▅▆▇█"
_HEIGHT = 6  #: lines of the mid
_MARGIN = 28  #: columns before the drawing
_SILENT = "░"
_LABEL = 8  #: columns from one time on the axis to the next, at least


def draw(series: DaySeries, timezone: str) -> list[str]:
    """The day as lines, one column an interval.

    A column without a mark in the mid had no row or no two-sided book; what stands
    left of a line is its highest value.
    """
    seconds = series.interval_ns / 1e9
    lines = [
        *_mid(series.mid),
        _line("spread", series.spread, _plain),
        _line("bid size", series.bid_size, _plain),
        _line("ask size", series.ask_size, _plain),
        _line("rows a second", [n / seconds for n in series.rows], _rate),
        _line("trades a second", [n / seconds for n in series.trades], _rate),
        _silences(series.rows),
        *_axis(series, timezone),
    ]
    return [line.rstrip() for line in lines if line]


def _mid(values: Sequence[float | None]) -> list[str]:
    """An area from the day's low to its high."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    steps = _HEIGHT * 8
    edges = {_HEIGHT - 1: ("mid, high", f"{high:.10g}"), 0: ("mid, low", f"{low:.10g}")}
    heights = [_eighths(value, low, high, steps) for value in values]
    lines = []
    for row in reversed(range(_HEIGHT)):
        cells = (_BLOCKS[min(8, max(0, height - 8 * row))] for height in heights)
        name, edge = edges.get(row, ("", ""))
        lines.append(_label(name, edge) + "".join(cells))
    return lines


def _eighths(value: float | None, low: float, high: float, steps: int) -> int:
    """How many eighths of a line a value fills: at least one, for it is there."""
    if value is None:
        return 0
    share = (value - low) / (high - low) if high > low else 0.0
    return 1 + round(share * (steps - 1))


def _line(
    name: str, values: Sequence[float | None], shown: Callable[[float], str]
) -> str:
    """One line from zero to the highest value, which is said; "" without any."""
    known = [value for value in values if value is not None]
    if not known or max(known) <= 0:
        return ""
    most = max(known)
    cells = (
        _BLOCKS[0] if value is None else _BLOCKS[_level(value, most)]
        for value in values
    )
    return _label(name, shown(most)) + "".join(cells)


def _level(value: float, most: float) -> int:
    """Eighths of a cell, rounded up: what is not zero is never invisible."""
    return max(0, -int(-value / most * 8 // 1))


def _silences(rows: Sequence[int]) -> str:
    if all(rows):
        return ""
    return _label("no rows", "") + "".join(" " if count else _SILENT for count in rows)


def _axis(series: DaySeries, timezone: str) -> list[str]:
    """Ticks and times of day below whole columns, at round times."""
    stride = _stride(series)
    ticks, times = [" "] * _MARGIN, " " * _MARGIN
    for column in range(len(series)):
        moment = clock(series.start_ts + column * series.interval_ns, timezone)
        marked = _seconds_of_day(moment) % stride == 0
        ticks.append("┴" if marked else "─")
        if marked:
            text = moment[11:16] if stride % 60 == 0 else moment[11:19]
            times = times.ljust(_MARGIN + column) + text
    return ["".join(ticks), times]


def _stride(series: DaySeries) -> int:
    """Seconds between times on the axis: a round number of intervals, wide enough."""
    least = _LABEL * series.interval_ns // 10**9
    choices = (10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600)
    fitting = (
        choice
        for choice in choices
        if choice >= least and choice * 10**9 % series.interval_ns == 0
    )
    return next(fitting, 86_400)


def _seconds_of_day(moment: str) -> int:
    when = datetime.fromisoformat(moment)
    return when.hour * 3_600 + when.minute * 60 + when.second


def _label(name: str, value: str) -> str:
    width = _MARGIN - 5
    return f"    {name} {value.rjust(width - len(name) - 1)} "


def _plain(value: float) -> str:
    return f"{value:,.6g}"


def _rate(value: float) -> str:
    return f"{value:,.3g}"
