"""Whose market and own state a name is of: `venue.mid`, `NASDAQ.mid`, `spy.mid`.

A *source* stands before a dot. `venue` is the venue being quoted, a reference is one of
the strategy's `references`, any other is a venue by its name. What has no source is of
all venues that are quoted. In a checked tree a leaf bears its source in its name, a
function that reads the tape or own fills in the node's (`trade_imbalance` of `NASDAQ`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mmrun.lang.functions import FUNCTIONS
from mmrun.lang.names import heard_at, joined, split
from mmrun.lang.nodes import Expr, Ticks


_LEAVES = frozenset({"market", "state"})
#: Functions that are of a source: those that read the tape, or own fills, themselves.
SOURCED = frozenset(
    name
    for name, row in FUNCTIONS.items()
    if row.category in {"order_flow", "own_fills"}
)


def source_of(node: Expr) -> str:
    """The source of a leaf, or of a function that reads one; "" of all else."""
    if node.op in _LEAVES:
        return split(node.name)[0]
    return node.name if node.op in SOURCED else ""


def renamed(node: Expr, change: Callable[[str], str]) -> Expr:
    """The node with its source, and those at whose rows it ticks, as `change` has them."""
    ticks = node.ticks
    hears: frozenset[tuple[str, Ticks]] = frozenset()
    for source, bits in node.hears:
        own, others = heard_at(change(source), bits)
        ticks, hears = ticks | own, hears | others
    name = node.name
    if node.op in _LEAVES:
        source, rest = split(name)
        name = joined(change(source), rest) if source else name
    elif node.op in SOURCED and name:
        name = change(name)
    if (name, ticks, hears) == (node.name, node.ticks, node.hears):
        return node
    return replace(node, name=name, ticks=ticks, hears=hears)


def sources_in(nodes: Iterable[Expr]) -> tuple[str, ...]:
    """The sources of nodes, each once, sorted."""
    return tuple(sorted({source_of(node) for node in nodes} - {""}))
