"""Where mmrun keeps what it can make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_root() -> Path:
    """The user's cache folder for mmrun; it need not exist, and may be deleted.

    `XDG_CACHE_HOME`, else the platform's: `~/.cache`, `~/Library/Caches` on macOS,
    `%LOCALAPPDATA%` on Windows.
    """
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "mmrun"
    if sys.platform == "win32" and (chosen := os.environ.get("LOCALAPPDATA")):
        return Path(chosen) / "mmrun" / "cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/mmrun").expanduser()
    return Path("~/.cache/mmrun").expanduser()
