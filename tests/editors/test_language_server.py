"""The schemas in VS Code's YAML extension: its verdicts are ours, every key explained.

The real language server runs (`make slow` installs it by npm, pinned).
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mmrun import api
from mmrun.documents import load_schema, read_text, validate
from mmrun.problems import Problem


pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def _module(name: str) -> ModuleType:
    """A module beside this one."""
    spec = importlib.util.spec_from_file_location(
        f"editors_{name}", HERE / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


server, schema_walk = _module("server"), _module("schema_walk")

#: What a JSON Schema and a YAML reader can see; the rest takes mmrun.
VISIBLE = {f"MM{code}" for code in (*range(100, 105), 106, 109, *range(110, 116), 120)}
#: Of those the server says nothing: YAML itself has tags, merge keys and .nan.
LET_THROUGH = {"merge_key", "standard_tag", "only_comments", "limit_is_nan"}
LET_THROUGH |= {"limit_overflows"}
#: Codes that stand at the key or value that is wrong, in both.
PLACED = {"MM110", "MM112", "MM113"}

BAD = sorted((ROOT / "tests/golden/strategy").glob("*.bad.yaml"))
STRATEGIES = sorted(
    p for p in (ROOT / "strategies").rglob("*.yaml") if ".test." not in p.name
)
TESTS = sorted((ROOT / "strategies").rglob("*.test.yaml"))
BAD_TESTS = {
    "unknown_key": "tests: [{name: a, gvien: {mid: 1}}]",
    "no_name": "tests: [{problems: []}]",
    "no_tests": "tests: []",
    "no_strategy": "x: 1",
    "time_without_unit": "tests: [{name: a, tape: x, expect: [{at: 5, bid: 1}]}]",
    "fill_of_no_side": "tests: [{name: a, tape: x, expect: {fills: [{side: up}]}}]",
    "code_is_none": "tests: [{name: a, problems: [E320]}]",
    "value_is_a_list": "tests: [{name: a, given: {bid: [1]}, expect: {bid: 1}}]",
    "negative_tolerance": "tolerance: -1\ntests: [{name: a, problems: []}]",
}


def _url(name: str) -> str:
    return (ROOT / "schemas" / f"{name}.schema.json").as_uri()


@pytest.fixture(scope="module")
def editor() -> Any:
    """A server that knows strategies and tests by their file names."""
    assert server.SERVER.exists(), "make slow installs the language server"
    kinds = {name: [f"*.{name}.yaml"] for name in ("strategy", "test")}
    schemas = {_url(name): patterns for name, patterns in kinds.items()}
    with server.LanguageServer(schemas, ROOT) as running:
        yield running


def _verdict(editor: Any, path: Path, text: str) -> list[dict[str, Any]]:
    editor.open(path, text)
    found: list[dict[str, Any]] = editor.diagnostics(path)
    return found


def _lines(problems: list[Problem]) -> set[int]:
    return {p.span.line for p in problems if p.span and p.code in PLACED}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name[:-9])
def test_the_server_s_verdict_on_bad_strategies_is_ours(
    editor: Any, path: Path
) -> None:
    """Wrong by the schema or as YAML: both say so, at the same lines; else neither."""
    text = path.read_bytes().decode("utf-8", "replace")
    own = [p for p in api.check(path) if p.span and p.span.file == str(path)]
    ours = [p for p in own if p.code in VISIBLE]

    found = _verdict(editor, path.with_suffix(".strategy.yaml"), text)

    lines = {each["range"]["start"]["line"] + 1 for each in found}
    said = path.name.removesuffix(".bad.yaml") not in LET_THROUGH and bool(ours)
    assert (bool(found), _lines(ours) - lines) == (said, set()), found


@pytest.mark.parametrize(
    "path", [*STRATEGIES, *TESTS], ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_shipped_files_are_fine_by_their_own_editor_line(
    editor: Any, path: Path
) -> None:
    """The schema named in the first line is found, and has nothing against the file."""
    text = path.read_text(encoding="utf-8")

    assert _verdict(editor, path, text) == []
    # It was found: a key it does not know is an error.
    broken = _verdict(editor, path.with_name(f"broken-{path.name}"), f"{text}\nx: 1\n")
    assert [each["message"] for each in broken] == ["Property x is not allowed."]


@pytest.mark.parametrize("name", BAD_TESTS)
def test_the_server_s_verdict_on_bad_tests_is_ours(editor: Any, name: str) -> None:
    """A test file that our schema check refuses is refused by the server."""
    head = "mmrun: 1\n" + ("" if name == "no_strategy" else "strategy: a.yaml\n")
    text = head + BAD_TESTS[name] + "\n"
    document, problems = read_text(text, "bad.test.yaml")
    assert document is not None
    assert (problems, bool(validate(document, "test"))) == ((), True)

    assert _verdict(editor, ROOT / f"{name}.test.yaml", text)


@pytest.mark.parametrize("kind", ["strategy", "test"])
def test_every_key_is_explained(editor: Any, kind: str) -> None:
    """Where the mouse rests on a key, its description is shown."""
    schema = load_schema(kind)
    silent = []
    for index, key in enumerate(schema_walk.keys(schema)):
        text, column = schema_walk.nested(key.path)
        path = ROOT / f"hover-{index}.{kind}.yaml"
        editor.open(path, text)
        shown = editor.hover(path, text.count("\n") - 1, column)
        if _plain(schema_walk.description(schema, key.schema)) not in _plain(shown):
            silent.append((str(key), shown))

    assert silent == []


@pytest.mark.parametrize("kind", ["strategy", "test"])
def test_every_key_is_offered(editor: Any, kind: str) -> None:
    """In each section, once a letter is typed, the keys it can have are completed."""
    sections: dict[tuple[Any, ...], set[str]] = {}
    for key in schema_walk.keys(load_schema(kind)):
        sections.setdefault(key.path[:-1], set()).add(key.path[-1])
    lacking = {}
    for index, (parent, names) in enumerate(sections.items()):
        text = schema_walk.nested((*parent, "x"))[0].removesuffix(":\n")
        path = ROOT / f"complete-{index}.{kind}.yaml"
        editor.open(path, text)
        line, column = text.count("\n"), len(text.rpartition("\n")[2])
        offered = {item["label"] for item in editor.completions(path, line, column)}
        if names - offered:
            lacking[parent] = names - offered

    assert lacking == {}


@pytest.mark.parametrize("kind", ["strategy", "test"])
def test_every_key_has_words_and_an_example(kind: str) -> None:
    """What an editor can show of a key is in the schema: what it is, how it is written."""
    schema = load_schema(kind)
    keys = {str(key): key.schema for key in schema_walk.keys(schema)}
    bare = [
        name
        for name, own in keys.items()
        if not schema_walk.description(schema, own)
        or not any("examples" in part for part in schema_walk.expanded(schema, own))
    ]

    assert bare == []


def _plain(text: str) -> str:
    """Letters and digits alone: the server escapes what Markdown would take."""
    return "".join(char for char in text.replace("&nbsp;", "") if char.isalnum())
