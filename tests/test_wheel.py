"""The wheel holds what a run needs, and nothing that is not the product's."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run([*build, "--outdir", directory, ROOT], check=True)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    """The names in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_holds_every_module(contents: set[str]) -> None:
    """Every module of the package is in the wheel."""
    modules = {str(p.relative_to(ROOT)) for p in (ROOT / "mmrun").rglob("*.py")}

    assert modules <= contents


def test_holds_the_schemas(contents: set[str]) -> None:
    """The JSON Schemas are in the package, where an installed mmrun looks for them."""
    schemas = {f"mmrun/schemas/{p.name}" for p in (ROOT / "schemas").glob("*.json")}

    assert schemas
    assert schemas <= contents


def test_holds_the_example(contents: set[str]) -> None:
    """The example market is in the package."""
    example = [name for name in contents if name.startswith("mmrun/example/")]

    assert "mmrun/example/dataset.yaml" in example
    assert any(name.endswith(".parquet") for name in example)


def test_holds_nothing_else(contents: set[str]) -> None:
    """Tests, benchmarks and recorded data stay out of the wheel."""
    tops = {name.split("/")[0] for name in contents}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"mmrun"}


def test_runs_where_there_is_no_checkout(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, the package checks a strategy by its own schemas and runs it."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    strategy = ROOT / "strategies" / "basic.yaml"
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import mmrun;"
        "assert mmrun.__file__.startswith(sys.argv[1]);"
        "assert not mmrun.check(sys.argv[2]);"
        "print(mmrun.run(sys.argv[2]).summary['fills'])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "site", strategy],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert int(done.stdout) > 0
