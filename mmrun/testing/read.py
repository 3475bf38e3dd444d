"""A test file becomes records; what is wrong with it comes as problems, all at once.

1. YAML, and `schemas/test.schema.json`            lives in `documents`.
2. Tapes                                           lives in `tape`.
3. Which keys of a test go together                `_CHECKS`, here.

Names and values are looked at when the strategy is known, in `play` and `compare`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmrun.documents import (
    Document,
    Items,
    Node,
    Scalar,
    Section,
    TextPlace,
    read_document,
)
from mmrun.documents.schema import MAX_PROBLEMS, findings, spelt_out
from mmrun.engine.assumptions import FillModel, Latency, fill_model
from mmrun.problems import Problem, UsageError, errors_in, problem_at, sorted_by_place
from mmrun.testing.spec import Moment, Tape, Test, TestFile, Tolerance, Want
from mmrun.testing.tape import read_tape, time_ns
from mmrun.units import parse_literal


def read_tests(path: Path) -> tuple[TestFile | None, tuple[Problem, ...]]:
    """Read a test file; None where there are errors.

    Raises:
        UsageError: the file is not there or cannot be opened.
    """
    try:
        document, problems = read_document(path)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        message = f"cannot read the test file '{path}': {reason}"
        raise UsageError(message) from error
    if document is None:
        return None, problems
    reading = _Reading(document, list(problems))
    file = reading.file(path)
    found = sorted_by_place(reading.problems)[:MAX_PROBLEMS]
    return (None if errors_in(found) else file), found


@dataclass
class _Reading:
    """One document being read; `problems` grows as it is."""

    document: Document
    problems: list[Problem]

    def file(self, path: Path) -> TestFile | None:
        found = findings(self.document, "test")
        self.problems += spelt_out(found)
        wrong = {finding.path for finding in found}
        tests = [
            self._test(node)
            for index, node in enumerate(self._nodes())
            if not any(at[:2] == ("tests", index) for at in wrong)
        ]
        self._refuse_twins(tests)
        strategy = self.document.at("strategy")
        if not isinstance(strategy, Scalar) or not strategy.text:
            return None
        target = path.parent / strategy.text
        if not _is_file(target):
            message = f"there is no strategy file '{strategy.text}' beside this one"
            self._add(strategy.place, "MM601", message)
        return TestFile(path, target, tuple(tests))

    def _nodes(self) -> tuple[Node, ...]:
        tests = self.document.at("tests")
        return tests.items if isinstance(tests, Items) else ()

    def _test(self, node: Node) -> Test:
        assert isinstance(node, Section)  # the schema has seen to it
        name = _scalar(node, "name")
        test = Test(
            name=name.text,
            place=name.place,
            settings=_scalars(node, "set"),
            given=_scalars(node, "given"),
            tape=self._tape(node),
            model=self._model(node),
            latency=self._latency(node),
            tolerance=_tolerance(node) or _tolerance(self.document.root) or Tolerance(),
            moments=tuple(_moments(node)),
            problems=_want(node, "problems"),
        )
        self._check_keys(test, node)
        return test

    def _tape(self, node: Section) -> Tape | None:
        if "tape" not in node.entries:
            return None
        tape, problems = read_tape(_scalar(node, "tape"))
        self.problems += problems
        return tape

    def _model(self, node: Section) -> FillModel:
        if "fills" not in node.entries:
            return FillModel()
        scalar = _scalar(node, "fills")
        try:
            return fill_model(scalar.text)
        except UsageError as error:
            self._add(scalar.place, "MM605", str(error))
            return FillModel()

    def _latency(self, node: Section) -> Latency:
        times = {}
        for name, (_, value) in _scalars(node, "latency").items():
            found = time_ns(value.text)
            if found is None:
                message = f"expected a time of at most 30d, got '{value.text}'"
                self._add(value.place, "MM605", message)
            times[f"{name}_ns"] = found or 0
        return Latency(**times)

    def _check_keys(self, test: Test, node: Section) -> None:
        """What goes together: a state or a tape, and `at` with a tape alone."""
        keys = node.entries
        if not keys.keys() & {"expect", "problems"}:
            message = "nothing is expected: give `expect` or `problems`"
            self._add(test.place, "MM603", message)
        for key in ("given", "tape", "fills", "latency"):
            needed = "tape" if key in {"fills", "latency"} else "expect"
            if key in keys and needed not in keys:
                self._add(keys[key].key, "MM603", f"`{key}` needs `{needed}`")
        if "expect" in keys and not keys.keys() & {"tape", "given"}:
            message = "`expect` needs a state (`given`) or a tape"
            self._add(keys["expect"].key, "MM603", message)
        self._check_moments(test, node)

    def _check_moments(self, test: Test, node: Section) -> None:
        expect = node.entries.get("expect")
        if expect is None:
            return
        scripted = "tape" in node.entries
        if not scripted and isinstance(expect.node, Items):
            message = "a state has one `expect`, not a list; times belong to a tape"
            self._add(expect.key, "MM603", message)
            return
        for moment, section in zip(test.moments, _sections(expect.node), strict=True):
            place = next(iter(section.entries.values())).key
            if scripted and moment.at_ns is None and "at" in section.entries:
                at = _scalar(section, "at")
                message = f"expected a time of at most 30d, got '{at.text}'"
                self._add(at.place, "MM605", message)
            elif scripted and moment.at_ns is None:
                message = "expected `at`, a time of the tape, in each expectation"
                self._add(place, "MM603", message, "for example `at: 60ms`")
            for key in () if scripted else ("at", "inventory", "fills"):
                if key in section.entries:
                    message = f"`{key}` belongs to a tape"
                    self._add(section.entries[key].key, "MM603", message)
            if not moment.wants:
                self._add(place, "MM603", "nothing is expected here")

    def _refuse_twins(self, tests: list[Test]) -> None:
        first: dict[str, Test] = {}
        for test in tests:
            twin = first.setdefault(test.name, test)
            if twin is not test:
                message = f"a test of this name is at line {twin.place.line}"
                self._add(test.place, "MM606", message, "name what differs")

    def _add(self, place: TextPlace, code: str, message: str, *hints: str) -> None:
        self.problems.append(problem_at(place, code, message, hints=hints))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for a file, or with a NUL
        return False


def _scalar(node: Section, key: str) -> Scalar:
    found = node.entries[key].node
    assert isinstance(found, Scalar)
    return found


def _scalars(node: Section, key: str) -> dict[str, tuple[TextPlace, Scalar]]:
    """A section's values, each with its key's place."""
    entry = node.entries.get(key)
    inner = entry.node.entries if entry and isinstance(entry.node, Section) else {}
    return {
        name: (each.key, each.node)
        for name, each in inner.items()
        if isinstance(each.node, Scalar)
    }


def _sections(node: Node) -> tuple[Section, ...]:
    nodes = node.items if isinstance(node, Items) else (node,)
    return tuple(each for each in nodes if isinstance(each, Section))


def _want(node: Section, key: str) -> Want | None:
    entry = node.entries.get(key)
    return None if entry is None else Want(key, entry.node, entry.key)


def _moments(node: Section) -> Iterator[Moment]:
    expect = node.entries.get("expect")
    for section in () if expect is None else _sections(expect.node):
        at, venue = section.entries.get("at"), section.entries.get("venue")
        yield Moment(
            time_ns(_scalar(section, "at").text) if at else None,
            _scalar(section, "venue") if venue else None,
            tuple(
                Want(key, entry.node, entry.key)
                for key, entry in section.entries.items()
                if key not in {"at", "venue"}
            ),
        )


def _tolerance(node: Node) -> Tolerance | None:
    if not isinstance(node, Section) or "tolerance" not in node.entries:
        return None
    scalar = node.entries["tolerance"].node
    match = re.fullmatch(r"([0-9.]+) *(tick)?", getattr(scalar, "text", ""))
    if match is None:  # an exponent, as YAML reads numbers
        quantity = parse_literal(getattr(scalar, "text", ""))
        return Tolerance(quantity.value) if quantity else None
    return Tolerance(float(match[1]), match[2] is not None)
