"""Whole tape files as frames, for looking at them; a replay reads in pieces."""

from __future__ import annotations

import polars as pl

from mmrun.market.dataset import Dataset
from mmrun.market.manifest import TapeFile
from mmrun.problems import DataError


def read_day(dataset: Dataset, file: TapeFile) -> pl.DataFrame:
    """A tape file's rows.

    Raises:
        DataError: it cannot be decoded.
    """
    path = dataset.path / file.path
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        first_line = str(error).splitlines()[0]
        message = f"{path} cannot be decoded: {first_line}"
        raise DataError(message, hint="import the data again") from error
