"""Write a dataset: all of it or nothing.

Equal tapes give equal bytes under one version of polars: row groups and compression are
fixed. `market.growing` does the work, all of it at once here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmrun.market.dataset import Dataset, is_dataset
from mmrun.market.growing import Tape, Tapes
from mmrun.market.manifest import Provenance
from mmrun.market.staging import growing
from mmrun.market.storage import Location, reaching
from mmrun.problems import DataError, UsageError


__all__ = ["Tape", "check_output", "write_dataset"]


def check_output(directory: Location, *, replace: bool) -> None:
    """Refuse a target that holds something, unless it is a dataset to be replaced.

    Raises:
        DataError: an object store cannot be reached.
        UsageError: the directory may not be written.
    """
    with reaching(directory):
        if not directory.exists():
            return
        if directory.is_dir() and not any(directory.iterdir()):
            return
    if not is_dataset(directory):
        message = f"{directory} exists and is not a dataset; expected a new directory"
        raise UsageError(message)
    if not replace:
        message = f"{directory} is a dataset already; replace it with --force"
        raise UsageError(message)


def write_dataset(
    directory: Location,
    tapes: Sequence[Tape],
    provenance: Provenance,
    *,
    replace: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Dataset:
    """Write tapes as a dataset, partitioned by symbol, venue and date.

    Args:
        directory: the target, on disk or in an object store; its parents are made.
        tapes: one for each symbol and venue.
        provenance: source, licence and timezone, for the manifest.
        replace: whether a dataset that is there may be replaced.
        progress: told what is being written.

    Raises:
        DataError: there are no rows, or an object store cannot be written.
        UsageError: the target holds something else.
    """
    check_output(directory, replace=replace)
    if not any(len(tape.frame) for tape in tapes):
        message = "there are no rows to write"
        raise DataError(message)
    with growing(directory, replace=replace) as grown:
        grown.add([Tapes(tapes, provenance)], progress=progress)
    assert grown.manifest is not None
    return Dataset(directory, grown.manifest)
