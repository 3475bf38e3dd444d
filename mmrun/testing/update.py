"""`--update`: what was shown becomes what is expected, in the file's own text.

Only the values that differ are replaced; comments and layout stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mmrun.testing.failure import Failure
from mmrun.testing.files import write_whole


def update(path: Path, failures: Iterable[Failure]) -> int:
    """Rewrite a test file's expectations; how many were replaced."""
    edits = {
        (f.place.start, _end(f)): f.replacement
        for f in failures
        if f.replacement is not None
    }
    text = path.read_bytes().decode("utf-8-sig")
    for (start, end), written in sorted(edits.items(), reverse=True):
        text = text[:start] + written + text[end:]
    if edits:
        write_whole(path, text.encode())
    return len(edits)


def _end(failure: Failure) -> int:
    """Where a value ends; a block's place runs on to the next line."""
    place = failure.place
    return place.start + len(place.source.text[place.start : place.end].rstrip())
