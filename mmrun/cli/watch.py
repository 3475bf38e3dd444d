"""`mmrun run --watch`: run again at every save, and say what changed.

The files are looked at every `EVERY_S` seconds, which for a strategy and what it extends
costs microseconds and needs no library, no thread and no kernel's limit on watches; it
works on network drives too. A change counts once two looks in a row see the same, so
that a file half written, or away for an instant while an editor renames, is not run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrun.cli.render import counts, full
from mmrun.problems import MmrunError, StrategyError


if TYPE_CHECKING:
    from mmrun.feeds.held import HeldTape
    from mmrun.report.run import Run

EVERY_S = 0.15

#: What tells one content of a file from another; None for a file that is not there.
_Stamp = tuple[int, int, int] | None
_Stamps = dict[Path, _Stamp]
_Runs = Callable[["HeldTape"], "list[Run]"]


def saves(
    files: Callable[[], Sequence[Path]],
    wait: Callable[[], None] = lambda: time.sleep(EVERY_S),
) -> Iterator[tuple[Path, ...]]:
    """Nothing at first, then at every save the files that changed.

    Args:
        files: which to look at; asked again after each save.
        wait: what passes between two looks.
    """
    changed: tuple[Path, ...] = ()
    while True:
        seen = _stamps(files())  # before they are run: a save meanwhile is not missed
        yield changed
        now = _settled(seen, wait)
        changed = tuple(path for path in now if now[path] != seen[path])


def _settled(seen: _Stamps, wait: Callable[[], None]) -> _Stamps:
    """The stamps once they differ from those seen and have stopped changing."""
    before = seen
    while True:
        wait()
        now = _stamps(seen)
        if now == before and now != seen:
            return now
        before = now


def _stamps(files: Iterable[Path]) -> _Stamps:
    return {path: _stamp(path) for path in files}


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def follow(
    saved: Iterable[tuple[Path, ...]],
    runs: _Runs,
    keep: Callable[[Run], Path],
    page: Callable[[list[Run], Path, Run | None], str],
) -> None:
    """Run at the beginning and at every save, until there are no more.

    Args:
        saved: what `saves` gives.
        runs: runs all fill models on a held tape; the first is compared.
        keep: leaves a run's files; gives their directory.
        page: the report of runs, or what changed since the last one.

    Raises:
        MmrunError: the first run cannot be made, for another reason than problems in
            the file; later ones say why and the watch goes on.
    """
    from mmrun.feeds.held import HeldTape

    tape = HeldTape()
    last: Run | None = None
    for number, changed in enumerate(saved):
        if changed:
            click.echo(f"\n{', '.join(path.name for path in changed)} saved")
        try:
            done = runs(tape)
            kept = keep(done[0])
        except MmrunError as error:
            if not number and not isinstance(error, StrategyError):
                raise
            _say(error)
        else:
            click.echo(page(done, kept, last), nl=False)
            last = done[0]
        click.echo(_waiting(tape, ran=last is not None), err=True)


def _say(error: MmrunError) -> None:
    """Problems as `check` shows them, anything else in its sentence."""
    if isinstance(error, StrategyError):
        click.echo(full(error.problems, color=False), err=True)
        click.echo(counts(error.problems, 1), err=True)
    else:
        click.echo(f"mmrun: {error}", err=True)


def _waiting(tape: HeldTape, *, ran: bool) -> str:
    if not ran:
        return "watching; Ctrl-C ends"
    if tape.whole:
        held = f"{tape.rows:,} rows in {tape.bytes / 2**20:,.1f} MB of memory"
    else:
        held = f"the tape is larger than {tape.limit:,} bytes: it is read at each run"
    return f"watching ({held}); Ctrl-C ends"
