"""`--update`: what was shown becomes what is expected, in the file's own text.

Only the values that differ are replaced; comments and layout stay.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mmrun.testing.compare import Failure


def update(path: Path, failures: Iterable[Failure]) -> int:
    """Rewrite a test file's expectations; how many were replaced."""
    edits = {
        (f.place.start, _end(f)): f.replacement
        for f in failures
        if f.replacement is not None
    }
    text = path.read_text(encoding="utf-8-sig")
    for (start, end), written in sorted(edits.items(), reverse=True):
        text = text[:start] + written + text[end:]
    if edits:
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(path)
    return len(edits)


def _end(failure: Failure) -> int:
    """Where a value ends; a block's place runs on to the next line."""
    place = failure.place
    return place.start + len(place.source.text[place.start : place.end].rstrip())
