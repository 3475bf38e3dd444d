"""Where datasets are: directories, and object stores by fsspec URL.

`s3://bucket/AAPL`, `gs://...`, `memory://...`: whatever fsspec has a driver for, which
is installed by the user (`pip install s3fs`) and finds credentials and endpoints where
it always does. `file://...` is a directory like any other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from mmrun.problems import DataError, MmrunError, UsageError


if TYPE_CHECKING:
    from upath import UPath

#: A directory or file, on disk or in an object store; both have the methods of `Path`.
Location: TypeAlias = "Path | UPath"


def locate(text: Location | str) -> Location:
    """The place that a path or a URL names.

    Raises:
        UsageError: no driver knows the URL, or it is not installed.
    """
    if not isinstance(text, str) or "://" not in text:
        return Path(text) if isinstance(text, str) else text
    from upath import UPath

    try:
        found = UPath(text)
        driver = found.fs
    except (ImportError, ValueError) as error:
        message = f"{text} cannot be opened: {error}"
        raise UsageError(message) from error
    return Path(found.path) if "file" in driver.protocol else found


@contextmanager
def reaching(location: Location) -> Iterator[None]:
    """Say of what goes wrong within that an object store did not answer as it should.

    Raises:
        DataError: it did not; errors of a disk are passed on.
    """
    try:
        yield
    except MmrunError:
        raise
    except Exception as error:
        if isinstance(location, Path):
            raise
        said = str(error).splitlines() or [type(error).__name__]
        message = f"{location} cannot be reached: {said[0]}"
        hint = "look at the address, the network and the store's credentials"
        raise DataError(message, hint=hint) from error


@contextmanager
def on_disk(location: Location) -> Iterator[Callable[[], Path]]:
    """A file where it can be read bit by bit: itself, or a copy for the time of a block.

    What is given is called for the path. The copy is made at the first call, so that
    nothing is fetched for a reader that finds it needs nothing.

    Raises:
        DataError: an object store does not give the file; raised by the call.
    """
    if isinstance(location, Path):
        yield lambda: location
        return
    with tempfile.TemporaryDirectory(
        prefix="mmrun-", ignore_cleanup_errors=True
    ) as folder:
        copy = Path(folder) / location.name

        def fetched() -> Path:
            if not copy.exists():
                with reaching(location):
                    location.fs.get_file(location.path, str(copy))
            return copy

        yield fetched


def add(folder: Path, target: Location, *, last: str) -> None:
    """Put all files of a directory into an object store, beside what is there.

    The file called `last` names the others and comes last, so that a reader or an
    interruption finds what was there, or all of it.

    Raises:
        DataError: the store cannot be written.
    """
    assert not isinstance(target, Path)
    with reaching(target):
        files = (path for path in folder.rglob("*") if path.is_file())
        names = ["/".join(path.relative_to(folder).parts) for path in files]
        for name in sorted(names, key=lambda name: (name == last, name)):
            target.fs.put_file(str(folder / name), (target / name).path)


def upload(folder: Path, target: Location, *, last: str) -> None:
    """Put all files of a directory into an object store, in place of what is there.

    Stores replace single objects at once, but not several, and cannot rename. The file
    called `last` is what makes the rest valid: it goes first and comes last, so that a
    reader or an interruption finds the old files, none that count, or the new ones.

    Raises:
        DataError: the store cannot be written.
    """
    assert not isinstance(target, Path)
    store = target.fs
    with reaching(target):
        before = set(store.find(target.path)) if store.exists(target.path) else set()
        (target / last).unlink(missing_ok=True)
        files = (path for path in folder.rglob("*") if path.is_file())
        after = {"/".join(path.relative_to(folder).parts) for path in files}
        for name in sorted(after, key=lambda name: (name == last, name)):
            store.put_file(str(folder / name), (target / name).path)
        root = target.path.strip("/")
        for path in sorted(before):
            name = path.strip("/").removeprefix(f"{root}/")
            if name not in after:
                store.rm_file(path)


def stays_inside(path: str) -> bool:
    """Whether a relative path leads nowhere but into the directory it is of."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts
