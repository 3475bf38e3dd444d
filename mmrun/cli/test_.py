"""`mmrun test`: the tests of strategies, written in YAML."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrun.cli import options
from mmrun.problems import NothingSelectedError, errors_in, sorted_by_place


if TYPE_CHECKING:
    from mmrun.testing.coverage import Coverage
    from mmrun.testing.run import Ran


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@options.overrides()
@click.option(
    "-k", "keyword", default="", help="Only tests whose name holds this text."
)
@click.option("--update", is_flag=True, help="Write what was shown into the tests.")
@click.option(
    "--coverage", "covering", is_flag=True, help="Rules and branches reached."
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    help="With --coverage: fail where a strategy has less, in percent.",
)
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    paths: tuple[Path, ...],
    overrides: tuple[str, ...],
    keyword: str,
    update: bool,
    covering: bool,
    fail_under: float | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Run test files (*.test.yaml), those beside strategies, or below directories.

    Exit code 1 when a test fails or a test file has errors, 2 when a path is missing,
    5 when no test was selected. After --update the tests have passed.
    """
    from collections import defaultdict

    from mmrun.testing.coverage import Coverage
    from mmrun.testing.files import test_files
    from mmrun.testing.run import run_file

    files = dict.fromkeys(f for path in paths or (Path(),) for f in test_files(path))
    coverage: dict[Path, Coverage] | None = None
    if covering or fail_under is not None:
        coverage = defaultdict(Coverage)

    def run(file: Path) -> Ran:
        return run_file(file, keyword, coverage, overrides)

    ran = [run(file) for file in files]
    if update:
        ran = [_updated(file, run) for file in ran]
    if not any(file.results or file.problems for file in ran):
        message = f"no test's name holds '{keyword}'"
        raise NothingSelectedError(message)
    if junit is not None:
        from mmrun.testing.junit import write_junit

        write_junit(junit, ran)
    if as_json:
        from mmrun.testing.report import as_object

        click.echo(json.dumps(as_object(ran, coverage), indent=2, ensure_ascii=False))
    else:
        _print(ran, coverage)
    return _code(ran, coverage, fail_under)


def _updated(ran: Ran, run: Callable[[Path], Ran]) -> Ran:
    """The file run again, where what failed could be rewritten."""
    from mmrun.testing.update import update

    failures = [failure for result in ran.results for failure in result.failures]
    count = update(ran.path, failures)
    if not count:
        return ran
    click.echo(f"{ran.path}: {count} expected values written", err=True)
    return run(ran.path)


def _print(ran: Sequence[Ran], coverage: dict[Path, Coverage] | None) -> None:
    from mmrun.cli.check_ import wants_color
    from mmrun.cli.render import full
    from mmrun.testing.report import counted, coverage_lines, failed_lines

    for file in ran:
        click.echo(f"{file.path}  {counted(file.results)}")
        for line in failed_lines(file):
            click.echo(f"  {line}")
        of_tests = (p for result in file.results for p in result.problems)
        problems = sorted_by_place((*file.problems, *of_tests))
        if problems:
            click.echo(full(problems, color=wants_color()), color=True)
    if len(ran) > 1:
        results = [result for file in ran for result in file.results]
        click.echo(f"{counted(results)} in {len(ran)} files")
    if coverage is not None:
        click.echo("\ncoverage")
        for line in coverage_lines(coverage):
            click.echo(f"  {line}")


def _code(
    ran: Sequence[Ran], coverage: dict[Path, Coverage] | None, fail_under: float | None
) -> int:
    broken = any(errors_in(file.problems) for file in ran)
    results = (result for file in ran for result in file.results)
    if broken or any(result.outcome != "passed" for result in results):
        return 1
    low = [
        path
        for path, covered in (coverage or {}).items()
        if covered.percent < (fail_under or 0.0)
    ]
    for path in low:
        click.echo(f"{path}: covered less than {fail_under:g}%", err=True)
    return 1 if low else 0
