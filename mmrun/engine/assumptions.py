"""Under what assumptions a run is made: fill model and latencies, read from text."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from mmrun.documents.words import closest
from mmrun.problems import UsageError
from mmrun.units import TIME, parse_literal


ModelName = Literal["queue", "through", "touch", "hftbacktest"]
MODELS: tuple[ModelName, ...] = ("queue", "through", "touch", "hftbacktest")


@dataclass(frozen=True, slots=True)
class FillModel:
    """A fill model by its name on the command line; `ticks` belongs to `through`."""

    name: ModelName = "queue"
    ticks: int = 1

    def __str__(self) -> str:
        return self.name if self.ticks == 1 else f"{self.name}:{self.ticks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Constant latencies, ns: market data to us, requests to the venue, answers back."""

    feed_ns: int = 0
    order_ns: int = 0
    cancel_ns: int = 0
    response_ns: int = 0

    @property
    def seconds(self) -> dict[str, float]:
        """By the names of the command line, in seconds."""
        return {f.name[:-3]: getattr(self, f.name) / 1e9 for f in fields(self)}


def fill_model(text: str) -> FillModel:
    """Read `queue`, `through:2`.

    Raises:
        UsageError: there is no such model, or it is not built yet.
    """
    name, _, argument = text.strip().partition(":")
    if name in MODELS and not argument:
        return FillModel(name)
    if name == "through" and argument.isdigit() and int(argument) >= 1:
        return FillModel("through", int(argument))
    if name == "poisson" or (name == "queue" and argument):
        message = (
            f"fill model '{text}' is not supported yet; there are {_named(MODELS)}"
        )
        raise UsageError(message)
    close = closest(name, MODELS)
    hint = f"; did you mean '{close}'?" if close else ""
    message = f"no fill model '{text}': there are {_named(MODELS)} and through:TICKS"
    raise UsageError(message + hint)


def latency(text: str) -> Latency:
    """Read `feed=0.5ms,order=2ms`; what is left out is zero.

    Raises:
        UsageError: an unknown part, or something that is not a time.
    """
    parts = [part for part in text.split(",") if part.strip()]
    return Latency(**dict(_latency_part(part) for part in parts))


def _latency_part(part: str) -> tuple[str, int]:
    names = [f.name.removesuffix("_ns") for f in fields(Latency)]
    name, equals, value = (piece.strip() for piece in part.partition("="))
    if name not in names or not equals:
        message = f"latency '{part.strip()}': write {', '.join(names)}=TIME"
        raise UsageError(message)
    quantity = parse_literal(value)
    timed = quantity is not None and quantity.unit and quantity.unit.dimension == TIME
    if quantity is None or not timed or quantity.number < 0:
        message = f"latency {name}={value}: expected a time such as 2ms, not negative"
        raise UsageError(message)
    return f"{name}_ns", quantity.nanoseconds


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(names)
