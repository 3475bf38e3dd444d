"""Test results as JUnit XML, which CI servers show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mmrun.problems import Problem
from mmrun.testing.files import write_whole
from mmrun.testing.report import failure_lines, problem_line
from mmrun.testing.run import Ran, Result


def write_junit(path: Path, ran: Sequence[Ran]) -> None:
    """Write a suite a file and a case a test; a file that cannot be read is an error."""
    root = Element("testsuites", name="mmrun test")
    for file in ran:
        suite = SubElement(root, "testsuite", name=str(file.path))
        for result in file.results:
            _case(suite, str(file.path), result)
        if file.problems and not file.results:
            case = SubElement(suite, "testcase", classname=str(file.path), name="file")
            _error(case, file.problems)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    write_whole(path, text + b"\n")


def _case(suite: Element, file: str, result: Result) -> None:
    line = str(result.test.place.line)
    name = _printable(result.test.name)
    case = SubElement(
        suite, "testcase", classname=file, name=name, file=file, line=line
    )
    if result.outcome == "broken":
        _error(case, result.problems)
    elif result.failures:
        first = result.failures[0]
        message = f"{first.key}: expected {first.expected}, got {first.got}"
        failure = SubElement(case, "failure", message=_printable(message))
        failure.text = _printable("\n".join(failure_lines(result.failures)))


def _error(case: Element, problems: Sequence[Problem]) -> None:
    error = SubElement(case, "error", message=_printable(problems[0].message))
    error.text = _printable("\n".join(map(problem_line, problems)))


def _printable(text: str) -> str:
    """XML 1.0 has no control characters but tab and line break."""
    return "".join(
        c if c.isprintable() or c in "\t\n" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
