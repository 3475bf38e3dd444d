"""Tape rows from columns, and the merging of an importer's streams of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from mmrun.market.manifest import Provenance
from mmrun.market.tape import Kind, polars_schema
from mmrun.market.writer import Tape


ORDER = "order"  #: a row's place in the tape; not stored


@dataclass(frozen=True, slots=True)
class Imported:
    """What an importer made of its sources."""

    tapes: tuple[Tape, ...]
    provenance: Provenance
    notes: tuple[str, ...] = ()  #: what the user should know, a sentence each


def tape_rows(kind: Kind, order: Any, columns: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of one kind, every tape column there; NaN becomes null.

    Args:
        kind: the rows' kind.
        order: int64 places, which `in_order` sorts by.
        columns: by name in `market.tape.COLUMNS`, arrays or series; `ts` is needed.
    """
    schema = polars_schema()
    frame = pl.DataFrame({ORDER: order, **columns})
    given = [pl.col(name).cast(schema[name]) for name in columns]
    absent = [
        pl.lit(None, schema[name]).alias(name)
        for name in schema
        if name not in columns and name != "kind"
    ]
    code = pl.lit(int(kind), schema["kind"]).alias("kind")
    floats = pl.col(pl.Float64).fill_nan(None)
    return (
        frame.select(ORDER, *given, *absent, code)
        .select(ORDER, *schema.names())
        .with_columns(floats)
    )


def in_order(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of all parts by their `order`, which is then dropped."""
    rows = pl.concat(parts).sort(ORDER, maintain_order=True)
    return rows.drop(ORDER).rechunk()
