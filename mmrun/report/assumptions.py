"""What a run assumed: fills, latency, fees, signs, data; optimism is said aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrun.report.drawing import duration
from mmrun.report.page import LABEL, Page, many, wrapped
from mmrun.report.venues import absent, watched


#: What a fill model assumes, by its name or by what stands before its colon.
FILL_MODELS = {
    "queue": "conservative: waits for all the size displayed ahead of us",
    "queue:": "an estimate: part of each unexplained decrease was ahead of us",
    "through": "conservative: only a print beyond our price fills",
    "touch": "optimistic: any print at our price fills us, as if first in the queue",
    "poisson": "a model: fills are drawn from an intensity, not taken from the tape",
    "hftbacktest": "for comparison: whole orders fill, whatever size was traded",
}


def optimism(model: str) -> str:
    """What a fill model assumes, in a sentence after its name."""
    head, colon, _ = model.partition(":")
    said = FILL_MODELS.get(head + colon) or FILL_MODELS.get(head)
    return said or "its assumptions are not described here"


def assumptions(page: Page) -> list[str]:
    """Everything the result rests on that is not in the data."""
    values = page.summary
    said = {
        "fills": f"{values['fill_model']}, {optimism(values['fill_model'])}",
        "latency": _latency(values["latency"]),
        "fees": values["fee_terms"] or "none",
        "venues": absent(values),
        "also read": watched(values),
        "inputs": values["input_terms"],
        "trade signs": f"{values['trade_sign_policy']}, {_signs(values)}",
        "mid": values["tie_rule"],
        "times": values["timezone"],
        "data": f"{_data(values)}, {values['data_hash']}",
        "made by": f"mmrun {values['engine_version']}, strategy"
        f" {values['strategy_hash']}, seed {values['seed']}",
    }
    lines = (
        line
        for name, text in said.items()
        if text and (name, text) != ("inputs", "none")
        for line in wrapped(page, text, f"  {name:<{LABEL - 2}}")
    )
    return [page.heading("Assumptions"), *lines]


def _latency(parts: Mapping[str, float | str]) -> str:
    if not any(parts.values()):
        return "all zero: every request acts right after its row, which is optimistic"
    return ", ".join(
        f"{name} {duration(part) if isinstance(part, int | float) else part}"
        for name, part in parts.items()
    )


def _signs(values: Mapping[str, Any]) -> str:
    inferred, unknown = values["inferred_trades"], values["unknown_trades"]
    if not inferred and not unknown:
        return "no trade needed it"
    said = f"inferred for {inferred:,} of {many(values['trades'], 'trade')}"
    return f"{said}; {unknown:,} stayed unknown and fill nobody" if unknown else said


def _data(values: Mapping[str, Any]) -> str:
    kinds = f"{many(values['quotes'], 'book row')}, {many(values['trades'], 'trade')}"
    return (
        f"{many(values['events'], 'event')} ({kinds}) in {duration(values['span_s'])}"
    )
