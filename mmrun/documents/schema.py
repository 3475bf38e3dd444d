"""A document against one of the JSON Schemas in `schemas/`.

The schemas are plain JSON Schema, for editors too. Keywords beside the standard ones:

    x-mmrun-message   what is expected, in words ("a time such as 250ms"); said in
                      place of a pattern, a bound or a list of types
    x-mmrun-words     the words a string may be where other types are allowed as well,
                      for "did you mean"

All errors are collected; `mmrun.documents.messages` says each at its own key or value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from mmrun.documents.messages import Broken, say
from mmrun.documents.nodes import Document, Path as NodePath
from mmrun.problems import Problem, sorted_by_place


MAX_PROBLEMS = 50


class Finding(NamedTuple):
    """A problem and the path, in the document, of what it is about."""

    path: NodePath
    problem: Problem


def schema_folder() -> Path:
    """Where the schemas are: `schemas/` of a checkout, `mmrun/schemas` installed."""
    package = Path(__file__).parent.parent
    in_checkout = (package.parent / "pyproject.toml").exists()
    return (package.parent if in_checkout else package) / "schemas"


def schema_names() -> tuple[str, ...]:
    """The names `load_schema` knows, sorted."""
    found = schema_folder().glob("*.schema.json")
    return tuple(sorted(path.name.removesuffix(".schema.json") for path in found))


@cache
def load_schema(name: str) -> Mapping[str, Any]:
    """The schema `schemas/<name>.schema.json`.

    Raises:
        FileNotFoundError: there is no schema of that name.
    """
    path = schema_folder() / f"{name}.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def validate(document: Document, name: str) -> tuple[Problem, ...]:
    """Check a document against the schema of that name.

    Returns:
        The problems by place, at most 50.
    """
    found = spelt_out(findings(document, name))
    return sorted_by_place(found)[:MAX_PROBLEMS]


def findings(document: Document, name: str) -> list[Finding]:
    """All problems of a document, each with the path it is about."""
    return [
        Finding(path, problem)
        for error in _validator(name).iter_errors(document.data)
        for path, problem in say(document, _broken(error))
    ]


def spelt_out(found: list[Finding]) -> list[Problem]:
    """The problems, without missing keys that are there and only misspelt."""
    hints = {(path[:-1], hint) for path, problem in found for hint in problem.hints}
    return [f.problem for f in found if not _is_misspelt(f, hints)]


def _is_misspelt(missing: Finding, hints: Set[tuple[NodePath, str]]) -> bool:
    """Whether a key that is missing is what an unknown key beside it was meant as."""
    if missing.problem.code != "MM111":
        return False
    return (missing.path[:-1], f"did you mean '{missing.path[-1]}'?") in hints


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(load_schema(name))


def _broken(error: ValidationError) -> Broken:
    schema: Any = error.schema
    return Broken(
        tuple(error.absolute_path),
        str(error.validator),
        error.validator_value,
        error.instance,
        schema,
        error.message,
    )
