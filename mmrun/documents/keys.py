"""Which keys a JSON Schema knows at a place of a document, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Keys:
    """What a schema says about one place: the subschemas that apply there."""

    root: Schema
    schemas: tuple[Schema, ...]

    @classmethod
    def of(cls, schema: Schema) -> Keys:
        """The keys at the top of a document."""
        return cls(schema, tuple(_expand(schema, schema)))

    @property
    def known(self) -> tuple[str, ...]:
        """The keys that mean something here, in the schema's order."""
        names = (name for s in self.schemas for name in s.get("properties", ()))
        return tuple(dict.fromkeys(names))

    @property
    def free(self) -> bool:
        """Whether users name keys of their own here."""
        return any(True for schema in self.schemas for _ in _open(schema))

    def under(self, name: str) -> Keys:
        """What the schema says about the value of a key."""
        inner = [
            expanded
            for schema in self.schemas
            for child in _children(schema, name)
            for expanded in _expand(self.root, child)
        ]
        return Keys(self.root, tuple(inner))


def _expand(root: Schema, schema: Schema) -> Iterator[Schema]:
    """A schema and those it refers to."""
    yield schema
    if "$ref" in schema:
        yield from _expand(root, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
    for part in schema.get("allOf", ()):
        yield from _expand(root, part)


def _open(schema: Schema) -> Iterator[Schema]:
    yield from schema.get("patternProperties", {}).values()
    if isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]


def _children(schema: Schema, name: str) -> Iterator[Schema]:
    if name in schema.get("properties", {}):
        yield schema["properties"][name]
    else:
        yield from _open(schema)
