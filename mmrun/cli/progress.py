"""Progress on stderr: one line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import click


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that shows what is being done; its line is gone at the end."""
    plain = os.environ.get("CI") or os.environ.get("NO_COLOR")
    live = sys.stderr.isatty() and not plain
    shown = 0

    def rewrite(text: str) -> None:
        nonlocal shown
        click.echo("\r" + text.ljust(shown), err=True, nl=False)
        shown = len(text)

    try:
        yield rewrite if live else _line
    finally:
        if shown:
            click.echo("\r" + " " * shown + "\r", err=True, nl=False)


def after_a_second(tell: Callable[[str], None]) -> Callable[[str], None]:
    """The same, silent for the first second."""
    began = perf_counter()

    def say(text: str) -> None:
        if perf_counter() - began > 1.0:
            tell(text)

    return say


def _line(text: str) -> None:
    click.echo(text, err=True)
