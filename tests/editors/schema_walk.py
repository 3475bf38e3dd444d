"""Every key of a JSON Schema with its path, and a document that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


Schema = dict[str, Any]
#: A step into a document: a key, or an item of a list.
Step = str | None
#: Names users give, one for each pattern of names.
_NAMES = ("sample_name", "SAMPLE")


@dataclass(frozen=True)
class Key:
    """A key of the format: the path to it, itself last; None is an item of a list."""

    path: tuple[Step, ...]
    schema: Schema

    def __str__(self) -> str:
        return ".".join("-" if step is None else step for step in self.path)


def keys(root: Schema) -> Iterator[Key]:
    """All keys, outer ones first; a definition that holds itself is entered once."""
    yield from _keys(root, root, (), ())


def _keys(
    root: Schema, schema: Schema, path: tuple[Step, ...], inside: tuple[str, ...]
) -> Iterator[Key]:
    reference = schema.get("$ref", "")
    if reference in inside:
        return
    for part in expanded(root, schema):
        deeper = (*inside, reference) if reference else inside
        for name, inner in part.get("properties", {}).items():
            yield Key((*path, name), inner)
            yield from _keys(root, inner, (*path, name), deeper)
        named = [*part.get("patternProperties", {}).values()]
        other = part.get("additionalProperties")
        for name, inner in zip(_NAMES, [*named, *_is_schema(other)], strict=False):
            yield from _keys(root, inner, (*path, name), deeper)
        for inner in _is_schema(part.get("items")):
            yield from _keys(root, inner, (*path, None), deeper)


def _is_schema(value: object) -> list[Schema]:
    return [value] if isinstance(value, dict) else []


def expanded(root: Schema, schema: Schema) -> Iterator[Schema]:
    """A schema and those it refers to."""
    yield schema
    if "$ref" in schema:
        yield from expanded(root, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
    for part in schema.get("allOf", ()):
        yield from expanded(root, part)


def description(root: Schema, schema: Schema) -> str:
    """A key's own words, else those of what it refers to."""
    found = (part.get("description", "") for part in expanded(root, schema))
    return next((text for text in found if text), "")


def nested(path: tuple[Step, ...]) -> tuple[str, int]:
    """YAML that leads to a key, without its value, and the column of the key."""
    text, indent = "", 0
    for step in path:
        if step is None:
            text += " " * indent + "- "
            indent += 2
        else:
            text += ("" if text.endswith("- ") else " " * indent) + f"{step}:\n"
            indent += 2
    return text, indent - 2
