"""A dataset: a directory, or a place in an object store, with `dataset.yaml` and tapes.

    AAPL/
      dataset.yaml
      symbol=AAPL/venue=NASDAQ/date=2012-06-21/part-0.parquet

`load_dataset` reads the manifest and looks whether every file is there with the size
the manifest gives; it decodes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmrun.documents.words import closest
from mmrun.market.instrument import Instrument
from mmrun.market.manifest import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    Manifest,
    OrderFile,
    TapeFile,
    from_data,
    sum_rows,
)
from mmrun.market.storage import Location, reaching, stays_inside
from mmrun.problems import DataError, NothingSelectedError, UsageError


IMPORT_HINT = "make a dataset with `mmrun import FORMAT SRC... -o DIR`"

Days = tuple[str, str]  #: first and last date (YYYY-MM-DD), both included


@dataclass(frozen=True, slots=True)
class Dataset:
    """A place whose manifest was read and whose files were found."""

    path: Location
    manifest: Manifest

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """One for each symbol and venue."""
        return self.manifest.instruments

    @property
    def files(self) -> tuple[TapeFile, ...]:
        """All tape files, by symbol, venue and date."""
        return self.manifest.files

    @property
    def rows(self) -> dict[str, int]:
        """Rows by kind over all files."""
        return sum_rows(self.files)

    @property
    def span(self) -> tuple[int, int]:
        """First and last `ts`, ns."""
        return (
            min(file.first_ts for file in self.files),
            max(file.last_ts for file in self.files),
        )

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of what the dataset holds; its place does not matter."""
        return self.manifest.content_hash


def is_dataset(path: Location) -> bool:
    """Whether the place has a manifest."""
    return (path / MANIFEST_NAME).is_file()


def load_dataset(path: Location) -> Dataset:
    """Open the dataset at a place, or the one its `dataset.yaml` belongs to.

    Raises:
        DataError: nothing is there, it is no dataset, its manifest cannot be read, or
            a file is missing or has another size than the manifest says.
    """
    directory = path.parent if path.name == MANIFEST_NAME else path
    with reaching(directory):
        if isinstance(directory, Path) and not directory.is_dir():
            raise _not_a_directory(directory)
        if not is_dataset(directory):
            raise _no_manifest(directory)
        dataset = Dataset(directory, _read_manifest(directory / MANIFEST_NAME))
        for file in dataset.files:
            _check_file(directory, file)
        for orders in dataset.manifest.orders:
            _check_file(directory, orders)
    return dataset


def choose_instrument(dataset: Dataset, symbol: str | None = None) -> Instrument:
    """The instrument called `symbol`, or the only one when None, at its one venue.

    Raises:
        DataError: as `choose_instruments`, or the symbol is on more than one venue.
    """
    found = choose_instruments(dataset, symbol)
    if len(found) > 1:
        venues = _list([item.venue for item in found])
        message = (
            f"{found[0].symbol} is on {len(found)} venues ({venues}) in "
            f"{dataset.path}; expected it on one"
        )
        raise DataError(message)
    return found[0]


def choose_instruments(
    dataset: Dataset, symbol: str | None = None, venues: Sequence[str] = ()
) -> tuple[Instrument, ...]:
    """The instrument called `symbol`, or the only one when None: one for each venue.

    With `venues`, those of them that the dataset has, in that order.

    Raises:
        DataError: there is no such symbol, or the choice is open.
        UsageError: it is on none of the venues.
    """
    symbols = sorted({instrument.symbol for instrument in dataset.instruments})
    if symbol is None and len(symbols) > 1:
        message = (
            f"{dataset.path} holds {len(symbols)} symbols ({', '.join(symbols)}); "
            "expected one to be chosen"
        )
        raise DataError(
            message,
            hint=f"choose with --symbols {symbols[0]}",
        )
    wanted = symbols[0] if symbol is None else symbol
    found = [item for item in dataset.instruments if item.symbol == wanted]
    if not found:
        close = closest(wanted, symbols)
        hint = f"did you mean '{close}'?" if close else f"it has {_list(symbols)}"
        if "," in wanted:
            hint = "a run takes one symbol; several are several runs"
        message = f"{dataset.path} has no symbol '{wanted}'"
        raise DataError(message, hint=hint)
    by_venue = {item.venue: item for item in found}
    chosen = [by_venue[name] for name in venues if name in by_venue]
    if venues and not chosen:
        message = (
            f"the strategy quotes {', '.join(venues)}, the data is of "
            f"{', '.join(by_venue)}: name that venue under venues, or leave them out"
        )
        raise UsageError(message)
    return tuple(chosen or found)


def files_of_all(
    dataset: Dataset, instruments: Sequence[Instrument], days: Days | None = None
) -> tuple[TapeFile, ...]:
    """The tape files of an instrument at its venues, by first time."""
    found = [f for each in instruments for f in files_of(dataset, each, days)]
    return tuple(sorted(found, key=lambda file: file.first_ts))


def files_of(
    dataset: Dataset, instrument: Instrument, days: Days | None = None
) -> tuple[TapeFile, ...]:
    """The instrument's tape files in time order, of the given dates if any.

    Raises:
        NothingSelectedError: no file has such a date.
    """
    found = [
        file
        for file in dataset.files
        if (file.symbol, file.venue) == (instrument.symbol, instrument.venue)
    ]
    chosen = [f for f in found if days is None or days[0] <= f.date <= days[1]]
    if not chosen and days is not None:
        message = (
            f"{dataset.path} has no day of {instrument.symbol} from {days[0]} to "
            f"{days[1]}: "
            f"it has {_list([file.date for file in found])}"
        )
        raise NothingSelectedError(message)
    return tuple(sorted(chosen, key=in_time))


def in_time(file: TapeFile) -> tuple[str, int, int]:
    """What an instrument's files are sorted by; two may meet in one moment."""
    return file.date, file.first_ts, file.last_ts


def _read_manifest(path: Location) -> Manifest:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        first_line = str(error).splitlines()[0]
        message = f"{path} cannot be read: {first_line}"
        raise DataError(message, hint="import the data again") from error
    _check_version(path, data)
    try:
        manifest = from_data(data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{path} does not have the shape of a dataset manifest: {error}"
        raise DataError(
            message,
            hint="import the data again",
        ) from error
    if not manifest.files or not manifest.instruments:
        message = f"{path} lists no tape files"
        raise DataError(message, hint=IMPORT_HINT)
    return manifest


def _check_version(path: Location, data: Mapping[str, Any] | None) -> None:
    version = data.get("mmrun") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        message = f"{path} has `mmrun: {version}`; expected `mmrun: {FORMAT_VERSION}`"
        raise DataError(
            message,
            hint="import the data again with this version of mmrun",
        )


def _check_file(directory: Location, file: TapeFile | OrderFile) -> None:
    path = directory / file.path
    if not stays_inside(file.path) or _leads_out(path, directory):
        message = f"{directory / MANIFEST_NAME} lists {file.path}, outside the dataset"
        raise DataError(message)
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        message = f"{path} is missing; {MANIFEST_NAME} lists it"
        raise DataError(message, hint="import the data again") from error
    if size != file.bytes:
        message = (
            f"{path} is truncated or changed: {size:,} bytes, expected {file.bytes:,}"
        )
        raise DataError(
            message,
            hint="import the data again",
        )


def _leads_out(path: Location, directory: Location) -> bool:
    """Whether a link on disk leads out of the directory."""
    if not isinstance(path, Path) or not isinstance(directory, Path):
        return False
    return not path.resolve().is_relative_to(directory.resolve())


def _not_a_directory(path: Path) -> DataError:
    if path.exists():
        return DataError(
            f"{path} is a file; expected the directory of a dataset", hint=IMPORT_HINT
        )
    siblings = path.parent.iterdir() if path.parent.is_dir() else iter(())
    names = sorted(item.name for item in siblings if item.is_dir())
    close = closest(path.name, names)
    hint = f"did you mean '{path.parent / close}'?" if close else IMPORT_HINT
    return DataError(f"{path} does not exist; expected a dataset", hint=hint)


def _no_manifest(path: Location) -> DataError:
    items: Iterable[Location] = path.iterdir() if path.is_dir() else ()
    inside = sorted(item for item in items if is_dataset(item))
    hint = f"it holds the datasets {_list([str(i) for i in inside])}; name one of them"
    return DataError(
        f"{path} is not a dataset: it has no {MANIFEST_NAME}",
        hint=hint if inside else IMPORT_HINT,
    )


def _list(names: Sequence[str], limit: int = 10) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > limit else shown
