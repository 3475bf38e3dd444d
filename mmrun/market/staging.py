"""Where a dataset grows: beside its target until all is done, or where it is.

A new dataset takes its target's place when it is whole; what was done before an
interruption is found by the next call. A dataset that is there already grows in place.
For an object store all is written to disk and put there at the end: an interruption
loses what was done.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmrun.market.dataset import is_dataset, load_dataset
from mmrun.market.growing import Growing
from mmrun.market.manifest import MANIFEST_NAME, Manifest
from mmrun.market.storage import Location, add, upload
from mmrun.problems import DataError


@contextmanager
def growing(
    directory: Location, *, replace: bool = False, wanted: Collection[str] = ()
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
    there = None
    if not replace and is_dataset(directory):
        there = load_dataset(directory).manifest
    if not isinstance(directory, Path):
        with _stored(directory, there) as grown:
            yield grown
        return
    if there is not None:
        yield Growing(directory, there)
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


@contextmanager
def _stored(place: Location, there: Manifest | None) -> Iterator[Growing]:
    """A dataset in an object store: what is new is on disk first, and goes there at once."""
    with tempfile.TemporaryDirectory(prefix="mmrun-") as folder:
        grown = Growing(Path(folder), there, place)
        yield grown
        if grown.manifest is None:
            message = "there are no rows to write"
            raise DataError(message)
        if there is None:
            upload(Path(folder), place, last=MANIFEST_NAME)
        elif grown.manifest is not there:
            add(Path(folder), place, last=MANIFEST_NAME)


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
