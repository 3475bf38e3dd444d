"""A run in one mapping: `summary.json`, and the JSON Schema that describes it."""

from __future__ import annotations

import math
from typing import Any

from mmrun.engine.records import Recording
from mmrun.ledger.accounting import statement
from mmrun.ledger.entries import entries, worth
from mmrun.report.facts import RunFacts
from mmrun.report.metrics import METRICS, Metric, Run, Value


#: Of the summary's shape; raised when a key changes its meaning or goes away.
VERSION = 1

_NOT_FINITE = "not a finite number"
_TYPES = {"count": "integer", "whole": "integer", "text": "string"}
_NUMBERS = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
_UNQUOTED = {
    "type": "object",
    "properties": {"bid": _NUMBERS, "ask": _NUMBERS},
    "required": ["bid", "ask"],
    "additionalProperties": False,
}
_POSITIVE = {"type": "number", "minimum": 0}
_UPTIME = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
#: A row of `venues`: its keys mean what they mean for the whole run.
_VENUE = {
    "venue": {"type": "string"},
    "fills": {"type": "integer", "minimum": 0},
    "fill_volume": _POSITIVE,
    "fill_notional": _POSITIVE,
    "spread_pnl": {"type": "number"},
    "fees": _POSITIVE,
    "rebates": _POSITIVE,
    "quote_uptime": _UPTIME,
    "bid_uptime": _UPTIME,
    "ask_uptime": _UPTIME,
    "unquoted_time_s": _UNQUOTED,
}
#: A row of `levels`, as one of `venues`.
_LEVEL = {"level": {"type": "integer", "minimum": 0}} | {
    key: shape for key, shape in _VENUE.items() if key not in ("venue", "quote_uptime")
}
#: A row of `references`.
_WATCHED = {
    "name": {"type": "string"},
    "symbol": {"type": "string"},
    "venues": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    "rows": {"type": "integer", "minimum": 0},
}
#: Keys that hold mappings or lists; `latency` may hold the name of a distribution.
_SHAPES: dict[str, dict[str, Any]] = {
    "daily": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "date": {"type": "string", "format": "date"},
                "net_pnl": {"type": ["number", "null"]},
                "fills": {"type": "integer", "minimum": 0},
            },
            "required": ["date", "net_pnl", "fills"],
            "additionalProperties": False,
        },
    },
    "latency": {
        "type": "object",
        "additionalProperties": {"type": ["number", "string"]},
    },
    "unquoted_time_s": _UNQUOTED,
    "rule_events": {
        "type": "object",
        "additionalProperties": {"type": "integer", "minimum": 0},
    },
    "rule_unknown_s": _NUMBERS,
    "venues": {
        "type": "array",
        "minItems": 2,
        "items": {
            "type": "object",
            "properties": _VENUE,
            "required": list(_VENUE),
            "additionalProperties": False,
        },
    },
    "levels": {
        "type": "array",
        "minItems": 2,
        "items": {
            "type": "object",
            "properties": _LEVEL,
            "required": list(_LEVEL),
            "additionalProperties": False,
        },
    },
    "references": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": _WATCHED,
            "required": list(_WATCHED),
            "additionalProperties": False,
        },
    },
    "absent_venues": {"type": "array", "minItems": 1, "items": {"type": "string"}},
}


def summarize(recording: Recording, facts: RunFacts) -> dict[str, Value]:
    """The summary of a run.

    Args:
        recording: what the engine recorded.
        facts: what the report says beside it.

    Returns:
        `version`, then every key of `METRICS` in order (optional ones where they mean
        something), then `reasons`: why, for each key that is None. Values are plain
        Python, ready for JSON.
    """
    inverse = facts.inverse
    book = entries(recording.fills, multiplier=facts.multiplier, inverse=inverse)
    account = statement(
        book,
        final_mid=worth(recording.totals.final_mid, inverse=inverse),
        inventory_pnl=recording.totals.inventory_pnl,
    )
    run = Run(recording, book, account, facts)
    measured = {metric.key: _measure(metric, run) for metric in METRICS}
    left_out = {m.key for m in METRICS if m.optional and measured[m.key][0] is None}
    values = {k: value for k, (value, _) in measured.items() if k not in left_out}
    reasons = {key: reason for key, (_, reason) in measured.items() if reason}
    return {"version": VERSION, **values, "reasons": reasons}


def _measure(metric: Metric, run: Run) -> tuple[Value, str]:
    """The value of a metric and no reason, or None and the reason."""
    value = metric.of(run)
    if value is None:
        return None, metric.reason
    if metric.unit in ("money", "size", "bps", "ratio"):
        value = float(value)
        return (value, "") if math.isfinite(value) else (None, _NOT_FINITE)
    return value, ""


def summary_schema() -> dict[str, Any]:
    """The JSON Schema of a summary, generated from `METRICS`."""
    properties: dict[str, Any] = {
        "version": {"const": VERSION, "description": "Version of this shape."}
    }
    properties |= {metric.key: _property(metric) for metric in METRICS}
    properties["reasons"] = {
        "type": "object",
        "description": "Why a key is null, by key.",
        "propertyNames": {"enum": [metric.key for metric in METRICS]},
        "additionalProperties": {"type": "string", "minLength": 1},
    }
    optional = {metric.key for metric in METRICS if metric.optional}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mmrun summary",
        "description": "What a run came to: money in the quote currency, times in"
        " seconds, keys ending in _bps in basis points. A key without a value is null,"
        " and `reasons` says why.",
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


def _property(metric: Metric) -> dict[str, Any]:
    shape = _SHAPES.get(metric.key)
    if shape is None:
        kind = _TYPES.get(metric.unit, "number")
        nullable = kind == "number" and metric.key not in ("session_s", "span_s")
        shape = {"type": [kind, "null"] if nullable else kind}
        if metric.unit == "count":
            shape |= {"minimum": 0}
    return {"description": metric.doc, "x-mmrun-unit": metric.unit, **shape}
