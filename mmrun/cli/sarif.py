"""Problems as SARIF 2.1.0, the format in which code scanners report.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mmrun.cli.pages import page_of
from mmrun.problems import Problem, Span, foremost


_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(problems: Iterable[Problem]) -> str:
    """One log with one run; rules are the codes that occur, sorted."""
    shown, more = foremost(problems)
    codes = sorted({problem.code for problem in shown})
    driver = {
        "name": "mmrun",
        "semanticVersion": version("mmrun"),
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes) for problem in shown],
        "properties": {"omitted": sum(more.values())},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _rule(code: str) -> dict[str, Any]:
    page = page_of(code)
    return {
        "id": code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.remedy},
        "help": {"text": page.remedy},
    }


def _result(problem: Problem, codes: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.severity,
        "message": {"text": "; ".join([problem.message, *problem.hints])},
    }
    uri = _uri(problem.span)
    if problem.span is None or uri is None:
        return result
    location = {"artifactLocation": {"uri": uri}, "region": _region(problem.span)}
    line = " ".join(problem.snippet.split())
    fingerprint = hashlib.sha256(f"{problem.code}\0{uri}\0{line}".encode())
    return result | {
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"problemAndLine/v1": fingerprint.hexdigest()},
    }


def _region(span: Span) -> dict[str, int]:
    """Lines and columns count from 1; the end column is the one after the last."""
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _uri(span: Span | None) -> str | None:
    """A relative reference where the file is below here; None for what is no file."""
    if span is None or span.file.startswith("<"):
        return None
    path = Path(span.file)
    if not path.is_absolute():
        return quote(path.as_posix())
    here = Path.cwd()
    inside = path.is_relative_to(here)
    return quote(path.relative_to(here).as_posix()) if inside else path.as_uri()
