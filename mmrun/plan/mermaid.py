"""A strategy's formulas as a Mermaid graph: what reads what, coloured by stage.

Nodes are the names of the file and of the language: market data, own state, params,
lets, quote fields. An arrow goes from a name to each formula that reads it.
https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from mmrun.lang.nodes import Expr
from mmrun.plan.compile import Checked, guarded
from mmrun.plan.explain import Root, explain, shown_names
from mmrun.plan.plan import OUTPUTS


_LONGEST = 48  #: characters of a formula in a node
_LEAVES = frozenset({"market", "state", "param", "input"})
#: Stage to the node's colours, readable on light and dark pages.
_STYLES = {
    "constant": "fill:#eeeeee,stroke:#888888,color:#222222",
    "param": "fill:#fff3c4,stroke:#b58900,color:#222222",
    "data": "fill:#d7e9fb,stroke:#1f6fb5,color:#222222",
    "state": "fill:#fbdada,stroke:#b52f2f,color:#222222",
}


@dataclass(frozen=True, slots=True)
class _Vertex:
    """A name, its formula ("" of what is not computed) and its stage."""

    name: str
    formula: str
    stage: str


def mermaid(checked: Checked, name: str | None) -> str:
    """The graph as Mermaid text; with a name, of what that formula needs."""
    vertices: dict[str, _Vertex] = {}
    edges: dict[str, tuple[str, ...]] = {}
    for root, expr in _formulas(checked):
        vertices[root.name] = _Vertex(root.name, root.formula, root.stage)
        read = tuple(_read(expr, shown_names(checked, but=root.name)))
        edges[root.name] = tuple(dict.fromkeys(found for found, _ in read))
        for found, stage in read:
            vertices.setdefault(found, _Vertex(found, "", stage))
    kept = _needed(name or "", edges) if name else set(vertices)
    return "\n".join(_lines({k: v for k, v in vertices.items() if k in kept}, edges))


def _formulas(checked: Checked) -> Iterator[tuple[Root, Expr]]:
    for root in explain(checked).roots:
        if root.formula != "not given" and root.section != "levels":
            named = _SECTIONS[root.section](checked)
            name = f"quote.{root.name}" if root.name in _AMBIGUOUS else root.name
            yield replace(root, name=name), named[root.name]


_SECTIONS: dict[str, Callable[[Checked], Mapping[str, Expr]]] = {
    "quote": lambda checked: checked.fields,
    "let": lambda checked: checked.lets,
    "rules": guarded,
}
#: Quote fields that bear a market name: what we quote, not what the market does.
_AMBIGUOUS = frozenset({"bid", "ask", "bid_size", "ask_size"})


def _read(root: Expr, names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """The names a formula reads, with their stages, in the order it does."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node is not root and id(node) in names:
            yield names[id(node)], node.stage.name.lower()
        elif node.op in _LEAVES:
            yield node.name, node.stage.name.lower()
        else:
            stack.extend(reversed(node.args))


def _needed(name: str, edges: Mapping[str, tuple[str, ...]]) -> set[str]:
    first = f"quote.{name}" if name in _AMBIGUOUS and name in OUTPUTS else name
    found: set[str] = set()
    stack = [first]
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack.extend(edges.get(current, ()))
    return found


def _lines(
    vertices: Mapping[str, _Vertex], edges: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    ids = {name: f"n{index}" for index, name in enumerate(vertices)}
    yield "flowchart LR"
    for name, vertex in vertices.items():
        yield f'  {ids[name]}["{_label(vertex)}"]:::{vertex.stage}'
    for name in vertices:
        for read in edges.get(name, ()):
            yield f"  {ids[read]} --> {ids[name]}"
    for stage in sorted({vertex.stage for vertex in vertices.values()}):
        yield f"  classDef {stage} {_STYLES[stage]}"


def _label(vertex: _Vertex) -> str:
    text = vertex.formula
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    lines = [vertex.name, *([text] if text and text != vertex.name else [])]
    return "<br/>".join(_escaped(line) for line in lines)


def _escaped(text: str) -> str:
    """Mermaid's entities for what it or HTML would take for its own."""
    marks = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}
    return "".join(marks.get(char, char) for char in text)
