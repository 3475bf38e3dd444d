"""Problems as a JUnit report, which every CI shows: a case for each checked file."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from mmrun.cli.render import concise, counts, full
from mmrun.problems import Problem, errors_in


def junit(by_file: Mapping[str, tuple[Problem, ...]]) -> str:
    """A file with errors is a failed case; what is only warned of is its output.

    Args:
        by_file: the checked files with what was found, files they extend included.
    """
    failures = sum(bool(errors_in(found)) for found in by_file.values())
    totals = {"tests": str(len(by_file)), "failures": str(failures), "errors": "0"}
    root = ET.Element("testsuites", {"name": "mmrun", **totals})
    suite = ET.SubElement(root, "testsuite", {"name": "mmrun check", **totals})
    for file, found in by_file.items():
        named = {"classname": "mmrun.check", "name": _valid(file)}
        case = ET.SubElement(suite, "testcase", named)
        if errors := errors_in(found):
            told = {"type": errors[0].code, "message": counts(found, 1)}
            failure = ET.SubElement(case, "failure", told)
            failure.text = _valid(full(found, color=False))
        elif found:
            ET.SubElement(case, "system-out").text = _valid(concise(found))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _valid(text: str) -> str:
    """The text without what XML 1.0 cannot hold."""
    return "".join(
        char if char in "\t\n" or char.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )
