"""What a user names as sources: files, directories and zips, opened alike."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmrun.market.files import missing_file
from mmrun.problems import DataError


@dataclass(frozen=True, slots=True)
class Member:
    """A file, alone or in a zip."""

    name: str  #: for messages: the path, with `zip:member` for one in a zip
    base: str  #: the file's own name, without directories
    path: Path  #: where it is on disk: the file itself, or the zip it is in
    read: Callable[[], bytes]  #: raises DataError


def members_of(
    sources: Sequence[Path], suffix: str | tuple[str, ...]
) -> Iterator[Member]:
    """The files the sources stand for that end in `suffix`; files named are all taken.

    Directories, those inside them, and zips are looked into, in name order. A file
    called `.gz` is read as what it packs, and its `base` is without that.

    Raises:
        DataError: a source is missing or damaged, or nothing in it ends in `suffix`.
    """
    suffixes = (suffix,) if isinstance(suffix, str) else suffix
    for source in sources:
        found = list(_members(source, suffixes))
        if not found:
            message = f"{source} holds no {' or '.join(suffixes)} file"
            raise DataError(message)
        yield from (_unpacked(member) for member in found)


def paths_of(sources: Sequence[Path], suffix: str | tuple[str, ...]) -> list[Path]:
    """The files the sources stand for; zips and files that are named are all taken.

    Raises:
        DataError: a source is missing, or a directory has no file that ends in `suffix`.
    """
    suffixes = (suffix,) if isinstance(suffix, str) else suffix
    found: list[Path] = []
    for source in sources:
        inside = list(_paths(source, suffixes))
        if not inside:
            message = f"{source} holds no {' or '.join(suffixes)} file"
            raise DataError(message)
        found += inside
    return list(dict.fromkeys(found))


def _paths(source: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    if not source.exists():
        raise missing_file(source)
    if not source.is_dir():
        yield source
        return
    for path in sorted(source.iterdir()):
        if path.name.lower().endswith((*suffixes, ".zip")) or path.is_dir():
            yield from _paths(path, suffixes)


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        DataError: it cannot be opened.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise DataError(message) from error


def _members(source: Path, suffixes: tuple[str, ...]) -> Iterator[Member]:
    for path in _paths(source, suffixes):
        if path.suffix.lower() == ".zip":
            yield from _zipped(path, suffixes)
        else:
            yield Member(str(path), path.name, path, partial(read_bytes, path))


def _zipped(path: Path, suffixes: tuple[str, ...]) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from error
    for name in names:
        if name.lower().endswith(suffixes):
            base = name.rpartition("/")[2]
            read = partial(_read_zipped, path, name)
            yield Member(f"{path}:{name}", base, path, read)


def _read_zipped(path: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path, error) from error


def _unpacked(member: Member) -> Member:
    if not member.base.lower().endswith(".gz"):
        return member
    base = member.base[: -len(".gz")]
    return Member(member.name, base, member.path, partial(_gunzipped, member))


def _gunzipped(member: Member) -> bytes:
    try:
        return gzip.decompress(member.read())
    except (OSError, EOFError, zlib.error) as error:
        message = f"{member.name} is not a whole gzip file: {error}"
        raise DataError(message, hint="download or copy it again") from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path} is not a whole zip file: {error}", hint="download or copy it again"
    )
