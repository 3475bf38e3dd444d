"""Datasets in an object store, with the one fsspec keeps in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from mmrun import api
from mmrun.cli import run as mmrun
from mmrun.feeds import cache
from mmrun.market.dataset import load_dataset
from mmrun.market.storage import locate, on_disk
from mmrun.problems import DataError, UsageError
from mmrun.replaying import example_data


URL = "memory://bucket/ACME"


@pytest.fixture
def store() -> Iterator[Any]:
    """An empty store in memory."""
    found = fsspec.filesystem("memory")
    found.store.clear()
    yield found
    found.store.clear()
    found.pseudo_dirs[:] = [""]


def synth(where: str, *more: str) -> int:
    return mmrun(["data", "synth", "-o", where, "--minutes", "2", *more])


def names(store: Any) -> list[str]:
    return [path.removeprefix("/bucket/ACME/") for path in store.find("/bucket/ACME")]


def test_a_dataset_in_a_store_is_that_of_a_directory(
    store: Any, tmp_path: Path, repository: Path
) -> None:
    """The same files, and a run over them comes to the same figures."""
    assert synth(URL) == 0
    assert synth(str(tmp_path / "ACME")) == 0
    strategy = repository / "strategies/inventory_skew.yaml"

    there, here = api.run(strategy, URL), api.run(strategy, tmp_path / "ACME")

    local = [p for p in (tmp_path / "ACME").rglob("*") if p.is_file()]
    relative = {p.relative_to(tmp_path / "ACME").as_posix(): p for p in local}
    assert {name: store.cat(f"/bucket/ACME/{name}") for name in names(store)} == {
        name: path.read_bytes() for name, path in relative.items()
    }
    assert there.summary == here.summary
    assert there.fills.equals(here.fills)


def test_commands_take_a_url(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """`data show` and `data check` read what is there."""
    synth(URL)
    capsys.readouterr()

    assert mmrun(["data", "show", URL, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert mmrun(["data", "check", URL, "--json"]) in (0, 1)
    checked = json.loads(capsys.readouterr().out)

    assert shown["dataset"] == checked["dataset"] == URL


def test_a_url_of_files_is_a_directory(tmp_path: Path) -> None:
    """file:// is written and renamed as any directory is."""
    assert synth(f"file://{tmp_path}/ACME") == 0

    assert locate(f"file://{tmp_path}/ACME") == tmp_path / "ACME"
    assert load_dataset(tmp_path / "ACME").rows


def test_what_is_there_is_kept_unless_told(store: Any) -> None:
    """A second import needs --force, which leaves nothing of the first."""
    synth(URL, "--symbol", "OLD")
    before = names(store)

    assert synth(URL) == 2
    assert names(store) == before
    assert synth(URL, "--force") == 0
    assert not [name for name in names(store) if "OLD" in name]
    assert len(names(store)) == 2


def test_an_upload_that_breaks_off_leaves_no_dataset(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the new beside half of the old would be a dataset nobody imported."""
    synth(URL)
    put = type(store).put_file

    def broken(self: Any, local: str, remote: str, **keys: Any) -> None:
        put(self, local, remote, **keys)
        raise ConnectionResetError("connection reset by peer")

    monkeypatch.setattr(type(store), "put_file", broken)

    assert synth(URL, "--seed", "8", "--force") == 3
    assert "dataset.yaml" not in names(store)
    with pytest.raises(DataError, match="is not a dataset"):
        load_dataset(locate(URL))


@pytest.mark.parametrize("cut", [0, 100])
def test_a_truncated_object_is_refused(store: Any, cut: int) -> None:
    """As a truncated file is: by the size its manifest gives."""
    synth(URL)
    (tape,) = (name for name in names(store) if name.endswith(".parquet"))
    store.pipe(f"/bucket/ACME/{tape}", store.cat(f"/bucket/ACME/{tape}")[:cut])

    with pytest.raises(DataError, match=f"{tape} is truncated or changed: {cut} bytes"):
        load_dataset(locate(URL))


def test_a_missing_object_is_refused(store: Any) -> None:
    """The manifest lists it."""
    synth(URL)
    (tape,) = (name for name in names(store) if name.endswith(".parquet"))
    store.rm(f"/bucket/ACME/{tape}")

    with pytest.raises(DataError, match=f"{tape} is missing; dataset.yaml lists it"):
        load_dataset(locate(URL))


def test_a_place_above_datasets_names_them(store: Any) -> None:
    """As a directory does."""
    synth(URL)

    with pytest.raises(DataError) as caught:
        load_dataset(locate("memory://bucket"))

    assert URL in caught.value.hint


@pytest.mark.parametrize("url", ["nosuch://bucket/ACME", "s3://bucket/ACME"])
def test_a_driver_that_is_not_there_is_named(url: str, repository: Path) -> None:
    """What to install is in the message; s3fs is no dependency."""
    with pytest.raises(UsageError, match=rf"{url} cannot be opened: .*(nosuch|s3fs)"):
        api.run(repository / "strategies/inventory_skew.yaml", url)


def test_a_store_that_does_not_answer_is_a_problem_of_data(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drivers raise errors of their own, which are no bug of ours."""

    class NoCredentialsError(Exception):
        """As botocore has it."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise NoCredentialsError("Unable to locate credentials")

    monkeypatch.setattr(type(store), "info", refuse)

    with pytest.raises(DataError, match=f"{URL} cannot be reached: Unable to locate"):
        load_dataset(locate(URL))


def test_a_tape_that_is_cached_is_not_fetched_again(
    store: Any, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run reads the manifest and the sizes of the objects, nothing more."""
    monkeypatch.setenv("MMRUN_CACHE_GB", "1")
    monkeypatch.setattr(cache, "cache_root", lambda: tmp_path)
    synth(URL)
    strategy = repository / "strategies/inventory_skew.yaml"
    first = api.run(strategy, URL)
    fetched: list[str] = []
    get = type(store).get_file

    def counted(self: Any, remote: str, *more: Any, **keys: Any) -> None:
        fetched.append(remote)
        get(self, remote, *more, **keys)

    monkeypatch.setattr(type(store), "get_file", counted)

    second = api.run(strategy, URL)

    assert fetched == []
    assert second.summary == first.summary


def test_a_file_on_disk_is_read_where_it_is_and_an_object_from_a_copy(
    store: Any,
) -> None:
    """The copy is made when it is asked for and is gone afterwards."""
    local = example_data() / "dataset.yaml"
    store.pipe("/bucket/x", b"abc")

    with on_disk(local) as path:
        assert path() == local
    with on_disk(locate("memory://bucket/x")) as path:
        copy = path()
        assert copy.read_bytes() == b"abc"

    assert not copy.exists()
