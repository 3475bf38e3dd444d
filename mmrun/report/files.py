"""The directory a run leaves: written beside its place, then renamed into it.

The same result gives byte-equal files: keys keep their order, floats are written by
`repr`, and Parquet has a fixed row-group size and compression.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mmrun.problems import UsageError
from mmrun.report.tables import TABLES


MANIFEST = "manifest.json"
#: Everything a run directory may hold; whatever else is there is somebody's own.
RUN_FILES = frozenset(
    (
        MANIFEST,
        "strategy.yaml",
        "summary.json",
        "report.html",
        *(f"{name}.parquet" for name in TABLES),
    )
)
ROW_GROUP = 2**17


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves, ready to be written."""

    summary: Mapping[str, Any]
    frames: Mapping[str, pl.DataFrame]  #: by the names of `tables.TABLES`
    manifest: Mapping[str, Any]
    strategy_yaml: str  #: the resolved strategy


def write_run(directory: Path, result: RunResult) -> Path:
    """Write a run directory, replacing an earlier run that stands there.

    Args:
        directory: where to; parents are made.
        result: what to write.

    Returns:
        The directory, links resolved.

    Raises:
        UsageError: the place is taken by something that is not a run, or cannot be
            written. What was there is left as it was.
    """
    target = directory.expanduser().resolve()
    _refuse_strangers(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _beside(target) as partial:
            _write_files(partial, result)
            _move_into(partial, target)
    except OSError as error:
        message = f"cannot write {directory}: {error.strerror or error}"
        raise UsageError(message) from error
    return target


def to_json(value: Any) -> str:
    """JSON text with keys in the order given; NaN and infinities become null."""
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _write_files(directory: Path, result: RunResult) -> None:
    texts = {
        MANIFEST: to_json(result.manifest),
        "strategy.yaml": result.strategy_yaml,
        "summary.json": to_json(result.summary),
    }
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")
    for name, rows in result.frames.items():
        rows.write_parquet(
            directory / f"{name}.parquet",
            compression="zstd",
            compression_level=1,
            row_group_size=ROW_GROUP,
        )


def _refuse_strangers(target: Path) -> None:
    complaint = _complaint(target)
    if complaint:
        message = f"will not write a run to {target}: {complaint}"
        raise UsageError(message)


def _complaint(target: Path) -> str:
    """Why a run may not replace what stands there; empty when it may."""
    if not target.exists():
        return ""
    if not target.is_dir():
        return "it is a file"
    found = {path.name for path in target.iterdir()}
    strangers = sorted(found - RUN_FILES)
    if strangers:
        return f"it holds {strangers[0]}, which is no part of a run"
    if found and MANIFEST not in found:
        return f"it is not a run, for it has no {MANIFEST}"
    return ""


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new directory next to the target; gone when the block ends, moved or not."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _move_into(partial: Path, target: Path) -> None:
    """Rename into place. An earlier run steps aside first and returns on failure.

    A directory that is not empty cannot be renamed over, so for an instant between two
    renames there is no run; never a half-written one.
    """
    if not target.exists():
        partial.rename(target)
        return
    earlier = partial.with_suffix(".replaced")
    target.rename(earlier)
    try:
        partial.rename(target)
    except BaseException:
        earlier.rename(target)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
