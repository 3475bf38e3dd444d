"""`mmrun completion`: the script that completes mmrun's commands in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    r"""Print a script that completes commands, files, params and codes in SHELL.

    \b
    bash  mmrun completion bash > ~/.local/share/bash-completion/completions/mmrun
    zsh   mmrun completion zsh > a file _mmrun in a folder of $fpath
    fish  mmrun completion fish > ~/.config/fish/completions/mmrun.fish
    """
    from mmrun.cli import group

    found = get_completion_class(shell)
    assert found is not None  # click has all of SHELLS
    click.echo(found(group, {}, "mmrun", "_MMRUN_COMPLETE").source())
