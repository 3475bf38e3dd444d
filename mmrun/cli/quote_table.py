"""`mmrun quote --table`: quotes over a range of one name, as a table and a drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from mmrun.problems import UsageError
from mmrun.units import Quantity, Unit, parse_literal


if TYPE_CHECKING:
    from mmrun.engine.quote import Market, Quote

MOST_POINTS = 500
_HEIGHT, _WIDTH = 16, 64  #: of the drawing, in characters
_BID, _ASK, _BOTH = "●", "○", "◐"
#: Fields of a market that have an option of their own.
_FIELDS = ("bid", "ask", "bid_size", "ask_size", "mid", "inventory")


@dataclass(frozen=True, slots=True)
class Sweep:
    """A name and the values it takes, as text with their unit."""

    name: str
    values: tuple[str, ...]


def read_sweep(text: str) -> Sweep:
    """Read `inventory=-1000:1000:9`: from, to, how many.

    Raises:
        UsageError: it is not of that form.
    """
    name, equals, rest = text.rpartition("=")
    parts = rest.split(":")
    ends = [parse_literal(part) for part in parts[:2]]
    count = parts[2] if len(parts) == 3 else ""
    if not equals or not count.isdigit() or not 2 <= int(count) <= MOST_POINTS:
        message = f"--table {text}: expected NAME=FROM:TO:COUNT, such as inventory=-1000:1000:9"
        raise UsageError(message)
    first, last = ends
    if (
        first is None
        or last is None
        or first.per
        or last.per
        or first.unit != last.unit
    ):
        message = f"--table {text}: FROM and TO are numbers, or literals in one unit"
        raise UsageError(message)
    return Sweep(name.strip(), tuple(_steps(first, last, int(count))))


def _steps(first: Quantity, last: Quantity, count: int) -> Iterator[str]:
    unit: Unit | None = first.unit
    for index in range(count):
        number = first.number + (last.number - first.number) * index / (count - 1)
        yield f"{float(number):.10g}{unit.name if unit else ''}"


def quotes_over(
    sweep: Sweep,
    market: Market,
    params: Sequence[str],
    quote: Callable[[Market, tuple[str, ...]], Sequence[Quote]],
) -> list[tuple[str, Quote]]:
    """The quotes for each value: of a market field, a param, or any name of a state.

    Args:
        sweep: the name and its values.
        market: everything else.
        params: the strategy's params.
        quote: gives quotes of a market, with overrides as -s takes them.
    """
    return [
        (value, each)
        for value in sweep.values
        for each in quote(*_with(sweep.name, value, market, params))
    ]


def _with(
    name: str, value: str, market: Market, params: Sequence[str]
) -> tuple[Market, tuple[str, ...]]:
    if name in params:
        return market, (f"{name}={value}",)
    quantity = parse_literal(value)
    if name in _FIELDS and quantity is not None and quantity.unit is None:
        fields: dict[str, Any] = {name: quantity.value}
    else:
        fields = {"names": {**market.names, name: value}}
    return replace(market, **fields), ()


def table_object(name: str, rows: Sequence[tuple[str, Quote]]) -> list[dict[str, Any]]:
    """What `quote --table --json` prints: the value beside each quote."""
    return [{"name": name, "value": value, **asdict(quote)} for value, quote in rows]


def table_text(name: str, rows: Sequence[tuple[str, Quote]]) -> str:
    """The table, and below it bid and ask over the values."""
    deep = any(quote.level for _, quote in rows)
    lines = [(name, *(["level"] * deep), "bid", "size", "ask", "size")]
    lines += [
        (value, *([str(q.level)] * deep), *_side(q, "bid"), *_side(q, "ask"))
        for value, q in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(map(str.rjust, line, widths)) for line in lines]
    return "\n".join([*table, "", *_drawing(name, rows)])


def _side(quote: Quote, name: str) -> tuple[str, str]:
    price, size = getattr(quote, name), getattr(quote, f"{name}_size")
    if price is None:
        return str(getattr(quote, f"{name}_rule")), "0"
    return f"{price:.10g}", f"{size:.10g}"


def _drawing(name: str, rows: Sequence[tuple[str, Quote]]) -> list[str]:
    """Prices upward, values to the right."""
    prices = [p for _, q in rows for p in (q.bid, q.ask) if p is not None]
    if not prices:
        return ["nothing is quoted at any of these values"]
    low, high = min(prices), max(prices)
    cells = [[" "] * _WIDTH for _ in range(_HEIGHT)]
    values = list(dict.fromkeys(value for value, _ in rows))
    for value, quote in rows:
        column = round(values.index(value) * (_WIDTH - 1) / (len(values) - 1))
        for price, mark in ((quote.bid, _BID), (quote.ask, _ASK)):
            if price is not None:
                line = cells[_line(price, low, high)]
                line[column] = mark if line[column] in {" ", mark} else _BOTH
    return _framed(name, rows, cells, (f"{high:.10g}", f"{low:.10g}"))


def _line(price: float, low: float, high: float) -> int:
    share = (high - price) / (high - low) if high > low else 0.5
    return round(share * (_HEIGHT - 1))


def _framed(
    name: str,
    rows: Sequence[tuple[str, Quote]],
    cells: Sequence[Sequence[str]],
    ends: tuple[str, str],
) -> list[str]:
    high, low = ends
    width = max(map(len, ends))
    labels = [high, *[""] * (_HEIGHT - 2), low]
    lines = [
        f"{label:>{width}} │{''.join(line)}".rstrip()
        for label, line in zip(labels, cells, strict=True)
    ]
    first, last = rows[0][0], rows[-1][0]
    axis = f"{first}{name.center(_WIDTH - len(first) - len(last))}{last}"
    return [
        *lines,
        f"{'':>{width}} └{'─' * _WIDTH}",
        f"{'':>{width}}  {axis}",
        f"{'':>{width}}  {_BID} bid  {_ASK} ask",
    ]
