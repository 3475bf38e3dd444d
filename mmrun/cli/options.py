"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from mmrun.cli import completers


Command = TypeVar("Command", bound=Callable[..., object])


def overrides() -> Callable[[Command], Command]:
    """`-s NAME=VALUE`, any number of times."""
    return click.option(
        "-s",
        "overrides",
        multiple=True,
        metavar="NAME=VALUE",
        shell_complete=completers.settings,
        help="Set a param (edge=0.7) or any value (risk.max_inventory=500).",
    )
