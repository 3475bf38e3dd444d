"""README and docs: every command, file and Python line in them runs as shown.

A fenced block is a file to write (after `<!-- file: NAME -->`), a `console` session
(`$ ` lines are commands, the rest what they print, `...` stands for anything) or a
`pycon` session. The blocks of one document run in order, in one new directory.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmrun.cli import COMMANDS


ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"^(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COPIED = ("Makefile", "constraints.txt", "pyproject.toml", "schemas", "strategies")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Command:
    """A line of a console block, with what should come out."""

    line: str
    expected: str


def _commands(text: str) -> Iterator[Command]:
    for entry in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, expected = entry.partition("\n")
        yield Command(line, expected)


def _run(command: Command, directory: Path) -> None:
    """Run a command as a reader would; what it prints must match what is shown."""
    # A copy has no environment of its own: make is only asked whether it knows how.
    line = re.sub(r"^make ", "make --dry-run ", command.line)
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=directory,
        env=_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in ((0, 1) if command.expected else (0,)), done.stderr
    if command.expected:
        assert _matches(command.expected, done.stdout), f"$ {line}\n{done.stdout}"


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "MAKEFLAGS"}}
    return kept | {"PATH": path, "NO_COLOR": "1"}


def _matches(expected: str, printed: str) -> bool:
    """Whether the text is as shown, `...` standing for anything, lines included."""
    parts = (re.escape(part) for part in expected.split("..."))
    return re.fullmatch(".*".join(parts), printed, re.DOTALL) is not None


def _run_python(text: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)
    test = doctest.DocTestParser().get_doctest(text, {}, "pycon", None, 0)
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    said: list[str] = []
    runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_runs_as_shown(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who follows a document from top to bottom sees what it shows."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)

    for block in BLOCK.finditer(document.read_text(encoding="utf-8")):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "console":
            for command in _commands(block["text"]):
                _run(command, tmp_path)
        elif block["kind"] == "pycon":
            _run_python(block["text"], tmp_path, monkeypatch)


def test_every_block_is_of_a_kind_that_runs() -> None:
    """No block shows a command or a file that nothing holds to the truth."""
    kinds = {
        (path.name, block["kind"])
        for path in DOCUMENTS
        for block in BLOCK.finditer(path.read_text(encoding="utf-8"))
        if not block["file"]
    }

    assert {kind for _, kind in kinds} <= {"console", "pycon"}


def test_the_command_table_is_complete() -> None:
    """README's table names every command there is, and no other."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    named = set(re.findall(r"^\| `mmrun (\w+)", text, re.MULTILINE))

    assert named == set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """A link to a file of the repository finds it."""
    text = document.read_text(encoding="utf-8")

    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]

    assert [link for link in links if not (document.parent / link).exists()] == []
