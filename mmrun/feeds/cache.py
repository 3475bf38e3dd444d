"""The cache of decoded tapes: the second run of a file decodes no Parquet.

A tape file is kept in pieces, each an Arrow IPC file of its own in `cache_root()/tapes`
that is mapped when it is used (`feeds.arrow_file`). A piece's name says what it holds:

    <digest of the tape file's SHA-256, the columns' names and types, the piece's rows,
     the price step of what is packed>
    -<first row>-<checksum of the piece's own bytes>.arrow

So a piece can be neither stale nor half written and believed: it is written to a
temporary name and renamed, and its bytes are summed up again at each use, which takes a
thirtieth of the time that decoding them does. One that is not what its name says is
removed and made anew. Processes that make one piece at one time make the same bytes,
and the later rename replaces the earlier; removing a piece does not take it from a
process that has it mapped.

All pieces take at most `MMRUN_CACHE_GB` (0: no cache). Those whose last use is longest
ago make room, but none that this run has used: going through more than fits, a run
would else remove at its end what the next one starts with. Whatever goes wrong (a
folder that cannot be written, a full disk) means decoding, never an error.

Values are kept as wide as batches have them. Prices and sizes as narrow integers would
take six tenths of the space, but widening them takes longer (4 to 6 ns a row) than all
the rest of reading a piece (4). Of quotes and trades what is packed takes 17 of 75 bytes
and one of these 4 ns; a run without it spends 4 ns more on looking at a row. The mid of
each row is not kept: reading it takes as long as adding two prices.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xxhash import xxh3_64_hexdigest

from mmrun.feeds.arrow_file import Columns, columns_in, map_file, write_columns
from mmrun.feeds.limited_folder import LimitedFolder
from mmrun.folders import cache_root
from mmrun.problems import UsageError


LIMIT_VARIABLE = "MMRUN_CACHE_GB"
DEFAULT_LIMIT = "10"

Types = Mapping[str, np.dtype[Any]]

#: Of a piece, and of what is packed; where it changes, no older one is found.
_FORMAT = 2


def tape_folder() -> LimitedFolder:
    """The user's cache of tapes, as large as the environment says.

    Raises:
        UsageError: `MMRUN_CACHE_GB` is no size.
    """
    text = os.environ.get(LIMIT_VARIABLE) or DEFAULT_LIMIT
    try:
        limit_bytes = float(text) * 1e9
    except ValueError:
        limit_bytes = math.nan
    if not 0 <= limit_bytes < math.inf:
        message = (
            f"{LIMIT_VARIABLE} is {text!r}, which is no number of gigabytes: "
            "2.5 is one, and 0 turns the cache of decoded tapes off"
        )
        raise UsageError(message)
    return LimitedFolder(cache_root() / "tapes", int(limit_bytes))


class CachedTape:
    """The pieces of one tape file, found by their first rows."""

    def __init__(
        self,
        folder: LimitedFolder,
        copy: Callable[[], Path],
        content: str,
        types: Types,
        rows: int,
        tick: float,
    ) -> None:
        """Look what there is.

        Args:
            folder: where pieces are kept.
            copy: gives the tape file on disk; called to keep a piece of it.
            content: the SHA-256 (hex) that it should have.
            types: name to type of the columns, in the order of the frames to keep.
            rows: how many rows a piece has, the last one aside.
            tick: the price step by which columns are packed.
        """
        self._folder = folder
        self._copy = copy
        self._content = content
        self._types = types
        kinds = [(name, kind.str) for name, kind in types.items()]
        named = repr((_FORMAT, content, kinds, rows, tick))
        self._key = sha256(named.encode()).hexdigest()[:32]
        mine = re.compile(rf"{self._key}-(\d+)-[0-9a-f]{{16}}\.arrow")
        found = (mine.fullmatch(name) for name in folder.names())
        self._names = {int(match[1]): match[0] for match in found if match}

    def read(self, start: int, rows: int) -> Columns | None:
        """The columns of the piece that starts at a row; None: it has to be decoded."""
        name = self._names.get(start)
        if name is None:
            return None
        try:
            return self._map(name, rows)
        except OSError:  # gone meanwhile
            return None
        except ValueError:
            self._folder.remove(name)
            return None

    def keep(self, start: int, frame: pl.DataFrame) -> Columns | None:
        """Keep a decoded piece, and read it; None where it cannot be kept."""
        if not self._folder.is_open or not self._has_its_content:
            return None
        try:
            with self._folder.incoming() as file:
                write_columns(file, frame)
                checksum = xxh3_64_hexdigest(map_file(file))
                name = f"{self._key}-{start}-{checksum}.arrow"
                taken = self._folder.take(file, name)
            return self._map(name, len(frame)) if taken else None
        except (OSError, ValueError, pl.exceptions.PolarsError):
            self._folder.close()
            return None

    def _map(self, name: str, rows: int) -> Columns:
        """A piece's columns.

        Raises:
            OSError: it is gone.
            ValueError: it is not what its name says.
        """
        mapped = map_file(self._folder.path / name)
        if not name.endswith(f"-{xxh3_64_hexdigest(mapped)}.arrow"):
            msg = f"{name} is damaged"
            raise ValueError(msg)
        columns = columns_in(mapped, self._types, rows)
        self._folder.use(name)
        return columns

    @cached_property
    def _has_its_content(self) -> bool:
        """A file changed since its import is read as it is, but never kept."""
        with suppress(OSError), self._copy().open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == self._content
        return False
