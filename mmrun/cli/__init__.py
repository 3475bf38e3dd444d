"""The `mmrun` command: argv in, exit code out.

Commands are imported only when they run, so that `--help`, completion and `check` stay
quick. Every command is one file here with a click command called `command`. Results go
to stdout, progress and logs to stderr. Exit codes are `mmrun.problems`' and:

    0    fine
    1    findings: problems in a file
    2    usage
    3    bad or missing data
    4    internal error: one line, the traceback in a file it names
    5    nothing selected
    130  interrupted
"""

from __future__ import annotations

import gc
import importlib
import sys
import tempfile
import traceback
from pathlib import Path

import click

from mmrun.problems import DataError, MmrunError, StrategyError


#: Command name to its line in `--help`; the command itself is `mmrun.cli.<name>`.
COMMANDS = {
    "check": "Check strategy files: YAML, schema, names, units.",
    "completion": "A script that completes mmrun in your shell.",
    "data": "What is in a dataset; a made-up market.",
    "diff": "What differs between two strategies, their quotes too.",
    "explain": "The compiled plan of a strategy, or a problem's code.",
    "import": "Turn a vendor's files into a dataset.",
    "new": "A strategy with its tests, to start from.",
    "quote": "The quotes a strategy would show in a given market.",
    "run": "Replay a dataset through a strategy and report.",
    "schema": "Print a JSON Schema.",
    "show": "The resolved strategy, every value with where it came from.",
    "test": "Tests of strategies, written in YAML.",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None for an unknown name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mmrun.cli.{cmd_name}_")
        found: click.Command = module.command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a misspelt name."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                args[0], possibilities=self.list_commands(ctx), ctx=ctx
            ) from error

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The command table, without importing the commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mmrun")
@click.option("--debug", is_flag=True, help="Show tracebacks on the screen.")
def group(debug: bool) -> None:
    """Run market-making strategies that are written as YAML."""
    del debug


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with the documented code."""
    arguments = sys.argv[1:] if argv is None else argv
    code = run(arguments)
    gc.freeze()  # the process ends: looking for garbage once more took a quarter second
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code, every failure said on stderr."""
    debug = "--debug" in arguments
    try:
        code = group.main(arguments, prog_name="mmrun", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("mmrun: interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except MmrunError as error:
        if debug:
            traceback.print_exc()
        _show(error)
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("mmrun: interrupted", err=True)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001  (the last resort: exit code 4)
        if debug:
            traceback.print_exc()
        click.echo(_internal(error), err=True)
        return 4
    return code if isinstance(code, int) else 0


def _show(error: MmrunError) -> None:
    if isinstance(error, StrategyError):
        from mmrun.cli.render import full

        click.echo(full(error.problems, color=False), err=True)
    click.echo(f"mmrun: {error}", err=True)
    if isinstance(error, DataError) and error.hint:
        click.echo(f"  help: {error.hint}", err=True)


def _internal(error: Exception) -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="mmrun-traceback-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    return (
        f"mmrun: internal error: {type(error).__name__}: {error} "
        f"(traceback saved to {Path(file.name)})"
    )
