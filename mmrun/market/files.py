"""What is said of a user's file that is not there."""

from __future__ import annotations

from pathlib import Path

from mmrun.documents.words import closest
from mmrun.problems import DataError


def missing_file(path: Path) -> DataError:
    """The error for a source that is not there, with the nearest name."""
    folder = path.parent
    names = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
    close = closest(path.name, names)
    hint = f"did you mean '{folder / close}'?" if close else ""
    return DataError(f"{path} does not exist", hint=hint)
