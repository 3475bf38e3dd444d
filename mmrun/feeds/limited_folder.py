"""A folder of limited size: files that were not used for longest make room for new ones.

Use is told by modification times, so that all processes of a user share one order. Two
processes that add at one moment may exceed the limit by what they add, until the next
file comes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class LimitedFolder:
    """Files that may be gone at any moment; the folder is made for the first one."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """A folder that need not exist and has nothing else in it.

        Args:
            path: the folder.
            limit_bytes: what its files may take together, and at most half of what the
                disk would have free without them; 0: the folder is left alone.
        """
        self.path = path
        self._limit_bytes = limit_bytes
        self._used: set[str] = set()
        self.is_open = limit_bytes > 0  #: whether files may be added

    def close(self) -> None:
        """Add no more: one could not be added."""
        self.is_open = False

    def names(self) -> list[str]:
        """Names of its files; none where it cannot be read."""
        if not self._limit_bytes:
            return []
        with suppress(OSError):
            return [file.name for file in self.path.iterdir()]
        return []

    def use(self, name: str) -> None:
        """Make a file the last used one; this process will not remove it."""
        with suppress(OSError):  # gone meanwhile, or the folder is for reading only
            os.utime(self.path / name)
        self._used.add(name)

    def remove(self, name: str) -> None:
        """Take a file away; a process that has it mapped keeps its pages."""
        with suppress(OSError):  # gone meanwhile, or mapped, on Windows
            (self.path / name).unlink()

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """An empty file, to be filled and taken; what is not taken is removed.

        Raises:
            OSError: the folder cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".partial", dir=self.path)
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def take(self, incoming: Path, name: str) -> bool:
        """Give a filled file its name; False where there is no room for it.

        Raises:
            OSError: it cannot be renamed.
        """
        if not self._make_room(incoming.name):
            return False
        incoming.replace(self.path / name)
        self._used.add(name)
        return True

    def _make_room(self, incoming: str) -> bool:
        """Remove what a file that has come is too much; nothing where it stays so."""
        held = self._least_used_first()
        total = sum(held.values())
        free = shutil.disk_usage(self.path).free
        over = total - min(self._limit_bytes, (total + free) // 2)
        loose = {n: held[n] for n in held if n not in self._used and n != incoming}
        if over > sum(loose.values()):
            return False
        for name, size in loose.items():
            if over <= 0:
                break
            self.remove(name)
            over -= size
        return True

    def _least_used_first(self) -> dict[str, int]:
        """Name to size of all files, those of killed processes included."""
        found = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(OSError):  # gone meanwhile
                    stat = entry.stat()
                    found.append((stat.st_mtime_ns, entry.name, stat.st_size))
        return {name: size for _, name, size in sorted(found)}
