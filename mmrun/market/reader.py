"""Whole tape files as frames, and what is said of one that cannot be decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from mmrun.market.dataset import Dataset
from mmrun.market.manifest import TapeFile
from mmrun.market.storage import Location, on_disk
from mmrun.problems import DataError


def read_day(dataset: Dataset, file: TapeFile) -> pl.DataFrame:
    """A tape file's rows.

    Raises:
        DataError: it cannot be reached or decoded.
    """
    return read_file(dataset.path, file)


def read_file(root: Location, file: TapeFile) -> pl.DataFrame:
    """A tape file's rows, by the place of its dataset.

    Raises:
        DataError: it cannot be reached or decoded.
    """
    path = root / file.path
    with on_disk(path) as copy, decoding(path):
        return pl.read_parquet(copy(), hive_partitioning=False)


@contextmanager
def decoding(
    path: Location | str,
    *,
    said: str = "cannot be decoded",
    hint: str = "import the data again",
) -> Iterator[None]:
    """Say of what goes wrong within that a file, a tape file unless said, has a fault.

    Raises:
        DataError: it cannot.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        first_line = str(error).splitlines()[0]
        message = f"{path} {said}: {first_line}"
        raise DataError(message, hint=hint) from error
