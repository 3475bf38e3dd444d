"""For each of the commonest codes a part of a strategy that has it, and one without.

A part that does not begin with `mmrun: 1` stands for a file whose other sections are
as they should be: `complete` adds them.
"""

from __future__ import annotations


_REST = {
    "mmrun": "mmrun: 1\n",
    "quote": "quote: {half_spread: 5bps, size: 100}\n",
    "risk": "risk: {max_inventory: 1000}\n",
}
#: What the quote reads where a part defines it.
_READERS = {"signal": "10bps if missing(signal) else 5bps", "edge": "edge"}

_WHOLE = "".join(_REST.values())


def complete(part: str) -> str:
    """A whole strategy file around a part of one."""
    if part.startswith("mmrun: 1"):
        return part
    missing = [text for key, text in _REST.items() if f"\n{key}:" not in f"\n{part}"]
    for name, formula in _READERS.items():
        if f"  {name}:" in part:
            missing = [text.replace("5bps", formula) for text in missing]
    return "".join([*missing, part])


def _quote(formula: str, field: str = "half_spread") -> str:
    rest = "" if field == "half_spread" else "  half_spread: 5bps\n"
    return f"quote:\n  {field}: {formula}\n{rest}  size: 100\n"


def _let(formula: str) -> str:
    return f"let:\n  signal: {formula}\n"


#: Code to a failing and a passing part.
EXAMPLES: dict[str, tuple[str, str]] = {
    "MM101": (_let("mid if spread > 0: else bid"), _let("mid if spread > 0 else bid")),
    "MM102": (
        "risk:\n  max_inventory: 1000\n  max_inventory: 5000\n",
        "risk:\n  max_inventory: 1000\n",
    ),
    "MM105": ("description: yes\n", 'description: "yes"\n'),
    "MM110": (
        "risk:\n  max_inventory: 1000\n  price_colar: 5pct\n",
        "risk:\n  max_inventory: 1000\n  price_collar: 5pct\n",
    ),
    "MM111": (
        "mmrun: 1\nrisk: {max_inventory: 1000}\n",
        _WHOLE,
    ),
    "MM112": (_quote("[5bps]"), _quote("5bps")),
    "MM113": (
        "quote: {half_spread: 5bps, size: 100, post_only: slides}\n",
        "quote: {half_spread: 5bps, size: 100, post_only: slide}\n",
    ),
    "MM114": (
        "risk: {max_inventory: 1000, stale_after: 30}\n",
        "risk: {max_inventory: 1000, stale_after: 30s}\n",
    ),
    "MM131": (
        "mmrun: 1\nquote: {half_spread: 5bps, size: 100}\n",
        _WHOLE,
    ),
    "MM132": (
        "quote: {bid: mid - 5bps, size: 100}\n",
        "quote: {bid: mid - 5bps, ask: mid + 5bps, size: 100}\n",
    ),
    "MM133": (
        "quote: {half_spread: 5bps, bid_size: 100}\n",
        "quote: {half_spread: 5bps, bid_size: 100, ask_size: 200}\n",
    ),
    "MM134": (
        "params:\n  edge: {value: 5tick, unit: bps}\n",
        "params:\n  edge: {value: 5, unit: bps}\n",
    ),
    "MM135": (
        "params:\n  edge: {value: 50, unit: bps, range: [1, 10]}\n",
        "params:\n  edge: {value: 5, unit: bps, range: [1, 10]}\n",
    ),
    "MM136": ("params:\n  spread: 5bps\n", "params:\n  edge: 5bps\n"),
    "MM146": (
        "toxicity:\n  stale: {when: age(quote) > 10s, then: pull}\n",
        "toxicity:\n  old: {when: age(quote) > 10s, then: pull}\n",
    ),
    "MM190": (
        "risk: {max_inventory: 1000, max_requests_per_second: 100}\n",
        "risk: {max_inventory: 1000}\n",
    ),
    "MM201": (
        _let("mid if spread > 0 && bid_size > 0 else bid"),
        _let("mid if spread > 0 and bid_size > 0 else bid"),
    ),
    "MM202": (_let("(bid + ask / 2"), _let("(bid + ask) / 2")),
    "MM204": (
        _let("bid < last_price < ask"),
        _let("bid < last_price and last_price < ask"),
    ),
    "MM205": (_let("volatility(mid, 5m)"), _let("volatility(mid, 5min)")),
    "MM301": (_let("inventroy / max_inventory"), _let("inventory / max_inventory")),
    "MM302": (_let("volatility * sqrt(5s)"), _let("volatility(mid, 1min) * sqrt(5s)")),
    "MM303": (_let("mean(mid)"), _let("mean(mid, 5s)")),
    "MM304": (_let("mean(inventory, 5s)"), _let("prev(inventory)")),
    "MM305": (_let("mean(mid, 2 * 5s)"), _let("mean(mid, 10s)")),
    "MM306": (_let("venue.max_inventory"), _let("venue.inventory / max_inventory")),
    "MM307": (
        "risk: {max_inventory: 1000, target_inventory: 1lot * venue.last_side}\n",
        "risk: {max_inventory: 1000, target_inventory: 1lot * last_side}\n",
    ),
    "MM310": (
        _quote("max(5bps, half_spread / 2)"),
        _quote("max(5bps, prev(half_spread) / 2)"),
    ),
    "MM320": (
        _quote("mid + queue_imbalance", "fair"),
        _quote("mid + queue_imbalance * 2bps", "fair"),
    ),
    "MM321": (_quote("5"), _quote("5bps")),
    "MM322": (_let("log(mid)"), _let("log(mid / last_price)")),
    "MM323": (_let("mid if inventory else bid"), _let("mid if inventory > 0 else bid")),
    "MM324": (_let("spread ** 0.3"), _let("(spread / mid) ** 0.3")),
    "MM401": (
        "risk: {max_inventory: 1000} # mmrun: ignore\n",
        "risk: {max_inventory: 1000, on_breach: stop_all} # mmrun: ignore MM442\n",
    ),
    "MM402": (
        "risk: {max_inventory: 1000} # mmrun: ignore MM442\n",
        "risk: {max_inventory: 1000}\n",
    ),
    "MM390": (_let("microprice"), _let("weighted_mid")),
}
