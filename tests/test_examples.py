"""The examples: every script and notebook runs as it stands, from anywhere."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest


EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


@pytest.mark.parametrize(
    "script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem
)
def test_a_script_runs(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A script runs in any directory and prints a result with numbers in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")  # no window

    runpy.run_path(str(script), run_name="__main__")

    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 5
    assert any(character.isdigit() for character in printed)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(notebook: Path) -> None:
    """What is checked in holds no result that could be stale."""
    import nbformat

    kept = nbformat.read(notebook, as_version=4)

    cells = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_headless(notebook: Path) -> None:
    """All cells run; a run is shown as a page, frames as tables, plots as pictures."""
    import nbformat
    from nbclient import NotebookClient

    content = nbformat.read(notebook, as_version=4)
    there = {"metadata": {"path": str(notebook.parent)}}

    NotebookClient(
        content, timeout=120, kernel_name="python3", resources=there
    ).execute()

    shown = [
        output.data
        for cell in content.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]
    pages = [data["text/html"] for data in shown if "text/html" in data]
    assert any("Where it came from" in page and "<svg" in page for page in pages)
    assert any("<table" in page and "dataframe" in page for page in pages)
    assert any("image/png" in data for data in shown)
