"""Receive times of a recorder whose clock was wrong, set right."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from mmrun.importers.rows import Imported


def shifted(imported: Imported, offset_ns: int) -> Imported:
    """All receive times later by an offset, which the manifest then states.

    Args:
        imported: what an importer gave.
        offset_ns: positive where the clock was slow.
    """
    if not offset_ns:
        return imported
    later = pl.col("recv_ts") + offset_ns
    tapes = tuple(
        replace(tape, frame=tape.frame.with_columns(later)) for tape in imported.tapes
    )
    stated = imported.provenance.clock_offset_ns + offset_ns
    provenance = replace(imported.provenance, clock_offset_ns=stated)
    return replace(imported, tapes=tapes, provenance=provenance)
