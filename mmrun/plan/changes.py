"""What differs between two strategies in meaning, not in spelling.

Formulas are compared as canonical text, params as values in their units, everything
else value by value with the format's defaults filled in. Descriptions and tags mean
nothing to a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mmrun.documents import Items, Node, Scalar, load_schema, read_text
from mmrun.documents.keys import Keys
from mmrun.documents.messages import show as show_plain
from mmrun.documents.nodes import Path, leaves, plain
from mmrun.lang.names import FIELDS
from mmrun.lang.parse import parse
from mmrun.lang.show import show
from mmrun.plan.compile import TARGET, Checked, formulas_of
from mmrun.strategy.spec import SHARE, Formula, Param
from mmrun.units import UNITS


_ABOUT = frozenset({"description", "tags", "mmrun", "name"})


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None where a strategy does not have it."""

    section: str  #: params, formulas or settings
    path: str
    before: str | None
    after: str | None


def changes(before: Checked, after: Checked) -> tuple[Change, ...]:
    """The changes from one strategy to another, section by section."""
    sections = (("params", _params), ("formulas", _formulas), ("settings", _settings))
    return tuple(
        Change(name, path, old.get(path), new.get(path))
        for name, read in sections
        for old, new in [(read(before), read(after))]
        for path in dict.fromkeys((*old, *new))
        if old.get(path, _default(path)) != new.get(path, _default(path))
    )


def _params(checked: Checked) -> dict[str, str]:
    return dict(pair for param in checked.strategy.params for pair in _of_param(param))


def _of_param(param: Param) -> Iterator[tuple[str, str]]:
    path = f"params.{param.name}"
    yield path, _number(param, param.value)
    if param.low is not None and param.high is not None:
        low, high = _number(param, param.low), _number(param, param.high)
        yield f"{path}.range", f"{low} to {high}"


def _number(param: Param, value: float) -> str:
    """A value in the param's unit."""
    unit = param.unit
    if unit is None:
        return f"{value:.15g}"
    number = value if unit.of else value / float(unit.scale)
    return f"{number:.15g}{'' if unit.name in UNITS else ' '}{unit.name}"


def _formulas(checked: Checked) -> dict[str, str]:
    given = formulas_of(checked.strategy)
    lets = {f"let.{let.name}": let.formula for let in given.lets}
    fields = {
        name if name == SHARE else f"quote.{name}": text
        for name, text in given.fields.items()
    }
    rules = {
        f"{key}.when": text
        for key, text in given.conditions.items()
        if key.startswith("toxicity.")
    }
    rules |= {f"risk.{TARGET}": given.target} if given.target else {}
    return {name: _canonical(text) for name, text in (lets | fields | rules).items()}


def _canonical(text: Formula) -> str:
    tree, _ = parse(text)
    return text.text if tree is None else show(tree)


def _settings(checked: Checked) -> dict[str, str]:
    document, _ = read_text(checked.strategy.resolved, "strategy.yaml")
    assert document is not None  # the program wrote it
    return {
        ".".join(map(str, path)): _text(node)
        for path, node in leaves(document.root)
        if not _elsewhere(path)
    }


def _elsewhere(path: Path) -> bool:
    """Whether a value is compared as a param or formula, or means nothing."""
    if path[0] == "quote":
        return ".".join(map(str, path[1:])) in FIELDS
    if path[0] == "toxicity":
        return path[-1] == "when"
    if path == ("risk", TARGET) or ".".join(map(str, path)) == SHARE:
        return True
    return path[0] in {"params", "let", *_ABOUT}


def _text(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text
    return "[]" if isinstance(node, Items) else show_plain(plain(node))


def _default(path: str) -> str | None:
    """What the format says of a key that is left out; None where it says nothing."""
    keys = Keys.of(load_schema("strategy"))
    for part in path.split("."):
        keys = keys.under(part)
    found = [schema["default"] for schema in keys.schemas if "default" in schema]
    return show_plain(found[0]) if found else None
