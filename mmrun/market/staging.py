"""Where a dataset grows: beside its target until all is done, or where it is.

A new dataset takes its target's place when it is whole; what was done before an
interruption is found by the next call. A dataset that is there already grows in place.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmrun.market.dataset import is_dataset, load_dataset
from mmrun.market.growing import Growing
from mmrun.market.manifest import Manifest
from mmrun.problems import DataError


@contextmanager
def growing(
    directory: Path, *, replace: bool = False, wanted: Collection[str] = ()
) -> Iterator[Growing]:
    """A dataset to add to: the one that is there, or a new one that takes its place.

    Args:
        directory: the dataset, or where it shall be; its parents are made.
        replace: begin anew where one is there.
        wanted: keys of imports: a new one goes on from what an interrupted call has
            done of these.

    Raises:
        DataError: nothing was added to a new dataset.
    """
    if is_dataset(directory) and not replace:
        yield Growing(directory, load_dataset(directory).manifest)
        return
    staged = directory.with_name(f".{directory.name}.partial")
    grown = Growing(staged, _resumed(staged, wanted))
    try:
        yield grown
        if grown.manifest is None:
            message = "there are no rows to write"
            raise DataError(message)
        _swap(staged, directory)
    finally:
        if grown.manifest is None or not grown.manifest.imports:
            shutil.rmtree(staged, ignore_errors=True)


def _resumed(staged: Path, wanted: Collection[str]) -> Manifest | None:
    """What an interrupted call left; anything else that is there goes."""
    try:
        manifest = load_dataset(staged).manifest
    except DataError:
        manifest = None
    if (
        manifest
        and manifest.imports
        and {i.key for i in manifest.imports} <= set(wanted)
    ):
        return manifest
    shutil.rmtree(staged, ignore_errors=True)
    return None


def _swap(staged: Path, directory: Path) -> None:
    if directory.exists():
        old = staged.with_suffix(".old")
        directory.rename(old)
        staged.rename(directory)
        shutil.rmtree(old)
    else:
        staged.rename(directory)
